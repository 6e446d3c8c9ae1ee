import { storableText } from '../storable-text.ts';
import type { TimesheetRejection } from '../timesheet-source.ts';
import type { ApprovalDetails } from './approval-requests.ts';
import type { ClockifyOptions } from './options.ts';
import { timesheetOf } from './timesheet-mapping.ts';

const NOTE_LENGTH = 1000;

/** What the person reads in Clockify: the reason, then each entry by its day and project with what to do. Clockify gives back whole timesheets. */
export function rejectionNote(rejection: TimesheetRejection, details: ApprovalDetails, options: ClockifyOptions): string {
  const approved = { ...details, approvalRequest: { ...details.approvalRequest, status: { ...details.approvalRequest.status, state: 'APPROVED' as const } } };
  const entries = new Map(timesheetOf(approved, { system: '', options, emailOf: () => rejection.person }).entries.map((entry) => [entry.id, entry]));
  const lines = rejection.entries.map(({ id, findings }) => {
    const entry = entries.get(id);
    const where = entry === undefined ? `Entry ${id}` : `${entry.workDate}, ${entry.hours} h, ${entry.projectNumber}`;
    return `${where}: ${findings.map(({ message, mend }) => `${message} ${mend}`).join(' ')}`;
  });
  // The reason may be nothing but what stands with the entries.
  const told = rejection.reason.split('\n').filter((line) => line !== '' && !lines.some((entry) => entry.endsWith(line)));
  return storableText([...told, ...lines].join('\n'), NOTE_LENGTH);
}
