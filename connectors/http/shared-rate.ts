import type { Log } from '../ports.ts';
import { knownClients, type KnownClient } from './clients.ts';
import type { Lessor, LessorNews } from './tokens.ts';

/**
 * Between this process's HTTP clients and whoever holds a system's limit of requests per second over all processes: the clients have their tokens
 * from there and tell of refusals. Where nobody holds it, each client keeps to a bucket of its own.
 */
export interface TooMuchPerSecond {
  readonly limit: SharedLimit;
  /** When the refused request was sent, milliseconds ago. */
  readonly sentMsAgo: number;
  /** Requests per second that the system seems to bear, of what this process sent; 0 where it took none of late. */
  readonly sustainable: number;
  /** No request is welcome for so long. */
  readonly pauseMs: number;
}

/** One of a system's limits of requests per second. */
export interface SharedLimit {
  /** "hubspot"; "hubspot/search" where the vendor has one of its own for some requests. */
  readonly name: string;
  readonly system: string;
  readonly configured: number | null;
}

export interface RateHolder {
  lessorOf(limit: SharedLimit): Lessor;
  refused(refusal: TooMuchPerSecond): void;
}

const holders: RateHolder[] = [];

/** A new client takes its tokens from whoever holds the limit. */
export function joinRate({ limit, budget }: KnownClient): void {
  const holder = holders.at(-1);
  if (holder !== undefined) budget.share(holder.lessorOf(limit));
}

export function tellTooMuch(refusal: TooMuchPerSecond): void {
  holders.at(-1)?.refused(refusal);
}

/** @returns ends it */
export function holdRates(holder: RateHolder): () => void {
  holders.push(holder);
  shareAll();
  return () => {
    holders.splice(holders.indexOf(holder), 1);
    shareAll();
  };
}

function shareAll(): void {
  const holder = holders.at(-1);
  for (const { limit, budget } of knownClients()) budget.share(holder?.lessorOf(limit) ?? null);
}

/** @param name of one limit, or "" for any */
export function rateWasChanged(name: string): void {
  for (const { limit, budget } of knownClients()) if (name === '' || limit.name === name) budget.rateChanged();
}

/** Once when whoever holds a limit over all processes does not answer, and once when it answers again. */
export function tellOfStore(log: Log, { name, configured }: SharedLimit, news: LessorNews): void {
  if (news.answers) log.info({ limit: name, configured }, 'the limit of requests per second is shared over all workers again');
  else log.warn({ limit: name, configured, perSecond: news.perSecond, error: String(news.error) }, 'the limit of requests per second over all workers cannot be asked for: this process keeps to its part until it can');
}
