import { z } from 'zod';
import type { ProjectStatus } from '../../domain/model/project.ts';
import type { CallContext } from '../ports.ts';
import { searchRead, type Tryton } from './client.ts';
import { misconfigured } from './failures.ts';
import type { TrytonOptions } from './options.ts';

export interface Company {
  readonly id: number;
  /** ISO code: projects are priced in it, whatever the deal's currency. */
  readonly currency: string;
}

/** Tryton's own IDs of what our documents name by code. What is missing there is a configuration failure that says how to add it. */
export interface TrytonReferences {
  company(legalEntity: string, object: string, context: CallContext): Promise<Company>;
  currency(code: string, object: string, context: CallContext): Promise<number>;
  country(code: string, object: string, context: CallContext): Promise<number>;
  /** Null where Tryton does not know the region: it then stays text. */
  subdivision(country: string, region: string, object: string, context: CallContext): Promise<number | null>;
  status(status: ProjectStatus, object: string, context: CallContext): Promise<number>;
  hourProduct(laborCategory: string, object: string, context: CallContext): Promise<number>;
  /** Null where the options name none for so many days. */
  paymentTerm(days: number, object: string, context: CallContext): Promise<number | null>;
}

const idRow = z.object({ id: z.number().int() });
const companyRow = z.object({ id: z.number().int(), 'currency.': z.object({ code: z.string() }) });
/** Mended set-up must take effect without a restart, so answers are kept only for so long. */
const KEPT_MS = 60_000;

export function createReferences(tryton: Tryton, options: TrytonOptions): TrytonReferences {
  const kept = new Map<string, { readonly value: unknown; readonly until: number }>();
  const remember = async <T>(key: string, row: z.ZodType<T>, look: () => Promise<T | null>): Promise<T | null> => {
    const known = kept.get(key);
    if (known !== undefined && known.until > Date.now()) return row.parse(known.value);
    const value = await look();
    if (value !== null) kept.set(key, { value, until: Date.now() + KEPT_MS });
    return value;
  };
  const first = async <T>(model: string, domain: readonly unknown[], fields: readonly string[], row: z.ZodType<T>, object: string, context: CallContext, company?: number): Promise<T | null> => {
    const rows = await remember(`${model} ${company ?? ''} ${JSON.stringify(domain)}`, z.array(row), async () => {
      const found = await searchRead(tryton, { model, domain, fields, row, object, context, limit: 1, company });
      return found.length === 0 ? null : found;
    });
    return rows?.[0] ?? null;
  };
  const missing = (object: string, what: string, mend: string) =>
    misconfigured(tryton.system, object, { code: 'TRYTON_SETUP_MISSING', message: `Tryton has no ${what}, which ${object} needs.`, mend: `${mend}, then retry.` });

  return {
    async company(legalEntity, object, context) {
      const id = options.companies[legalEntity];
      const domain = id === undefined ? [['party.code', '=', legalEntity]] : [['id', '=', Number(id)]];
      const row = await first('company.company', domain, ['currency.code'], companyRow, object, context);
      if (row === null) throw missing(object, `company for the legal entity ${legalEntity}`, `Create the company with the party code ${legalEntity}, or name its ID in the option companies.${legalEntity}`);
      return { id: row.id, currency: row['currency.'].code };
    },
    async currency(code, object, context) {
      const row = await first('currency.currency', [['code', '=', code]], ['code'], idRow, object, context);
      if (row === null) throw missing(object, `currency ${code}`, `Add the currency ${code} (trytond_import_currencies)`);
      return row.id;
    },
    async country(code, object, context) {
      const row = await first('country.country', [['code', '=', code]], ['code'], idRow, object, context);
      if (row === null) throw missing(object, `country ${code}`, `Add the country ${code} (trytond_import_countries)`);
      return row.id;
    },
    async subdivision(country, region, object, context) {
      const name = ['OR', ['code', '=', `${country}-${region}`], ['name', 'ilike', region.replace(/[\\%_]/g, '\\$&')]];
      const row = await first('country.subdivision', [['country.code', '=', country], name], ['code'], idRow, object, context);
      return row?.id ?? null;
    },
    async status(status, object, context) {
      const name = options.projectStatuses[status];
      const row = await first('project.work.status', [['name', '=', name]], ['name'], idRow, object, context);
      if (row === null) throw missing(object, `work status "${name}"`, `Create the work status "${name}" for projects and tasks (Projects, Configuration, Work Status), or name another in the option projectStatuses.${status}`);
      return row.id;
    },
    async hourProduct(laborCategory, object, context) {
      const code = options.products[laborCategory] ?? laborCategory;
      const row = await first('product.product', [['code', '=', code], ['type', '=', 'service'], ['default_uom.symbol', '=', 'h']], ['code'], idRow, object, context);
      if (row === null) throw missing(object, `service product "${code}" measured in hours`, `Create it (Products, type Service, unit Hour, code ${code}), or name another in the option products.${laborCategory}`);
      return row.id;
    },
    async paymentTerm(days, object, context) {
      const name = options.paymentTerms[String(days)];
      if (name === undefined) return null;
      const row = await first('account.invoice.payment_term', [['name', '=', name]], ['name'], idRow, object, context);
      if (row === null) throw missing(object, `payment term "${name}"`, `Create it, or name another in the option paymentTerms.${days}`);
      return row.id;
    },
  };
}
