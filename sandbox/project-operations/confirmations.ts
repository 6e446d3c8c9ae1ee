/**
 * `msdyn_PostJournal` that outlives its answer: an action of Dataverse may run for two minutes, and whoever asked may have lost the connection long before. In the
 * mode "slow-confirmation" every answer is cut, the actuals are made two minutes later by the sandbox's clock, of the lines as they were at the beginning, and
 * one that is begun beside another makes its own; in "guarded-confirmation" the second is refused while the first runs.
 */
import type { RecordStore } from '../kit/records.ts';
import type { Environment, Row } from './environment.ts';
import { pluginRefuses } from './errors.ts';
import { checkedLines, makeActuals } from './rules.ts';

export const SLOW_MODE = 'slow-confirmation';
export const GUARDED_MODE = 'guarded-confirmation';
const TAKES_MS = 120_000;

interface Run {
  readonly id: string;
  readonly journal: string;
  readonly lines: readonly Row[];
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

export interface Confirmations {
  /** Ends those whose time has come. */
  settle(): void;
  /** Whether the answer is cut. @throws Refusal */
  confirm(journal: Row, mode: string): boolean;
}

export function openConfirmations(records: RecordStore, environment: Environment): Confirmations {
  const runs = records.collection<Run>('confirmations');
  return {
    settle() {
      const ended = runs.filter(({ endsAt }) => endsAt <= environment.now().getTime());
      if (ended.length === 0) return;
      records.transaction(() => {
        for (const { id, journal, lines } of ended) {
          makeActuals(environment, journal, lines);
          runs.delete(id);
        }
      });
    },
    confirm(journal, mode) {
      const lines = checkedLines(environment, journal);
      if (mode !== SLOW_MODE && mode !== GUARDED_MODE) {
        makeActuals(environment, journal.id, lines);
        return false;
      }
      if (mode === GUARDED_MODE && runs.find((run) => run.journal === journal.id) !== undefined) throw pluginRefuses('The journal is being confirmed.'); // (unverified)
      const id = environment.newId();
      runs.put(id, { id, journal: journal.id, lines, endsAt: environment.now().getTime() + TAKES_MS });
      return true;
    },
  };
}
