export type FieldType =
  'id' | 'reference' | 'string' | 'textarea' | 'email' | 'url' | 'picklist' | 'currency' | 'double' | 'date' | 'datetime' | 'boolean';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: FieldType;
  readonly length?: number;
  readonly scale?: number;
  /** Must be given on create and may not be emptied. */
  readonly required?: boolean;
  readonly picklist?: readonly string[];
  readonly defaultValue?: string | boolean;
  /** Set by Salesforce alone. */
  readonly readOnly?: boolean;
  /** May be given on create, not changed afterwards. */
  readonly createOnly?: boolean;
  readonly referenceTo?: string;
  readonly relationshipName?: string;
  readonly externalId?: boolean;
  readonly unique?: boolean;
}

export interface ObjectType {
  readonly name: string;
  readonly label: string;
  readonly keyPrefix: string;
  readonly fields: ReadonlyMap<string, Field>;
  /** Child relationship name -> the child object and its field that points here. */
  readonly children: ReadonlyMap<string, { readonly object: string; readonly field: string }>;
}

type Options = Partial<Omit<Field, 'name' | 'type'>>;

const label = (name: string): string =>
  name
    .replace(/__c$/, '')
    .replaceAll('_', ' ')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/Id$/, 'ID');
const field = (name: string, type: FieldType, options: Options = {}): Field => ({ name, type, label: label(name), ...options });
const text = (name: string, length: number, options: Options = {}): Field => field(name, 'string', { length, ...options });
const memo = (name: string, length: number): Field => field(name, 'textarea', { length });
const pick = (name: string, picklist: readonly string[], options: Options = {}): Field =>
  field(name, 'picklist', { picklist, length: 255, ...options });
const money = (name: string, options: Options = {}): Field => field(name, 'currency', { scale: 2, ...options });
const date = (name: string, options: Options = {}): Field => field(name, 'date', options);
const refers = (name: string, referenceTo: string, relationshipName: string, options: Options = {}): Field =>
  field(name, 'reference', { referenceTo, relationshipName, length: 18, ...options });

const CURRENCIES = Intl.supportedValuesOf('currency');
const BILLING_METHODS = ['time_and_materials', 'fixed_fee', 'milestone', 'retainer', 'capped'];
export const STAGES = [
  'Prospecting',
  'Qualification',
  'Needs Analysis',
  'Value Proposition',
  'Id. Decision Makers',
  'Perception Analysis',
  'Proposal/Price Quote',
  'Negotiation/Review',
  'Closed Won',
  'Closed Lost',
] as const;

const SYSTEM_FIELDS: readonly Field[] = [
  field('Id', 'id', { readOnly: true, length: 18 }),
  field('IsDeleted', 'boolean', { readOnly: true }),
  field('CreatedDate', 'datetime', { readOnly: true }),
  refers('CreatedById', 'User', 'CreatedBy', { readOnly: true }),
  field('LastModifiedDate', 'datetime', { readOnly: true }),
  refers('LastModifiedById', 'User', 'LastModifiedBy', { readOnly: true }),
  field('SystemModstamp', 'datetime', { readOnly: true }),
];
const CLASSIFICATION: readonly Field[] = [
  text('Legal_Entity__c', 80),
  text('Service_Line__c', 80),
  pick('Billing_Method__c', BILLING_METHODS),
  text('Project_Template__c', 80),
];
const EXTERNAL_ID = text('External_Id__c', 80, { externalId: true, unique: true });

function objectType(
  name: string,
  keyPrefix: string,
  fields: readonly Field[],
  children: Record<string, [object: string, field: string]> = {},
): ObjectType {
  return {
    name,
    label: label(name),
    keyPrefix,
    fields: new Map([...SYSTEM_FIELDS, ...fields].map((entry) => [entry.name, entry])),
    children: new Map(Object.entries(children).map(([relation, [object, via]]) => [relation, { object, field: via }])),
  };
}

