interface Stoppable {
  stop(): Promise<void>;
}

/** What was started and has to be ended in order, the last first, also when the benchmark is interrupted. */
const open = new Set<Stoppable>();
let interrupted = false;

/**
 * Starts something, works with it and ends it afterwards, once.
 * @throws Error where the benchmark was interrupted before
 */
export async function using<Started extends Stoppable, Result>(start: () => Promise<Started>, work: (started: Started) => Promise<Result>): Promise<Result> {
  if (interrupted) throw new Error('interrupted');
  const starting = start();
  let stopping: Promise<void> | undefined;
  const entry = { stop: () => (stopping ??= starting.then((started) => started.stop(), () => undefined)) };
  open.add(entry);
  try {
    return await work(await starting);
  } finally {
    await entry.stop();
    open.delete(entry);
  }
}

/** On Ctrl-C or SIGTERM everything is ended in order; a second signal ends at once. */
export function endInOrderOnSignals(tell: (line: string) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (interrupted) process.exit(130);
      interrupted = true;
      tell('ending what was started …');
      void (async () => {
        for (const started of [...open].toReversed()) await started.stop().catch(() => undefined);
      })().finally(() => process.exit(130));
    });
  }
}
