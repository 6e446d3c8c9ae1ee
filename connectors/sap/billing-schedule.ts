import { z } from 'zod';
import type { BillingSchedule } from '../../domain/model/billing.ts';
import type { Project } from '../../domain/model/project.ts';
import { compareDecimal } from '../../domain/money.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { ANY_VERSION, SERVICES, type About, type Sap, type Stored } from './client.ts';
import { dateSchema, decimalFieldSchema, entityPath, jsonDate, matching } from './odata.ts';
import type { SapOptions } from './options.ts';
import { itemOfProject, itemPath, readItem, type OrderItem } from './order-items.ts';
import type { SapReferences } from './references.ts';
import { projectId } from './wbs.ts';

type Document = { readonly project: Project; readonly schedule: BillingSchedule };

const SERVICE = SERVICES.order;
const planRow = z.object({ BillingPlan: z.string().min(1) });
const planItemRow = z.object({
  BillingPlan: z.string(),
  BillingPlanItem: z.string(),
  BillingPlanBillingDate: dateSchema,
  BillingPlanAmount: decimalFieldSchema.nullish(),
  /** C: it has been billed. */
  BillingPlanRelatedBillgStatus: z.string().nullish(),
});
type PlanItem = Stored<z.infer<typeof planItemRow>>;
type Wanted = { readonly date: string; readonly amount: string };
const label = ({ project }: Document) => `billing schedule of ${project.number}`;

/**
 * The schedule of a project is the billing plan of the sales order's item that sells it, and that item is assigned to the project's WBS, by which hours
 * are billed. Dates without an amount follow from the hours and need no plan. Its ID is "<sales order>/<item>". What a broken write has left is found too:
 * the next write makes it whole, an undo takes it away.
 */
export function createBillingSchedulePort(sap: Sap, references: SapReferences, options: SapOptions): RecordPort<WithReferences<Document>> {
  const planOf = (order: string, item: string, about: About) => sap.read(SERVICE, `${itemPath(order, item)}/to_BillingPlan`, {}, planRow, about);
  const planItemsOf = (order: string, item: string, about: About) => sap.list(SERVICE, 'A_SlsOrderItemBillingPlanItem', { filter: matching({ SalesOrder: order, SalesOrderItem: item }) }, planItemRow, about);
  const pathOf = (order: string, item: string, { BillingPlan, BillingPlanItem }: PlanItem) => entityPath('A_SlsOrderItemBillingPlanItem', { SalesOrder: order, SalesOrderItem: item, BillingPlan, BillingPlanItem });
  const bodyOf = ({ date, amount }: Wanted) => ({ BillingPlanBillingDate: jsonDate(date), BillingPlanAmount: amount, ...(options.billingDateCategory === undefined ? {} : { BillingPlanDateCategory: options.billingDateCategory }) });

  /**
   * Dates of a schedule whose item does not belong to the project yet: its write broke off. Dates that the plan's type brings along are told apart by not
   * being what the document says.
   */
  async function begun(order: string, item: OrderItem, document: Document, about: About): Promise<PlanItem[]> {
    const wanted = wantedOf(document);
    if (wanted.length === 0 || (item.WBSElement ?? '') !== '') return [];
    return (await planItemsOf(order, item.SalesOrderItem, about)).filter((date) => wanted.some((each) => isSame(date, each)));
  }

  async function writePlan(order: string, item: string, document: Document, about: About): Promise<void> {
    const wanted = wantedOf(document);
    const existing = await planItemsOf(order, item, about);
    if (wanted.length === 0 && existing.length === 0) return;
    const { missing, change, extra } = compared(existing, wanted);
    const plan = missing.length === 0 ? null : await planOf(order, item, about);
    if (missing.length > 0 && plan === null) throw noPlan(sap.system, order, item, about);
    const writes = [
      ...change.map(([before, after]) => () => sap.update(SERVICE, pathOf(order, item, before), bodyOf(after), ANY_VERSION, about)),
      ...missing.map((each) => () => sap.create(SERVICE, `${entityPath('A_SalesOrderItemBillingPlan', { SalesOrder: order, SalesOrderItem: item, BillingPlan: plan?.BillingPlan ?? '' })}/to_BillingPlanItem`, bodyOf(each), z.object({}), about)),
      ...extra.map((each) => () => sap.remove(SERVICE, pathOf(order, item, each), ANY_VERSION, about)),
    ];
    for (const [index, write] of writes.entries()) await (index === 0 ? write() : afterFirstWrite<unknown>(write));
  }

  return {
    lookUp: 'key',
    async find({ document, references: known }, context) {
      const about: About = { object: label(document), context };
      const order = references.known(known.contracts, document.project.contractId, 'contract', about.object);
      const item = await itemOfProject(sap, order, document.project.number, about);
      if (item === undefined) return null;
      const isThere = item.WBSElement === projectId(document.project.number) || (await begun(order, item, document, about)).length > 0;
      return isThere ? references.found('order', `${order}/${item.SalesOrderItem}`) : null;
    },
    async write({ document, references: known }, _existing, context) {
      const about: About = { object: label(document), context };
      const order = references.known(known.contracts, document.project.contractId, 'contract', about.object);
      const item = await itemOfProject(sap, order, document.project.number, about);
      if (item === undefined) throw noItem(sap.system, order, document, about);
      const assigned = item.WBSElement === projectId(document.project.number);
      await writePlan(order, item.SalesOrderItem, document, about);
      // Last, so that nothing is billed by half a schedule.
      if (!assigned) await afterFirstWrite(() => sap.update(SERVICE, itemPath(order, item.SalesOrderItem), { WBSElement: projectId(document.project.number) }, item.etag, about));
      return { ...references.found('order', `${order}/${item.SalesOrderItem}`), created: !assigned };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `the ${about.object} stood before this deal` };
      const [order = '', number = ''] = externalId.split('/');
      const item = await readItem(sap, order, number, about);
      const where = `sales order ${order}, item ${number}`;
      const isAssigned = (item?.WBSElement ?? '') !== '';
      const dates = item === null ? [] : isAssigned ? await planItemsOf(order, number, about) : await begun(order, item, document, about);
      if (!isAssigned && dates.length === 0) return { how: 'not_found', detail: `the ${about.object} is not in SAP` };
      const open = dates.filter((date) => !isBilled(date));
      for (const date of open) await sap.remove(SERVICE, pathOf(order, number, date), ANY_VERSION, about);
      if (open.length < dates.length) {
        const kept = `${dates.length - open.length} of its dates have been billed in SAP (${where})`;
        return open.length === 0 ? { how: 'kept', detail: `the ${about.object} stays: ${kept}` } : { how: 'cancelled', detail: `the ${about.object} bills nothing more: ${kept}, the other ${open.length} were deleted` };
      }
      if (isAssigned) await sap.update(SERVICE, itemPath(order, number), { WBSElement: '' }, ANY_VERSION, about);
      return { how: 'deleted', detail: `the ${about.object} was taken back: ${open.length === 0 ? '' : `its ${open.length} dates were deleted, `}${where} does not belong to the project` };
    },
  };
}

