import { isSystemFailure, type SystemFailure } from '../../domain/failure.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { About, Dynamics } from './client.ts';
import { inGroups } from './labor-directory.ts';

export interface Item {
  readonly key: string;
  readonly body: object;
}

/** Null where a line was written, else why not. */
export type Written = ReadonlyMap<string, SystemFailure | null>;

export interface LineWriter {
  /** @throws SystemFailure where the call as a whole failed, with `written: 'unknown'` where some may have been written */
  write(items: readonly Item[], about: About): Promise<Written>;
}

export const LINES = 'JournalTrans';

/**
 * Journal lines, several in one change set. A change set that is refused is tried again in halves, down to the lines that are at fault: the others
 * are written, and each of those has the reason of its own.
 */
export function createLineWriter(dynamics: Dynamics, linesPerRequest: number): LineWriter {
  return {
    async write(items, about) {
      const written = new Map<string, SystemFailure | null>();
      const queue = inGroups(items, linesPerRequest);
      let mayHaveWritten = false;
      for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
        const some = group;
        const make = () => refusalOf(() => (some[0] !== undefined && some.length === 1 ? dynamics.create(LINES, some[0].body, about) : dynamics.createAll(LINES, some.map((item) => item.body), about)));
        const refusal = await (mayHaveWritten ? afterFirstWrite(make) : make());
        if (refusal === null) mayHaveWritten = true;
        if (refusal === null || some.length === 1) for (const { key } of some) written.set(key, refusal);
        else queue.unshift(...inGroups(some, Math.ceil(some.length / 2)));
      }
      return written;
    },
  };
}

/** What is certainly refused is an answer; what may go through another time is thrown. */
async function refusalOf(work: () => Promise<void>): Promise<SystemFailure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (isSystemFailure(error) && error.failure.written === 'no' && error.failure.kind !== 'transient') return error;
    throw error;
  }
}
