import { CancellationScope } from '@temporalio/workflow';

export interface Compensation {
  /** One per record: registering it again (a retry, an amendment) changes nothing. */
  readonly key: string;
  /** In plain words, for the report. */
  readonly what: string;
  /** Undoes it and says how. Never throws for what a person could settle: it asks one and says what came of it. */
  readonly undo: (reason: string) => Promise<{ readonly undone: boolean; readonly detail: string }>;
}

export interface CompensationReport {
  readonly undone: readonly string[];
  readonly notUndone: readonly string[];
}

/** Keeps what has to be undone should the process be aborted; each undo is registered before its act, since an act whose answer is lost may have happened. */
export function createSaga() {
  const compensations = new Map<string, Compensation>();

  /** Undoes in reverse order what `choose` names, even while the process is being cancelled. */
  async function compensate(reason: string, choose: (key: string) => boolean = () => true): Promise<CompensationReport> {
    return await CancellationScope.nonCancellable(async () => {
      const undone: string[] = [];
      const notUndone: string[] = [];
      for (const compensation of [...compensations.values()].reverse()) {
        if (!choose(compensation.key)) continue;
        const result = await compensation.undo(reason);
        (result.undone ? undone : notUndone).push(`${compensation.what}: ${result.detail}`);
        compensations.delete(compensation.key);
      }
      return { undone, notUndone };
    });
  }

  return {
    register(compensation: Compensation): void {
      if (!compensations.has(compensation.key)) compensations.set(compensation.key, compensation);
    },
    compensate,
  };
}

export type Saga = ReturnType<typeof createSaga>;
