import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { Found } from '../ports.ts';
import type { DynamicsOptions } from './options.ts';

/** What documents refer to, from the options and the identity map. All throw SystemFailure where it is missing. */
export interface DynamicsReferences {
  company(legalEntity: string, object: string): string;
  /** Undefined where the options name none for so many days. */
  paymentTerms(days: number): string | undefined;
  /** A record made before, by the identity map. */
  known(references: Readonly<Record<string, string>>, canonicalId: string, what: string, object: string): string;
  found(menuItem: MenuItem, company: string, id: string): Found;
  /** As it is where the field takes it. */
  fitting(id: string, what: string, object: string): string;
}

/** List pages, opened in a company: https://<environment>/?cmp=<company>&mi=<menu item>. A record of its own has no fixed address. */
export type MenuItem = 'CustTableListPage' | 'ProjProjectsListPage' | 'ProjInvoiceListPage' | 'ProjHourSalesPrice' | 'ProjJournalTable_Hour';

const ID_LENGTH = 20;

export function createReferences(system: string, options: DynamicsOptions, environmentUrl: string): DynamicsReferences {
  const failure = (what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>, object: string) => new SystemFailure({ ...what, system, object, written: 'no' });
  return {
    company(legalEntity, object) {
      const found = options.companies[legalEntity];
      if (found !== undefined) return found.toLowerCase();
      throw failure({
        kind: 'configuration', code: 'DYNAMICS_MAPPING_MISSING',
        message: `The options of ${system} name no company for ${legalEntity}, which ${object} needs.`,
        mend: `Add its dataAreaId as companies.${legalEntity} to the options of ${system} in config/systems.yaml, then retry.`,
      }, object);
    },
    paymentTerms: (days) => options.paymentTerms[String(days)],
    known(references, canonicalId, what, object) {
      const id = references[canonicalId];
      if (id !== undefined) return id;
      throw failure({ kind: 'contract', code: 'DYNAMICS_REFERENCE_MISSING', message: `The ${what} ${canonicalId} of ${object} has no ID in Dynamics 365.`, mend: `Run the step that makes the ${what} first, then retry.` }, object);
    },
    found: (menuItem, company, id) => ({ externalId: id, url: `${environmentUrl}/?cmp=${encodeURIComponent(company)}&mi=${menuItem}` }),
    fitting(id, what, object) {
      if (id.length <= ID_LENGTH) return id;
      throw failure({ kind: 'business_rule', code: 'DYNAMICS_ID_TOO_LONG', message: `The ${what} ${id} has more than the ${ID_LENGTH} characters Dynamics 365 takes.`, mend: 'Shorten the numbers of projects in the configuration, or route this legal entity to another ERP, then retry.' }, object);
    },
  };
}

/** Cuts a text to what a field takes, between characters, and says so. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
