import { z } from 'zod';
import type { Endpoints } from '../../connectors/addresses.ts';
import { expenseReportProcessId } from '../../domain/process/time-process.ts';
import type { Db } from '../../store/database.ts';
import { reportVersions, type ReportVersion } from '../../store/time/expense-view.ts';
import { uiLink } from './links.ts';
import { openCaseLines, openCasesOf, type OpenCase } from './open-cases.ts';
import { table } from './table.ts';

const findingsSchema = z.array(z.looseObject({ code: z.string(), path: z.string().default(''), message: z.string(), mend: z.string() })).catch([]);

export interface ExpenseStatus {
  readonly system: string;
  readonly id: string;
  readonly versions: readonly (ReportVersion & { readonly process: string; readonly link: string; readonly openCases: readonly OpenCase[] })[];
}

/** What was received of an expense report, and what became of it, from the store. */
export async function expenseStatus(db: Db, endpoints: Endpoints, report: { readonly system: string; readonly id: string }): Promise<ExpenseStatus> {
  const versions: ExpenseStatus['versions'][number][] = [];
  for (const version of await reportVersions(db, report)) {
    const process = expenseReportProcessId({ ...report, version: version.version });
    versions.push({ ...version, process, link: uiLink(endpoints, process), openCases: await openCasesOf(db, endpoints, process) });
  }
  return { ...report, versions };
}

export function expenseText({ system, id, versions }: ExpenseStatus): string {
  const lines = [`Expense report ${system}/${id} · ${versions.length} ${versions.length === 1 ? 'version' : 'versions'}`];
  for (const version of versions) {
    const { total } = version;
    lines.push('', `Version ${version.version} · ${version.person} of ${version.legalEntity}, ${version.lines} lines, ${total.amount} ${total.currency} · ${version.outcome ?? 'not decided yet'} (record ${version.record}, batch ${version.batch})`, `  ${version.process}\n  ${version.link}`);
    for (const { code, path, message, mend } of findingsSchema.parse(version.findings)) lines.push(`  ${code}${path === '' ? '' : ` at ${path}`} · ${message} ${mend}`);
    if (version.holdMessage !== null) lines.push(`  ${version.holdMessage}`);
    lines.push(...version.remarks.map((remark) => `  ${remark}`));
    if (version.postings.length > 0) {
      lines.push('', table(['posted to', 'period', 'what', 'amount', 'state', 'ID there'], version.postings.map((posting) => [posting.system, `${posting.employer} ${posting.accountingPeriod}`, posting.kind, `${posting.amount} ${posting.currency}`, posting.state, posting.externalId ?? ''])));
    }
    for (const answer of version.answers) lines.push('', `Told ${answer.system}: ${answer.kind === 'reject' ? 'what has to be mended' : 'that it is posted and locked'} (${answer.state.replace('_', ' ')})`);
    for (const open of version.openCases) lines.push(...openCaseLines(open));
  }
  return lines.join('\n');
}
