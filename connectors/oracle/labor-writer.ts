import { isSystemFailure, type SystemFailure } from '../../domain/failure.ts';
import { afterFirstWrite } from '../partial-write.ts';
import { isOfTheWay } from './classify.ts';
import type { About, Oracle } from './client.ts';
import { inGroups } from './labor-directory.ts';

export interface Item {
  readonly key: string;
  readonly body: object;
}

export interface LineWriter {
  /**
   * Null where a line was written, else why not.
   * @throws SystemFailure where the call as a whole failed, with `written: 'unknown'` where some may have been written
   */
  write(items: readonly Item[], about: About): Promise<ReadonlyMap<string, SystemFailure | null>>;
}

export const UNPROCESSED = 'unprocessedProjectCosts';

/**
 * Lines, several in one batch. A batch that is refused is tried again in halves, down to the lines that are at fault: the others are written, and each
 * of those has the reason of its own.
 */
export function createLineWriter(oracle: Oracle, linesPerRequest: number): LineWriter {
  return {
    async write(items, about) {
      const written = new Map<string, SystemFailure | null>();
      const queue = inGroups(items, linesPerRequest);
      let mayHaveWritten = false;
      for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
        const bodies = group.map((item) => item.body);
        const make = () => refusalOf(() => oracle.createAll(UNPROCESSED, bodies, about));
        const refusal = await (mayHaveWritten ? afterFirstWrite(make) : make());
        if (refusal === null) mayHaveWritten = true;
        if (refusal === null || group.length === 1) for (const { key } of group) written.set(key, refusal);
        else queue.unshift(...inGroups(group, Math.ceil(group.length / 2)));
      }
      return written;
    },
  };
}

/** What is certainly refused is an answer; what may go through another time, and what keeps every line back alike, is thrown. */
async function refusalOf(work: () => Promise<void>): Promise<SystemFailure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (isSystemFailure(error) && error.failure.written === 'no' && error.failure.kind !== 'transient' && !isOfTheWay(error)) return error;
    throw error;
  }
}
