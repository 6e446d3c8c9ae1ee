import assert from 'node:assert/strict';
import type { ErpPort } from '../../../connectors/ports.ts';
import { callContext, dealOf, uniqueTag, type Deal } from '../conformance/documents.ts';
import { others } from '../conformance/record-content.ts';
import { describeRecordPort, failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { NONE, offered, pick, startEnvironment, WITH_ACCOUNTS, type TestEnvironment } from './environment.ts';

describe('Customers in Oracle Fusion with customer accounts', function () {
  this.timeout(60_000);
  let environment: TestEnvironment;
  let erp: ErpPort;
  before(async () => {
    environment = await startEnvironment();
    erp = environment.connect(WITH_ACCOUNTS);
  });
  after(async () => environment?.close());
  afterEach(async () => environment.admin.clearFaults());

  const partyOf = async (deal: Deal) => (await environment.rowsWith('hubOrganizations', 'PartyNumber', deal.customer.id))[0];
  const addressOf = async (deal: Deal) => (await environment.childrenOf('hubOrganizations.Address', await partyOf(deal)))[0];
  const accountOf = async (deal: Deal) => (await environment.setUp('customerAccounts')).find((account) => account['name'] === deal.customer.id);
  const write = (deal: Deal, change: Partial<Deal['customer']> = {}) => erp.customer.write({ document: { ...deal.customer, ...change }, references: NONE }, null, callContext());
  const undo = (deal: Deal) => erp.customer.undo({ document: { document: deal.customer, references: NONE }, externalId: deal.customer.id, created: true }, callContext());

  describeRecordPort({
    name: 'A customer with its account',
    port: () => erp.customer,
    fresh: () => Promise.resolve({ document: dealOf(uniqueTag(), { customer: { legalEntities: ['US01', 'DE01'] } }).customer, references: NONE }),
    amended: ({ document, references }) => ({ references, document: { ...document, name: `${document.name} & <Söhne> "KK" 株式会社`, legalEntities: ['JP01', 'US01', 'DE01'] } }),
    count: async ({ document }) => (await environment.setUp('customerAccounts')).filter((account) => account['name'] === document.id).length,
    check: async ({ document }, externalId) => {
      const [party] = await environment.rowsWith('hubOrganizations', 'PartyNumber', externalId);
      const account = (await environment.setUp('customerAccounts')).find((each) => each['name'] === externalId);
      assert.deepEqual([party?.values['OrganizationName'], account?.['partyId'], account?.['status'], account?.['reference']], [document.name, party?.id, 'A', document.id]);
      assert.deepEqual(String(account?.['sites']).split(','), document.legalEntities.map((entity) => WITH_ACCOUNTS.customerAccounts.sets[entity === 'US01' ? 'US01' : entity === 'DE01' ? 'DE01' : 'JP01']));
    },
    use: null,
    undoneAs: 'deactivated',
    writeMethod: 'POST',
    unknownId: 'NO-SUCH-PARTY',
    badAnswers: { every: { 'unknown-values': 'refused' } },
    content: { stored: () => environment.admin.state(), seedOthers: async (count) => void (await environment.admin.seed({ hubOrganizations: others(count, () => ({ PartyNumber: `BY-HAND-${uniqueTag()}`, OrganizationName: 'Somebody else' })) })) },
  }, sandboxFaults(() => environment.url()));

  it('is made inactive by an undo, its address ended, and taken back into use by the next deal; whom finance made inactive stays so', async () => {
    const deal = dealOf(uniqueTag());
    await write(deal);
    assert.equal((await undo(deal)).how, 'deactivated');
    assert.deepEqual([(await accountOf(deal))?.['status'], typeof (await addressOf(deal))?.values['EndDateActive']], ['I', 'string']);
    await write(deal);
    assert.deepEqual([(await accountOf(deal))?.['status'], (await addressOf(deal))?.values['EndDateActive']], ['A', null]);
    await environment.admin.seed({ 'setUp.customerAccounts': [{ ...account(await accountOf(deal)), status: 'I' }] });
    await write(deal, { name: 'Acme renamed' });
    assert.deepEqual([(await accountOf(deal))?.['status'], (await partyOf(deal))?.values['OrganizationName']], ['I', 'Acme renamed']);
  });

  it('bills the contract at the customer\'s account, each line by the plans of its billing method; the plan that finance gave a line stays', async () => {
    const deal = dealOf(uniqueTag());
    const [line] = deal.contract.lines;
    assert.ok(line !== undefined);
    const references = { ...NONE, customers: { [deal.customer.id]: (await write(deal)).externalId } };
    const sold = (number: string, billingMethod: typeof line.billingMethod) => ({ ...line, projectNumber: number, billingMethod });
    const contractWith = async (...lines: ReturnType<typeof sold>[]) => {
      await offered(erp.contract).write({ document: { ...deal.contract, lines }, references }, null, callContext());
      const [contract] = await environment.rowsWith('contracts', 'ContractNumber', deal.contract.id);
      const plans = [...(await environment.childrenOf('contracts.BillPlan', contract)), ...(await environment.childrenOf('contracts.RevenuePlan', contract))];
      const nameOf = (id: unknown) => plans.find((plan) => plan.id === id)?.values['BillPlanName'];
      const inOracle = (await environment.childrenOf('contracts.ContractLine', contract)).map(({ values }) => [values['ItemNameTxt'], nameOf(values['BillPlanId']), nameOf(values['RevenuePlanId'])].join());
      return { contract, plans: plans.map(({ values }) => values), lines: inOracle };
    };
    const first = await contractWith(sold('P1', 'time_and_materials'), sold('P2', 'retainer'));
    assert.deepEqual(first.plans.map((plan) => [plan['BillPlanName'], plan['BillMethodName'], plan['BillToAccountNumber'], plan['PaymentTerms']]), [['Bill time and materials', 'Rate Based', deal.customer.id, 'Net 30'], ['Revenue time and materials', 'As Incurred', undefined, undefined]]);
    const key = pick(first.contract?.values, 'ContractNumber', 'ContractTypeName', 'BuyOrSell');
    assert.deepEqual(first.lines, ['P1,Bill time and materials,Revenue time and materials', 'P2,,']);
    await environment.admin.seed({ contracts: [{ ...key, BillPlan: [{ BillPlanName: 'By finance', BillMethodName: 'Amount Based' }] }] });
    const byFinance = (await environment.childrenOf('contracts.BillPlan', first.contract)).find((plan) => plan.values['BillPlanName'] === 'By finance');
    await environment.admin.seed({ contracts: [{ ...key, ContractLine: [{ LineNumber: '1', BillPlanId: byFinance?.id ?? 0 }] }] });
    const second = await contractWith(sold('P1', 'time_and_materials'), sold('P3', 'fixed_fee'), sold('P4', 'time_and_materials'));
    assert.deepEqual(second.lines, ['P1,By finance,Revenue time and materials', 'P3,Bill fixed fee,Revenue fixed fee', 'P4,Bill time and materials,Revenue time and materials']);
    const again = await contractWith(sold('P1', 'time_and_materials'), sold('P3', 'fixed_fee'), sold('P4', 'time_and_materials'));
    assert.deepEqual([again.plans, again.lines], [second.plans, second.lines]);
  });

  it('sends what the ERP owns of a customer when it is made, and leaves it alone ever after', async () => {
    const deal = dealOf(uniqueTag(), { customer: { taxRegistrationNumber: 'US-1', ownedElsewhere: ['taxRegistrationNumber', 'billingAddress'] } });
    await write(deal);
    await write(deal, { name: 'Acme renamed', taxRegistrationNumber: 'US-2', billingAddress: { ...deal.customer.billingAddress, city: 'Chicago' } });
    assert.deepEqual([(await partyOf(deal))?.values['OrganizationName'], (await partyOf(deal))?.values['TaxpayerIdentificationNumber'], (await addressOf(deal))?.values['City']], ['Acme renamed', 'US-1', 'Springfield']);
  });

  it('has a number of its own where the account\'s ID is longer than Oracle takes', async () => {
    const deal = dealOf(uniqueTag(), { customer: { id: `canonical-${'long-'.repeat(12)}${uniqueTag()}` } });
    const { externalId } = await write(deal);
    assert.match(externalId, /^Q2C-[0-9a-f]{24}$/);
    assert.equal((await erp.customer.find({ document: deal.customer, references: NONE }, callContext()))?.externalId, externalId);
  });

  it('is one where the answer about its account is lost, before or after the account was made', async () => {
    for (const kind of ['cut-before', 'cut-after', 'html', 'wrong-schema'] as const) {
      const deal = dealOf(uniqueTag());
      await environment.admin.fault({ kind, method: 'POST', path: 'CustomerAccountService' });
      const failure = await failureOf(() => write(deal));
      assert.equal(failure.written, 'unknown', kind);
      await write(deal);
      assert.equal((await accountOf(deal))?.['status'], 'A', kind);
    }
  });

  it('names the reason of a SOAP fault, and knows that nothing was done though its status is 500', async () => {
    const deal = dealOf(uniqueTag());
    await write(deal);
    const failure = await failureOf(() => environment.connect({ customerAccounts: { sets: { US01: '42' } } }).customer.write({ document: deal.customer, references: NONE }, null, callContext()));
    assert.deepEqual([failure.kind, failure.code], ['configuration', 'ORACLE_VALUE_UNKNOWN']);
    assert.match(failure.message, /The set identifier 42 isn't valid/);
  });

  it('asks for an address before anything is made at one, and for the set that is missing before anything is written', async () => {
    const nowhere = dealOf(uniqueTag());
    const failure = await failureOf(() => write(nowhere, { billingAddress: { street: null, city: null, region: null, postalCode: null, country: null } }));
    assert.deepEqual([failure.kind, failure.code], ['business_rule', 'ORACLE_ADDRESS_MISSING']);
    const unmapped = dealOf(uniqueTag());
    const missing = await failureOf(() => environment.connect({ customerAccounts: { sets: {} } }).customer.write({ document: unmapped.customer, references: NONE }, null, callContext()));
    assert.deepEqual([missing.kind, missing.code, missing.written, await partyOf(unmapped)], ['configuration', 'ORACLE_MAPPING_MISSING', 'no', undefined]);
    assert.match(missing.mend, /customerAccounts\.sets\.US01/);
  });
});

function account(found: Record<string, unknown> | undefined): Record<string, unknown> {
  assert.ok(found !== undefined);
  return found;
}
