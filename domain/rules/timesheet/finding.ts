import type { Instant } from '../../dates.ts';
import type { Finding } from '../../findings.ts';
import type { TimeEntry } from '../../model/time/time-entry.ts';

/** A finding that names its record, so that a page of records can send each one back with its own reasons. */
export interface TimeFinding extends Finding {
  /** "harvest 636709355 version 1" */
  readonly record: string;
}

type Subject = Pick<TimeEntry, 'system' | 'id' | 'version'>;

interface Words {
  readonly message: string;
  readonly mend: string;
}

export function recordName({ system, id, version }: Subject): string {
  return `${system} ${id} version ${version}`;
}

/** The entry itself must change. */
export function mustChange(entry: Subject, code: string, path: string, words: Words): TimeFinding {
  return { code, kind: 'business_rule', path, ...words, overridable: false, record: recordName(entry) };
}

/** The entry should change, but a person with the right role may let it pass. */
export function mayPass(entry: Subject, code: string, path: string, words: Words): TimeFinding {
  return { code, kind: 'business_rule', path, ...words, overridable: true, record: recordName(entry) };
}

/** The firm's own set-up does not know what the entry needs. */
export function notConfigured(entry: Subject, code: string, path: string, words: Words): TimeFinding {
  return { code, kind: 'configuration', path, ...words, overridable: false, record: recordName(entry) };
}

/** Why a record waits rather than goes back: it will be judged again when what it waits for arrives. */
export interface HoldReason {
  readonly code: 'ORIGINAL_NOT_SEEN' | 'APPROVAL_PENDING' | 'PROJECT_PENDING' | 'PERIOD_NOT_YET_OPEN';
  readonly message: string;
  /** What it waits for: "time entry 4711 version 1". */
  readonly waitsFor: string;
  /** The moment at which that comes by itself, where there is one. */
  readonly until?: Instant;
}
