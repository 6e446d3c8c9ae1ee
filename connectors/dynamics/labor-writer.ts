import { writeInHalves, type Item, type Written } from '../write-in-halves.ts';
import { isOfTheWay } from './classify.ts';
import type { About, Dynamics } from './client.ts';

export interface LineWriter {
  /** @throws SystemFailure where the call as a whole failed, with `written: 'unknown'` where some may have been written */
  write(items: readonly Item[], about: About): Promise<Written>;
}

export const LINES = 'JournalTrans';

/** Journal lines, several in one change set; one by itself needs none. */
export function createLineWriter(dynamics: Dynamics, linesPerRequest: number): LineWriter {
  return {
    write: (items, about) =>
      writeInHalves(items, {
        linesPerRequest,
        keepsAllBack: isOfTheWay,
        writeAll: (bodies) => (bodies[0] !== undefined && bodies.length === 1 ? dynamics.create(LINES, bodies[0], about) : dynamics.createAll(LINES, bodies, about)),
      }),
  };
}
