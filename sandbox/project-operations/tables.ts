/**
 * The tables of Dataverse and Project Operations, written by hand from their published descriptions, as far as a professional-services firm's deals and
 * time need them (sources: connectors/project-operations/README.md). `lookups` are single-valued navigation properties, with the set they lead to.
 */
export type Column =
  | { readonly kind: 'string'; readonly max: number }
  | { readonly kind: 'int' | 'decimal' | 'money' | 'boolean' | 'datetime' }
  | { readonly kind: 'choice'; readonly values: readonly number[]; readonly initial?: number };

export interface Table {
  readonly set: string;
  /** The logical name. */
  readonly name: string;
  readonly key: string;
  readonly columns: Readonly<Record<string, Column>>;
  readonly lookups: Readonly<Record<string, string>>;
  /** Only the product writes it: entity by the schedule engine, or actuals by what makes them. */
  readonly closed?: 'schedule' | 'actuals';
}

const text = (max: number): Column => ({ kind: 'string', max });
const choice = (values: readonly number[], initial?: number): Column => ({ kind: 'choice', values, ...(initial === undefined ? {} : { initial }) });
const from = (count: number, first = 192_350_000) => Array.from({ length: count }, (_, index) => first + index);
const [int, decimal, money, boolean, datetime] = [{ kind: 'int' }, { kind: 'decimal' }, { kind: 'money' }, { kind: 'boolean' }, { kind: 'datetime' }] as const satisfies readonly Column[];
const state = (active = 1, inactive = 2): Record<string, Column> => ({ statecode: choice([0, 1], 0), statuscode: choice([active, inactive], active) });
const currency = { transactioncurrencyid: 'transactioncurrencies' };

const table = (set: string, name: string, columns: Readonly<Record<string, Column>>, lookups: Readonly<Record<string, string>> = {}, more: Pick<Table, 'closed'> = {}): Table => ({ set, name, key: `${name}id`, columns: { ...state(), ...columns }, lookups, ...more });

export const TRANSACTION_TYPE = { cost: 192_350_000, unbilledSales: 192_350_005, billedSales: 192_350_006 } as const;
export const AMOUNT_METHOD = { multiply: 192_350_000, fixed: 192_350_001 } as const;
export const BILLING_METHOD = { timeAndMaterial: 192_350_000, fixedPrice: 192_350_001 } as const;
const TRANSACTION_TYPES = [192_350_000, 192_350_004, 192_350_005, 192_350_006, 192_350_007, 192_350_008];
const TRANSACTION_CLASSES = [...from(5), 690_970_000, 690_970_001, 690_970_002];

const transaction: Readonly<Record<string, Column>> = {
  msdyn_externaldescription: text(100), msdyn_accountingdate: datetime, msdyn_documentdate: datetime, msdyn_startdatetime: datetime, msdyn_enddatetime: datetime,
  msdyn_transactionclassification: choice(TRANSACTION_CLASSES), msdyn_transactiontypecode: choice(TRANSACTION_TYPES), msdyn_billingtype: choice(from(4)), msdyn_amountmethod: choice([...from(4), 690_970_000], AMOUNT_METHOD.multiply),
  msdyn_customertype: choice([192_350_001, 192_350_002]), msdyn_quantity: decimal, msdyn_price: money, msdyn_amount: money, msdyn_billingstatus: choice([...from(5), 690_970_000]),
};
const transactionLookups = {
  ...currency, msdyn_Project: 'msdyn_projects', msdyn_Task: 'msdyn_projecttasks', msdyn_bookableresource: 'bookableresources', msdyn_ResourceCategory: 'bookableresourcecategories', msdyn_ResourceOrganizationalUnitId: 'msdyn_organizationalunits',
  msdyn_SalesContract: 'salesorders', msdyn_AccountCustomer: 'accounts', msdyn_Unit: 'uoms', msdyn_UnitSchedule: 'uomschedules', msdyn_PriceList: 'pricelevels',
};

