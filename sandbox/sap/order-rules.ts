import { Decimal } from 'decimal.js';
import { refused } from './errors.ts';
import { among, checkSalesArea, partnerOf, required } from './partner-rules.ts';
import { CONFIGURED } from './reference-data.ts';
import type { Rules } from './rules.ts';
import { textOf, type Row, type System, type Values } from './system.ts';

export const ORDER_RULES: Readonly<Record<string, Rules>> = {
  A_SalesOrder: {
    create(system, values, user) {
      among(CONFIGURED.salesOrderTypes, values, 'SalesOrderType', 'Sales document type');
      checkSalesArea(values, 'OrganizationDivision');
      checkSoldTo(system, values);
      among(CONFIGURED.currencies, values, 'TransactionCurrency', 'Currency');
      checkTerms(values);
      Object.assign(values, { SalesOrder: String(40_000 + system.nextNumber('order')), CreatedByUser: user, CreationDate: system.now().toISOString().slice(0, 10), LastChangeDateTime: system.now().toISOString(), OverallSDProcessStatus: 'A' });
    },
    created(system, row) {
      system.put('A_SalesOrder', row, { ...row.values, TotalNetAmount: netOf(system.having('A_SalesOrderItem', 'SalesOrder', row.values['SalesOrder'] ?? ''), 'NetAmount') });
    },
    change(system, values) {
      checkTerms(values);
      checkSoldTo(system, values);
    },
    remove(system, row) {
      const order = row.values['SalesOrder'] ?? '';
      if (system.having('A_SalesOrderItem', 'SalesOrder', order).some(isBilled)) throw refused('V1/558', `Sales order ${textOf(order)} cannot be deleted: subsequent documents exist`);
      for (const set of ['A_SalesOrderItem', 'A_SalesOrderItemPrElement', 'A_SalesOrderItemBillingPlan', 'A_SlsOrderItemBillingPlanItem', 'A_SalesOrderText']) for (const part of system.having(set, 'SalesOrder', order)) system.remove(set, part);
    },
  },
  A_SalesOrderItem: {
    create(system, values) {
      const order = system.byKey('A_SalesOrder', { SalesOrder: values['SalesOrder'] ?? '' });
      if (!CONFIGURED.products.has(textOf(values['Material']))) throw refused('VP/199', `Product ${textOf(values['Material'])} is not defined for sales organization ${textOf(order?.values['SalesOrganization'])}`);
      if (new Decimal(textOf(values['RequestedQuantity'])).lessThanOrEqualTo(0)) throw refused('V1/009', 'Enter a quantity for the item: field RequestedQuantity is required');
      if (values['SalesOrderItem'] === '') values['SalesOrderItem'] = String((system.having('A_SalesOrderItem', 'SalesOrder', values['SalesOrder'] ?? '').length + 1) * 10);
      // The header's reference goes down to items that have none of their own.
      if (values['PurchaseOrderByShipToParty'] === '') values['PurchaseOrderByShipToParty'] = order?.values['PurchaseOrderByShipToParty'] ?? '';
      checkWbs(system, values);
      Object.assign(values, { TransactionCurrency: order?.values['TransactionCurrency'] ?? '', SalesOrderItemCategory: hasPlan(values) ? 'TAO' : 'TAD', OrderRelatedBillingStatus: 'A', SDProcessStatus: 'A' });
    },
    created(system, row) {
      const prices = partsOf(system, 'A_SalesOrderItemPrElement', row);
      system.put('A_SalesOrderItem', row, { ...row.values, NetAmount: netOf(prices, 'ConditionRateValue') });
      if (!hasPlan(row.values)) return;
      system.put('A_SalesOrderItemBillingPlan', undefined, { SalesOrder: row.values['SalesOrder'] ?? '', SalesOrderItem: row.values['SalesOrderItem'] ?? '', BillingPlan: String(7000 + system.nextNumber('billing-plan')), BillingPlanType: '01', BillingPlanCategory: '1', BillingPlanIsInHeader: false, BillingPlanStartDate: null, BillingPlanStartDateRule: '', BillingPlanEndDate: null });
    },
    change(system, values, before) {
      checkWbs(system, values);
      if (!CONFIGURED.rejectionReasons.has(textOf(values['SalesDocumentRjcnReason']))) throw refused('V1/110', `Reason for rejection ${textOf(values['SalesDocumentRjcnReason'])} does not exist`);
      touch(system, before);
    },
    remove(system, row) {
      if (isBilled(row)) throw refused('V1/558', `Item ${textOf(row.values['SalesOrderItem'])} cannot be deleted: subsequent documents exist`);
      for (const set of ['A_SalesOrderItemPrElement', 'A_SalesOrderItemBillingPlan', 'A_SlsOrderItemBillingPlanItem']) for (const part of partsOf(system, set, row)) system.remove(set, part);
      touch(system, row);
    },
  },
  A_SalesOrderItemPrElement: {
    create(system, values) {
      among(CONFIGURED.priceConditions, values, 'ConditionType', 'Condition type');
      among(CONFIGURED.currencies, values, 'ConditionCurrency', 'Currency');
      if (system.having('A_SalesOrderItemPrElement', 'SalesOrder', values['SalesOrder'] ?? '').some((row) => row.values['SalesOrderItem'] === values['SalesOrderItem'] && row.values['ConditionType'] === values['ConditionType'])) throw refused('VE/088', `Condition ${textOf(values['ConditionType'])} already exists`);
      Object.assign(values, { PricingProcedureStep: '20', PricingProcedureCounter: values['ConditionType'] === 'PPR0' ? '1' : '2', ConditionIsManuallyChanged: true, ConditionAmount: values['ConditionRateValue'] ?? '0' });
    },
    change(system, values) {
      among(CONFIGURED.currencies, values, 'ConditionCurrency', 'Currency');
      const item = system.byKey('A_SalesOrderItem', values);
      if (item !== undefined) system.put('A_SalesOrderItem', item, { ...item.values, NetAmount: values['ConditionRateValue'] ?? '0' });
    },
  },
  A_SlsOrderItemBillingPlanItem: {
    create(system, values) {
      checkPlanItem(values);
      if (values['BillingPlan'] === '' || system.byKey('A_SalesOrderItemBillingPlan', values) === undefined) throw refused('V7/007', `Item ${textOf(values['SalesOrderItem'])} has no billing plan ${textOf(values['BillingPlan'])}`);
      const item = system.byKey('A_SalesOrderItem', values);
      Object.assign(values, { BillingPlanItem: String(system.nextNumber('billing-plan-item')), BillingPlanRelatedBillgStatus: 'A', TransactionCurrency: item?.values['TransactionCurrency'] ?? '', BillingPlanType: '01' });
    },
    change(_system, values, before) {
      checkOpen(before);
      checkPlanItem(values);
    },
    remove: (_system, row) => checkOpen(row),
  },
  A_SalesOrderText: { create: (_system, values) => void among(CONFIGURED.orderTexts, values, 'LongTextID', 'Text ID') },
};

