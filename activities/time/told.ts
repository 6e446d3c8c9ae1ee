import type { Timesheet } from '../../domain/model/time/timesheet.ts';

/** Versions of one timesheet are judged in their order, and those of one version in the order of their approvals. */
export function inOrderOfArrival<Item extends { readonly record: { readonly id: number }; readonly sheet: Timesheet }>(judged: readonly Item[]): Item[] {
  return judged.toSorted((left, right) => left.sheet.version - right.sheet.version || approvedAt(left.sheet) - approvedAt(right.sheet) || left.record.id - right.record.id);
}

function approvedAt({ approval }: Timesheet): number {
  return Date.parse(approval.decidedAt ?? '') || 0;
}

export function isLater(one: Timesheet, than: Timesheet): boolean {
  return one.system === than.system && one.id === than.id && (one.version > than.version || (one.version === than.version && approvedAt(one) > approvedAt(than)));
}

/** Whether it is a later version that says it replaces this one: what it no longer tells of is taken back. */
export function takesPlaceOf(one: Timesheet, other: Timesheet): boolean {
  return one.system === other.system && one.id === other.id && one.version > other.version && one.replaces?.id === other.id && one.replaces.version >= other.version;
}

export function entriesOf(sheets: readonly Timesheet[]): ReadonlySet<string> {
  return new Set(sheets.flatMap(({ entries }) => entries.map(entryKey)));
}

export function entryKey({ system, id, version }: { readonly system: string; readonly id: string; readonly version: number }): string {
  return `${system} ${id}@${version}`;
}
