import type { ConnectorSettings } from '../../connectors/connector.ts';
import type { CallContext, Log } from '../../connectors/ports.ts';

const none = () => undefined;
export const silent: Log = { debug: none, info: none, warn: none, error: none };

export const NO_LIMITS: ConnectorSettings['limits'] = { concurrency: null, requestsPerSecond: null, timeoutSeconds: 60 };

export function aCall(): CallContext {
  return { signal: new AbortController().signal, heartbeat: none, log: silent, idempotencyKey: 'bench' };
}

/** Runs `work` so many times, at most `atOnce` at a time. @returns milliseconds of each */
export async function times(count: number, atOnce: number, work: (nth: number) => Promise<void>): Promise<number[]> {
  const took: number[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const nth = next;
      next += 1;
      const startedAt = performance.now();
      await work(nth);
      took.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
  return took;
}
