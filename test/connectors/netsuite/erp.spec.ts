import assert from 'node:assert/strict';
import { z } from 'zod';
import { datedRates } from '../../../domain/model/rate-card.ts';
import { externalIdOf } from '../../../connectors/netsuite/external-id.ts';
import { createNetSuite } from '../../../connectors/netsuite/index.ts';
import { isUnsupported, type ErpPort, type RecordPort, type References, type Unsupported } from '../../../connectors/ports.ts';
import { startSandboxes, type RunningSandboxes } from '../../../sandbox/all.ts';
import { callContext, dealOf, JP01, silent, uniqueTag, type Deal, type DealTerms } from '../conformance/documents.ts';
import { others } from '../conformance/record-content.ts';
import { describeRecordPort, failureOf, type RecordExceptions } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';

const OPTIONS = {
  subsidiaries: { US01: '2', CA01: '3', GB01: '4', DE01: '5', AU01: '6', SG01: '7', JP01: '8', IN01: '9' },
  currencies: { USD: '1', GBP: '2', CAD: '3', EUR: '4', AUD: '5', SGD: '6', JPY: '7', INR: '8', KWD: '11' },
  items: { TECHNOLOGY: '12' },
  paymentTerms: { '30': '2' },
  accountUrl: 'https://1234567.app.netsuite.com',
};
/** A write is answered by a header with the record's ID, and by no body. */
const WRITTEN = { write: { empty: 'taken', truncated: 'taken' } } satisfies RecordExceptions;
/** The first request of an undo deletes, and what it is answered does not matter. */
const DELETED = { ...WRITTEN, undo: { html: 'contract HTTP_HTML unknown', huge: 'contract ANSWER_TOO_LARGE unknown', empty: 'taken', truncated: 'taken', 'wrong-schema': 'taken' } } satisfies RecordExceptions;
const NONE: References = { customers: {}, contracts: {}, projects: {} };
const rowsAnswer = z.record(z.string(), z.unknown());

function offered<Document>(port: RecordPort<Document> | Unsupported): RecordPort<Document> {
  assert.ok(!isUnsupported(port));
  return port;
}

