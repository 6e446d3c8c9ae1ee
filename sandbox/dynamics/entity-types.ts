/**
 * The data entities, hand-written from their published descriptions, as far as a professional-services firm's deals and time need them. Names of
 * sets, keys and fields: the generated clients and the Common Data Model listed in connectors/dynamics/README.md. Lengths are those of the
 * extended data types as far as known, which required fields a company has is (unverified).
 */
export type FieldKind = 'text' | 'decimal' | 'int' | 'date' | 'enum';

export interface FieldSpec {
  readonly kind: FieldKind;
  readonly max?: number;
  readonly values?: readonly string[];
  /** The enumeration's own name; none: its values are texts to OData. */
  readonly type?: string;
  readonly label?: string;
  readonly required?: true;
  /** The column of the table, where the entity calls it otherwise. */
  readonly column?: string;
  /** The table whose key ends with this value, and what its label is. */
  readonly to?: { readonly table: TableName; readonly label: string };
  readonly initial?: string | number;
  /** Not written over the entity. */
  readonly readOnly?: true;
}

export const TABLES = {
  CustTable: { label: 'Customers (CustTable)', keys: ['dataareaid', 'customeraccount'] },
  DirPartyTable: { label: 'Global address book (DirPartyTable)', keys: ['partynumber'] },
  ProjInvoiceTable: { label: 'Project contracts (ProjInvoiceTable)', keys: ['dataareaid', 'projectcontractid'] },
  ProjFundingSource: { label: 'Funding sources (ProjFundingSource)', keys: ['dataareaid', 'projectcontractid', 'fundingsourceid'] },
  PSAContractLineItems: { label: 'Contract lines (PSAContractLineItems)', keys: ['dataareaid', 'projectcontractid', 'linesequencenumber'] },
  ProjTable: { label: 'Projects (ProjTable)', keys: ['dataareaid', 'projectid'] },
  ProjTasks: { label: 'Activities (smmActivities)', keys: ['dataareaid', 'projectid', 'taskid'] },
  ProjHourSalesPrice: { label: 'Sales price (hour) (ProjHourSalesPrice)', keys: ['dataareaid', 'projectid', 'pricegroup', 'resourcecategoryid', 'transdate', 'currencyid', 'customeraccount', 'projectcontractid', 'resourceid', 'resourcecompanyid', 'categoryid'] },
  ProjJournalTable: { label: 'Project journal table (ProjJournalTable)', keys: ['dataareaid', 'journalbatchnumber'] },
  ProjJournalTrans: { label: 'Project journal lines (ProjJournalTrans)', keys: ['dataareaid', 'linenumber', 'journalid'] },
  HcmWorker: { label: 'Workers (HcmWorker)', keys: ['personnelnumber'] },
  ResourceView: { label: 'Resources (ResourceView)', keys: ['resourceid', 'resourcecompanyid'] },
  CompanyInfo: { label: 'Legal entities (CompanyInfo)', keys: ['legalentityid'] },
  Currency: { label: 'Currencies (Currency)', keys: ['currencycode'] },
  CustGroup: { label: 'Customer groups (CustGroup)', keys: ['dataareaid', 'customergroupid'] },
  PaymTerm: { label: 'Terms of payment (PaymTerm)', keys: ['dataareaid', 'name'] },
  ProjGroup: { label: 'Project groups (ProjGroup)', keys: ['dataareaid', 'projectgroup'] },
  ProjCategory: { label: 'Project categories (ProjCategory)', keys: ['dataareaid', 'category'] },
  ProjLineProperty: { label: 'Line properties (ProjLineProperty)', keys: ['dataareaid', 'linepropertyid'] },
  ProjJournalName: { label: 'Project journal names (ProjJournalName)', keys: ['dataareaid', 'name'] },
  ResourceCategory: { label: 'Roles (ResourceCategory)', keys: ['dataareaid', 'roleid'] },
} as const satisfies Record<string, { label: string; keys: readonly string[] }>;
export type TableName = keyof typeof TABLES;

export interface EntityType {
  readonly set: string;
  readonly name: string;
  readonly dataEntity: string;
  readonly table: TableName;
  /** Key fields in the order of the metadata. */
  readonly keys: readonly string[];
  readonly fields: Readonly<Record<string, FieldSpec>>;
  /** Of Project Operations integrated with the ERP. */
  readonly integrated?: true;
}

