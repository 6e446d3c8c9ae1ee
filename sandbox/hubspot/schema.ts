export type PropertyType = 'string' | 'number' | 'date' | 'datetime' | 'enumeration' | 'bool';

export interface Property {
  readonly name: string;
  readonly label: string;
  readonly type: PropertyType;
  readonly options?: readonly string[];
  readonly unique?: boolean;
  readonly readOnly?: boolean;
  /** A record cannot be made without it. */
  readonly required?: boolean;
  readonly custom: boolean;
}

export interface ObjectType {
  /** As in paths: deals, companies, … */
  readonly name: string;
  readonly singular: string;
  readonly typeId: string;
  readonly properties: ReadonlyMap<string, Property>;
  /** What an answer holds when nobody asked for certain properties. */
  readonly defaults: readonly string[];
  readonly modifiedProperty: string;
}

export const STAGES = [
  { id: 'appointmentscheduled', label: 'Appointment Scheduled', probability: '0.2', closed: false },
  { id: 'qualifiedtobuy', label: 'Qualified To Buy', probability: '0.4', closed: false },
  { id: 'presentationscheduled', label: 'Presentation Scheduled', probability: '0.6', closed: false },
  { id: 'decisionmakerboughtin', label: 'Decision Maker Bought-In', probability: '0.8', closed: false },
  { id: 'contractsent', label: 'Contract Sent', probability: '0.9', closed: false },
  { id: 'closedwon', label: 'Closed Won', probability: '1.0', closed: true },
  { id: 'closedlost', label: 'Closed Lost', probability: '0.0', closed: true },
] as const;

const CURRENCIES = Intl.supportedValuesOf('currency');
const BILLING_METHODS = ['time_and_materials', 'fixed_fee', 'milestone', 'retainer', 'capped'];

type Options = Partial<Omit<Property, 'name' | 'type'>>;
const labelOf = (name: string): string =>
  name
    .replace(/^hs_/, '')
    .replaceAll('_', ' ')
    .replace(/^./, (letter) => letter.toUpperCase());
const property = (name: string, type: PropertyType, options: Options = {}): Property => ({
  name,
  type,
  label: labelOf(name),
  custom: false,
  ...options,
});
const text = (...names: string[]): Property[] => names.map((name) => property(name, 'string'));
const custom = (...names: string[]): Property[] => names.map((name) => property(name, 'string', { custom: true }));
const choice = (name: string, options: readonly string[], isCustom = false): Property =>
  property(name, 'enumeration', { options, custom: isCustom });
const customDates = (...names: string[]): Property[] => names.map((name) => property(name, 'date', { custom: true }));

const EXTERNAL_ID = property('external_id', 'string', { unique: true, custom: true });
const CLASSIFICATION = [...custom('legal_entity', 'service_line', 'project_template'), choice('billing_method', BILLING_METHODS, true)];

function objectType(
  name: string,
  singular: string,
  typeId: string,
  properties: readonly Property[],
  defaults: readonly string[],
  modifiedProperty = 'hs_lastmodifieddate',
): ObjectType {
  const own = [
    property('hs_object_id', 'number', { readOnly: true }),
    property('createdate', 'datetime'),
    property(modifiedProperty, 'datetime', { readOnly: true }),
    property('hubspot_owner_id', 'string'),
    EXTERNAL_ID,
  ];
  return {
    name,
    singular,
    typeId,
    modifiedProperty,
    defaults: [...defaults, 'createdate', modifiedProperty, 'hs_object_id'].toSorted(),
    properties: new Map([...own, ...properties].map((entry) => [entry.name, entry])),
  };
}

