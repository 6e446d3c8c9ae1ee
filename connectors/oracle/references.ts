import { createHash } from 'node:crypto';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { Found } from '../ports.ts';
import type { OracleOptions } from './options.ts';

/** What documents refer to, from the options and the identity map. All throw SystemFailure where it is missing. */
export interface OracleReferences {
  businessUnit(legalEntity: string, object: string): string;
  /** The organization that owns projects and expenditures: the cost center's, the legal entity's, else the business unit itself. */
  organization(costCenter: string, legalEntity: string, object: string): string;
  /** A record made before, by the identity map. */
  known(references: Readonly<Record<string, string>>, canonicalId: string, what: string, object: string): string;
  found(externalId: string): Found;
  /** As it is where the field takes it. */
  fitting(id: string, length: number, what: string, object: string): string;
}

export function createReferences(system: string, options: OracleOptions): OracleReferences {
  const failure = (what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>, object: string) => new SystemFailure({ ...what, system, object, written: 'no' });
  const businessUnit = (legalEntity: string, object: string): string => {
    const found = options.businessUnits[legalEntity];
    if (found !== undefined) return found;
    throw failure({
      kind: 'configuration', code: 'ORACLE_MAPPING_MISSING',
      message: `The options of ${system} name no business unit for ${legalEntity}, which ${object} needs.`,
      mend: `Add its name as businessUnits.${legalEntity} to the options of ${system} in config/systems.yaml, then retry.`,
    }, object);
  };
  return {
    businessUnit,
    organization: (costCenter, legalEntity, object) => options.organizations[costCenter] ?? options.organizations[legalEntity] ?? businessUnit(legalEntity, object),
    known(references, canonicalId, what, object) {
      const id = references[canonicalId];
      if (id !== undefined) return id;
      throw failure({ kind: 'contract', code: 'ORACLE_REFERENCE_MISSING', message: `The ${what} ${canonicalId} of ${object} has no ID in Oracle.`, mend: `Run the step that makes the ${what} first, then retry.` }, object);
    },
    found: (externalId) => ({ externalId, url: null }),
    fitting(id, length, what, object) {
      if (id.length <= length) return id;
      throw failure({ kind: 'business_rule', code: 'ORACLE_ID_TOO_LONG', message: `The ${what} ${id} has more than the ${length} characters Oracle takes.`, mend: 'Shorten the numbers of projects in the configuration, or route this legal entity to another ERP, then retry.' }, object);
    },
  };
}

const PARTY_NUMBER_LENGTH = 30;

/** A customer's party and account number: the canonical ID, or a digest of it where Oracle would not take it. */
export function partyNumberOf(customerId: string): string {
  if (customerId.length <= PARTY_NUMBER_LENGTH && /^[A-Za-z0-9_-]+$/.test(customerId)) return customerId;
  return `Q2C-${createHash('sha256').update(customerId).digest('hex').slice(0, 24)}`;
}

/** Cuts a text to what a field takes, between characters. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