export const TABLES: readonly Table[] = [
  table('accounts', 'account', {
    name: text(160), accountnumber: text(20), description: text(2000), address1_name: text(200), address1_line1: text(250), address1_line2: text(250), address1_line3: text(250), address1_city: text(80), address1_stateorprovince: text(50), address1_postalcode: text(20),
    address1_country: text(80), creditonhold: boolean,
  }, { ...currency, parentaccountid: 'accounts' }),
  { set: 'pricelevels', name: 'pricelevel', key: 'pricelevelid', columns: { ...state(100_001, 100_002), name: text(100), description: text(2000), begindate: datetime, enddate: datetime, msdyn_entity: choice(from(4)), msdyn_module: choice(from(3)) }, lookups: { ...currency, msdyn_TimeUnit: 'uoms' } },
  table('msdyn_resourcecategorypricelevels', 'msdyn_resourcecategorypricelevel', { msdyn_description: text(100), msdyn_price: money, msdyn_pricecalculation: choice(from(3)) }, { ...currency, msdyn_PriceList: 'pricelevels', msdyn_ResourceCategory: 'bookableresourcecategories', msdyn_organizationalunit: 'msdyn_organizationalunits', msdyn_Unit: 'uoms', msdyn_UnitSchedule: 'uomschedules' }),
  { set: 'salesorders', name: 'salesorder', key: 'salesorderid', columns: { statecode: choice([0, 1, 2, 3, 4], 0), statuscode: choice([1, 2, 3, 4, 100_001, 100_002, 100_003, 690_970_000], 1), name: text(300), ordernumber: text(100), description: text(2000), requestdeliveryby: datetime, msdyn_ordertype: choice([192_350_000, 192_350_001, 690_970_002], 192_350_000), msdyn_psastate: choice(from(4), 192_350_000), msdyn_psastatusreason: choice(from(7), 192_350_000) }, lookups: { ...currency, customerid_account: 'accounts', pricelevelid: 'pricelevels', msdyn_ContractOrganizationalUnitId: 'msdyn_organizationalunits', msdyn_AccountManagerId: 'systemusers' } },
  { set: 'salesorderdetails', name: 'salesorderdetail', key: 'salesorderdetailid', columns: { productdescription: text(500), description: text(2000), isproductoverridden: boolean, ispriceoverridden: boolean, producttypecode: choice([1, 2, 3, 4, 5]), lineitemnumber: int, quantity: decimal, priceperunit: money, msdyn_linetype: choice([690_970_000, 690_970_001]), msdyn_billingmethod: choice(from(2)), msdyn_billingstartdate: datetime, msdyn_budgetamount: money, msdyn_includetime: boolean, msdyn_includeexpense: boolean, msdyn_includefee: boolean, msdyn_includematerial: boolean }, lookups: { ...currency, salesorderid: 'salesorders', msdyn_Project: 'msdyn_projects', uomid: 'uoms' } },
  table('msdyn_orderpricelists', 'msdyn_orderpricelist', { msdyn_description: text(100) }, { msdyn_Contract: 'salesorders', msdyn_PriceList: 'pricelevels' }),
  table('msdyn_contractlinescheduleofvalues', 'msdyn_contractlinescheduleofvalue', { msdyn_name: text(100), msdyn_description: text(100), msdyn_externaldescription: text(100), msdyn_amount: money, msdyn_invoicedate: datetime, msdyn_startdatetime: datetime, msdyn_invoicestatus: choice(from(4), 192_350_000) }, { ...currency, msdyn_contract: 'salesorders', msdyn_ContractLineId: 'salesorderdetails', msdyn_project: 'msdyn_projects', msdyn_projecttask: 'msdyn_projecttasks' }),
  table('msdyn_contractlineinvoiceschedules', 'msdyn_contractlineinvoiceschedule', { msdyn_name: text(100), msdyn_invoicerundate: datetime, msdyn_transactioncutoffdate: datetime, msdyn_invoicerunstatus: choice(from(3), 192_350_000) }, { msdyn_ContractLineId: 'salesorderdetails', msdyn_ContractLineScheduleOfValue: 'msdyn_contractlinescheduleofvalues' }),
  table('msdyn_projects', 'msdyn_project', { statuscode: choice([1, 2, 192_350_000], 1), msdyn_subject: text(200), msdyn_description: text(2000), msdyn_comments: text(20_000), msdyn_scheduledstart: datetime, msdyn_scheduledend: datetime, msdyn_istemplate: boolean }, { ...currency, msdyn_customer: 'accounts', msdyn_salesorderid: 'salesorders', msdyn_ContractOrganizationalUnitId: 'msdyn_organizationalunits', msdyn_projectmanager: 'systemusers' }),
  table('msdyn_projecttasks', 'msdyn_projecttask', { msdyn_subject: text(450), msdyn_wbsid: text(100) }, { msdyn_project: 'msdyn_projects', msdyn_parenttask: 'msdyn_projecttasks' }, { closed: 'schedule' }),
  { set: 'annotations', name: 'annotation', key: 'annotationid', columns: { subject: text(500), notetext: text(100_000) }, lookups: { objectid_msdyn_project: 'msdyn_projects' } },
  table('msdyn_journals', 'msdyn_journal', { msdyn_description: text(100), msdyn_journaltype: choice(from(3)), msdyn_isposted: boolean, modifiedon: datetime }, { msdyn_DefaultProject: 'msdyn_projects' }),
  table('msdyn_journallines', 'msdyn_journalline', { ...transaction, msdyn_description: text(100), msdyn_isposted: boolean }, { ...transactionLookups, msdyn_Journal: 'msdyn_journals', msdyn_contractorganizationalunitid: 'msdyn_organizationalunits' }),
  table('msdyn_actuals', 'msdyn_actual', { ...transaction, msdyn_description: text(200), msdyn_externaldescription: text(200), msdyn_externalreferenceid: text(100) }, { ...transactionLookups, msdyn_ContractOrganizationalUnitId: 'msdyn_organizationalunits' }, { closed: 'actuals' }),
  table('bookableresources', 'bookableresource', { name: text(100), resourcetype: choice([1, 2, 3, 4, 5, 6, 7]) }, { UserId: 'systemusers', ContactId: 'contacts', msdyn_organizationalunit: 'msdyn_organizationalunits' }),
  table('bookableresourcecategories', 'bookableresourcecategory', { name: text(100), description: text(100) }),
  table('msdyn_organizationalunits', 'msdyn_organizationalunit', { msdyn_name: text(100), msdyn_description: text(2000) }, { msdyn_Currency: 'transactioncurrencies' }),
  { set: 'systemusers', name: 'systemuser', key: 'systemuserid', columns: { fullname: text(200), internalemailaddress: text(100), isdisabled: boolean }, lookups: {} },
  table('contacts', 'contact', { fullname: text(160), emailaddress1: text(100) }, { parentcustomerid_account: 'accounts' }),
  table('transactioncurrencies', 'transactioncurrency', { isocurrencycode: text(5), currencyname: text(100), currencyprecision: int }),
  { set: 'uoms', name: 'uom', key: 'uomid', columns: { name: text(100), quantity: decimal }, lookups: { uomscheduleid: 'uomschedules' } },
  { set: 'uomschedules', name: 'uomschedule', key: 'uomscheduleid', columns: { ...state(), name: text(200) }, lookups: {} },
];

const BY_SET = new Map(TABLES.map((each) => [each.set, each]));
export const tableAt = (set: string): Table | undefined => BY_SET.get(set);

/** Under which name the row holds a navigation property's ID: "_msdyn_project_value". A customer and a note's object are polymorphic. */
export function lookupColumn(navigation: string): string {
  const name = /^(customerid|objectid|parentcustomerid)_/.exec(navigation)?.[1] ?? navigation;
  return `_${name.toLowerCase()}_value`;
}
