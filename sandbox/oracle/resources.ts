/**
 * The REST resources, hand-written from their published descriptions, as far as a professional-services firm's deals and time need them. Names and
 * lengths: the sources in connectors/oracle/README.md; what is required beyond them follows their texts.
 */
export type FieldKind = 'text' | 'id' | 'number' | 'date' | 'flag';

export interface FieldSpec {
  readonly kind: FieldKind;
  readonly max?: number;
  readonly values?: readonly string[];
  readonly required?: true;
  /** Set by Oracle. */
  readonly readOnly?: true;
  /** Given when the record is made, never changed. */
  readonly fixed?: true;
}

export interface ResourceType {
  /** With the names of its parents: "contracts.ContractLine". */
  readonly name: string;
  /** The field with the number that Oracle gives. */
  readonly id: string;
  /** The field that is the key in addresses; without it the key is a hash that only links name. */
  readonly key?: string;
  /** Fields that tell records apart, among those of one parent. */
  readonly unique: readonly (readonly string[])[];
  readonly methods: readonly string[];
  readonly fields: Readonly<Record<string, FieldSpec>>;
  readonly children: Readonly<Record<string, ResourceType>>;
}

export interface RootType extends ResourceType {
  readonly app: 'fscmRestApi' | 'crmRestApi';
}

const text = (max: number, more: Omit<FieldSpec, 'kind' | 'max'> = {}): FieldSpec => ({ kind: 'text', max, ...more });
const id: FieldSpec = { kind: 'id' };
const number: FieldSpec = { kind: 'number' };
const date: FieldSpec = { kind: 'date' };
const flag: FieldSpec = { kind: 'flag' };
const given = { required: true, fixed: true } as const;
const shown = (spec: FieldSpec): FieldSpec => ({ ...spec, readOnly: true });
const ALL = ['GET', 'POST', 'PATCH', 'DELETE'];
const READ = ['GET'];

function child(parent: string, name: string, type: Omit<ResourceType, 'name' | 'children'> & { children?: ResourceType['children'] }): Record<string, ResourceType> {
  return { [name]: { children: {}, ...type, name: `${parent}.${name}` } };
}

const ASSOCIATED_PROJECT = child('contracts.ContractLine', 'AssociatedProject', {
  id: 'LinkId', unique: [['ProjectId']], methods: ALL,
  fields: { LinkId: shown(id), ProjectId: { ...id, ...given }, FundingAmount: number, ActiveFlag: flag },
});

const COST_FIELDS: Readonly<Record<string, FieldSpec>> = {
  TransactionSource: text(240, { required: true }), Document: text(240, { required: true }), DocumentEntry: text(240, { required: true }),
  OriginalTransactionReference: text(120, { required: true }), ReversedOriginalTransactionReference: text(120), Quantity: { ...number, required: true },
  TransactionCurrencyCode: text(15), RawCostInTransactionCurrency: number, Comment: text(240), Email: text(240), PersonNumber: text(30), ProjectRoleName: text(240), Job: text(240), WorkTypeId: id,
  UnmatchedNegativeTransactionFlag: flag,
  ProjectNumber: shown(text(25)), TaskNumber: shown(text(100)), ExpenditureItemDate: shown(date), ExpenditureType: shown(text(240)), ExpenditureOrganization: shown(text(240)),
};