describe('NetSuite', function () {
  this.timeout(60_000);
  let sandboxes: RunningSandboxes;
  let erp: ErpPort;
  const url = () => sandboxes.url('netsuite');
  const connect = (options: unknown = OPTIONS, credentials: unknown = sandboxes.credentials.netsuite) =>
    createNetSuite({ system: 'netsuite', baseUrl: url(), credentials, options, log: silent, limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 } });

  before(async () => {
    sandboxes = await startSandboxes({ only: ['netsuite'] });
    erp = connect();
  });
  after(async () => sandboxes?.close());

  /** What the account holds, as the sandbox tells it apart from the API the connector uses. */
  async function stored(record: string): Promise<{ id: string; externalId?: string | undefined; fields: Record<string, unknown> }[]> {
    const state = z.record(z.string(), z.unknown()).parse(await (await fetch(`${url()}/__admin/state`)).json());
    const collections = z.record(z.string(), z.unknown()).parse(state['collections'] ?? state);
    return z.array(z.looseObject({ id: z.string(), externalId: z.string().optional(), fields: rowsAnswer })).parse(Object.values(z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]).parse(collections[record] ?? [])));
  }
  const byEid = async (record: string, ...parts: string[]) => (await stored(record)).filter((row) => row.externalId === externalIdOf(...parts));
  const idIn = (value: unknown) => Reflect.get(Object(value), 'id') as unknown;
  const linesIn = (value: unknown) => z.object({ lines: z.array(z.object({ values: rowsAnswer })) }).parse(value).lines.map((line) => line.values);

  async function withCustomer(terms: DealTerms = {}): Promise<{ deal: Deal; references: References }> {
    const deal = dealOf(uniqueTag(), terms);
    const { externalId } = await erp.customer.write({ document: deal.customer, references: NONE }, null, callContext());
    return { deal, references: { ...NONE, customers: { [deal.customer.id]: externalId } } };
  }
  async function withProject(terms: DealTerms = {}): Promise<{ deal: Deal; references: References; projectId: string }> {
    const { deal, references } = await withCustomer(terms);
    const { externalId } = await erp.project.write({ document: deal.project, references }, null, callContext());
    return { deal, references: { ...references, projects: { [deal.project.id]: externalId } }, projectId: externalId };
  }
  const seedAll = async (collection: string, records: readonly object[]) => {
    const answer = await fetch(`${url()}/__admin/seed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ [collection]: records }) });
    assert.ok(answer.ok, await answer.text());
  };
  const seed = (collection: string, record: object) => seedAll(collection, [record]);
  const ofSomebody = async (count: number, one: (entity: { readonly externalId: string }) => object) => {
    const entity = { externalId: `by-hand-${crypto.randomUUID()}` };
    await seed('customer', { ...entity, companyName: 'Somebody else', subsidiary: { id: '2' } });
    return others(count, () => one(entity));
  };
  const everything = async () => (await fetch(`${url()}/__admin/state`)).json();
  const faults = sandboxFaults(url);

  describeRecordPort({
    name: 'A customer in NetSuite',
    port: () => erp.customer,
    fresh: () => Promise.resolve({ document: dealOf(uniqueTag(), { customer: { legalEntities: ['US01', 'DE01'], currencies: ['USD', 'EUR'] } }).customer, references: NONE }),
    amended: ({ document, references }) => ({ references, document: { ...document, name: `${document.name} und Söhne 株式会社`, legalEntities: ['JP01', 'US01', 'DE01'], currencies: ['JPY', 'USD', 'EUR'] } }),
    count: async ({ document }) => (await byEid('customer', document.id)).length,
    check: async ({ document }, externalId) => {
      const [customer] = await byEid('customer', document.id);
      assert.equal(customer?.id, externalId);
      assert.equal(customer?.fields['companyName'], document.name);
      assert.equal(idIn(customer?.fields['subsidiary']), '2', 'the primary subsidiary stays');
      assert.deepEqual(new Set(linesIn(customer?.fields['currencyList']).map((line) => idIn(line['currency']))), new Set(document.currencies.map((code) => Reflect.get(OPTIONS.currencies, code) as unknown)));
      const [address] = linesIn(customer?.fields['addressBook']);
      assert.equal(linesIn(customer?.fields['addressBook']).length, 1);
      assert.equal(z.object({ part: rowsAnswer }).parse(address?.['addressBookAddress']).part['addr2'], 'Floor 3');
      const relations = (await stored('customerSubsidiaryRelationship')).filter((row) => idIn(row.fields['entity']) === externalId);
      assert.deepEqual(new Set(relations.map((row) => idIn(row.fields['subsidiary']))), new Set(document.legalEntities.map((code) => Reflect.get(OPTIONS.subsidiaries, code) as unknown)));
    },
    use: async (_document, externalId) => seed('job', { companyName: 'Somebody uses it', parent: { id: externalId }, subsidiary: { id: '2' } }),
    writeMethod: 'PUT',
    unknownId: '99999999',
    badAnswers: DELETED,
    content: { stored: everything, seedOthers: (count) => seedAll('customer', Array.from({ length: count }, () => ({ externalId: `by-hand-${crypto.randomUUID()}`, companyName: `Somebody else ${uniqueTag()}`, subsidiary: { id: '2' } }))) },
  }, faults);

  describeRecordPort({
    name: 'A contract in NetSuite',
    port: () => offered(erp.contract),
    fresh: async (terms = {}) => {
      const { deal, references } = await withCustomer(terms);
      return { document: deal.contract, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, purchaseOrder: 'PO-78', lines: document.lines.slice(0, 1).map((line) => ({ ...line, quantity: '50.25', amount: { ...line.amount, amount: '13065.00' } })) } }),
    count: async ({ document }) => (await byEid('salesOrder', document.id)).length,
    check: async ({ document }, externalId) => {
      const [order] = await byEid('salesOrder', document.id);
      assert.equal(order?.id, externalId);
      assert.deepEqual([order?.fields['otherRefNum'], order?.fields['tranDate']], [document.purchaseOrder, document.signedOn]);
      assert.equal(order?.fields['total'], document.lines.reduce((sum, line) => sum + Number(line.amount.amount), 0));
      assert.deepEqual(linesIn(order?.fields['item']).map((line) => [line['quantity'], line['amount']]), document.lines.map((line) => [Number(line.quantity), Number(line.amount.amount)]));
    },
    use: null,
    writeMethod: 'PUT',
    unknownId: '99999999',
    badAnswers: DELETED,
    content: { stored: everything, money: true, seedOthers: async (count) => seedAll('salesOrder', await ofSomebody(count, (entity) => ({ externalId: `by-hand-${crypto.randomUUID()}`, entity, subsidiary: { id: '2' }, tranDate: '2026-11-20', item: { items: [{ item: { id: '12' }, amount: 1 }] } }))) },
  }, faults);

  describeRecordPort({
    name: 'A project in NetSuite',
    port: () => erp.project,
    fresh: async (terms = {}) => {
      const { deal, references } = await withCustomer(terms);
      return { document: deal.project, references };
    },
    amended: ({ document, references }) => ({
      references,
      document: { ...document, name: 'Ein neuer Name'.repeat(9), wbs: [{ code: '1', name: 'Discovery', parentCode: null, billable: true, plannedHours: '20' }, { code: '2', name: 'Delivery', parentCode: null, billable: true, plannedHours: null }, { code: '2-2', name: 'Build', parentCode: '2', billable: true, plannedHours: '60' }, { code: '3', name: 'Hand-over', parentCode: '2', billable: false, plannedHours: '5' }] },
    }),
    count: async ({ document }) => (await byEid('job', document.id)).length,
    check: async ({ document }, externalId) => {
      const [job] = await byEid('job', document.id);
      assert.equal(job?.id, externalId);
      assert.deepEqual([job?.fields['entityId'], job?.fields['allowTime'], Reflect.get(Object(job?.fields['entityStatus']), 'choice')], [document.number, false, '4']);
      assert.ok(String(job?.fields['companyName']).length <= 83);
      assert.ok(document.name.startsWith(String(job?.fields['companyName']).replace('…', '')));
      const tasks = (await stored('projectTask')).filter((task) => idIn(task.fields['project']) === externalId);
      const titleOf = (code: string | null) => document.wbs.filter((element) => element.code === code).map((element) => `${element.code} ${element.name}`)[0];
      assert.deepEqual(
        new Set(tasks.map((task) => JSON.stringify([task.fields['title'], tasks.find((other) => other.id === idIn(task.fields['parent']))?.fields['title'], task.fields['nonBillableTask'], task.fields['estimatedWork']]))),
        new Set(document.wbs.map((element) => JSON.stringify([titleOf(element.code), titleOf(element.parentCode), !element.billable, element.plannedHours === null ? undefined : Number(element.plannedHours)]))),
      );
    },
    use: async (_document, externalId) => seed('billingSchedule', { name: 'Made by hand', scheduleType: 'TM', job: { id: externalId } }),
    writeMethod: 'PUT',
    unknownId: '99999999',
    badAnswers: WRITTEN,
    content: { stored: everything, money: true, seedOthers: (count) => seedAll('job', Array.from({ length: count }, () => ({ externalId: `by-hand-${crypto.randomUUID()}`, entityId: `BY-HAND-${crypto.randomUUID()}`, companyName: 'Somebody else', subsidiary: { id: '2' } }))) },
  }, faults);

  describeRecordPort({
    name: 'A rate card in NetSuite',
    port: () => offered(erp.rateCard),
    fresh: async (terms = {}) => {
      const { deal, references } = await withProject(terms);
      return { document: { project: deal.project, rateCard: deal.project.rateCard }, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, rateCard: { ...document.rateCard, lines: [{ laborCategory: 'CONSULTANT', unit: 'day' as const, rate: '1999.99', from: '2027-02-15' }, { laborCategory: 'PARTNER', unit: 'hour' as const, rate: '500.5' }], former: [{ laborCategory: 'CONSULTANT', unit: 'hour' as const, rate: '210', currency: document.rateCard.currency, from: null, to: '2027-02-14' }] } } }),
    count: async ({ document }) => (await byEid('customrecord_q2c_rate_card', document.project.id, 'rates')).length,
    check: async ({ document }, externalId) => {
      const [card] = await byEid('customrecord_q2c_rate_card', document.project.id, 'rates');
      assert.deepEqual([card?.id, card?.fields['custrecord_q2c_rc_code'], card?.fields['custrecord_q2c_rc_from']], [externalId, document.rateCard.code, document.rateCard.effectiveFrom]);
      const lines = (await stored('customrecord_q2c_rate_line')).filter((line) => idIn(line.fields['custrecord_q2c_rl_card']) === externalId);
      assert.deepEqual(
        new Set(lines.map(({ fields }) => JSON.stringify([fields['custrecord_q2c_rl_category'], fields['custrecord_q2c_rl_rate'], fields['custrecord_q2c_rl_unit'], fields['custrecord_q2c_rl_from'] ?? document.rateCard.effectiveFrom, fields['custrecord_q2c_rl_to'] ?? document.rateCard.effectiveTo]))),
        new Set(datedRates(document.rateCard).map((line) => JSON.stringify([line.laborCategory, Number(line.rate), line.unit, line.from, line.to]))),
      );
    },
    use: null,
    writeMethod: 'PUT',
    unknownId: '99999999',
    badAnswers: WRITTEN,
    content: { stored: everything, money: true, textless: true, seedOthers: async (count) => {
      const project = `by-hand-${uniqueTag()}`;
      await seed('job', { externalId: project, entityId: project, companyName: 'Somebody else', subsidiary: { id: '2' } });
      await seedAll('customrecord_q2c_rate_card', others(count, () => ({ externalId: `by-hand-${crypto.randomUUID()}`, name: 'Somebody else', custrecord_q2c_rc_code: `BY-HAND-${uniqueTag()}`, custrecord_q2c_rc_project: { externalId: project }, custrecord_q2c_rc_currency: { id: '1' } })));
    } },
  }, faults);

  it('has each rate of a project with its days once one is amended, and all of its days again where the amendment is taken back', async () => {
    const { deal: { project }, references } = await withProject();
    const write = async (rateCard: typeof project.rateCard) => {
      const { externalId } = await offered(erp.rateCard).write({ document: { project, rateCard }, references }, null, callContext());
      const lines = (await stored('customrecord_q2c_rate_line')).filter(({ fields }) => idIn(fields['custrecord_q2c_rl_card']) === externalId && fields['custrecord_q2c_rl_category'] === 'CONSULTANT');
      return lines.map(({ fields }) => `${String(fields['custrecord_q2c_rl_rate'])} from ${String(fields['custrecord_q2c_rl_from'] ?? '')} to ${String(fields['custrecord_q2c_rl_to'] ?? '')}`).toSorted();
    };
    const { rateCard } = project;
    const [line] = rateCard.lines.filter(({ laborCategory }) => laborCategory === 'CONSULTANT');
    assert.ok(line !== undefined);
    assert.deepEqual(await write(rateCard), [`${Number(line.rate)} from  to `]);
    const amended = { ...rateCard, lines: rateCard.lines.map((one) => (one === line ? { ...one, rate: '999', from: '2027-02-15' } : one)), former: [{ ...line, currency: rateCard.currency, from: null, to: '2027-02-14' }] };
    assert.deepEqual(await write(amended), [`${Number(line.rate)} from ${rateCard.effectiveFrom} to 2027-02-14`, `999 from 2027-02-15 to ${rateCard.effectiveTo}`].toSorted());
    assert.deepEqual(await write(rateCard), [`${Number(line.rate)} from ${rateCard.effectiveFrom} to ${rateCard.effectiveTo}`]);
  });

  describeRecordPort({
    name: 'A billing schedule in NetSuite',
    port: () => offered(erp.billingSchedule),
    fresh: async (terms = {}) => {
      const { deal, references } = await withProject({ billingMethod: 'milestone', ...terms });
      return { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, schedule: { ...document.schedule, items: document.schedule.items.slice(0, 1).map((item) => ({ ...item, billOn: '2027-02-01', amount: { amount: '26000', currency: 'USD' } })) } } }),
    count: async ({ document }) => (await byEid('billingSchedule', document.project.id, 'billing')).length,
    check: async ({ document }, externalId) => {
      const [schedule] = await byEid('billingSchedule', document.project.id, 'billing');
      assert.equal(schedule?.id, externalId);
      assert.deepEqual(linesIn(schedule?.fields['milestone']).map((line) => [line['milestoneDate'], line['milestoneAmount']]), document.schedule.items.map((item) => [item.billOn, Number(item.amount?.amount)]));
      const [job] = await byEid('job', document.project.id);
      assert.equal(idIn(job?.fields['billingSchedule']), externalId);
    },
    use: async ({ document }, externalId) => seed('salesOrder', { entity: { externalId: externalIdOf(document.project.customerId) }, billingSchedule: { id: externalId }, item: { items: [{ item: { id: '12' }, amount: 1 }] } }),
    writeMethod: 'PUT',
    unknownId: '99999999',
    badAnswers: WRITTEN,
    content: { stored: everything, money: true, seedOthers: (count) => seedAll('billingSchedule', others(count, () => ({ externalId: `by-hand-${crypto.randomUUID()}`, name: `Somebody else ${uniqueTag()}`, scheduleType: 'TM' }))) },
  }, faults);

  it('sends what the ERP owns of a customer when it is made, and leaves it alone ever after', async () => {
    const deal = dealOf(uniqueTag(), { customer: { taxRegistrationNumber: 'US-1', ownedElsewhere: ['taxRegistrationNumber'] } });
    const write = async (change: Partial<Deal['customer']> = {}) => {
      await erp.customer.write({ document: { ...deal.customer, ...change }, references: NONE }, null, callContext());
      const [customer] = await byEid('customer', deal.customer.id);
      return customer?.fields ?? {};
    };
    assert.equal((await write())['vatRegNumber'], 'US-1');
    await seed('customer', { externalId: externalIdOf(deal.customer.id), vatRegNumber: 'US-CORRECTED', comments: 'Pays by cheque' });
    const after = await write({ name: 'Acme renamed', taxRegistrationNumber: 'US-2' });
    assert.deepEqual([after['companyName'], after['vatRegNumber'], after['comments']], ['Acme renamed', 'US-CORRECTED', 'Pays by cheque']);
    assert.equal((await write({ taxRegistrationNumber: 'US-2', ownedElsewhere: [] }))['vatRegNumber'], 'US-2', 'unless the firm says that the CRM owns it');
  });

  it('changes nothing of an existing customer that the ERP owns altogether', async () => {
    const deal = dealOf(uniqueTag());
    const parent = dealOf(uniqueTag());
    const { externalId: parentId } = await erp.customer.write({ document: parent.customer, references: NONE }, null, callContext());
    await erp.customer.write({ document: deal.customer, references: NONE }, null, callContext());
    const [before] = await byEid('customer', deal.customer.id);
    const changed = { ...deal.customer, name: 'Other', parentId: parent.customer.id, billingAddress: { street: 'Elsewhere 1', city: 'Rome', region: null, postalCode: '00100', country: 'IT' as const }, taxRegistrationNumber: 'IT-1', currencies: ['USD' as const, 'EUR' as const], legalEntities: ['US01', 'DE01'] };
    await erp.customer.write({ document: { ...changed, ownedElsewhere: ['name', 'parentId', 'billingAddress', 'taxRegistrationNumber', 'currencies', 'legalEntities'] }, references: { ...NONE, customers: { [parent.customer.id]: parentId } } }, null, callContext());
    const [after] = await byEid('customer', deal.customer.id);
    // When it was last saved is NetSuite's own business, and may be a second later.
    assert.deepEqual({ ...after?.fields, lastModifiedDate: before?.fields['lastModifiedDate'] }, before?.fields);
    const related = (await stored('customerSubsidiaryRelationship')).filter((row) => idIn(row.fields['entity']) === after?.id).map((row) => idIn(row.fields['subsidiary']));
    assert.ok(!related.includes(OPTIONS.subsidiaries.DE01), 'no other legal entity was added');
  });

  it('opens a project for time only while it is active', async () => {
    const { deal, projectId } = await withProject();
    for (const [status, id, allowTime, inactive] of [['active', '2', true, false], ['active', '2', true, false], ['closed', '1', false, false], ['cancelled', '3', false, true]] as const) {
      assert.equal(await erp.setProjectStatus({ document: deal.project, externalId: projectId }, status, callContext()), status);
      const [job] = await byEid('job', deal.project.id);
      assert.deepEqual([Reflect.get(Object(job?.fields['entityStatus']), 'choice'), job?.fields['allowTime'], job?.fields['isInactive']], [id, allowTime, inactive]);
    }
  });

  it('keeps a milestone completed that finance completed, when the schedule is written again', async () => {
    const { deal, references } = await withProject({ billingMethod: 'fixed_fee' });
    const document = { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
    const written = await offered(erp.billingSchedule).write(document, null, callContext());
    await seed('billingSchedule', { externalId: externalIdOf(deal.project.id, 'billing'), milestone: { items: [{ milestoneId: 1, milestoneCompleted: true, milestoneActualCompletionDate: '2026-12-05' }] } });
    await offered(erp.billingSchedule).write(document, written, callContext());
    const [schedule] = await byEid('billingSchedule', deal.project.id, 'billing');
    assert.deepEqual(linesIn(schedule?.fields['milestone']).map((line) => line['milestoneCompleted']), [true, false]);
  });

  it('keeps yen without decimals, and refuses amounts that NetSuite would round', async () => {
    const { deal, references } = await withCustomer({ legalEntity: JP01, rate: '31250' });
    await offered(erp.contract).write({ document: deal.contract, references }, null, callContext());
    const [order] = await byEid('salesOrder', deal.contract.id);
    assert.equal(order?.fields['total'], 3_125_000);
    const dinars = dealOf(uniqueTag(), { currency: 'KWD', rate: '0.123' });
    const known = { ...references, customers: { [dinars.customer.id]: references.customers[deal.customer.id] ?? '' } };
    const failure = await failureOf(() => offered(erp.contract).write({ document: { ...dinars.contract, lines: dinars.contract.lines.map((line) => ({ ...line, amount: { amount: '4.921', currency: 'KWD' } })) }, references: known }, null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'NETSUITE_PRECISION', 'no']);
  });

  it('tells a wrong mapping from a wrong deal', async () => {
    const deal = dealOf(uniqueTag());
    const write = (options: object, customer = deal.customer) => failureOf(() => connect(options).customer.write({ document: customer, references: NONE }, null, callContext()));
    const unmapped = await write({ ...OPTIONS, subsidiaries: {} });
    assert.deepEqual([unmapped.kind, unmapped.code], ['configuration', 'NETSUITE_MAPPING_MISSING']);
    const wrong = await write({ ...OPTIONS, subsidiaries: { US01: '777' } });
    assert.deepEqual([wrong.kind, wrong.code, wrong.written], ['configuration', 'NETSUITE_INVALID_REFERENCE', 'no']);
    assert.match(wrong.message, /at subsidiary/);
    const other = await withProject();
    const twin = dealOf(uniqueTag());
    const taken = await failureOf(() => erp.project.write({ document: { ...twin.project, number: other.deal.project.number, customerId: other.deal.customer.id }, references: other.references }, null, callContext()));
    assert.deepEqual([taken.kind, taken.written], ['business_rule', 'no']);
    assert.match(taken.message, /unique/);
  });

  it('reports a project whose tasks could not all be written as half written', async () => {
    const { deal, references } = await withCustomer();
    await faults.next({ kind: 'status', status: 429, method: 'PUT', path: 'projectTask' });
    const failure = await failureOf(() => erp.project.write({ document: deal.project, references }, null, callContext()));
    assert.deepEqual([failure.kind, failure.written], ['transient', 'unknown']);
  });

  it('tells a certificate NetSuite does not know apart from a passing failure', async () => {
    const failure = await failureOf(() => connect(OPTIONS, { ...sandboxes.credentials.netsuite, certificateId: 'unknown' }).customer.find({ document: dealOf(uniqueTag()).customer, references: NONE }, callContext()));
    assert.deepEqual([failure.kind, failure.code], ['configuration', 'NETSUITE_LOGIN_REFUSED']);
  });
});

describe('An external ID in NetSuite', () => {
  it('has only letters, digits, "_" and "-", and stays apart where canonical IDs differ', () => {
    const ids = [['salesforce-006A'], ['salesforce/006A'], ['salesforce.006A'], ['salesforce', '006A'], ['x'.repeat(300)], ['x'.repeat(301)], ['株式会社']].map((parts) => externalIdOf(...parts));
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[A-Za-z0-9_-]{1,255}$/);
    assert.equal(ids[0], 'salesforce-006A');
  });
});
