import { z } from 'zod';

/**
 * cut: all connections are closed at once; unavailable: all streams end with UNAVAILABLE; close: all streams end in order; expired-token: streams under way end with an
 * authentication error, without any the next call does; expired-replay-id: the next subscription from a stored position is refused;
 * garbage: the next event's payload is not of its schema; silent: the next stream says nothing, not even that it lives.
 */
export const FaultOrder = z.strictObject({
  kind: z.enum(['cut', 'unavailable', 'close', 'expired-token', 'expired-replay-id', 'garbage', 'silent', 'forbidden']),
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
