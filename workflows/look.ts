import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Failure } from '../domain/failure.ts';
import { failureOf } from './failures.ts';

export type Seen<Result> = { readonly outcome: 'answered'; readonly result: Result } | { readonly outcome: 'failed'; readonly failure: Failure };

export interface Look<Result> {
  /** What it came to; undefined as long as it goes on. */
  seen(): Seen<Result> | undefined;
  /** Cancels it where it goes on, and waits until it has come to rest. */
  end(): Promise<void>;
}

/**
 * Lets an activity look until there is something to say, or until it is ended. The activity fails as transient while there is not: its retries leave
 * no trace in the history, which stays short however long it takes.
 */
export function startLook<Result>(object: string, work: () => Promise<Result>): Look<Result> {
  let seen: Seen<Result> | undefined;
  const scope = new CancellationScope();
  const looking = scope.run(async () => {
    try {
      seen = { outcome: 'answered', result: await work() };
    } catch (error) {
      if (!isCancellation(error)) seen = { outcome: 'failed', failure: failureOf(error, object) };
    }
  });
  return {
    seen: () => seen,
    async end() {
      scope.cancel();
      await looking;
    },
  };
}
