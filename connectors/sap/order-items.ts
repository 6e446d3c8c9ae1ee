import { z } from 'zod';
import type { StatementOfWork } from '../../domain/model/statement-of-work.ts';
import type { BillingMethod } from '../../domain/model/billing.ts';
import { compareDecimal, sumMoney, type Money } from '../../domain/money.ts';
import { isInUse } from './classify.ts';
import { ANY_VERSION, SERVICES, type About, type Sap, type Stored } from './client.ts';
import { referenceOf } from './keys.ts';
import { decimalFieldSchema, entityPath, expanded, matching } from './odata.ts';
import type { SapOptions } from './options.ts';
import { cut } from './references.ts';

const SERVICE = SERVICES.order;
const elementRow = z.object({ PricingProcedureStep: z.string(), PricingProcedureCounter: z.string(), ConditionType: z.string(), ConditionRateValue: decimalFieldSchema.nullish(), ConditionCurrency: z.string().nullish() });
const itemRow = z.object({
  SalesOrder: z.string(),
  SalesOrderItem: z.string(),
  /** The number of the project it sells. */
  PurchaseOrderByShipToParty: z.string().nullish(),
  SalesOrderItemText: z.string().nullish(),
  WBSElement: z.string().nullish(),
  SalesDocumentRjcnReason: z.string().nullish(),
});
const pricedRow = itemRow.extend({ to_PricingElement: expanded(elementRow) });
export type OrderItem = Stored<z.infer<typeof itemRow>>;
type PricedItem = Stored<z.infer<typeof pricedRow>>;

/** What an order sells of one project. */
export interface SoldItem {
  readonly project: string;
  readonly billingMethod: BillingMethod;
  readonly text: string;
  readonly value: Money;
}

/** One item for each project, in the order of the lines. */
export function soldItems(document: StatementOfWork): SoldItem[] {
  return [...Map.groupBy(document.lines, (line) => line.projectNumber)].map(([project, lines]) => ({
    project,
    billingMethod: lines[0]?.billingMethod ?? 'time_and_materials',
    text: lines.map((line) => line.description).join(', '),
    value: sumMoney(lines.map((line) => line.amount), document.currency),
  }));
}

/** An item as it is made, with the value agreed as its price. */
export function newItem(item: SoldItem, options: SapOptions): object {
  const product = options.products[item.billingMethod];
  return {
    ...(product === undefined ? {} : { Material: product }),
    RequestedQuantity: '1',
    PurchaseOrderByShipToParty: item.project,
    SalesOrderItemText: cut(item.text, 40),
    to_PricingElement: [priceOf(item, options)],
  };
}

function priceOf({ value }: SoldItem, options: SapOptions) {
  return { ConditionType: options.priceCondition, ConditionRateValue: value.amount, ConditionCurrency: value.currency };
}

export async function itemsOf(sap: Sap, order: string, about: About): Promise<PricedItem[]> {
  return sap.list(SERVICE, 'A_SalesOrderItem', { filter: matching({ SalesOrder: order }), expand: ['to_PricingElement'] }, pricedRow, about);
}

/** The item that sells a project; undefined where the order has none. */
export async function itemOfProject(sap: Sap, order: string, project: string, about: About): Promise<OrderItem | undefined> {
  const items = await sap.list(SERVICE, 'A_SalesOrderItem', { filter: matching({ SalesOrder: order, PurchaseOrderByShipToParty: project }) }, itemRow, about);
  return items[0];
}

export async function readItem(sap: Sap, order: string, item: string, about: About): Promise<OrderItem | null> {
  return sap.read(SERVICE, itemPath(order, item), {}, itemRow, about);
}

export function itemPath(order: string, item: string): string {
  return entityPath('A_SalesOrderItem', { SalesOrder: order, SalesOrderItem: item });
}

/** Makes the order's items what was sold. Items that people added have the order's own reference and are left alone. */
export async function writeItems(sap: Sap, order: string, document: StatementOfWork, options: SapOptions, about: About): Promise<void> {
  const existing = new Map((await itemsOf(sap, order, about)).map((item) => [item.PurchaseOrderByShipToParty ?? '', item]));
  for (const sold of soldItems(document)) {
    const before = existing.get(sold.project);
    existing.delete(sold.project);
    if (before === undefined) await sap.create(SERVICE, `${entityPath('A_SalesOrder', order)}/to_Item`, newItem(sold, options), z.object({}), about);
    else await updateItem(sap, before, sold, options, about);
  }
  const own = referenceOf('K', document.id);
  for (const [reference, item] of existing) if (reference !== '' && reference !== own) await dropItem(sap, item, options, about);
}

async function updateItem(sap: Sap, before: PricedItem, sold: SoldItem, options: SapOptions, about: About): Promise<void> {
  const path = itemPath(before.SalesOrder, before.SalesOrderItem);
  const text = cut(sold.text, 40);
  const change = {
    ...(before.SalesOrderItemText === text ? {} : { SalesOrderItemText: text }),
    // Rejected when it was last taken out: it would never be billed.
    ...(before.SalesDocumentRjcnReason === options.rejectionReason ? { SalesDocumentRjcnReason: '' } : {}),
  };
  if (Object.keys(change).length > 0) await sap.update(SERVICE, path, change, before.etag, about);
  const price = before.to_PricingElement.find(({ ConditionType }) => ConditionType === options.priceCondition);
  const wanted = priceOf(sold, options);
  if (price === undefined) {
    await sap.create(SERVICE, `${path}/to_PricingElement`, wanted, z.object({}), about);
    return;
  }
  if (price.ConditionCurrency === wanted.ConditionCurrency && compareDecimal(price.ConditionRateValue ?? '0', wanted.ConditionRateValue) === 0) return;
  const { PricingProcedureStep, PricingProcedureCounter } = price;
  const element = entityPath('A_SalesOrderItemPrElement', { SalesOrder: before.SalesOrder, SalesOrderItem: before.SalesOrderItem, PricingProcedureStep, PricingProcedureCounter });
  // The item's own change has given the order a new version.
  await sap.update(SERVICE, element, { ConditionRateValue: wanted.ConditionRateValue, ConditionCurrency: wanted.ConditionCurrency }, ANY_VERSION, about);
}

async function dropItem(sap: Sap, item: OrderItem, options: SapOptions, about: About): Promise<void> {
  try {
    await sap.remove(SERVICE, itemPath(item.SalesOrder, item.SalesOrderItem), ANY_VERSION, about);
  } catch (error) {
    if (!isInUse(error)) throw error;
    await rejectItems(sap, [item], options, about);
  }
}

/** What is rejected is neither delivered nor billed any more. */
export async function rejectItems(sap: Sap, items: readonly OrderItem[], options: SapOptions, about: About): Promise<void> {
  for (const item of items) await sap.update(SERVICE, itemPath(item.SalesOrder, item.SalesOrderItem), { SalesDocumentRjcnReason: options.rejectionReason }, ANY_VERSION, about);
}
