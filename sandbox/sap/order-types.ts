import { code, decimal, field, KEY, OWN, text, type EntityType } from './field-specs.ts';

const BY_ORDER = { SalesOrder: 'SalesOrder' };
const BY_ITEM = { SalesOrder: 'SalesOrder', SalesOrderItem: 'SalesOrderItem' };
const BY_PLAN = { ...BY_ITEM, BillingPlan: 'BillingPlan' };

/** API_SALES_ORDER_SRV. */
export const ORDER_TYPES: readonly EntityType[] = [
  {
    set: 'A_SalesOrder', name: 'A_SalesOrderType', keys: ['SalesOrder'], ifMatch: 'version', indexed: ['PurchaseOrderByShipToParty', 'SoldToParty'],
    fields: {
      SalesOrder: code(10, KEY), SalesOrderType: code(4, KEY), SalesOrganization: code(4, KEY), DistributionChannel: code(2, KEY), OrganizationDivision: code(2, KEY), SoldToParty: code(10), CreationDate: field('date', OWN), CreatedByUser: code(12, OWN),
      ExternalDocumentID: code(40, OWN), SenderBusinessSystemName: text(60, OWN), LastChangeDateTime: field('instant', OWN), PurchaseOrderByCustomer: text(35), PurchaseOrderByShipToParty: text(35), CustomerPurchaseOrderType: code(4), CustomerPurchaseOrderDate: field('date'),
      SalesOrderDate: field('date'), TotalNetAmount: decimal(16, 3, OWN), TransactionCurrency: code(5), SDDocumentReason: code(3), PricingDate: field('date'), RequestedDeliveryDate: field('date'), CustomerPaymentTerms: code(4), AccountingDocExternalReference: code(16),
      AssignmentReference: text(18), HeaderBillingBlockReason: code(2), OverallSDProcessStatus: code(1, OWN), OverallSDDocumentRejectionSts: code(1, OWN),
    },
    navigations: { to_Item: { to: 'A_SalesOrderItem', many: true, by: BY_ORDER }, to_Text: { to: 'A_SalesOrderText', many: true, by: BY_ORDER } },
  },
  {
    set: 'A_SalesOrderItem', name: 'A_SalesOrderItemType', keys: ['SalesOrder', 'SalesOrderItem'], indexed: ['SalesOrder', 'PurchaseOrderByShipToParty', 'WBSElement'],
    fields: {
      SalesOrder: code(10, OWN), SalesOrderItem: code(6, KEY), SalesOrderItemCategory: code(4), SalesOrderItemText: text(40), PurchaseOrderByCustomer: text(35), PurchaseOrderByShipToParty: text(35), Material: code(40, KEY), RequestedQuantity: decimal(15, 3),
      RequestedQuantityUnit: text(3), TransactionCurrency: code(5, OWN), NetAmount: decimal(16, 3, OWN), ProductionPlant: code(4), SalesDocumentRjcnReason: code(2), ItemBillingBlockReason: code(2), WBSElement: code(24), ProfitCenter: code(10), SDProcessStatus: code(1, OWN),
      OrderRelatedBillingStatus: code(1, OWN),
    },
    navigations: { to_PricingElement: { to: 'A_SalesOrderItemPrElement', many: true, by: BY_ITEM }, to_BillingPlan: { to: 'A_SalesOrderItemBillingPlan', many: false, by: BY_ITEM, insert: false } },
  },
  {
    set: 'A_SalesOrderItemPrElement', name: 'A_SalesOrderItemPrElementType', keys: ['SalesOrder', 'SalesOrderItem', 'PricingProcedureStep', 'PricingProcedureCounter'], within: true, indexed: ['SalesOrder'],
    fields: {
      SalesOrder: code(10, OWN), SalesOrderItem: code(6, OWN), PricingProcedureStep: code(3, KEY), PricingProcedureCounter: code(3, KEY), ConditionType: code(4, KEY), ConditionRateValue: decimal(24, 9), ConditionCurrency: code(5), ConditionQuantity: decimal(5, 0),
      ConditionQuantityUnit: text(3), ConditionAmount: decimal(16, 3, OWN), TransactionCurrency: code(5), ConditionIsManuallyChanged: field('boolean', OWN),
    },
  },
  {
    set: 'A_SalesOrderItemBillingPlan', name: 'A_SalesOrderItemBillingPlanType', keys: ['SalesOrder', 'SalesOrderItem', 'BillingPlan'], create: false, remove: false, indexed: ['SalesOrder'],
    fields: { SalesOrder: code(10, OWN), SalesOrderItem: code(6, OWN), BillingPlan: code(10, OWN), BillingPlanIsInHeader: field('boolean'), BillingPlanStartDate: field('date'), BillingPlanStartDateRule: code(2), BillingPlanCategory: code(1, OWN), BillingPlanType: code(2, OWN), BillingPlanEndDate: field('date', OWN) },
    navigations: { to_BillingPlanItem: { to: 'A_SlsOrderItemBillingPlanItem', many: true, by: BY_PLAN } },
  },
  {
    set: 'A_SlsOrderItemBillingPlanItem', name: 'A_SlsOrderItemBillingPlanItemType', keys: ['SalesOrder', 'SalesOrderItem', 'BillingPlan', 'BillingPlanItem'], indexed: ['SalesOrder'],
    fields: {
      SalesOrder: code(10, OWN), SalesOrderItem: code(6, OWN), BillingPlan: code(10, OWN), BillingPlanItem: code(6, OWN), BillingPlanDateCategory: code(2), BillingPlanBillingDate: field('date'), BillingPlanAmount: decimal(16, 3), TransactionCurrency: code(5, OWN),
      BillingPlanAmountPercent: decimal(5, 2), CustomerPaymentTerms: code(4), ProposedBillingDocumentType: code(4), BillingPlanDateDescriptionCode: code(4), BillingBlockReason: code(2), BillingPlanRelatedBillgStatus: code(1, OWN), BillingPlanType: code(2, OWN),
    },
  },
  { set: 'A_SalesOrderText', name: 'A_SalesOrderTextType', keys: ['SalesOrder', 'Language', 'LongTextID'], within: true, indexed: ['SalesOrder'], fields: { SalesOrder: code(10, OWN), Language: code(2, KEY), LongTextID: code(4, KEY), LongText: text(100_000, { filter: false }) } },
];
