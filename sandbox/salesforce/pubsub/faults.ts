import { z } from 'zod';

/**
 * cut: all connections are closed at once; unavailable: all streams end with UNAVAILABLE; close: all streams end in order; expired-token: streams under way end with an
 * authentication error, without any the next call does; expired-replay-id: the next subscription from a stored position is refused;
 * garbage: the next event's payload is not of its schema; endless: it tells of a billion items; gigantic: it has many megabytes; no-event: it comes without its content;
 * unknown-schema: it names a schema that is not there; broken-schema: the next schema asked for is no JSON; no-header: it is of a record without a change event's header; silent: the next stream says nothing, not even that it lives.
 */
export const FaultOrder = z.strictObject({
  kind: z.enum(['cut', 'unavailable', 'close', 'expired-token', 'expired-replay-id', 'garbage', 'endless', 'gigantic', 'no-event', 'unknown-schema', 'broken-schema', 'no-header', 'silent', 'forbidden']),
  times: z.int().min(1).default(1),
});
export type FaultOrder = z.infer<typeof FaultOrder>;

export interface PubSubFaults {
  order(order: FaultOrder): void;
  /** True where such a fault was ordered; it is used up by that. */
  take(kind: FaultOrder['kind']): boolean;
  clear(): void;
}

export function pubSubFaults(): PubSubFaults {
  const open = new Map<FaultOrder['kind'], number>();
  return {
    order: ({ kind, times }) => void open.set(kind, (open.get(kind) ?? 0) + times),
    take(kind) {
      const left = open.get(kind) ?? 0;
      if (left > 0) open.set(kind, left - 1);
      return left > 0;
    },
    clear: () => open.clear(),
  };
}