function isBilled({ BillingPlanRelatedBillgStatus }: PlanItem): boolean {
  return BillingPlanRelatedBillgStatus === 'B' || BillingPlanRelatedBillgStatus === 'C';
}

function isSame(item: PlanItem, { date, amount }: Wanted): boolean {
  return item.BillingPlanBillingDate === date && compareDecimal(item.BillingPlanAmount ?? '0', amount) === 0;
}

/** Dates that follow from hours have no amount, and are not planned. */
function wantedOf({ schedule }: Document): Wanted[] {
  return schedule.items.flatMap(({ billOn, amount }) => (amount === null ? [] : [{ date: billOn, amount: amount.amount }]));
}

/** Dates as they are stay; others that are not billed become what is wanted, the rest is made anew or taken away. What has been billed is left alone. */
function compared(existing: readonly PlanItem[], wanted: readonly Wanted[]) {
  const left = [...existing];
  const open = wanted.filter((each) => {
    const at = left.findIndex((item) => isSame(item, each));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  const free = left.filter((item) => !isBilled(item));
  const change = open.slice(0, free.length).map((each, index) => [free[index], each] as const).filter((pair): pair is readonly [PlanItem, Wanted] => pair[0] !== undefined);
  return { change, missing: open.slice(free.length), extra: free.slice(open.length) };
}

function noItem(system: string, order: string, { project }: Document, { object }: About): SystemFailure {
  return new SystemFailure({ kind: 'business_rule', code: 'SAP_ITEM_MISSING', system, object, written: 'no', message: `Sales order ${order} has no item for the project ${project.number}.`, mend: 'Find out who deleted it in SAP; retry the contract to make it again, then this step.' });
}

function noPlan(system: string, order: string, item: string, { object }: About): SystemFailure {
  return new SystemFailure({
    kind: 'configuration', code: 'SAP_BILLING_PLAN_MISSING', system, object, written: 'no', message: `Item ${item} of sales order ${order} has no billing plan, so no dates can be planned.`,
    mend: 'Give the billing method a product whose item category has a billing plan type (option products), change the item in SAP accordingly, then retry.',
  });
}
