import { addDays } from '../../domain/dates.ts';
import { isSystemFailure } from '../../domain/failure.ts';
import { postedExpenseSchema, type ExpenseContext } from '../../domain/model/time/expense-context.ts';
import type { ExpenseReport } from '../../domain/model/time/expense-report.ts';
import type { TimeEntry } from '../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import type { Db } from '../../store/database.ts';
import { knownReports, referenceRates, refusedVersions, seenReceipts, waivers, withdrawals } from '../../store/expenses/known.ts';
import type { Reference } from '../time/reference.ts';

/** Reports this far apart can share a tax year of driving. */
const DAYS_AROUND = 366;
/** Reference rates this much older than an expense still hold on its day; expenses are billed on at the rate of their day. */
const RATE_DAYS = 10;

/** Everything a report is judged by: the firm's configuration and reference data, and what is known of other reports. */
export async function contextOf(db: Db, reference: Reference, report: ExpenseReport, asOf: string): Promise<ExpenseContext> {
  const { config } = reference;
  const time = reference.sliceFor(asTimesheet(report), asOf, new Map(), []);
  const days = report.lines.flatMap(({ incurredOn, exchange }) => (exchange === null ? [incurredOn] : [incurredOn, exchange.on])).toSorted();
  const [first = report.submittedOn, last = report.submittedOn] = [days[0], days.at(-1)];
  const ids = report.replaces === null ? [report.id] : [report.id, report.replaces.id];
  const { system, id, version, person } = report;
  const hashes = report.lines.flatMap((line) => (line.kind === 'receipt' && line.receipt !== null ? [line.receipt.sha256] : []));
  const currencies = new Set([report.currency, ...report.lines.map(({ amount }) => amount.currency), ...time.projects.map(({ currency }) => currency)]);
  const known = await knownReports(db, { system, ids, person, from: addDays(first, -DAYS_AROUND), to: addDays(last, DAYS_AROUND) });
  const receipts = await seenReceipts(db, hashes);
  const refused = await refusedVersions(db, system, ids);
  const taken = await withdrawals(db, system, id);
  const waived = await waivers(db, { system, id, version });
  return {
    schema: 'expense-context',
    schemaVersion: 1,
    time: { ...time, posted: [], refused: [], waivers: [], withdrawals: [] },
    erps: time.legalEntities.flatMap(({ code }) => {
      const erp = erpOf(reference, code);
      return erp === undefined ? [] : [{ legalEntity: code, erp }];
    }),
    policies: config.expensePolicies,
    categories: config.expenseCategories,
    taxes: config.expenseTaxes,
    exchangeRates: await referenceRates(db, [...currencies], { from: addDays(first, -RATE_DAYS), to: addDays(last, 1) }),
    posted: known.map(({ state, document, posting }) => postedExpenseSchema.parse({ schema: 'posted-expense-report', schemaVersion: 1, state, report: document, posting })),
    receipts: receipts.map(({ sha256, line, person: of, ...seen }) => ({ sha256, report: { system: seen.system, id: seen.id, version: seen.version }, line, person: of })),
    refused,
    waivers: waived.map((waiver) => ({ report: { system, id, version }, ...waiver })),
    withdrawals: taken.map(({ at, ...of }) => ({ report: of, at: new Date(at).toISOString() })),
  };
}

function erpOf(reference: Reference, legalEntity: string): string | undefined {
  try {
    return reference.erpOf(legalEntity);
  } catch (error) {
    if (isSystemFailure(error)) return undefined;
    throw error;
  }
}

/** The reference data is kept by what time needs: a report needs the same of its person, projects and days. */
function asTimesheet({ system, id, version, person, submittedOn, approval, lines }: ExpenseReport): Timesheet {
  const entries = lines.map((line): TimeEntry => ({
    schema: 'time-entry', schemaVersion: 1, system, id: line.id, version, replaces: null, person, workDate: line.incurredOn, hours: '0', clock: null,
    projectNumber: line.projectNumber, task: null, role: null, laborCategory: null, costCenter: null, billable: false, notes: '',
  }));
  return { schema: 'timesheet', schemaVersion: 1, system, id, version, replaces: null, person, weekStart: lines[0]?.incurredOn ?? submittedOn, approval, entries };
}