export const RESOURCES: readonly RootType[] = [
  {
    name: 'hubOrganizations', app: 'crmRestApi', id: 'PartyId', key: 'PartyNumber', unique: [['PartyNumber']], methods: ALL,
    fields: { PartyId: shown(id), PartyNumber: text(30, { fixed: true }), OrganizationName: text(360, { required: true }), TaxpayerIdentificationNumber: text(20), PartyUsageCode: text(30), SourceSystem: text(30), SourceSystemReferenceValue: text(255) },
    children: child('hubOrganizations', 'Address', {
      id: 'AddressId', key: 'AddressNumber', unique: [['AddressNumber']], methods: ALL,
      fields: {
        AddressId: shown(id), LocationId: shown(id), AddressNumber: text(30, { fixed: true }), Address1: text(240, { required: true }), Address2: text(240), Address3: text(240), Address4: text(240), City: text(60), State: text(60),
        PostalCode: text(60), Country: text(2, { required: true }), StartDateActive: date, EndDateActive: date,
      },
    }),
  },
  {
    name: 'contracts', app: 'fscmRestApi', id: 'ContractId', unique: [['ContractNumber', 'ContractTypeName', 'BuyOrSell']], methods: ALL,
    fields: {
      ContractId: shown(id), ContractNumber: text(120, given), ContractTypeName: text(150, given), BuyOrSell: text(1, { ...given, values: ['B', 'S'] }), OrgName: text(240, given), LegalEntityName: text(240), PrimaryPartyId: { ...id, ...given },
      CurrencyCode: text(15, given), Cognomen: text(300), Description: text(1995), StartDate: { ...date, required: true }, EndDate: date, EstimatedAmount: number, ExternalSource: text(30), ExternalKey: text(150),
      StsCode: text(30, { values: ['DRAFT', 'PENDING_APPROVAL', 'ACTIVE', 'CANCELED', 'EXPIRED'] }),
    },
    children: {
      ...child('contracts', 'ContractLine', {
        id: 'LineId', unique: [['LineNumber']], methods: ALL, children: ASSOCIATED_PROJECT,
        fields: { LineId: shown(id), LineNumber: text(150, given), LineTypeName: text(150, given), ItemNameTxt: text(150), ItemDescription: text(1000), StartDate: date, EndDate: date, LineValueAmount: number, BillPlanId: id, RevenuePlanId: id },
      }),
      ...child('contracts', 'BillPlan', {
        id: 'BillPlanId', unique: [['BillPlanName']], methods: ALL,
        fields: { BillPlanId: shown(id), BillPlanName: text(30, { required: true }), BillMethodName: text(30, { required: true }), BillingCurrencyType: text(30), BillSetNumber: number, BillToAccountNumber: text(30), PaymentTerms: text(15), BillingCycle: text(30), LaborInvoiceFormat: text(30), NonlaborInvoiceFormat: text(30), EventInvoiceFormat: text(30) },
      }),
      ...child('contracts', 'RevenuePlan', { id: 'BillPlanId', unique: [['BillPlanName']], methods: ALL, fields: { BillPlanId: shown(id), BillPlanName: text(30, { required: true }), BillMethodName: text(30, { required: true }) } }),
    },
  },
  {
    name: 'projects', app: 'fscmRestApi', id: 'ProjectId', key: 'ProjectId', unique: [['ProjectNumber'], ['ProjectName']], methods: ['GET', 'POST', 'PATCH'],
    fields: {
      ProjectId: shown(id), ProjectNumber: text(25, { required: true }), ProjectName: text(240, { required: true }), ProjectDescription: text(2000), ProjectStartDate: { ...date, required: true }, ProjectEndDate: date, SourceTemplateNumber: text(25, { fixed: true }),
      BusinessUnitName: text(240), OwningOrganizationName: text(240), LegalEntityName: text(240), ProjectCurrencyCode: text(15), ProjectStatusCode: text(30), SourceApplicationCode: text(30), SourceProjectReference: text(240),
    },
    children: child('projects', 'Tasks', {
      id: 'TaskId', key: 'TaskId', unique: [['TaskNumber']], methods: ALL,
      fields: { TaskId: shown(id), TaskNumber: text(100, { required: true }), TaskName: text(255, { required: true }), TaskDescription: text(2000), ParentTaskId: { ...id, fixed: true }, TaskStartDate: date, TaskFinishDate: date, BillableFlag: flag, ChargeableFlag: flag },
    }),
  },
  {
    name: 'rateSchedules', app: 'fscmRestApi', id: 'RateScheduleId', key: 'RateScheduleId', unique: [['RateScheduleName']], methods: ALL,
    fields: {
      RateScheduleId: shown(id), RateScheduleName: text(30, { required: true }), ScheduleTypeCode: text(30, { ...given, values: ['EMPLOYEE', 'JOB', 'NON-LABOR', 'PROJECT_ROLE', 'RESOURCE_CLASS'] }), ProjectRatesSetCode: text(30, given),
      JobSetCode: text(30, { fixed: true }), CurrencyCode: text(15, given), Description: text(250),
    },
    children: child('rateSchedules', 'Rates', {
      id: 'RateId', unique: [['ProjectRoleName', 'JobName', 'StartDateActive']], methods: ALL,
      fields: { RateId: shown(id), ProjectRoleName: text(240), JobName: text(240), Rate: number, MarkupPercent: number, StartDateActive: { ...date, required: true }, EndDateActive: date, UnitOfMeasureCode: shown(text(30)) },
    }),
  },
  {
    name: 'projectBillingEvents', app: 'fscmRestApi', id: 'EventId', unique: [['SourceName', 'SourceReference']], methods: ALL,
    fields: {
      EventId: shown(id), EventNumber: shown(number), SourceName: text(80, { fixed: true }), SourceReference: text(80, { fixed: true }), ContractTypeName: text(150), ContractNumber: text(120, given), ContractLineNumber: text(150, given), EventTypeName: text(100, given),
      EventDescription: text(240), BusinessUnitName: text(240), ProjectNumber: text(25), TaskNumber: text(100), BillTrnsAmount: { ...number, required: true }, CompletionDate: date, Invoiced: shown(text(1)),
    },
    children: {},
  },
  {
    name: 'unprocessedProjectCosts', app: 'fscmRestApi', id: 'UnprocessedTransactionReferenceId', unique: [['TransactionSource', 'OriginalTransactionReference']], methods: ALL,
    fields: { UnprocessedTransactionReferenceId: shown(id), ExpenditureBatch: text(200, { required: true }), BusinessUnit: text(240, { required: true }), StatusCode: shown(text(1)), ...COST_FIELDS },
    children: child('unprocessedProjectCosts', 'ProjectStandardCostCollectionFlexfields', {
      id: 'TxnInterfaceId', unique: [], methods: ['GET', 'POST', 'PATCH'],
      fields: { TxnInterfaceId: shown(id), _EXPENDITURE_ITEM_DATE: { ...date, required: true }, _PROJECT_ID_Display: text(240, { required: true }), _TASK_ID_Display: text(240, { required: true }), _EXPENDITURE_TYPE_ID_Display: text(240, { required: true }), _ORGANIZATION_ID_Display: text(240, { required: true }) },
    }),
  },
  {
    name: 'projectCosts', app: 'fscmRestApi', id: 'TransactionNumber', unique: [], methods: ['GET', 'PATCH'],
    fields: { TransactionNumber: shown(id), ExpenditureBusinessUnit: shown(text(240)), ...Object.fromEntries(Object.entries(COST_FIELDS).map(([name, spec]) => [name, shown(spec)])), ExternalBillRate: number, ExternalBillRateCurrency: text(15), ExternalBillRateSourceName: text(150), ExternalBillRateSourceReference: text(30) },
    children: {},
  },
  {
    name: 'projectEnterpriseResources', app: 'fscmRestApi', id: 'ResourceId', key: 'ResourceId', unique: [], methods: READ,
    fields: { ResourceId: shown(id), ResourceEmail: shown(text(240)), ResourceDisplayName: shown(text(240)), ResourceType: shown(text(30)) },
    children: {},
  },
];

export function resourceAt(app: string, name: string): RootType | undefined {
  return RESOURCES.find((type) => type.app === app && type.name === name);
}

/** All types, those of children included. */
export function allTypes(types: readonly ResourceType[] = RESOURCES): ResourceType[] {
  return types.flatMap((type) => [type, ...allTypes(Object.values(type.children))]);
}
