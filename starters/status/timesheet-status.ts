import { z } from 'zod';
import type { Endpoints } from '../../connectors/addresses.ts';
import { timesheetPageId, timesheetProcessOf } from '../../domain/process/time-process.ts';
import type { Db } from '../../store/database.ts';
import { entriesOf, laborPostingsOf, payLinesOf, timeAnswersOf, timesheetVersions, type AnswerView, type EntryView, type PayLineView, type PostingView, type TimesheetVersion } from '../../store/time/timesheet-view.ts';
import { uiLink } from './links.ts';
import { openCaseLines, openCasesOf, type OpenCase } from './open-cases.ts';
import { table } from './table.ts';

const findingsSchema = z.array(z.looseObject({ code: z.string(), message: z.string(), mend: z.string() })).catch([]);

export interface VersionStatus extends TimesheetVersion {
  /** The process that may carry it: by itself where somebody has to see to it, else its page. */
  readonly processes: readonly { readonly workflowId: string; readonly link: string }[];
  readonly entries: readonly EntryView[];
  readonly postings: readonly PostingView[];
  readonly payLines: readonly PayLineView[];
  readonly answers: readonly AnswerView[];
  readonly openCases: readonly OpenCase[];
}

export interface TimesheetStatus {
  readonly system: string;
  readonly id: string;
  readonly versions: readonly VersionStatus[];
}

/** What was received under one ID of a time system, and what became of it, from the store. */
export async function timesheetStatus(db: Db, endpoints: Endpoints, sheet: { readonly system: string; readonly id: string }): Promise<TimesheetStatus> {
  const versions = await timesheetVersions(db, sheet);
  const records = versions.map(({ record }) => record);
  const [entries, postings, payLines, answers] = await Promise.all([entriesOf(db, records), laborPostingsOf(db, records), payLinesOf(db, records), timeAnswersOf(db, records)]);
  const statuses: VersionStatus[] = [];
  for (const version of versions) {
    const of = <Row extends { readonly record: number }>(rows: readonly Row[]) => rows.filter(({ record }) => record === version.record);
    const own = timesheetProcessOf({ ...version, ...sheet });
    const ids = [own, ...(version.page === null ? [] : [timesheetPageId({ batch: version.batch, page: version.page })])];
    statuses.push({
      ...version,
      processes: ids.map((workflowId) => ({ workflowId, link: uiLink(endpoints, workflowId) })),
      entries: of(entries),
      postings: of(postings),
      payLines: of(payLines),
      answers: of(answers),
      openCases: await openCasesOf(db, endpoints, own),
    });
  }
  return { ...sheet, versions: statuses };
}

export function timesheetText({ system, id, versions }: TimesheetStatus): string {
  const lines = [`Timesheet ${system}/${id} · ${versions.length} ${versions.length === 1 ? 'version' : 'versions'}`];
  for (const version of versions) lines.push('', ...versionLines(version));
  return lines.join('\n');
}

function versionLines(version: VersionStatus): string[] {
  const lines = [
    `Version ${version.version} · ${version.person} of ${version.legalEntity}, week of ${version.weekStart ?? '?'} · ${version.state} (record ${version.record}, batch ${version.batch}, page ${version.page ?? '-'})`,
    ...version.processes.map(({ workflowId, link }) => `  ${workflowId}\n  ${link}`),
    '',
    table(['entry', 'version', 'day', 'hours', 'project', 'outcome'], version.entries.map((entry) => [entry.entryId, String(entry.entryVersion), entry.workDate ?? '', entry.hours ?? '', entry.projectNumber ?? '', entry.outcome ?? 'not decided yet'])),
  ];
  for (const entry of version.entries) {
    for (const { code, message, mend } of findingsSchema.parse(entry.findings)) lines.push(`  ${entry.entryId}: ${code} · ${message} ${mend}`);
    if (entry.waitsFor !== null) lines.push(`  ${entry.entryId}: waits for ${entry.waitsFor}`);
  }
  if (version.postings.length > 0) {
    lines.push('', table(['posted to', 'period', 'what', 'hours', 'amount', 'state', 'ID there'], version.postings.map((posting) => [posting.system, `${posting.legalEntity} ${posting.accountingPeriod}`, posting.kind, posting.hours, `${posting.amount} ${posting.currency}`, posting.state, posting.externalId ?? ''])));
  }
  if (version.payLines.length > 0) {
    lines.push('', table(['pay code', 'day', 'hours', 'what', 'pay period', 'exported with'], version.payLines.map((line) => [line.payCode, line.workDate, line.hours, line.kind, `${line.employer} ${line.payPeriod}`, line.payrollExport ?? 'not yet'])));
  }
  for (const answer of version.answers) lines.push('', `Told ${answer.system}: ${answer.kind === 'reject' ? 'what has to be mended' : 'that it is posted and locked'} (${answer.state.replace('_', ' ')})`);
  for (const open of version.openCases) lines.push(...openCaseLines(open));
  return lines;
}
