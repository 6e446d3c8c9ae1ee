import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { Found } from '../ports.ts';
import type { About, Dataverse } from './client.ts';
import { quoted } from './odata.ts';
import type { ProjectOperationsOptions } from './options.ts';

export interface Unit {
  readonly id: string;
  /** Of its unit group; Dataverse wants both. */
  readonly group: string;
}

/** Project Operations' own records that the options name, found by their name and kept. All throw SystemFailure where one is missing. */
export interface Names {
  organizationalUnit(legalEntity: string, about: About): Promise<string>;
  currency(code: string, about: About): Promise<string>;
  role(laborCategory: string, about: About): Promise<string>;
  /** Null where the options name no unit for it. */
  unit(unit: 'hour' | 'day' | 'month', about: About): Promise<Unit | null>;
  /** A record made before, by the identity map. */
  known(references: Readonly<Record<string, string>>, canonicalId: string, what: string, object: string): string;
  /** The page of a row: https://learn.microsoft.com/en-us/power-apps/developer/model-driven-apps/open-forms-views-dialogs-reports-url */
  found(table: string, id: string): Found;
}

const KEPT_MS = 900_000;

export function createNames(dataverse: Dataverse, options: ProjectOperationsOptions, environmentUrl: string, now: () => number = Date.now): Names {
  const kept = new Map<string, { readonly row: Readonly<Record<string, unknown>>; readonly until: number }>();
  const { system } = dataverse;

  /** The row with this name; where several have it, none is chosen. */
  async function named(set: string, key: string, column: string, name: string, about: About, more: readonly string[] = [], states = true): Promise<Readonly<Record<string, unknown>>> {
    const before = kept.get(`${set}/${name}`);
    if (before !== undefined && before.until > now()) return before.row;
    const rows = await dataverse.list(set, { filter: `${column} eq ${quoted(name)}${states ? ' and statecode eq 0' : ''}`, select: [key, ...more] }, z.looseObject({ [key]: z.string() }), about);
    const [row] = rows;
    if (row === undefined || rows.length > 1) {
      throw new SystemFailure({
        kind: 'configuration', code: 'PROJECT_OPERATIONS_VALUE_UNKNOWN', system, object: about.object, written: 'no',
        message: row === undefined ? `Project Operations has no active row of ${set} with the name ${name}, which ${about.object} needs.` : `Project Operations has ${rows.length} active rows of ${set} with the name ${name}; ${about.object} needs one.`,
        mend: `Make it unique in Project Operations, or correct the options of ${system} in config/systems.yaml, then retry.`,
      });
    }
    kept.set(`${set}/${name}`, { row, until: now() + KEPT_MS });
    return row;
  }

  return {
    async organizationalUnit(legalEntity, about) {
      const name = options.organizationalUnits[legalEntity];
      if (name === undefined) {
        throw new SystemFailure({
          kind: 'configuration', code: 'PROJECT_OPERATIONS_MAPPING_MISSING', system, object: about.object, written: 'no',
          message: `The options of ${system} name no organizational unit for ${legalEntity}, which ${about.object} needs.`,
          mend: `Add its name as organizationalUnits.${legalEntity} to the options of ${system} in config/systems.yaml, then retry.`,
        });
      }
      return String((await named('msdyn_organizationalunits', 'msdyn_organizationalunitid', 'msdyn_name', name, about))['msdyn_organizationalunitid']);
    },
    currency: async (code, about) => String((await named('transactioncurrencies', 'transactioncurrencyid', 'isocurrencycode', code, about))['transactioncurrencyid']),
    role: async (laborCategory, about) => String((await named('bookableresourcecategories', 'bookableresourcecategoryid', 'name', options.roles[laborCategory] ?? laborCategory, about))['bookableresourcecategoryid']),
    async unit(unit, about) {
      const name = options.units[unit];
      if (name === undefined) return null;
      const row = await named('uoms', 'uomid', 'name', name, about, ['_uomscheduleid_value'], false);
      return { id: String(row['uomid']), group: String(row['_uomscheduleid_value']) };
    },
    known(references, canonicalId, what, object) {
      const id = references[canonicalId];
      if (id !== undefined) return id;
      throw new SystemFailure({ kind: 'contract', code: 'PROJECT_OPERATIONS_REFERENCE_MISSING', system, object, written: 'no', message: `The ${what} ${canonicalId} of ${object} has no ID in Project Operations.`, mend: `Run the step that makes the ${what} first, then retry.` });
    },
    found: (table, id) => ({ externalId: id, url: `${environmentUrl}/main.aspx?pagetype=entityrecord&etn=${table}&id=${id}` }),
  };
}
