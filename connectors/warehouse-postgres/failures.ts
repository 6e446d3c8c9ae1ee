import { SystemFailure, type Failure } from '../../domain/failure.ts';
import { redact } from '../../domain/redact.ts';

export interface Asked {
  readonly system: string;
  readonly object: string;
  readonly writes: boolean;
}

const WAIT = 'Nothing to do: it is tried again by itself.';
const REFUSED_LOGIN = new Set(['28000', '28P01']);
const MISSING = new Set(['3D000', '3F000', '42P01', '42501', '42703', '0LP01']);
/** Nothing was done: the server was full or going down, a lock or the time was up, or another transaction was in the way. */
const BUSY = /^(53|40|55P03|57014|57P0[1-5]|25006)/;
const UNSENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL']);
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/;

/** What PostgreSQL, or the way to it, said, by SQLSTATE (PostgreSQL documentation, appendix A). SystemFailures pass unchanged. */
export function warehouseFailure(error: unknown, asked: Asked): SystemFailure {
  if (error instanceof SystemFailure) return error;
  const code = codeOf(error);
  const said = redact(error instanceof Error ? error.message : String(error)).slice(0, 500);
  const fail = (what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>, written: Failure['written'] = 'no') => new SystemFailure({ system: asked.system, object: asked.object, written, ...what }, { cause: error });
  if (REFUSED_LOGIN.has(code)) return fail({ kind: 'configuration', code: 'CREDENTIALS_REFUSED', message: `The warehouse refuses our login for ${asked.object}: ${said}.`, mend: 'Check the connection URL that the secrets provider has, then retry.' });
  if (MISSING.has(code)) return fail({ kind: 'configuration', code: `WAREHOUSE_${code}`, message: `The warehouse has no such object for ${asked.object}, or our role may not use it: ${said}.`, mend: 'Make the database, grant our role what connectors/warehouse-postgres/README.md lists, then retry.' });
  if (CERTIFICATE.test(code)) return fail({ kind: 'configuration', code: 'WAREHOUSE_CERTIFICATE', message: `The warehouse's certificate was not accepted for ${asked.object} (${code}).`, mend: 'Correct sslmode and sslrootcert in the connection URL, then retry.' });
  if (BUSY.test(code)) return fail({ kind: 'transient', code: `WAREHOUSE_${code}`, message: `The warehouse could not do ${asked.object} now: ${said}.`, mend: WAIT });
  if (UNSENT.has(code)) return fail({ kind: 'transient', code: 'WAREHOUSE_UNREACHABLE', message: `The warehouse cannot be reached for ${asked.object} (${code}).`, mend: WAIT });
  // A SQLSTATE has a digit; EPIPE, a broken pipe, has none.
  if (/^(?=.*\d)[0-9A-Z]{5}$/.test(code) && !code.startsWith('08')) return fail({ kind: 'contract', code: `WAREHOUSE_${code}`, message: `The warehouse does not take ${asked.object}: ${said}.`, mend: 'Compare the table in the warehouse with docs/warehouse.md: somebody may have changed a column or added a constraint. Correct it, then retry.' });
  return fail({ kind: asked.writes ? 'in_doubt' : 'transient', code: 'WAREHOUSE_CONNECTION_LOST', message: `No answer came from the warehouse for ${asked.object} (${code === '' ? said : code}).`, mend: WAIT }, asked.writes ? 'unknown' : 'no');
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
