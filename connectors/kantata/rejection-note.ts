import { storableText } from '../storable-text.ts';
import type { TimesheetRejection } from '../timesheet-source.ts';
import type { EntryRow } from './time-entries.ts';

const NOTE_LENGTH = 1000;

/** What the person reads in Kantata: the reason, then each entry by its day with what to do. Kantata gives back the whole timesheet of the project. */
export function rejectionNote(rejection: TimesheetRejection, entries: ReadonlyMap<string, EntryRow>): string {
  const lines = rejection.entries.map(({ id, findings }) => {
    const entry = entries.get(id);
    const where = entry === undefined ? `Entry ${id}` : `${entry.workDate}, ${Math.round((entry.minutes * 100) / 60) / 100} h${entry.task === null ? '' : `, ${entry.task}`}`;
    return `${where}: ${findings.map(({ message, mend }) => `${message} ${mend}`).join(' ')}`;
  });
  // The reason may be nothing but what stands with the entries.
  const told = rejection.reason.split('\n').filter((line) => line !== '' && !lines.some((entry) => entry.endsWith(line)));
  return storableText([...told, ...lines].join('\n'), NOTE_LENGTH);
}
