import assert from 'node:assert/strict';
import { keyOf } from '../../../connectors/legacy-file/keys.ts';
import type { ErpPort, References } from '../../../connectors/ports.ts';
import { expensePostingSchema } from '../../../domain/model/time/expense-posting.ts';
import { callContext, dealOf, uniqueTag, type Deal, type DealTerms } from '../conformance/documents.ts';
import { others } from '../conformance/record-content.ts';
import { describeRecordPort } from '../conformance/records.ts';
import { NONE, offered, startErp, type Entry, type TestErp } from './environment.ts';

const PERSON = 'mei.tan@northwind-consulting.example';

describe('A legacy ERP that takes files', function () {
  this.timeout(60_000);
  let ledger: TestErp;
  let erp: ErpPort;
  const faults = { next: (fault: Parameters<TestErp['faults']['next']>[0]) => ledger.faults.next(fault), clear: () => ledger.faults.clear() };

  before(async () => {
    ledger = await startErp({ extractEveryMs: 40 });
    erp = ledger.connect();
  });
  after(() => ledger?.close());

  const withKey = async (table: string, key: string): Promise<Entry[]> => (await ledger.entries(table)).filter(({ id }) => id === key);
  const entryOf = async (table: string, key: string, number: string): Promise<Entry> => {
    const [entry] = await withKey(table, key);
    assert.ok(entry !== undefined, `${table} ${key}`);
    assert.equal(entry.number, number);
    return entry;
  };
  async function withCustomer(terms: DealTerms = {}): Promise<{ deal: Deal; references: References }> {
    const deal = dealOf(uniqueTag(), terms);
    const { externalId } = await erp.customer.write({ document: deal.customer, references: NONE }, null, callContext());
    return { deal, references: { ...NONE, customers: { [deal.customer.id]: externalId } } };
  }
  async function withContract(terms: DealTerms = {}): Promise<{ deal: Deal; references: References }> {
    const { deal, references } = await withCustomer(terms);
    const { externalId } = await offered(erp.contract).write({ document: deal.contract, references }, null, callContext());
    return { deal, references: { ...references, contracts: { [deal.contract.id]: externalId } } };
  }
  async function withProject(terms: DealTerms = {}): Promise<{ deal: Deal; references: References; projectId: string }> {
    const { deal, references } = await withContract(terms);
    const { externalId } = await erp.project.write({ document: deal.project, references }, null, callContext());
    return { deal, references: { ...references, projects: { [deal.project.id]: externalId } }, projectId: externalId };
  }
  const laborByHand = (projectNumber: string) => ledger.admin.seed({ labor: [{ id: `by-hand-${uniqueTag()}`, fields: { project_number: projectNumber, task: '1' } }] });

  describeRecordPort({
    name: 'A customer',
    port: () => erp.customer,
    fresh: () => Promise.resolve({ document: dealOf(uniqueTag(), { customer: { legalEntities: ['US01', 'DE01'], currencies: ['USD', 'EUR'] } }).customer, references: NONE }),
    amended: ({ document, references }) => ({ references, document: { ...document, name: `${document.name} und Söhne 株式会社`, legalEntities: ['US01', 'DE01', 'JP01'], currencies: ['USD', 'EUR', 'JPY'] } }),
    count: async ({ document }) => (await withKey('customers', keyOf(document.id))).length,
    check: async ({ document }, externalId) => {
      const { fields, status } = await entryOf('customers', keyOf(document.id), externalId);
      assert.deepEqual([fields['name'], fields['companies'], fields['currencies'], fields['street'], fields['country'], status], [document.name, document.legalEntities.join(' '), document.currencies.join(' '), '1 Main Street\nFloor 3', 'US', 'ACTIVE']);
    },
    use: async (_document, externalId) => void (await ledger.admin.seed({ contracts: [{ id: `by-hand-${uniqueTag()}`, fields: { customer_number: externalId } }] })),
    writeMethod: 'POST',
    unknownId: 'C999999',
    badAnswers: null,
    content: { stored: () => ledger.admin.state(), seedOthers: async (count) => void (await ledger.admin.seed({ customers: Array.from({ length: count }, () => ({ id: `by-hand-${uniqueTag()}`, fields: { name: 'Somebody else' } })) })) },
  }, faults);

  describeRecordPort({
    name: 'A contract',
    port: () => offered(erp.contract),
    fresh: async (terms = {}) => {
      const { deal, references } = await withCustomer(terms);
      return { document: deal.contract, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, purchaseOrder: 'PO-78', lines: document.lines.slice(0, 1).map((line) => ({ ...line, quantity: '50.25', amount: { ...line.amount, amount: '13065.00' } })) } }),
    count: async ({ document }) => (await withKey('contracts', keyOf(document.id))).length,
    check: async ({ document, references }, externalId) => {
      const { fields, lines } = await entryOf('contracts', keyOf(document.id), externalId);
      assert.deepEqual([fields['contract_number'], fields['company'], fields['customer_number'], fields['purchase_order'], fields['payment_days']], [document.number, 'US01', references.customers[document.customerId], document.purchaseOrder, '30']);
      assert.deepEqual(lines.map((line) => [line['line'], line['quantity'], Number(line['amount'])]), document.lines.map((line, index) => [String(index + 1), line.quantity, Number(line.amount.amount)]));
    },
    use: async (_document, externalId) => void (await ledger.admin.seed({ projects: [{ id: `by-hand-${uniqueTag()}`, fields: { contract_number: externalId } }] })),
    writeMethod: 'POST',
    unknownId: 'K999999',
    badAnswers: null,
    content: { stored: () => ledger.admin.state(), money: true, seedOthers: async (count) => void (await ledger.admin.seed({ contracts: others(count, () => ({ id: `by-hand-${uniqueTag()}`, fields: {} })) })) },
  }, faults);

  describeRecordPort({
    name: 'A project with its WBS',
    port: () => erp.project,
    fresh: async (terms = {}) => {
      const { deal, references } = await withContract(terms);
      return { document: deal.project, references };
    },
    amended: ({ document, references }) => ({
      references,
      document: { ...document, name: 'Ein neuer Name '.repeat(9), wbs: [{ code: '1', name: 'Discovery', parentCode: null, billable: true, plannedHours: '20' }, { code: '3', name: 'Hand-over', parentCode: '1', billable: false, plannedHours: '5.75' }] },
    }),
    count: async ({ document }) => (await withKey('projects', keyOf(document.id))).length,
    check: async ({ document, references }, externalId) => {
      const { fields, lines, status } = await entryOf('projects', keyOf(document.id), externalId);
      assert.deepEqual([fields['project_number'], fields['customer_number'], fields['contract_number'], fields['start_date'], status], [document.number, references.customers[document.customerId], references.contracts[document.contractId], document.startDate, 'PENDING']);
      assert.ok((fields['name'] ?? '').length <= 60 && document.name.startsWith((fields['name'] ?? '').replace('...', '')));
      assert.deepEqual(lines.map((line) => [line['code'], line['name'], line['parent_code'], line['billable'], line['planned_hours']]), document.wbs.map((element) => [element.code, element.name, element.parentCode ?? '', element.billable ? 'Y' : 'N', element.plannedHours ?? '']));
    },
    use: async ({ document }) => void (await laborByHand(document.number)),
    writeMethod: 'POST',
    unknownId: 'P999999',
    badAnswers: null,
    content: { stored: () => ledger.admin.state(), seedOthers: async (count) => void (await ledger.admin.seed({ projects: Array.from({ length: count }, () => ({ id: `by-hand-${uniqueTag()}`, fields: { name: 'Somebody else', project_number: `BY-HAND-${uniqueTag()}` } })) })) },
  }, faults);

  describeRecordPort({
    name: 'A rate card',
    port: () => offered(erp.rateCard),
    fresh: async (terms = {}) => {
      const { deal, references } = await withProject(terms);
      return { document: { project: deal.project, rateCard: deal.project.rateCard }, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, rateCard: { ...document.rateCard, lines: [{ laborCategory: 'CONSULTANT', unit: 'day' as const, rate: '2000' }, { laborCategory: 'PARTNER', unit: 'hour' as const, rate: '500.125' }] } } }),
    count: async ({ document }) => (await withKey('rate_cards', keyOf(document.rateCard.code))).length,
    check: async ({ document, references }, externalId) => {
      const { fields, lines } = await entryOf('rate_cards', keyOf(document.rateCard.code), externalId);
      assert.deepEqual([fields['project'], fields['currency'], fields['from_date']], [references.projects[document.project.id], document.rateCard.currency, document.rateCard.effectiveFrom]);
      assert.deepEqual(lines.map((line) => [line['labor_category'], line['unit'], line['rate']]), document.rateCard.lines.map((line) => [line.laborCategory, line.unit.toUpperCase(), line.rate]));
    },
    use: async ({ document }) => void (await laborByHand(document.project.number)),
    writeMethod: 'POST',
    unknownId: 'R999999',
    badAnswers: null,
    content: { stored: () => ledger.admin.state(), money: true, textless: true, seedOthers: async (count) => void (await ledger.admin.seed({ rate_cards: others(count, () => ({ id: `by-hand-${uniqueTag()}`, fields: {} })) })) },
  }, faults);

  describeRecordPort({
    name: 'A billing schedule',
    port: () => offered(erp.billingSchedule),
    fresh: async (terms = {}) => {
      const { deal, references } = await withProject({ billingMethod: 'fixed_fee', ...terms });
      return { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, schedule: { ...document.schedule, items: document.schedule.items.slice(0, 1).map((item) => ({ ...item, billOn: '2026-12-24', amount: { amount: '123.45', currency: 'USD' } })) } } }),
    count: async ({ document }) => (await withKey('billing_schedules', keyOf(document.schedule.code))).length,
    check: async ({ document, references }, externalId) => {
      const { fields, lines } = await entryOf('billing_schedules', keyOf(document.schedule.code), externalId);
      assert.deepEqual([fields['project'], fields['billing_method']], [references.projects[document.project.id], 'FIXED_FEE']);
      assert.deepEqual(lines.map((line) => [line['sequence'], line['bill_on'], Number(line['amount'])]), document.schedule.items.map((item) => [String(item.sequence), item.billOn, Number(item.amount?.amount)]));
    },
    use: async ({ references, document }) => void (await ledger.admin.seed({ invoices: [{ project: references.projects[document.project.id] }] })),
    writeMethod: 'POST',
    unknownId: 'B999999',
    badAnswers: null,
    content: { stored: () => ledger.admin.state(), money: true, seedOthers: async (count) => void (await ledger.admin.seed({ billing_schedules: others(count, () => ({ id: `by-hand-${uniqueTag()}`, fields: {} })) })) },
  }, faults);

  const eur = (amount: string) => ({ amount, currency: 'EUR' });
  describeRecordPort({
    name: 'An expense report',
    port: () => offered(erp.expenses),
    fresh: async () => {
      const { deal } = await withProject();
      const tag = uniqueTag();
      const line = { country: 'DE', projectNumber: deal.project.number, legalEntity: 'US01', costCenter: 'US01-TECH', receipt: null };
      return expensePostingSchema.parse({
        key: `EX-${tag}-1`, kind: 'original', reverses: null, system: 'legacy', employer: 'US01', report: { system: 'harvest', id: `report-${tag}`, version: 1 }, person: PERSON, submittedOn: '2026-11-16', accountingPeriod: '2026-11', currency: 'EUR', total: eur('137.30'),
        lines: [
          { ...line, id: '1', kind: 'receipt', category: 'LODGING', incurredOn: '2026-11-03', amount: eur('107.00'), recoverableTax: eur('7.00'), billed: eur('107.00'), receipt: 'file-1', description: 'Hotel\nzwei Nächte' },
          { ...line, id: '2', kind: 'mileage', category: 'MILEAGE', incurredOn: '2026-11-04', amount: eur('30.30'), recoverableTax: eur('0.00'), billed: null, description: '101 km' },
        ],
      });
    },
    amended: (document) => ({ ...document, total: eur('107.00'), lines: document.lines.slice(0, 1) }),
    count: async ({ key }) => (await withKey('expenses', key)).length,
    check: async ({ key, total, lines: wanted }, externalId) => {
      const { fields, lines } = await entryOf('expenses', key, externalId);
      assert.deepEqual([fields['person'], Number(fields['total'])], [PERSON, Number(total.amount)]);
      assert.deepEqual(lines.map((line) => [line['category'], Number(line['amount']), Number(line['recoverable_tax']), line['description']]), wanted.map((line) => [line.category, Number(line.amount.amount), Number(line.recoverableTax.amount), line.description]));
    },
    use: async ({ key }) => void (await ledger.admin.seed({ paid_expenses: [{ id: key }] })),
    writeMethod: 'POST',
    unknownId: 'E999999',
    badAnswers: null,
    content: { stored: () => ledger.admin.state(), seedOthers: async (count) => void (await ledger.admin.seed({ expenses: others(count, () => ({ id: `by-hand-${uniqueTag()}`, fields: {} })) })) },
  }, faults);
});
