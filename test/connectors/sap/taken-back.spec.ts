import assert from 'node:assert/strict';
import type { ErpPort } from '../../../connectors/ports.ts';
import { callContext } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { dealsIn } from './deals.ts';
import { offered, startSystem, type StoredValues, type TestSystem } from './environment.ts';

describe('A billing schedule in SAP that is taken back', function () {
  this.timeout(30_000);
  let system: TestSystem;
  let erp: ErpPort;
  const faults = sandboxFaults(() => system.url());
  const { withProject } = dealsIn(() => erp);
  const rowsWith = async (set: string, field: string, value: unknown): Promise<StoredValues[]> => (await system.rows(set)).filter((row) => row[field] === value);

  before(async () => {
    system = await startSystem();
    erp = system.connect();
  });
  after(async () => system?.close());
  afterEach(async () => system.admin.clearFaults());

  it('has no dates left by a write that broke off: they are found, so that they are taken back', async () => {
    const { deal, references, order } = await withProject({ billingMethod: 'fixed_fee' });
    const record = { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
    const billing = offered(erp.billingSchedule);
    const dates = async () => (await rowsWith('A_SlsOrderItemBillingPlanItem', 'SalesOrder', order)).length;
    for (const kind of ['cut-before', 'cut-after'] as const) {
      // The dates are written; the item is not the project's, or nobody knows.
      await faults.next({ kind, method: 'PATCH', path: 'A_SalesOrderItem' });
      const failure = await failureOf(() => billing.write(record, null, callContext()));
      assert.equal(failure.written, 'unknown');
      assert.ok((await dates()) > 0);
      const found = await billing.find(record, callContext());
      assert.equal(found?.externalId, `${order}/10`);
      assert.equal((await billing.undo({ document: record, externalId: `${order}/10`, created: true }, callContext())).how, 'deleted');
      assert.deepEqual([await dates(), await billing.find(record, callContext())], [0, null]);
      assert.equal((await billing.undo({ document: record, externalId: `${order}/10`, created: true }, callContext())).how, 'not_found');
    }
  });

  it('bills nothing more where some of it was billed', async () => {
    const { deal, references, order } = await withProject({ billingMethod: 'fixed_fee' });
    const record = { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
    const { externalId } = await offered(erp.billingSchedule).write(record, null, callContext());
    const [first] = await rowsWith('A_SlsOrderItemBillingPlanItem', 'SalesOrder', order);
    const { SalesOrder, SalesOrderItem, BillingPlan, BillingPlanItem } = first ?? {};
    await system.admin.seed({ A_SlsOrderItemBillingPlanItem: [{ SalesOrder, SalesOrderItem, BillingPlan, BillingPlanItem, BillingPlanRelatedBillgStatus: 'C' }] });
    const undone = await offered(erp.billingSchedule).undo({ document: record, externalId, created: true }, callContext());
    assert.equal(undone.how, 'cancelled', undone.detail);
    assert.deepEqual((await rowsWith('A_SlsOrderItemBillingPlanItem', 'SalesOrder', order)).map((row) => row['BillingPlanRelatedBillgStatus']), ['C']);
  });

  it('leaves alone dates that SAP brought along: they are no schedule of ours', async () => {
    const { deal, references, order } = await withProject({ billingMethod: 'fixed_fee' });
    const [plan] = await rowsWith('A_SalesOrderItemBillingPlan', 'SalesOrder', order);
    await system.admin.seed({ A_SlsOrderItemBillingPlanItem: [{ SalesOrder: order, SalesOrderItem: '10', BillingPlan: plan?.['BillingPlan'], BillingPlanItem: '1', BillingPlanBillingDate: '2026-12-01T00:00:00', BillingPlanAmount: '1', BillingPlanRelatedBillgStatus: 'A' }] });
    const record = { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
    assert.equal(await offered(erp.billingSchedule).find(record, callContext()), null);
    assert.equal((await offered(erp.billingSchedule).undo({ document: record, externalId: `${order}/10`, created: true }, callContext())).how, 'not_found');
  });
});
