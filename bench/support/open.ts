/** What was started and has to be ended in order, the last first, also when the benchmark is interrupted. */
const open = new Set<{ stop(): Promise<void> }>();

/** Does the work with something that was started, and ends it afterwards. */
export async function using<Started extends { stop(): Promise<void> }, Result>(started: Started, work: (started: Started) => Promise<Result>): Promise<Result> {
  open.add(started);
  try {
    return await work(started);
  } finally {
    await started.stop();
    open.delete(started);
  }
}

/** On Ctrl-C or SIGTERM everything is ended in order; a second signal ends at once. */
export function endInOrderOnSignals(tell: (line: string) => void): void {
  let ending = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (ending) process.exit(130);
      ending = true;
      tell('ending what was started …');
      void (async () => {
        for (const started of [...open].toReversed()) await started.stop().catch(() => undefined);
      })().finally(() => process.exit(130));
    });
  }
}
