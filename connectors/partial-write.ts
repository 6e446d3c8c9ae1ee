import { isSystemFailure, SystemFailure } from '../domain/failure.ts';

/**
 * Runs the later calls of a write that needs several: once the first has taken effect, a failure of another leaves the record half written,
 * so its `written` is 'unknown' and the ledger looks the record up before anything else.
 * @throws SystemFailure
 */
export async function afterFirstWrite<T>(rest: () => Promise<T>): Promise<T> {
  try {
    return await rest();
  } catch (error) {
    if (!isSystemFailure(error) || error.failure.written === 'unknown') throw error;
    throw new SystemFailure({ ...error.failure, written: 'unknown' }, { cause: error });
  }
}
