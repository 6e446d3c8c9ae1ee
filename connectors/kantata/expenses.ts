import { addMilliseconds, type Instant } from '../../domain/dates.ts';
import type { ExpenseSource, ReadReport } from '../expense-source.ts';
import { byIds, MOST_A_PAGE, type About, type Kantata } from './client.ts';
import type { Answered } from './envelope.ts';
import { expenseRow, receiptRow, reportOf, reportRow, type ExpenseRow, type ReportRow } from './expense-mapping.ts';
import type { KantataOptions } from './options.ts';
import { addressOf, userRow, type People } from './people.ts';
import type { References } from './references.ts';
import { createTimeEntries } from './time-entries.ts';
import { versionOf, wasDecided } from './timesheet-mapping.ts';
import { anyRow, wholeList, type AnyRow } from './whole-list.ts';

const REPORTS = '/expense_report_submissions';
const INCLUDE = 'expenses,user,workspace';
const reportId = /^[1-9]\d{0,9}$/;

type Report = { readonly id: string; readonly row: ReportRow; readonly email: string | null } | { readonly id: string; readonly raw: AnyRow; readonly updatedAt: Instant | null; readonly problem: string };

/**
 * Kantata's approved expense report submissions as expense reports; the ID of one is the other's.
 * @param now the present in milliseconds; another clock for tests
 */
export function createExpenseSource(kantata: Kantata, references: References, people: People, options: KantataOptions, now: () => number = Date.now): ExpenseSource {
  const names = createTimeEntries(kantata, references);

  const read = ({ rows, beside }: Answered<AnyRow>): Report[] => {
    const users = beside('users', userRow);
    return rows.map((raw) => {
      const row = reportRow.safeParse(raw);
      if (row.success) return { id: raw.id, row: row.data, email: users.get(row.data.user_id)?.email_address ?? null };
      const { data: at = null } = reportRow.shape.updated_at.safeParse(raw['updated_at']);
      return { id: raw.id, raw, updatedAt: at, problem: row.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ') };
    });
  };

  const expensesOf = async (ids: readonly string[], about: About): Promise<ReadonlyMap<string, ExpenseRow>> => {
    const answers = await byIds(kantata, '/expenses', ids, anyRow, about, { include: 'active_submission,receipt,story,vendor', from_archived_workspaces: 'true' });
    const found = answers.flatMap(({ rows, beside }) => {
      const receipts = beside('attachments', receiptRow);
      const vendors = beside('vendors', anyRow);
      return rows.map((raw) => ({ raw, receipts, vendors }));
    });
    const tasks = await names.tasks(new Set(found.flatMap(({ raw }) => (typeof raw['story_id'] === 'string' ? [raw['story_id']] : []))), about);
    return new Map(found.flatMap(({ raw, receipts, vendors }): [string, ExpenseRow][] => {
      const row = expenseRow.safeParse(raw);
      if (!row.success) return [];
      const { receipt_id: receipt, story_id: story, vendor_id: vendor } = row.data;
      const vendorName = vendor == null ? undefined : vendors.get(vendor)?.['name'];
      return [[raw.id, { ...row.data, receipt: receipt == null ? null : { id: receipt, file: receipts.get(receipt) ?? null }, task: story == null ? null : (tasks.get(story) ?? `task ${story}`), vendor: typeof vendorName === 'string' ? vendorName : null }]];
    }));
  };

  const unreadable = (id: string, version: number | null, document: object, problem: string, about: About): ReadReport => {
    const { failure } = kantata.failure({ ...about, object: `expense report ${id}` }, { kind: 'contract', code: 'KANTATA_EXPENSES_UNREADABLE', message: `The expense report ${id} of Kantata cannot be read as a report: ${problem}.`, mend: 'Correct the expenses in Kantata, or have connectors/kantata/expense-mapping.ts extended. All other reports are taken.' });
    return { unreadable: { id, version, document, failure } };
  };

  const made = async (given: readonly Report[], about: About): Promise<readonly { readonly read: ReadReport; readonly mayHaveChanged: boolean }[]> => {
    const rows = given.flatMap((each) => ('row' in each ? [each.row] : []));
    const expenses = await expensesOf(rows.flatMap(({ status, expense_ids: ids }) => (status === 'approved' ? ids : [])), about);
    const projects = await names.projects(new Set(rows.map(({ workspace_id: id }) => id)), about);
    const emails = await people.emailsOf(rows.flatMap(({ current_resolution_creator_id: id }) => id ?? []), about);
    return given.map((each) => {
      if ('problem' in each) return { read: unreadable(each.id, null, each.raw, each.problem, about), mayHaveChanged: false };
      const { row, email } = each;
      const creator = row.current_resolution_creator_id;
      const report = reportOf(row, expenses, {
        system: kantata.system,
        options,
        person: addressOf(row.user_id, email),
        approver: creator == null ? null : addressOf(creator, emails.get(creator)),
        projectNumber: projects.get(row.workspace_id) ?? `Kantata project ${row.workspace_id}`,
      });
      if ('report' in report) return { read: report, mayHaveChanged: false };
      return { read: unreadable(row.id, versionOf(row), { ...row, expenses: row.expense_ids.flatMap((id) => expenses.get(id) ?? []) }, report.problem, about), mayHaveChanged: report.mayHaveChanged === true };
    });
  };

  /** In the order given. One whose approval was taken back while its expenses were read is read anew, once. */
  const reports = async (given: readonly Report[], about: About): Promise<readonly ReadReport[]> => {
    const first = await made(given, about);
    const doubtful = given.filter((_, position) => first[position]?.mayHaveChanged === true);
    if (doubtful.length === 0) return first.map(({ read: one }) => one);
    const again = (await byIds(kantata, REPORTS, doubtful.map(({ id }) => id), anyRow, about, { all_on_account: 'true', include: INCLUDE })).flatMap(read);
    const second = new Map((await made(again, about)).map(({ read: one }, position) => [again[position]?.id, one]));
    return first.map(({ read: one }, position) => second.get(given[position]?.id) ?? one);
  };

  return {
    async *changed(since, context) {
      const about = { object: `expense reports changed since ${since}`, context };
      const startedAt = new Date(now()).toISOString();
      const query = { all_on_account: 'true', updated_after: addMilliseconds(since, -options.overlapSeconds * 1000), order: 'created_at:asc', include: INCLUDE };
      const changed = await wholeList(kantata, REPORTS, query, options.pageSize, about, read);
      // What changed while this was read is told of by the next sweep: the time known must not run ahead of the reading.
      const at = (each: Report): Instant => {
        const updatedAt = 'row' in each ? each.row.updated_at : each.updatedAt;
        return updatedAt !== null && updatedAt < startedAt ? updatedAt : startedAt;
      };
      const told = changed.filter((each) => !('row' in each) || wasDecided(each.row)).toSorted((left, right) => (at(left) < at(right) ? -1 : at(left) > at(right) ? 1 : Number(left.id) - Number(right.id)));
      for (let from = 0; from < told.length; from += MOST_A_PAGE) {
        const chunk = told.slice(from, from + MOST_A_PAGE);
        const found = await reports(chunk, about);
        for (const [position, each] of chunk.entries()) {
          const one = found[position];
          if (one !== undefined) yield { changedAt: at(each), ...one };
        }
      }
    },

    async *current(reportIds, context) {
      const about = { object: `${reportIds.length} expense reports`, context };
      const ids = reportIds.filter((id) => reportId.test(id));
      for (const answer of await byIds(kantata, REPORTS, ids, anyRow, about, { all_on_account: 'true', include: INCLUDE })) yield* await reports(read(answer), about);
    },
  };
}
