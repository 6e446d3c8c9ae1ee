import { isSystemFailure, type SystemFailure } from '../../domain/failure.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { About, Dynamics } from './client.ts';

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

/** Journal lines one by one: each stands or falls by itself. */
export function createLineWriter(dynamics: Dynamics): LineWriter {
  return {
    async write(items, about) {
      const written = new Map<string, SystemFailure | null>();
      for (const [index, item] of items.entries()) {
        const one = async () => void written.set(item.key, await refusalOf(() => dynamics.create(LINES, item.body, about)));
        await (index === 0 ? one() : afterFirstWrite(one));
      }
      return written;
    },
  };
}

/** What is certainly refused and may go through another time or for another line is no answer: it is thrown. */
async function refusalOf(work: () => Promise<void>): Promise<SystemFailure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (isSystemFailure(error) && error.failure.written === 'no' && error.failure.kind !== 'transient') return error;
    throw error;
  }
}