const text = (max: number, more: Omit<FieldSpec, 'kind' | 'max'> = {}): FieldSpec => ({ kind: 'text', max, ...more });
const decimal: FieldSpec = { kind: 'decimal', initial: 0 };
const date: FieldSpec = { kind: 'date', initial: '1900-01-01T00:00:00Z' };
const oneOf = (values: readonly string[], more: Omit<FieldSpec, 'kind' | 'values'> = {}): FieldSpec => ({ kind: 'enum', values, initial: values[0] ?? '', ...more });
const noYes = (more: Omit<FieldSpec, 'kind' | 'values' | 'type'> = {}): FieldSpec => oneOf(['No', 'Yes'], { type: 'NoYes', ...more });
const PROJECT_TYPES = ['TimeMaterial', 'FixedPrice', 'Investment', 'Cost', 'Internal', 'Time', 'None'];
const STAGES = ['Created', 'Estimated', 'Scheduled', 'InProcess', 'User1', 'User2', 'User3', 'Completed'];
const company = text(4, { required: true, label: 'Company' });
const customer: FieldSpec = text(20, { column: 'customeraccount', label: 'Customer account', to: { table: 'CustTable', label: 'Customers' } });
const contract: FieldSpec = text(20, { column: 'projectcontractid', label: 'Project contract ID', to: { table: 'ProjInvoiceTable', label: 'Project contracts' } });
const project: FieldSpec = text(20, { column: 'projectid', label: 'Project ID', to: { table: 'ProjTable', label: 'Projects' } });
const currency: FieldSpec = text(3, { column: 'currencyid', label: 'Currency', to: { table: 'Currency', label: 'Currencies' } });
const terms = (column: string): FieldSpec => text(10, { column, label: 'Terms of payment', to: { table: 'PaymTerm', label: 'Terms of payment' } });
const group: FieldSpec = text(10, { column: 'projectgroup', label: 'Project group', required: true, to: { table: 'ProjGroup', label: 'Project groups' } });
const role: FieldSpec = text(30, { label: 'Role', to: { table: 'ResourceCategory', label: 'Roles' } });

function reference(set: string, table: TableName, keys: readonly string[], more: Readonly<Record<string, FieldSpec>> = {}): EntityType {
  return { set, name: set.replace(/ies$/, 'y').replace(/s$/, ''), dataEntity: `${table}Entity`, table, keys, fields: { ...Object.fromEntries(keys.map((key) => [key, text(60)])), ...more } };
}

