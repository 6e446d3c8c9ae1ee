import { writeInHalves, type Item, type Written } from '../write-in-halves.ts';
import { isOfTheWay } from './classify.ts';
import type { About, Oracle } from './client.ts';

export interface LineWriter {
  /** @throws SystemFailure where the call as a whole failed, with `written: 'unknown'` where some may have been written */
  write(items: readonly Item[], about: About): Promise<Written>;
}

export const UNPROCESSED = 'unprocessedProjectCosts';

/** Unprocessed costs, several in one batch. */
export function createLineWriter(oracle: Oracle, linesPerRequest: number): LineWriter {
  return {
    write: (items, about) => writeInHalves(items, { linesPerRequest, writeAll: (bodies) => oracle.createAll(UNPROCESSED, bodies, about), keepsAllBack: isOfTheWay }),
  };
}