const OBJECTS: readonly ObjectType[] = [
  objectType(
    'deals',
    'deal',
    '0-3',
    [
      ...text('dealname'),
      choice(
        'dealstage',
        STAGES.map((stage) => stage.id),
      ),
      choice('pipeline', ['default']),
      property('amount', 'number'),
      choice('deal_currency_code', CURRENCIES),
      property('closedate', 'datetime'),
      property('hs_is_closed', 'bool', { readOnly: true }),
      property('hs_is_closed_won', 'bool', { readOnly: true }),
      ...CLASSIFICATION,
      ...custom('rate_card', 'po_number', 'practice', 'contract_number', 'contract_type', 'contract_status'),
      ...customDates('start_date', 'end_date', 'contract_start', 'contract_end'),
      ...custom('delivery_status', 'delivery_message', 'delivery_projects'),
      property('delivery_updated_at', 'datetime', { custom: true }),
    ],
    ['amount', 'closedate', 'dealname', 'dealstage', 'pipeline'],
  ),
  objectType(
    'companies',
    'company',
    '0-2',
    [
      ...text('name', 'domain', 'address', 'city', 'state', 'zip', 'country', 'hs_country_code'),
      // HubSpot's own, from the association with the parent.
      property('hs_parent_company_id', 'number', { readOnly: true }),
      property('currency_code', 'enumeration', { options: CURRENCIES, custom: true }),
      ...custom('tax_registration_number'),
    ],
    ['domain', 'name'],
  ),
  objectType(
    'contacts',
    'contact',
    '0-1',
    [property('email', 'string', { unique: true }), ...text('firstname', 'lastname', 'phone')],
    ['email', 'firstname', 'lastname'],
    'lastmodifieddate',
  ),
  objectType(
    'line_items',
    'line_item',
    '0-8',
    [
      ...text('name', 'hs_sku', 'description'),
      property('quantity', 'number'),
      property('price', 'number'),
      property('amount', 'number', { readOnly: true }),
      ...CLASSIFICATION,
      ...custom('labor_category', 'milestone_name', 'resource_email'),
      choice('unit', ['hour', 'day', 'month', 'each'], true),
      property('cap_amount', 'number', { custom: true }),
      ...customDates('milestone_due_date'),
    ],
    [],
  ),
  objectType(
    'notes',
    'note',
    '0-46',
    [property('hs_timestamp', 'datetime', { required: true }), ...text('hs_note_body', 'hs_attachment_ids'), property('q2c_note_key', 'string', { unique: true, custom: true })],
    [],
  ),
  // A portal's own object: one record for each project of a deal.
  objectType(
    'p_deliveries',
    'p_delivery',
    '2-3465404',
    [property('delivery_key', 'string', { unique: true, custom: true }), ...custom('deal_id', 'delivery_status', 'delivery_message'), property('delivery_updated_at', 'datetime', { custom: true })],
    ['delivery_key'],
  ),
];

const BY_NAME = new Map(OBJECTS.flatMap((object) => [object.name, object.singular, object.typeId].map((key) => [key, object])));

export const objectTypes = (): readonly ObjectType[] => OBJECTS;

/** By the plural, the singular or the type ID, as HubSpot's paths accept them. */
export const findObjectType = (name: string): ObjectType | undefined => BY_NAME.get(name);

interface AssociationType {
  readonly category: 'HUBSPOT_DEFINED' | 'USER_DEFINED';
  readonly typeId: number;
  readonly name: string;
  readonly label: string | null;
  /** The type that the other direction gets. */
  readonly inverse: number;
  readonly isDefault: boolean;
  /** At most one record has it: another that gets it takes it over. */
  readonly single: boolean;
}

type Kind = Partial<Pick<AssociationType, 'category' | 'isDefault' | 'single'>>;
const association = (typeId: number, name: string, inverse: number, label: string | null = null, kind: Kind = {}): AssociationType => ({
  typeId,
  name,
  inverse,
  label,
  category: 'HUBSPOT_DEFINED',
  isDefault: label === null,
  single: false,
  ...kind,
});
const PRIMARY: Kind = { single: true };
/** A label that the portal's people made. */
const OWN: Kind = { category: 'USER_DEFINED' };

export const PARENT_TO_CHILD = 13;
export const CHILD_TO_PARENT = 14;

/** HubSpot's own association types between the objects, and the portal's; the first of a pair is its default. Source: "Association type IDs" of the associations v4 guide. */
const ASSOCIATIONS: ReadonlyMap<string, readonly AssociationType[]> = new Map([
  ['deals>companies', [association(341, 'deal_to_company_unlabeled', 342), association(5, 'deal_to_company', 6, 'Primary', PRIMARY), association(27, 'bill_to', 28, 'Bill to', OWN)]],
  ['companies>deals', [association(342, 'company_to_deal_unlabeled', 341), association(6, 'company_to_deal', 5, 'Primary'), association(28, 'billed_for', 27, 'Billed for', OWN)]],
  ['deals>line_items', [association(19, 'deal_to_line_item', 20)]],
  ['line_items>deals', [association(20, 'line_item_to_deal', 19)]],
  ['deals>contacts', [association(3, 'deal_to_contact', 4)]],
  ['contacts>deals', [association(4, 'contact_to_deal', 3)]],
  ['contacts>companies', [association(279, 'contact_to_company_unlabeled', 280), association(1, 'contact_to_company', 2, 'Primary', PRIMARY)]],
  ['companies>contacts', [association(280, 'company_to_contact_unlabeled', 279), association(2, 'company_to_contact', 1, 'Primary')]],
  [
    'companies>companies',
    [
      association(450, 'company_to_company', 450),
      association(PARENT_TO_CHILD, 'parent_to_child_company', CHILD_TO_PARENT, 'Child Company'),
      association(CHILD_TO_PARENT, 'child_to_parent_company', PARENT_TO_CHILD, 'Parent Company', PRIMARY),
    ],
  ],
  ['notes>deals', [association(214, 'note_to_deal', 213)]],
  ['deals>notes', [association(213, 'deal_to_note', 214)]],
  ['notes>companies', [association(190, 'note_to_company', 189)]],
  ['companies>notes', [association(189, 'company_to_note', 190)]],
]);

export const associationTypes = (from: ObjectType, to: ObjectType): readonly AssociationType[] =>
  ASSOCIATIONS.get(`${from.name}>${to.name}`) ?? [];