export const ENTITIES: readonly EntityType[] = [
  {
    set: 'CustomersV3', name: 'CustomerV3', dataEntity: 'CustCustomerV3Entity', table: 'CustTable', keys: ['dataAreaId', 'CustomerAccount'],
    fields: {
      dataAreaId: company, CustomerAccount: text(20, { label: 'Customer account' }), PartyType: oneOf(['Organization', 'Person'], { required: true }), PartyNumber: text(40, { label: 'Party number', to: { table: 'DirPartyTable', label: 'Global address book' } }),
      OrganizationName: text(100, { required: true, label: 'Name' }), NameAlias: text(20), CustomerGroupId: text(10, { required: true, label: 'Customer group', to: { table: 'CustGroup', label: 'Customer groups' } }),
      SalesCurrencyCode: text(3, { label: 'Currency', required: true, to: { table: 'Currency', label: 'Currencies' } }), PaymentTerms: terms('paymentterms'), IdentificationNumber: text(50), SalesMemo: text(1_000_000),
      OnHoldStatus: oneOf(['No', 'Invoice', 'All', 'Payment', 'Requisition', 'Never'], { type: 'CustVendorBlocked' }), AddressDescription: text(60), AddressStreet: text(250), AddressCity: text(60), AddressState: text(10),
      AddressZipCode: text(10), AddressCountryRegionId: text(10), AddressCountryRegionISOCode: text(2),
    },
  },
  {
    set: 'ProjectContracts', name: 'ProjectContract', dataEntity: 'ProjContractEntity', table: 'ProjInvoiceTable', keys: ['dataAreaId', 'ProjectContractID'],
    fields: { dataAreaId: company, ProjectContractID: text(20, { label: 'Project contract ID' }), Name: text(60), SalesCurrency: { ...currency, column: 'salescurrency', required: true }, ContractDate: date, InvoicingName: text(100), SalesTaxGroup: text(10), PriceGroup: text(10), LockContractSalesCurrency: noYes() },
  },
  {
    set: 'ProjectFundingSources', name: 'ProjectFundingSource', dataEntity: 'ProjFundingSourceEntity', table: 'ProjFundingSource', keys: ['dataAreaId', 'ProjectContractID', 'FundingSourceId'],
    fields: { dataAreaId: company, ProjectContractID: { ...contract, required: true }, FundingSourceId: text(40), FundingType: oneOf(['Customer', 'Organization', 'Grant'], { type: 'ProjFundingType' }), CustomerOrOrganization: { ...customer, column: 'customeraccount' }, CustomerReference: text(60), CustomerRequisition: text(20), TermsOfPayment: terms('termsofpayment'), IsPrimaryFundingSource: noYes(), CreateDefaultFundingRule: noYes() },
  },
  {
    set: 'ProjectContractHeaders', name: 'ProjectContractHeader', dataEntity: 'ProjProjectContractHeaderEntity', table: 'ProjInvoiceTable', keys: ['dataAreaId', 'ProjectContractId'], integrated: true,
    fields: { dataAreaId: company, ProjectContractId: text(20, { label: 'Project contract ID' }), Name: text(60), CustomerAccountNumber: { ...customer, required: true }, SalesCurrencyCode: { ...currency, column: 'salescurrency', required: true }, TermsOfPayment: terms('termsofpayment'), CustomersOrderReference: text(60), CustomerRequisitionNumber: text(20), IntegrationSourceDataId: text(100) },
  },
  {
    set: 'ProjectContractLines', name: 'ProjectContractLine', dataEntity: 'ProjProjectContractLineEntity', table: 'PSAContractLineItems', keys: ['dataAreaId', 'ProjectContractId', 'LineSequenceNumber'], integrated: true,
    fields: { dataAreaId: company, ProjectContractId: { ...contract, required: true }, LineSequenceNumber: { kind: 'int' }, Description: text(60), BillingMethod: oneOf(['FixedPrice', 'TimeMaterial'], { type: 'ProjContractBillingMethod' }), Quantity: decimal, UnitPrice: decimal, LineAmount: decimal, StartDate: date, EndDate: date, LineProjectId: text(20), ContractLineId: text(60) },
  },
  {
    set: 'Projects', name: 'Project', dataEntity: 'ProjectEntity', table: 'ProjTable', keys: ['dataAreaId', 'ProjectID'],
    fields: { dataAreaId: company, ProjectID: text(20, { label: 'Project ID' }), ProjectName: text(60, { required: true, label: 'Project name' }), ProjectGroup: group, ProjectType: oneOf(PROJECT_TYPES, { type: 'ProjType' }), ProjectContractID: { ...contract, required: true }, CustomerAccount: customer, ProjectStage: oneOf(STAGES, { type: 'ProjStatus' }), ProjectedStartDate: date, ProjectedEndDate: date, StartDate1: date, EndDate1: date, Notes: text(1_000_000), Description: text(1_000_000), ParentProject: text(20) },
  },
  {
    set: 'ProjectsV2', name: 'ProjectV2', dataEntity: 'ProjTableV2Entity', table: 'ProjTable', keys: ['dataAreaId', 'ProjectId'], integrated: true,
    fields: { dataAreaId: company, ProjectId: text(20, { label: 'Project ID' }), ProjectName: text(60, { required: true, label: 'Project name' }), ProjectGroupId: group, ProjectContractId: { ...contract, required: true }, CustomerAccountNumber: customer, ProjectStage: oneOf(STAGES, { type: 'ProjStatus' }), ProjectedStartDate: date, ProjectedEndDate: date, ScheduleStartDate: date, ScheduleEndDate: date, Description: text(1_000_000), IntegrationSourceDataId: text(100), ParentProjectId: text(20, { column: 'parentproject' }) },
  },
  {
    set: 'ProjectTasks', name: 'ProjectTask', dataEntity: 'ProjTaskEntity', table: 'ProjTasks', keys: ['dataAreaId', 'ProjectId', 'TaskId'],
    fields: { dataAreaId: company, ProjectId: { ...project, required: true }, TaskId: text(20), TaskElementId: text(60), TaskName: text(60, { required: true, label: 'Name' }), ParentTaskElementId: text(60), TaskOutlineLevel: { kind: 'int', initial: 1 }, TaskDisplaySequence: decimal },
  },
  {
    set: 'ProjHourSalesPricesV2', name: 'ProjHourSalesPriceV2', dataEntity: 'ProjHourSalesPriceV2Entity', table: 'ProjHourSalesPrice',
    keys: ['dataAreaId', 'ProjectId', 'PriceGroup', 'ResourceCategoryId', 'TransDate', 'CurrencyId', 'CustomerAccount', 'ProjectContractId', 'ResourceId', 'ResourceCompanyId', 'CategoryId'],
    fields: { dataAreaId: company, ProjectId: project, PriceGroup: text(10), ResourceCategoryId: role, TransDate: date, CurrencyId: currency, CustomerAccount: customer, ProjectContractId: contract, ResourceId: text(25), ResourceCompanyId: text(4), CategoryId: text(30), EndDate: date, SalesPricing: decimal },
  },
  {
    set: 'JournalTables', name: 'JournalTable', dataEntity: 'ProjJournalTableEntity', table: 'ProjJournalTable', keys: ['dataAreaId', 'JournalBatchNumber'],
    fields: { dataAreaId: company, JournalBatchNumber: text(20), JournalName: text(10, { required: true, label: 'Name', to: { table: 'ProjJournalName', label: 'Project journal names' } }), Description: text(60), DeleteLinesAfterPosting: noYes(), Posted: noYes({ readOnly: true }), ProjectDate: date },
  },
  {
    set: 'JournalTrans', name: 'JournalTrans', dataEntity: 'ProjJournalTransEntity', table: 'ProjJournalTrans', keys: ['dataAreaId', 'LineNumber', 'JournalId'],
    fields: {
      dataAreaId: company, LineNumber: { kind: 'decimal' }, JournalId: text(20, { required: true, label: 'Journal', to: { table: 'ProjJournalTable', label: 'Project journal table' } }), ProjectID: { ...project, required: true }, ActivityNumber: text(20),
      Category: text(30, { required: true, label: 'Category', to: { table: 'ProjCategory', label: 'Project categories' } }), ResourceId: text(25), ResourceCompanyId: text(4), ResourceCategoryId: role, ProjectDate: { ...date, required: true, label: 'Project date' }, VoucherDate: date,
      Hours: decimal, CostPrice: decimal, SalesPrice: decimal, CurrencyId: currency, LineProperty: text(10, { label: 'Line property', to: { table: 'ProjLineProperty', label: 'Line properties' } }), Description: text(60), TransactionID: text(20, { readOnly: true }), DimensionDisplayValue: text(500),
    },
  },
  { set: 'Workers', name: 'Worker', dataEntity: 'HcmWorkerEntity', table: 'HcmWorker', keys: ['PersonnelNumber'], fields: { PersonnelNumber: text(25), Name: text(100), PrimaryContactEmail: text(255) } },
  { set: 'ProjectResources', name: 'ProjectResource', dataEntity: 'ResResourceDataEntity', table: 'ResourceView', keys: ['ResourceId', 'ResourceCompanyId'], fields: { ResourceId: text(25), ResourceCompanyId: text(4), PersonnelNumber: text(25), Name: text(100) } },
  reference('LegalEntities', 'CompanyInfo', ['LegalEntityId'], { Name: text(100) }),
  reference('Currencies', 'Currency', ['CurrencyCode']),
  reference('CustomerGroups', 'CustGroup', ['dataAreaId', 'CustomerGroupId'], { Description: text(60) }),
  reference('PaymentTerms', 'PaymTerm', ['dataAreaId', 'Name'], { NumberOfDays: { kind: 'int', initial: 0 } }),
  reference('ProjectGroups', 'ProjGroup', ['dataAreaId', 'ProjectGroup'], { ProjectType: oneOf(PROJECT_TYPES, { type: 'ProjType' }) }),
  reference('ProjectCategoryEntities', 'ProjCategory', ['dataAreaId', 'Category']),
  reference('ProjectLineProperties', 'ProjLineProperty', ['dataAreaId', 'LinePropertyId']),
  reference('ProjectJournalNames', 'ProjJournalName', ['dataAreaId', 'Name']),
  reference('ResourceCategories', 'ResourceCategory', ['dataAreaId', 'RoleId']),
];

const BY_SET = new Map(ENTITIES.map((entity) => [entity.set, entity]));

/** Sets are found by their exact name: OData is case-sensitive. */
export function entityAt(set: string): EntityType | undefined {
  return BY_SET.get(set);
}

export function columnOf(field: string, spec: FieldSpec | undefined): string {
  return spec?.column ?? field.toLowerCase();
}
