import { SystemFailure, type Failure } from '../../domain/failure.ts';
import { FileTooLarge, OtherHostKey } from './transport.ts';

export interface Asked {
  readonly system: string;
  readonly object: string;
  /** A file may have been written when the failure came. */
  readonly writing: boolean;
}

const NOT_ALLOWED = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG']);
const WAIT = 'Nothing to do: the files are looked for first, then it is tried again.';

/** What went wrong with a folder or its connection, as one of the five kinds. SystemFailures pass unchanged. */
export function fileFailure(error: unknown, asked: Asked): SystemFailure {
  if (error instanceof SystemFailure) return error;
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof OtherHostKey) {
    return failure(asked, { kind: 'configuration', code: 'PAYROLL_HOST_KEY_CHANGED', message: `${asked.object} was not sent: ${said}.`, mend: 'Ask the payroll bureau whether its server has a new key. Only then give its fingerprint as hostKey in config/systems.yaml and activate it.', written: 'no' }, error);
  }
  if (error instanceof FileTooLarge) {
    return failure(asked, { kind: 'contract', code: 'PAYROLL_FILE_TOO_LARGE', message: `${asked.object}: ${said}, more than any acknowledgement has.`, mend: 'Ask the payroll bureau what it wrote there and to replace it, then retry.', written: 'no' }, error);
  }
  const code = codeOf(error);
  if (/authentication methods failed/i.test(said) || code === 'ERR_BAD_AUTH') {
    return failure(asked, { kind: 'configuration', code: 'CREDENTIALS_REFUSED', message: `The payroll bureau's server refuses our login for ${asked.object}.`, mend: 'Check the login with the bureau, give the new one to the secrets provider, then retry.', written: 'no' }, error);
  }
  if (NOT_ALLOWED.has(code) || /permission denied/i.test(said)) {
    return failure(asked, { kind: 'configuration', code: 'PAYROLL_FOLDER_REFUSED', message: `The payroll folder may not be used for ${asked.object} (${code}).`, mend: 'Give the worker the right to read and write there, or correct the address and folders in config/systems.yaml, then retry.', written: 'no' }, error);
  }
  return failure(asked, { kind: asked.writing ? 'in_doubt' : 'transient', code: 'PAYROLL_FOLDER_UNAVAILABLE', message: `The payroll folder did not answer for ${asked.object} (${code === '' ? said.slice(0, 200) : code}).`, mend: WAIT, written: asked.writing ? 'unknown' : 'no' }, error);
}

function failure(asked: Asked, what: Omit<Failure, 'system' | 'object'>, cause: unknown): SystemFailure {
  return new SystemFailure({ system: asked.system, object: asked.object, ...what }, { cause });
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && (typeof error.code === 'string' || typeof error.code === 'number') ? String(error.code) : '';
}