const OBJECTS: readonly ObjectType[] = [
  objectType(
    'Account',
    '001',
    [
      text('Name', 255, { required: true }),
      refers('ParentId', 'Account', 'Parent'),
      memo('BillingStreet', 255),
      text('BillingCity', 40),
      text('BillingState', 80),
      text('BillingPostalCode', 20),
      text('BillingCountryCode', 10),
      pick('CurrencyIsoCode', CURRENCIES, { defaultValue: 'USD' }),
      field('Website', 'url', { length: 255 }),
      text('Tax_Registration_Number__c', 40, { externalId: true }),
      EXTERNAL_ID,
    ],
    { Opportunities: ['Opportunity', 'AccountId'], Contracts: ['Contract', 'AccountId'], ChildAccounts: ['Account', 'ParentId'] },
  ),
  objectType(
    'Contract',
    '800',
    [
      text('ContractNumber', 30, { readOnly: true }),
      refers('AccountId', 'Account', 'Account', { required: true }),
      pick('Status', ['Draft', 'In Approval Process', 'Activated'], { defaultValue: 'Draft' }),
      date('StartDate'),
      date('EndDate'),
      pick('Contract_Type__c', ['MSA', 'SOW', 'Order Form']),
      EXTERNAL_ID,
    ],
    { Opportunities: ['Opportunity', 'ContractId'] },
  ),
  objectType(
    'Opportunity',
    '006',
    [
      text('Name', 120, { required: true }),
      refers('AccountId', 'Account', 'Account'),
      refers('ContractId', 'Contract', 'Contract'),
      pick('StageName', STAGES, { required: true }),
      field('IsClosed', 'boolean', { readOnly: true }),
      field('IsWon', 'boolean', { readOnly: true }),
      money('Amount'),
      pick('CurrencyIsoCode', CURRENCIES, { defaultValue: 'USD' }),
      date('CloseDate', { required: true }),
      ...CLASSIFICATION,
      text('Rate_Card__c', 80),
      date('Start_Date__c'),
      date('End_Date__c'),
      text('PO_Number__c', 80),
      text('Practice__c', 80),
      text('Delivery_Status__c', 80),
      memo('Delivery_Message__c', 32_768),
      memo('Delivery_Projects__c', 4_000),
      field('Delivery_Updated_At__c', 'datetime'),
      EXTERNAL_ID,
    ],
    { OpportunityLineItems: ['OpportunityLineItem', 'OpportunityId'] },
  ),
  objectType('OpportunityLineItem', '00k', [
    refers('OpportunityId', 'Opportunity', 'Opportunity', { required: true, createOnly: true }),
    text('Name', 376),
    text('ProductCode', 255),
    field('Quantity', 'double', { required: true, scale: 2 }),
    money('UnitPrice'),
    money('TotalPrice'),
    date('ServiceDate'),
    text('Description', 255),
    ...CLASSIFICATION,
    text('Labor_Category__c', 80),
    pick('Unit__c', ['hour', 'day', 'month', 'each']),
    money('Cap_Amount__c'),
    text('Milestone_Name__c', 120),
    field('Resource_Email__c', 'email', { length: 80 }),
    EXTERNAL_ID,
  ]),
  // A firm's own object: one record for each project of a deal.
  objectType('Delivery__c', 'a01', [
    text('Delivery_Key__c', 80, { externalId: true, unique: true }),
    refers('Opportunity__c', 'Opportunity', 'Opportunity__r'),
    text('Status__c', 80),
    text('Message__c', 255),
    field('Updated_At__c', 'datetime'),
  ]),
  objectType('User', '005', [
    text('Username', 80, { required: true, unique: true }),
    field('Email', 'email', { length: 128, required: true }),
    text('Name', 121, { required: true }),
  ]),
];

const BY_NAME = new Map(OBJECTS.map((object) => [object.name.toLowerCase(), object]));

export const objectTypes = (): readonly ObjectType[] => OBJECTS;

/** Object names are not case-sensitive in Salesforce. */
export const findObjectType = (name: string): ObjectType | undefined => BY_NAME.get(name.toLowerCase());

export function findField(object: ObjectType, name: string): Field | undefined {
  const exact = object.fields.get(name);
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  for (const entry of object.fields.values()) if (entry.name.toLowerCase() === lower) return entry;
  return undefined;
}

/** The lookup field behind a relationship name such as `Account` or `Parent`. */
export function findParent(object: ObjectType, relationshipName: string): Field | undefined {
  const lower = relationshipName.toLowerCase();
  for (const entry of object.fields.values()) if (entry.relationshipName?.toLowerCase() === lower) return entry;
  return undefined;
}
