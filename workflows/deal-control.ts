import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { AbortRequest } from '../domain/process/deal-process.ts';

/** What ends the running round of a deal's process before its end. */
export type Interruption =
  /** Load and decide anew: the deal, the configuration or a person's decision has changed. */
  | { readonly kind: 'restart'; readonly why: string }
  | { readonly kind: 'abort'; readonly request: AbortRequest };

export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly interruption: Interruption;
  constructor(interruption: Interruption) {
    super(interruption.kind === 'abort' ? `aborted: ${interruption.request.reason}` : `restart: ${interruption.why}`);
    this.interruption = interruption;
  }
}

/** Runs rounds of parallel work that can be interrupted: running activities are awaited, waiting branches are let go. */
export function createControl() {
  let pending: Interruption | undefined;
  const scopes = new Set<CancellationScope>();

  const control = {
    pending: (): Interruption | undefined => pending,
    /** @throws Interrupted where the process was interrupted */
    heed(): void {
      if (pending !== undefined) throw new Interrupted(pending);
    },
    /** The first interruption counts; an abort overrules a restart. */
    interrupt(interruption: Interruption): void {
      if (pending === undefined || (pending.kind === 'restart' && interruption.kind === 'abort')) pending = interruption;
      for (const scope of scopes) scope.cancel();
    },
    clear(): void {
      pending = undefined;
    },
    /** @throws Interrupted once every branch has come to rest, or the first failure of a branch. */
    async run(branches: () => readonly Promise<unknown>[]): Promise<void> {
      if (pending !== undefined) throw new Interrupted(pending);
      const own = new CancellationScope();
      scopes.add(own);
      let failed: { readonly error: unknown } | undefined;
      try {
        await own.run(async () => {
          const watched = branches().map(async (branch) => {
            try {
              await branch;
            } catch (error) {
              if (isCancellation(error) && own.consideredCancelled) return;
              if (error instanceof Interrupted) {
                if (pending === undefined || error.interruption.kind === 'abort') pending = error.interruption;
              } else {
                failed ??= { error };
              }
              own.cancel();
            }
          });
          await Promise.all(watched);
        });
      } finally {
        scopes.delete(own);
      }
      if (pending !== undefined) throw new Interrupted(pending);
      if (failed !== undefined) throw failed.error;
      if (CancellationScope.current().consideredCancelled) await CancellationScope.current().cancelRequested;
    },
    /** One piece of work that an interruption cancels, retries included. @throws Interrupted, or the failure of the work */
    async attempt<Result>(work: () => Promise<Result>): Promise<Result> {
      const results: Result[] = [];
      await control.run(() => [
        (async () => {
          results.push(await work());
        })(),
      ]);
      for (const result of results) return result;
      throw new Error('the work came to rest without a result');
    },
  };
  return control;
}

export type Control = ReturnType<typeof createControl>;
