import type { IncomingHttpHeaders } from 'node:http';
import { LENT_AFTER_MS, reservedShare } from '../../domain/request-priority.ts';

/** One of the windows a vendor counts requests in, as its answer tells. */
export interface VendorWindow {
  /** In a few words, for operators: "day", "ten seconds". An account may have several. */
  readonly name: string;
  readonly limit: number;
  /** After the request that was answered; other integrations of the account count too. */
  readonly remaining: number;
  /** Until the window begins anew; the length of one that moves with the clock. */
  readonly resetsInMs: number;
  readonly moving?: boolean;
  /** Where nothing remains: after so long one request may ask again, even before the window ends. */
  readonly askAgainAfterMs?: number;
}

/** What a vendor's headers say of its limits; empty where they say nothing. */
export interface LimitsTold {
  readonly windows?: readonly VendorWindow[];
  /** No request is welcome for so long. */
  readonly pauseMs?: number;
}
export type LimitReader = (headers: IncomingHttpHeaders) => LimitsTold;

export interface WindowState {
  readonly name: string;
  readonly limit: number;
  /** By what was told last, less what was sent since. */
  readonly remaining: number;
}

export interface VendorWindows {
  /** @param nth of the answered request, counted over all that were sent */
  told(windows: readonly VendorWindow[], nth: number, now: number): void;
  /** Milliseconds until a request of this priority, behind so many others, is in order; 0: now. */
  waitMs(priority: number, ahead: number, now: number): number;
  went(priority: number, now: number): void;
  state(now: number): WindowState[];
}

/** The last quarter of what a priority may have of a window is spread to its end; what is more may go at once. */
const SPREAD_BELOW = 0.25;
/** One request that is not urgent is let through in so long while anything remains: none is starved, nor waits for the end of a day. */
const TRICKLE_MS = 15_000;
const LONGEST_HOLD_MS = 300_000;
/** Left by those who are not urgent in any case: others of the account send between what we are told and what we send. */
const MARGIN = 0.05;
const SLICES = 20;

interface Known extends VendorWindow {
  readonly nth: number;
  readonly at: number;
  /** Of our own requests, by twentieths of the window: what leaves a moving window again. */
  readonly own: { readonly slice: number; count: number }[];
}

/**
 * Keeps to what a vendor tells of its windows: nothing is sent where nothing remains, the urgent find a reserve (domain/request-priority.ts),
 * and the last of what others may use is spread to the end of the window.
 */
export function createVendorWindows(terms: {
  /** How many processes send to the same account: each keeps to its part of what remains. */
  readonly sharers: () => number;
  /** Whether a request more urgent than this came within so long: else its reserve is lent. */
  readonly moreUrgentCame: (priority: number, withinMs: number, now: number) => boolean;
}): VendorWindows {
  const known = new Map<string, Known>();
  let sent = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  let lastPacedAt = Number.NEGATIVE_INFINITY;

  const remainingOf = ({ remaining, nth }: Known): number => Math.max(0, remaining - (sent - nth));

  function waitFor(window: Known, priority: number, ahead: number, now: number): number {
    const left = remainingOf(window) / terms.sharers();
    const endsIn = window.at + window.resetsInMs - now;
    if (left < 1) return Math.min(endsIn, Math.max(window.at, lastAt) + (window.askAgainAfterMs ?? LONGEST_HOLD_MS) - now);
    if (isUrgent(priority)) return 0;
    const kept = terms.moreUrgentCame(priority, Math.max(LENT_AFTER_MS, window.resetsInMs), now) ? reservedShare(priority) : 0;
    const reserve = Math.max(kept, MARGIN) * window.limit;
    const spare = remainingOf(window) - reserve;
    if (spare > (window.limit - reserve) * SPREAD_BELOW) return 0;
    const bearable = spare / terms.sharers() + (window.moving === true ? ownIn(window, now) : 0);
    const spreadOver = window.moving === true ? window.resetsInMs : endsIn;
    const everyMs = spare <= 0 ? TRICKLE_MS : Math.min(TRICKLE_MS, spreadOver / bearable);
    return Math.min(endsIn, lastPacedAt + everyMs * (ahead + 1) - now);
  }

  function ownIn({ own, resetsInMs }: Known, now: number): number {
    const length = resetsInMs / SLICES;
    const oldest = Math.floor(now / length) - SLICES;
    return own.reduce((sum, { slice, count }) => (slice > oldest ? sum + count : sum), 0);
  }

  return {
    told(windows, nth, now) {
      for (const window of windows) {
        const before = known.get(window.name);
        if (before !== undefined && nth < before.nth && now < before.at + before.resetsInMs) continue;
        known.set(window.name, { ...window, nth, at: now, own: before?.resetsInMs === window.resetsInMs || window.moving === true ? (before?.own ?? []) : [] });
      }
    },
    waitMs(priority, ahead, now) {
      let wait = 0;
      for (const [name, window] of known) {
        if (now >= window.at + window.resetsInMs) known.delete(name);
        else wait = Math.max(wait, waitFor(window, priority, ahead, now));
      }
      return wait;
    },
    went(priority, now) {
      sent += 1;
      lastAt = now;
      if (!isUrgent(priority)) lastPacedAt = now;
      for (const { moving, own, resetsInMs } of known.values()) {
        if (moving !== true) continue;
        const slice = Math.floor(now / (resetsInMs / SLICES));
        const last = own.at(-1);
        if (last?.slice === slice) last.count += 1;
        else own.push({ slice, count: 1 });
        if (own.length > SLICES + 1) own.shift();
      }
    },
    state: (now) => [...known.values()].filter(({ at, resetsInMs }) => now < at + resetsInMs).map((window) => ({ name: window.name, limit: window.limit, remaining: remainingOf(window) })),
  };
}

function isUrgent(priority: number): boolean {
  return reservedShare(priority) === 0;
}

/** Of headers by which a vendor tells one window: its limit, what remains, and when it begins anew. Nothing where one is missing or is no number. */
export function windowOf(name: string, headers: IncomingHttpHeaders, read: { readonly limit: string; readonly remaining: string; readonly resetsInMs: (headers: IncomingHttpHeaders) => number }): VendorWindow[] {
  const limit = numberOf(headers[read.limit]);
  const remaining = numberOf(headers[read.remaining]);
  const resetsInMs = read.resetsInMs(headers);
  return limit === undefined || limit <= 0 || remaining === undefined || !Number.isFinite(resetsInMs) || resetsInMs <= 0 ? [] : [{ name, limit, remaining: Math.max(0, remaining), resetsInMs: Math.min(resetsInMs, 86_400_000) }];
}

/** A header's number; undefined where there is none. */
export function numberOf(value: string | string[] | undefined): number | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
