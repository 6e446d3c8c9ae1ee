import { knownClients, type KnownClient } from './clients.ts';

/**
 * Between this process's HTTP clients and whoever holds a system's limit of calls at once over all processes: the clients tell of refusals,
 * and are told how few requests may be under way.
 */
export interface TooManyAtOnce {
  readonly system: string;
  /** When the refused request was sent, milliseconds ago. */
  readonly sentMsAgo: number;
}

const listeners = new Set<(refusal: TooManyAtOnce) => void>();
const squeezed = new Map<string, number>();

/** A new client keeps to what its system's others are squeezed to. */
export function joinAtOnce({ limit, budget }: KnownClient): void {
  const atOnce = squeezed.get(limit.system);
  if (atOnce !== undefined) budget.squeeze(atOnce);
}

export function tellTooManyAtOnce(refusal: TooManyAtOnce): void {
  for (const listener of listeners) listener(refusal);
}

/** @returns ends it */
export function onTooManyAtOnce(listener: (refusal: TooManyAtOnce) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Only so many requests to a system at once from this process; null for as many as are configured. */
export function squeezeRequests(system: string, atOnce: number | null): void {
  if (atOnce === null) squeezed.delete(system);
  else squeezed.set(system, atOnce);
  for (const { limit, budget } of knownClients()) if (limit.system === system) budget.squeeze(atOnce);
}
