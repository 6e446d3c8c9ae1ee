/**
 * The entity types of the services, hand-written from what SAP has published of them, as far as a professional-services firm's deals and time need them: names, types,
 * lengths, keys, and what can be created, changed and filtered. Sources: connectors/sap/README.md.
 */
import { code, text, type EntityType } from './field-specs.ts';
import { ORDER_TYPES } from './order-types.ts';
import { PARTNER_TYPES } from './partner-types.ts';
import { PROJECT_TYPES } from './project-types.ts';
import { TIME_TYPES } from './time-types.ts';

export interface ServiceType {
  /** As in the address: "API_ENTERPRISE_PROJECT_SRV;v=0002". */
  readonly path: string;
  readonly types: readonly EntityType[];
}

/** A custom CDS view as the firm's key users made it (README, set-up). */
const PEOPLE: EntityType = {
  set: 'YY1_Q2CPEOPLE', name: 'YY1_Q2CPEOPLEType', keys: ['PersonWorkAgreementExternalID', 'CompanyCode'], create: false, update: false, remove: false, indexed: ['DefaultEmailAddress'],
  fields: { PersonWorkAgreementExternalID: code(20), CompanyCode: code(4), DefaultEmailAddress: text(241), PersonFullName: text(80) },
};

export const SERVICES: readonly ServiceType[] = [
  { path: 'API_BUSINESS_PARTNER', types: PARTNER_TYPES },
  { path: 'API_SALES_ORDER_SRV', types: ORDER_TYPES },
  { path: 'API_ENTERPRISE_PROJECT_SRV;v=0002', types: PROJECT_TYPES },
  { path: 'API_MANAGE_WORKFORCE_TIMESHEET', types: TIME_TYPES },
  { path: 'YY1_Q2CPEOPLE_CDS', types: [PEOPLE] },
];

export const ENTITY_TYPES: ReadonlyMap<string, EntityType> = new Map(SERVICES.flatMap(({ types }) => types.map((type) => [type.set, type] as const)));

export function typeOf(set: string): EntityType {
  const found = ENTITY_TYPES.get(set);
  if (found === undefined) throw new Error(`the sandbox has no entity set ${set}`);
  return found;
}
