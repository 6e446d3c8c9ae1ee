import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { Found } from '../ports.ts';
import type { SapOptions } from './options.ts';

/** Where a legal entity's books and sales are kept in SAP. */
export interface Organization {
  readonly companyCode: string;
  readonly salesOrganization: string;
}

/** What documents refer to, from the options and the identity map. All throw SystemFailure where it is missing. */
export interface SapReferences {
  organization(legalEntity: string, object: string): Organization;
  costCenter(code: string, object: string): string;
  /** Undefined where the options name none for so many days. */
  paymentTerms(days: number): string | undefined;
  /** A record made before, by the identity map. */
  known(references: Readonly<Record<string, string>>, canonicalId: string, what: string, object: string): string;
  found(app: App, id: string): Found;
  /** As it is where the field takes it. */
  fitting(value: string, length: number, what: string, object: string): string;
}

/** Where people open a record in the Fiori launchpad. */
export type App = 'partner' | 'order' | 'project' | 'time';
const APPS: Readonly<Record<App, (id: string) => string>> = {
  partner: (id) => `BusinessPartner-manage?BusinessPartner=${id}`,
  order: (id) => `SalesOrder-manageV2&/SalesOrderManage('${id.split('/', 1)[0] ?? id}')`,
  project: (id) => `EnterpriseProject-planProject?EnterpriseProject=${id}`,
  time: () => 'TimeEntry-manage',
};
const COST_CENTER_LENGTH = 10;

export function createReferences(system: string, options: SapOptions, uiUrl: string): SapReferences {
  const failure = (what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>, object: string) => new SystemFailure({ ...what, system, object, written: 'no' });
  const missing = (what: string, option: string, object: string) => failure({
    kind: 'configuration', code: 'SAP_MAPPING_MISSING', message: `The options of ${system} name no ${what}, which ${object} needs.`,
    mend: `Add ${option} to the options of ${system} in config/systems.yaml, then retry.`,
  }, object);
  return {
    organization(legalEntity, object) {
      const found = options.organizations[legalEntity];
      if (found === undefined) throw missing(`company code and sales organization for ${legalEntity}`, `organizations.${legalEntity}`, object);
      return found;
    },
    costCenter(code, object) {
      const found = options.costCenters[code] ?? code;
      if (found.length > COST_CENTER_LENGTH) throw missing(`cost center of at most ${COST_CENTER_LENGTH} characters for ${code}`, `costCenters.${code}`, object);
      return found;
    },
    paymentTerms: (days) => options.paymentTerms[String(days)],
    known(references, canonicalId, what, object) {
      const id = references[canonicalId];
      if (id !== undefined) return id;
      throw failure({ kind: 'contract', code: 'SAP_REFERENCE_MISSING', message: `The ${what} ${canonicalId} of ${object} has no ID in SAP.`, mend: `Run the step that makes the ${what} first, then retry.` }, object);
    },
    found: (app, id) => ({ externalId: id, url: `${uiUrl}/ui#${encodeURI(APPS[app](id))}` }),
    fitting(value, length, what, object) {
      if (value.length <= length) return value;
      throw failure({ kind: 'business_rule', code: 'SAP_ID_TOO_LONG', message: `The ${what} ${value} has more than the ${length} characters SAP takes.`, mend: 'Shorten the numbers of projects or the codes of the project template in the configuration, or route this legal entity to another ERP, then retry.' }, object);
    },
  };
}

/** "my301-api.s4hana.cloud.sap" is the API's address of "my301.s4hana.cloud.sap". */
export function peopleAddressOf(apiHost: string): string | undefined {
  const [, host, domain] = /^([a-z0-9]+)-api\.(.+)$/i.exec(apiHost) ?? [];
  return host === undefined || domain === undefined ? undefined : `https://${host}.${domain}`;
}

/** Cuts a text to what a field takes, between characters. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
