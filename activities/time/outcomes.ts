import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import type { TimesheetContext } from '../../domain/model/time/context.ts';
import type { TimeFinding } from '../../domain/rules/timesheet/finding.ts';
import { validateTimesheet, type TimesheetDecision } from '../../domain/rules/timesheet/validate.ts';
import type { OutcomeRow } from '../../store/time/decide.ts';
import type { StoredRecord } from '../../store/time/records.ts';

export const NOTHING_DECIDED: TimesheetDecision = { accepted: [], rejected: [], held: [], repeats: [], payChanges: [] };

/** What the rules say; where they fail over a timesheet, all of it is refused by name, so that the others of its page go on. */
export function judged(sheet: Timesheet, context: TimesheetContext): TimesheetDecision {
  try {
    return validateTimesheet(sheet, context);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { ...NOTHING_DECIDED, rejected: sheet.entries.map((entry) => ({ entry, findings: [refused(nameOf(entry), 'ENTRY_NOT_JUDGED', 'configuration', `The timesheet cannot be judged: ${error.message}.`, 'Tell integration support; correct the entry in the time system or retry the case.')] })) };
  }
}

function refused(record: string, code: string, kind: TimeFinding['kind'], message: string, mend: string): TimeFinding {
  return { code, kind, path: 'workDate', message, mend, overridable: false, record };
}

function notBookable(record: string, message: string): TimeFinding {
  return refused(record, 'ADJUSTMENT_NOT_BOOKABLE', 'business_rule', `The correction cannot be booked: ${message}.`, 'Have a period opened, then retry the case.');
}

function nameOf({ system, id, version }: { readonly system: string; readonly id: string; readonly version: number }): string {
  return `${system} ${id} version ${version}`;
}

/** One outcome for each position, in the order of the timesheet. */
export function outcomesOf(record: StoredRecord, sheet: Timesheet, positions: readonly number[], decision: TimesheetDecision): OutcomeRow[] {
  const rejected = new Map(decision.rejected.map(({ entry, findings }) => [entry, findings]));
  const held = new Map(decision.held.map(({ entry, reason }) => [entry, reason]));
  const repeats = new Set(decision.repeats.map(({ id, version }) => `${id}@${version}`));
  return positions.flatMap((position): OutcomeRow[] => {
    const entry = sheet.entries[position];
    if (entry === undefined) return [{ ...ofItself(record, sheet, position), outcome: 'withdrawn' }];
    const row = { record: record.id, position, entryId: entry.id, entryVersion: entry.version, codes: [], findings: [], waitsFor: null, roomIn: null };
    const findings = rejected.get(entry);
    if (findings !== undefined) {
      const codes = [...new Set(findings.map(({ code }) => code))];
      return [{ ...row, outcome: 'rejected', codes, findings, roomIn: isForCap(codes) ? entry.projectNumber : null }];
    }
    if (sheet.approval.status === 'withdrawn') return [{ ...row, outcome: 'withdrawn', codes: ['APPROVAL_WITHDRAWN'] }];
    const reason = held.get(entry);
    if (reason !== undefined) return [{ ...row, outcome: 'held', codes: [reason.code], findings: [reason], waitsFor: reason.waitsFor }];
    return [{ ...row, outcome: repeats.has(`${entry.id}@${entry.version}`) ? 'repeat' : 'accepted' }];
  });
}

/** Nothing else is wrong with it: it is judged again by itself when the project has used less of its cap. */
function isForCap(codes: readonly string[]): boolean {
  return codes.length === 1 && codes[0] === 'CAP_EXCEEDED';
}

/** A version without entries that cannot take back what it drops now is refused itself, so that somebody sees to it. */
export function notTakenBack(record: StoredRecord, sheet: Timesheet, message: string): OutcomeRow {
  const finding = notBookable(nameOf(sheet), message);
  return { ...ofItself(record, sheet, 0), outcome: 'rejected', codes: [finding.code], findings: [finding] };
}

function ofItself(record: StoredRecord, { id, version }: Timesheet, position: number): Omit<OutcomeRow, 'outcome'> {
  return { record: record.id, position, entryId: id, entryVersion: version, codes: [], findings: [], waitsFor: null, roomIn: null };
}

/**
 * An adjustment that no open period can take leaves everything as it was. Where nothing new was to be booked it is what was to be taken back
 * that waits: then all of the timesheet is refused, so that somebody sees to it.
 */
export function nothingBookable(sheet: Timesheet, decision: TimesheetDecision, message: string): TimesheetDecision {
  const repeats = new Set(decision.repeats.map(({ id, version }) => `${id}@${version}`));
  const fresh = decision.accepted.flatMap(({ entry }) => sheet.entries.filter(({ id, version }) => entry.id === id && entry.version === version && !repeats.has(`${id}@${version}`)));
  const known = new Set([...decision.rejected, ...decision.held].map(({ entry }) => entry));
  const refusedNow = fresh.length > 0 ? fresh : sheet.entries.filter((entry) => !known.has(entry));
  return {
    ...decision,
    accepted: decision.accepted.filter(({ entry }) => !refusedNow.some(({ id, version }) => id === entry.id && version === entry.version)),
    payChanges: [],
    rejected: [
      ...decision.rejected,
      ...refusedNow.map((entry) => ({ entry, findings: [notBookable(nameOf(entry), message)] })),
    ],
  };
}