function checkSoldTo(system: System, values: Values): void {
  const customer = required(values, 'SoldToParty', 'Sold-to party');
  const area = { Customer: customer, SalesOrganization: values['SalesOrganization'] ?? '', DistributionChannel: values['DistributionChannel'] ?? '', Division: values['OrganizationDivision'] ?? '' };
  if (system.byKey('A_CustomerSalesArea', area) === undefined) throw refused('VP/204', `Sold-to party ${customer} not maintained for sales area ${textOf(area.SalesOrganization)} ${textOf(area.DistributionChannel)} ${textOf(area.Division)}`);
  if (system.byKey('A_BusinessPartner', { BusinessPartner: partnerOf(system, customer) })?.values['IsMarkedForArchiving'] === true) throw refused('R1/515', `Business partner ${customer} is marked for archiving`);
}

function checkTerms(values: Values): void {
  if (values['CustomerPaymentTerms'] !== '') among(CONFIGURED.paymentTerms, values, 'CustomerPaymentTerms', 'Terms of payment');
}

function checkWbs(system: System, values: Values): void {
  const element = textOf(values['WBSElement']);
  if (element !== '' && system.having('A_EnterpriseProjectElement', 'ProjectElement', element).length === 0) throw refused('CJ/021', `WBS element ${element} does not exist`);
}

function checkPlanItem(values: Values): void {
  required(values, 'BillingPlanBillingDate', 'Billing date');
  if (new Decimal(textOf(values['BillingPlanAmount']) || '0').lessThanOrEqualTo(0)) throw refused('V7/012', 'Enter a billing value: field BillingPlanAmount is required');
}

function checkOpen(row: Row): void {
  if (row.values['BillingPlanRelatedBillgStatus'] !== 'A') throw refused('V7/015', 'The date has been billed: it can no longer be changed and must not be deleted');
}

function hasPlan(values: Values): boolean {
  return CONFIGURED.products.get(textOf(values['Material'])) === true;
}

function isBilled(row: Row): boolean {
  return row.values['OrderRelatedBillingStatus'] === 'B' || row.values['OrderRelatedBillingStatus'] === 'C';
}

function partsOf(system: System, set: string, item: Row): Row[] {
  return system.having(set, 'SalesOrder', item.values['SalesOrder'] ?? '').filter((row) => row.values['SalesOrderItem'] === item.values['SalesOrderItem']);
}

function netOf(rows: readonly Row[], field: string): string {
  return rows.reduce((sum, row) => sum.plus(textOf(row.values[field]) || '0'), new Decimal(0)).toFixed();
}

/** A change of an item is one of its order: the order has a new version. */
function touch(system: System, item: Row): void {
  const order = system.byKey('A_SalesOrder', { SalesOrder: item.values['SalesOrder'] ?? '' });
  if (order !== undefined) system.put('A_SalesOrder', order, { ...order.values, LastChangeDateTime: system.now().toISOString() });
}
