import assert from 'node:assert/strict';
import { callContext, dealOf, JP01, uniqueTag, type DealTerms } from '../conformance/documents.ts';
import { others } from '../conformance/record-content.ts';
import { describeRecordPort } from '../conformance/records.ts';
import { NONE, offered, partOf, useTryton } from './harness.ts';

const KW01 = { code: 'KW01', name: 'Northwind Consulting WLL', country: 'KW', region: 'EMEA', currency: 'KWD', timeZone: 'Asia/Kuwait' };

/** Tryton prices works in their company's currency: yen are sold by the Japanese company, dinars by the Kuwaiti one. */
function inItsCompany(terms: DealTerms = {}): DealTerms {
  const legalEntity = [JP01, KW01].find(({ currency }) => currency === terms.currency);
  return legalEntity === undefined ? terms : { ...terms, legalEntity };
}

describe('Tryton, the real one: its records', function () {
  this.timeout(180_000);
  const tryton = useTryton();
  let works = 0;
  /** Projects, rate cards and schedules are all works: a thousand of them once are among all of these. */
  const otherWorks = async (count: number) => {
    if (works >= count) return;
    works = count;
    await tryton.office().call('project.work.create', [others(count, () => ({ name: `BY-HAND-${uniqueTag()} Somebody else`, type: 'project', company: tryton.us(), status: 1 }))], tryton.us());
  };
  const storedWorks = async () => [await tryton.works([['name', 'not like', 'BY-HAND-%']])];

  describeRecordPort({
    name: 'A customer in Tryton',
    port: () => tryton.erp().customer,
    fresh: () => Promise.resolve({ document: dealOf(uniqueTag()).customer, references: NONE }),
    amended: ({ document, references }) => ({ references, document: { ...document, name: `${document.name} und Söhne 株式会社`, billingAddress: { street: 'Königstraße 1', city: 'München', region: null, postalCode: '80331', country: 'DE' }, taxRegistrationNumber: 'DE999' } }),
    count: async ({ document }) => (await tryton.rows('party.party', [['code', '=', document.id], ['active', 'in', [true, false]]], ['id'])).length,
    check: async ({ document }, externalId) => {
      const [party] = await tryton.rows('party.party', [['code', '=', document.id]], ['name', 'active', 'identifiers']);
      assert.equal(String(party?.['id']), externalId);
      assert.equal(party?.['name'], document.name);
      const addresses = await tryton.rows('party.address', [['party', '=', Number(externalId)]], ['street_unstructured', 'city', 'postal_code', 'country.code', 'subdivision.code']);
      assert.equal(addresses.length, 1);
      assert.deepEqual([addresses[0]?.['street_unstructured'], addresses[0]?.['city'], addresses[0]?.['postal_code']], [document.billingAddress.street, document.billingAddress.city, document.billingAddress.postalCode]);
      assert.deepEqual(partOf(addresses[0]?.['country.'], 'code'), document.billingAddress.country);
      const identifiers = await tryton.rows('party.identifier', [['party', '=', Number(externalId)]], ['code']);
      assert.deepEqual(identifiers.map((identifier) => identifier['code']), [document.taxRegistrationNumber]);
    },
    use: async ({ document }, externalId) => {
      await tryton.office().call('project.work.create', [[{ name: `Used by ${document.id}`, type: 'project', company: tryton.us(), party: Number(externalId), status: 1 }]], tryton.us());
    },
    writeMethod: 'POST',
    unknownId: '99999999',
    badAnswers: { every: { 'numbers-as-text': 'refused' } },
    content: {
      stored: async () => [await tryton.rows('party.party', [], ['name']), await tryton.rows('party.address', [], ['city'])],
      seedOthers: async (count) => void (await tryton.office().call('party.party.create', [others(count, () => ({ name: 'Somebody else', code: `by-hand-${uniqueTag()}` }))], tryton.us())),
    },
  }, tryton.faults);

  describeRecordPort({
    name: 'A contract in Tryton',
    port: () => offered(tryton.erp().contract),
    fresh: async (terms) => {
      const { deal, references } = await tryton.withCustomer(inItsCompany(terms));
      return { document: deal.contract, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, purchaseOrder: 'PO-78', lines: document.lines.map((line) => ({ ...line, quantity: '50', amount: { ...line.amount, amount: '13000' } })) } }),
    count: async ({ document }) => (await tryton.rows('sale.sale', [['reference', '=', document.id]], ['id'])).length,
    check: async ({ document }, externalId) => {
      const [sale] = await tryton.rows('sale.sale', [['id', '=', Number(externalId)]], ['reference', 'state', 'description', 'untaxed_amount', 'currency.code']);
      assert.deepEqual([sale?.['reference'], sale?.['state']], [document.id, 'quotation']);
      assert.match(String(sale?.['description']), new RegExp(`^${document.number} .*${document.purchaseOrder}`));
      const total = document.lines.reduce((sum, line) => sum + Number(line.amount.amount), 0);
      assert.equal(Number(partOf(sale?.['untaxed_amount'], 'decimal')), total);
      const lines = await tryton.rows('sale.line', [['sale', '=', Number(externalId)]], ['quantity', 'unit_price', 'description']);
      assert.deepEqual(lines.map((line) => line['quantity']), document.lines.map((line) => Number(line.quantity)));
    },
    use: async (_document, externalId) => {
      await tryton.office().call('sale.sale.confirm', [[Number(externalId)]], tryton.us());
    },
    writeMethod: 'POST',
    unknownId: '99999999',
    badAnswers: { only: 'find', every: { 'numbers-as-text': 'refused', 'unknown-values': 'refused' } },
    content: {
      stored: async () => [await tryton.rows('sale.sale', [], ['description', 'comment']), await tryton.rows('sale.line', [], ['description'])],
      money: true,
      seedOthers: async (count) => {
        const { deal, references } = await tryton.withCustomer();
        await tryton.office().call('sale.sale.create', [others(count, () => ({ company: tryton.us(), party: Number(references.customers[deal.customer.id]), reference: `by-hand-${uniqueTag()}` }))], tryton.us());
      },
    },
  }, tryton.faults);

  describeRecordPort({
    name: 'A project in Tryton',
    port: () => tryton.erp().project,
    fresh: async () => {
      const { deal, references } = await tryton.withCustomer();
      return { document: deal.project, references };
    },
    amended: ({ document, references }) => ({
      references,
      document: { ...document, name: 'Cloud migration, phase II', wbs: [{ code: '1', name: 'Discovery', parentCode: null, billable: true, plannedHours: '20' }, { code: '2', name: 'Delivery', parentCode: null, billable: true, plannedHours: null }, { code: '2-2', name: 'Build', parentCode: '2', billable: true, plannedHours: '60' }, { code: '3', name: 'Hand-over', parentCode: '2', billable: true, plannedHours: '5' }] },
    }),
    count: async ({ document }) => (await tryton.topWorks(document.number)).length,
    check: async ({ document }, externalId) => {
      const tree = await tryton.works([['parent', 'child_of', [Number(externalId)]]]);
      const top = tree.find((work) => String(work['id']) === externalId);
      assert.equal(top?.['name'], `${document.number} ${document.name}`);
      assert.deepEqual(tree.map((work) => partOf(work['status.'], 'name')), tree.map(() => 'Pending'));
      assert.ok(tree.every((work) => work['timesheet_available'] === false), 'no time can be booked before activation');
      const shape = tree.filter((work) => work !== top).map((work) => [work['name'], tree.find((other) => other['id'] === work['parent'])?.['name'], partOf(work['effort_duration'], 'seconds') ?? null]);
      const nameOf = (code: string | null) => document.wbs.filter((element) => element.code === code).map((element) => `${element.code} ${element.name}`)[0] ?? top?.['name'];
      const wanted = document.wbs.map((element) => [nameOf(element.code), nameOf(element.parentCode), element.plannedHours === null ? null : Number(element.plannedHours) * 3600]);
      assert.deepEqual(new Set(shape.map((task) => JSON.stringify(task))), new Set(wanted.map((task) => JSON.stringify(task))));
    },
    use: async (_document, externalId) => {
      const [task] = await tryton.works([['parent', '=', Number(externalId)]]);
      await tryton.bookTime(Number(task?.['id']));
    },
    writeMethod: 'POST',
    unknownId: '99999999',
    badAnswers: { every: { 'numbers-as-text': 'refused' }, find: { 'unknown-values': 'refused' }, undo: { 'unknown-values': 'refused' } },
    content: { stored: storedWorks, seedOthers: otherWorks },
  }, tryton.faults);

  describeRecordPort({
    name: 'A rate card in Tryton',
    port: () => offered(tryton.erp().rateCard),
    fresh: async (terms) => {
      const { deal, references } = await tryton.withProject(inItsCompany(terms));
      return { document: { project: deal.project, rateCard: deal.project.rateCard }, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, rateCard: { ...document.rateCard, lines: [{ laborCategory: 'SENIOR_CONSULTANT', unit: 'hour' as const, rate: '275.125' }] } } }),
    count: async ({ document }) => {
      const [top] = await tryton.topWorks(document.project.number);
      return (await tryton.works([['parent', '=', top?.['id']], ['name', 'like', 'Rates: %']])).length;
    },
    check: async ({ document }, externalId) => {
      const lines = await tryton.works([['parent', '=', Number(externalId)]]);
      assert.deepEqual(lines.map((line) => [partOf(line['product.'], 'code'), Number(partOf(line['list_price'], 'decimal'))]), document.rateCard.lines.map((line) => [line.laborCategory, Number(line.rate)]));
    },
    use: async (_document, externalId) => {
      const [line] = await tryton.works([['parent', '=', Number(externalId)]]);
      await tryton.bookTime(Number(line?.['id']));
    },
    writeMethod: 'POST',
    unknownId: '99999999',
    badAnswers: { only: 'find', every: { 'numbers-as-text': 'refused', 'unknown-values': 'refused' } },
    content: { stored: storedWorks, money: true, textless: true, seedOthers: otherWorks },
  }, tryton.faults);

  describeRecordPort({
    name: 'A billing schedule in Tryton',
    port: () => offered(tryton.erp().billingSchedule),
    fresh: async (terms) => {
      const { deal, references } = await tryton.withProject({ billingMethod: 'fixed_fee', ...inItsCompany(terms) });
      return { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, schedule: { ...document.schedule, items: document.schedule.items.map((item) => ({ ...item, billOn: '2027-02-01', amount: { amount: '1000.00', currency: 'USD' } })) } } }),
    count: async ({ document }) => {
      const [top] = await tryton.topWorks(document.project.number);
      return (await tryton.works([['parent', '=', top?.['id']], ['name', 'like', 'Billing: %']])).length;
    },
    check: async ({ document }, externalId) => {
      const items = await tryton.works([['parent', '=', Number(externalId)]]);
      assert.deepEqual(items.map((item) => [item['name'], Number(partOf(item['list_price'], 'decimal'))]), document.schedule.items.map((item) => [`${item.sequence} ${item.billOn} ${item.description}`, Number(item.amount?.amount)]));
      const [top] = await tryton.topWorks(document.project.number);
      assert.equal(top?.['project_invoice_method'], 'effort');
    },
    use: null,
    writeMethod: 'POST',
    unknownId: '99999999',
    badAnswers: { only: 'find', every: { 'numbers-as-text': 'refused', 'unknown-values': 'refused' } },
    content: { stored: storedWorks, money: true, seedOthers: otherWorks },
  }, tryton.faults);

  it('a customer keeps what the ERP owns of it, as finance corrected it', async () => {
    const { customer } = dealOf(uniqueTag(), { customer: { ownedElsewhere: ['taxRegistrationNumber', 'billingAddress'] } });
    const write = (change: Partial<typeof customer>) => tryton.erp().customer.write({ document: { ...customer, ...change }, references: NONE }, null, callContext());
    const party = Number((await write({})).externalId);
    const taxNumbers = async () => (await tryton.rows('party.identifier', [['party', '=', party]], ['code'])).map((row) => row['code']);
    assert.deepEqual(await taxNumbers(), [customer.taxRegistrationNumber], 'sent when it was made');
    const elsewhere = { street: 'Elsewhere 1', city: 'Boston', region: null, postalCode: '02110', country: 'US' };
    assert.equal((await write({ name: 'Acme renamed', taxRegistrationNumber: 'US-2', billingAddress: elsewhere })).created, false);
    const [after] = await tryton.rows('party.party', [['id', '=', party]], ['name']);
    assert.equal(after?.['name'], 'Acme renamed');
    assert.deepEqual(await taxNumbers(), [customer.taxRegistrationNumber]);
    const addresses = await tryton.rows('party.address', [['party', '=', party]], ['city']);
    assert.deepEqual(addresses.map((address) => address['city']), [customer.billingAddress.city]);
    await write({ name: 'Other', ownedElsewhere: ['name'], taxRegistrationNumber: 'US-2' });
    const [kept] = await tryton.rows('party.party', [['id', '=', party]], ['name']);
    assert.deepEqual([kept?.['name'], await taxNumbers()], ['Acme renamed', ['US-2']]);
  });
});
