import { SystemFailure, type Failure } from '../../domain/failure.ts';
import { FileTooLarge, OtherHostKey } from './transport.ts';

/** How a connector speaks of the other side. */
export interface Counterpart {
  /** Begins its failure codes: "PAYROLL". */
  readonly code: string;
  /** Who keeps the server: "the payroll bureau". */
  readonly whose: string;
  /** What is exchanged there: "payroll folder". */
  readonly folder: string;
}

export interface Asked {
  readonly system: string;
  readonly counterpart: Counterpart;
  readonly object: string;
  /** A file may have been written when the failure came. */
  readonly writing: boolean;
}

const NOT_ALLOWED = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG']);
const WAIT = 'Nothing to do: the files are looked for first, then it is tried again.';

/** What went wrong with a folder or its connection, as one of the five kinds. SystemFailures pass unchanged. */
export function fileFailure(error: unknown, asked: Asked): SystemFailure {
  if (error instanceof SystemFailure) return error;
  const { code, whose, folder } = asked.counterpart;
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof OtherHostKey) {
    return failure(asked, { kind: 'configuration', code: `${code}_HOST_KEY_CHANGED`, message: `${asked.object} was not sent: ${said}.`, mend: `Ask ${whose} whether the server has a new key. Only then give its fingerprint as hostKey in config/systems.yaml and activate it.`, written: 'no' }, error);
  }
  if (error instanceof FileTooLarge) {
    return failure(asked, { kind: 'contract', code: `${code}_FILE_TOO_LARGE`, message: `${asked.object}: ${said}, more than such a file has.`, mend: `Ask ${whose} what was written there and to replace it, then retry.`, written: 'no' }, error);
  }
  const errno = codeOf(error);
  if (/authentication methods failed/i.test(said) || errno === 'ERR_BAD_AUTH') {
    return failure(asked, { kind: 'configuration', code: 'CREDENTIALS_REFUSED', message: `The server of ${whose} refuses our login for ${asked.object}.`, mend: `Check the login with ${whose}, give the new one to the secrets provider, then retry.`, written: 'no' }, error);
  }
  if (NOT_ALLOWED.has(errno) || /permission denied/i.test(said)) {
    return failure(asked, { kind: 'configuration', code: `${code}_FOLDER_REFUSED`, message: `The ${folder} may not be used for ${asked.object} (${errno}).`, mend: 'Give the worker the right to read and write there, or correct the address and folders in config/systems.yaml, then retry.', written: 'no' }, error);
  }
  return failure(asked, { kind: asked.writing ? 'in_doubt' : 'transient', code: `${code}_FOLDER_UNAVAILABLE`, message: `The ${folder} did not answer for ${asked.object} (${errno === '' ? said.slice(0, 200) : errno}).`, mend: WAIT, written: asked.writing ? 'unknown' : 'no' }, error);
}

function failure(asked: Asked, what: Omit<Failure, 'system' | 'object'>, cause: unknown): SystemFailure {
  return new SystemFailure({ system: asked.system, object: asked.object, ...what }, { cause });
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? String(error.code) : '';
}
