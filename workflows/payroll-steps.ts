import { condition, isCancellation } from '@temporalio/workflow';
import type { Cases } from './cases.ts';
import { failureOf } from './failures.ts';
import type { PayrollCases } from './payroll-cases.ts';

const MINUTE_MS = 60_000;

export interface PayrollStepsSettings {
  readonly cases: Cases;
  readonly caseOf: PayrollCases;
  /** Grows with each configuration that was activated. */
  readonly configsTold: () => number;
  /** How long a step may fail for passing reasons before a person is told, minutes. */
  readonly slaMinutes: () => number;
}

/** Runs a step until it is done: one that fails for good waits for a person or another configuration; one that is retried for too long is told of. */
export function createPayrollSteps({ cases, caseOf, configsTold, slaMinutes }: PayrollStepsSettings) {
  async function watched<Result>(subject: string, system: string, work: () => Promise<Result>): Promise<Result> {
    let ended = false;
    const watch = async (): Promise<void> => {
      while (!(await condition(() => ended, slaMinutes() * MINUTE_MS))) {
        await cases.answerOf(await cases.raise(caseOf.stillRetrying(subject, system, slaMinutes())), () => (ended ? 'the step got through, or failed for good' : undefined));
      }
    };
    const watching = watch();
    try {
      return await work();
    } finally {
      ended = true;
      await watching;
    }
  }

  return async function attempt<Result>(subject: string, system: string, work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      const configsBefore = configsTold();
      try {
        return await watched(subject, system, work);
      } catch (error) {
        if (isCancellation(error)) throw error;
        const open = await cases.raise(caseOf.failed(failureOf(error, subject)));
        await cases.answerOf(open, () => (configsTold() > configsBefore ? 'a new configuration is active: it is tried again' : undefined));
      }
    }
  };
}
