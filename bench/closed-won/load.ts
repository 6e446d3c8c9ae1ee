/** How one load went: everything that was started has ended well. */
export interface LoadResult {
  readonly perSecond: number;
  /** From the start of each to its end, milliseconds. */
  readonly latenciesMs: readonly number[];
}

/**
 * Carries out all pieces of work with a fixed number in flight: the next begins when one ends.
 * @throws Error naming the time when they are not all done by then, milliseconds; or the first failure
 */
export async function runLoad<Item>(items: readonly Item[], inFlight: number, limitMs: number, work: (item: Item) => Promise<void>): Promise<LoadResult> {
  const waiting = [...items];
  const latenciesMs: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${items.length - latenciesMs.length} of ${items.length} were not done after ${limitMs / 1000} s with ${inFlight} in flight`)), limitMs);
  });
  const startedAt = performance.now();
  try {
    await Promise.race([late, Promise.all(Array.from({ length: inFlight }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
        const began = performance.now();
        await work(item);
        latenciesMs.push(performance.now() - began);
      }
    }))]);
  } finally {
    clearTimeout(timer);
    waiting.length = 0;
  }
  return { perSecond: items.length / ((performance.now() - startedAt) / 1000), latenciesMs };
}
