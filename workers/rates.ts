import { holdRates, rateWasChanged, type SharedLimit, type TooMuchPerSecond } from '../connectors/http/shared-rate.ts';
import type { Log } from '../connectors/ports.ts';
import type { Store } from '../store/database.ts';
import { leaseTokens, leaveRates, lowerRate, onTargetRate, raiseRate } from '../store/target-rate.ts';
import { countTooManyPerSecond } from './slot-metrics.ts';

export interface Rates {
  close(): Promise<void>;
}

/**
 * Holds the target systems' limits of requests per second over all workers: this process's HTTP clients take their tokens from the store's buckets.
 * Where a target refuses for too many, its rate goes down for all workers (store/target-rate.ts).
 */
export async function createRates(store: Store, holder: string, log?: Log): Promise<Rates> {
  const { db } = store;
  const listener = await onTargetRate(store.url, rateWasChanged);

  async function lease({ name: target, configured }: SharedLimit, want: number, priority: number, fair: boolean) {
    const { perSecond, usableInMs, askAgainInMs, holders, mayRise } = await leaseTokens(db, { target, configured, holder, want, priority, fair });
    if (perSecond === null) return { limited: false, processes: holders } as const;
    if (mayRise && usableInMs.length < want) await raiseRate(db, target);
    return { limited: true, usableInMs, askAgainInMs, perSecond, processes: holders } as const;
  }

  async function lower({ limit: { name: target, configured }, sentMsAgo, sustainable, pauseMs }: TooMuchPerSecond): Promise<void> {
    const perSecond = await lowerRate(db, { target, configured, sentMsAgo, sustainable, pauseMs });
    log?.warn({ target, configured, perSecond, pauseMs }, 'a system refuses for too many requests per second: all workers send fewer');
    rateWasChanged(target);
  }

  const end = holdRates({
    lessorOf: (limit) => (want, priority, fair) => lease(limit, want, priority, fair),
    refused(refusal) {
      countTooManyPerSecond(refusal.limit.system);
      lower(refusal).catch((error: unknown) => log?.warn({ target: refusal.limit.name, error: String(error) }, 'a rate could not be lowered; the next refusal tries it again'));
    },
  });

  return {
    async close() {
      end();
      await listener.close();
      await leaveRates(db, holder);
    },
  };
}
