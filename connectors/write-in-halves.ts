import { isSystemFailure, type SystemFailure } from '../domain/failure.ts';
import { inGroups } from './groups.ts';
import { afterFirstWrite } from './partial-write.ts';

/** A line to be written, by the key of its posting. */
export interface Item {
  readonly key: string;
  readonly body: object;
}

/** Null where a line was written, else why not. */
export type Written = ReadonlyMap<string, SystemFailure | null>;

export interface HalvingTerms {
  readonly linesPerRequest: number;
  /** Writes all of them or none. */
  readonly writeAll: (bodies: readonly object[]) => Promise<void>;
  /** What keeps every line back alike is thrown, whichever line it met; nothing unless told. */
  readonly keepsAllBack?: (failure: SystemFailure) => boolean;
}

/**
 * Writes lines, several in one all-or-none batch. A batch that is certainly refused is tried again in halves, down to the lines that are at fault: the
 * others are written, and each of those has the reason of its own. What may go through another time is thrown.
 * @throws SystemFailure where the call as a whole failed, with `written: 'unknown'` where some may have been written
 */
export async function writeInHalves(items: readonly Item[], { linesPerRequest, writeAll, keepsAllBack = () => false }: HalvingTerms): Promise<Written> {
  const written = new Map<string, SystemFailure | null>();
  const queue = inGroups(items, linesPerRequest);
  let mayHaveWritten = false;
  for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
    const bodies = group.map(({ body }) => body);
    const make = () => refusalOf(() => writeAll(bodies), keepsAllBack);
    const refusal = await (mayHaveWritten ? afterFirstWrite(make) : make());
    if (refusal === null) mayHaveWritten = true;
    if (refusal === null || group.length === 1) for (const { key } of group) written.set(key, refusal);
    else queue.unshift(...inGroups(group, Math.ceil(group.length / 2)));
  }
  return written;
}

async function refusalOf(work: () => Promise<void>, keepsAllBack: (failure: SystemFailure) => boolean): Promise<SystemFailure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (isSystemFailure(error) && error.failure.written === 'no' && error.failure.kind !== 'transient' && !keepsAllBack(error)) return error;
    throw error;
  }
}
