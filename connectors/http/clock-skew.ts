import type { IncomingHttpHeaders } from 'node:http';
import type { Classifier } from './classify.ts';

/** Beyond that a Date says nothing of the clock that the system's own times are made by. */
const A_DAY_MS = 24 * 3_600_000;

/** How far our clock was ahead of each system's at its newest answer. */
const ahead = new Map<string, number>();

/**
 * Milliseconds by which our clock is ahead of the one that dated the answer (negative: behind), to the second; null where it is not dated.
 * Source: RFC 9110, section 6.6.1.
 */
export function clockAheadMs(headers: IncomingHttpHeaders, now: () => number = Date.now): number | null {
  const at = Date.parse(headers.date ?? '');
  return Number.isNaN(at) ? null : now() - at;
}

/** Milliseconds until a moment that an answer names, by the clock that dated the answer; by ours where none did. */
export function untilMs(at: number, headers: IncomingHttpHeaders, now: () => number = Date.now): number {
  return at - now() + (clockAheadMs(headers, now) ?? 0);
}

/** Milliseconds by which our clock was ahead of each system's at its newest answer. */
export function clocksAhead(): ReadonlyMap<string, number> {
  return ahead;
}

/** Notes what an answer says of its system's clock. */
export function noteClock(system: string, headers: IncomingHttpHeaders): void {
  const aheadMs = clockAheadMs(headers);
  if (aheadMs !== null && Math.abs(aheadMs) < A_DAY_MS) ahead.set(system, aheadMs);
}

/**
 * A moment of ours by the system's own clock, for asking it later what changed since then: never later than by ours, as what is read twice does no harm
 * and what is left out would be lost. Known once the system has answered.
 * @param at - milliseconds since 1970 by our clock
 */
export function bySystemsClock(system: string, at: number): Date {
  return new Date(at - Math.max(0, ahead.get(system) ?? 0));
}

/** How far our clock may be from the system's before it can refuse what we sign, seconds. */
export interface ClockTolerance {
  /** Ours is behind: what we sign has expired when it arrives. */
  readonly behind: number;
  /** Ours is ahead: what we sign is not valid yet, or for longer than allowed. */
  readonly ahead: number;
}

/**
 * A table for requests that carry what we signed with a time in it: where one is refused and the clocks differ by more than it bears, the refusal is one of
 * the clocks, and says by how much they differ.
 */
export function tellingClocks(classify: Classifier, tolerance: ClockTolerance, now: () => number = Date.now): Classifier {
  return (answer, request) => {
    const verdict = classify(answer, request);
    const aheadMs = clockAheadMs(answer.headers, now);
    const isRefusal = [400, 401, 403].includes(answer.status) && (verdict === 'token_refused' || verdict.kind === 'configuration' || verdict.kind === 'contract');
    if (!isRefusal || aheadMs === null || (aheadMs <= tolerance.ahead * 1000 && aheadMs >= -tolerance.behind * 1000)) return verdict;
    const [refused, otherwise] = verdict === 'token_refused' ? [`${request.object} was refused (HTTP ${answer.status}).`, 'check the credentials.'] : [verdict.message, verdict.mend];
    return {
      kind: 'configuration',
      code: 'CLOCKS_DIFFER',
      message: `${refused} Our clock is ${minutes(aheadMs)} ${aheadMs > 0 ? 'ahead of' : 'behind'} the system's (${clockTime(now())} against ${clockTime(now() - aheadMs)} UTC), and what we sign bears no more than ${minutes((aheadMs > 0 ? tolerance.ahead : tolerance.behind) * 1000)}.`,
      mend: `Synchronise the clock of the host that the worker runs on (NTP), then retry; where ours is right, the system's is wrong, and its operator has to set it. If the clocks agree and it is still refused: ${otherwise}`,
    };
  };
}

function minutes(ms: number): string {
  const count = Math.round(Math.abs(ms) / 60_000);
  return count === 1 ? '1 minute' : `${count} minutes`;
}

function clockTime(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
