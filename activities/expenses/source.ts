import { isUnsupported } from '../../connectors/ports.ts';
import type { ReadReport } from '../../connectors/expense-source.ts';
import { bySystemsClock } from '../../connectors/http/clock-skew.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { expenseReportSchema, type ExpenseReport } from '../../domain/model/time/expense-report.ts';
import { latestReports, recentlySwept } from '../../store/expenses/latest-reports.ts';
import { canonicalJson } from '../../store/json.ts';
import { receiveRecords } from '../../store/time/intake.ts';
import { advanceWatermark, readWatermark } from '../../store/watermarks.ts';
import { callContext } from '../context.ts';
import { standingCaseOf } from '../sweep.ts';
import { takeSwept } from '../swept-batch.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { toTemporal } from '../failures.ts';
import type { ExpenseSourceActivities } from './contract.ts';

/** Looked at again at each sweep: a change may become visible some time after its own timestamp. What comes again is known. */
const OVERLAP_MS = 10 * 60_000;
const FIRST_SWEEP_MS = 62 * 24 * 3_600_000;
/** So long after it came, a report is looked at again once a day: what is deleted leaves no change behind. */
const LOOK_AGAIN_MS = FIRST_SWEEP_MS;
/** Reports asked for by their IDs at once. */
const ASKED_TOGETHER = 200;
/** Reports that are gone at once beyond which it is rather our token that does not see them any more. */
const MOST_GONE = 2;
const MOST_GONE_SHARE = 0.2;

export function createExpenseSources(deps: ActivityDependencies): ExpenseSourceActivities {
  const { db } = deps.store;

  /** What is new of these reports, under a version that is newer than all that came of each before. */
  async function fresh(system: string, reports: readonly ExpenseReport[]): Promise<{ readonly reports: ExpenseReport[]; readonly known: number }> {
    const latest = await latestReports(db, system, reports.map(({ id }) => id));
    const changed = reports.flatMap((report) => {
      const before = latest.get(report.id);
      // Where nothing came before, there is nothing to take back.
      if (before === undefined) return report.approval.status === 'withdrawn' ? [] : [report];
      const last = expenseReportSchema.safeParse(before.document);
      if (last.success && saysTheSame(last.data, report)) return [];
      return [report.version > before.version ? report : asVersion(report, before.version + 1)];
    });
    return { reports: changed, known: reports.length - changed.length };
  }

  /** Reports that are not there any more: what came of them is taken back. */
  async function gone(system: string, ids: readonly string[], at: string): Promise<ExpenseReport[]> {
    return [...(await latestReports(db, system, ids)).values()].flatMap(({ document, version }) => {
      const last = expenseReportSchema.safeParse(document);
      if (!last.success || last.data.approval.status === 'withdrawn') return [];
      const { approval, total } = last.data;
      return [asVersion({ ...last.data, lines: [], total: { ...total, amount: '0' }, approval: { ...approval, status: 'withdrawn', decidedAt: at, reason: `${system} does not have it any more` } }, version + 1)];
    });
  }

  return {
    async sweepExpenses({ system }) {
      const context = callContext(deps.log, `expense-sweep/${system}`);
      try {
        const { expenses } = deps.systems.time(system);
        if (isUnsupported(expenses)) return { notOffered: expenses.unsupported };
        const name = `expenses/${system}`;
        const startedAt = Date.now();
        const present = new Date(startedAt).toISOString();
        const last = await readWatermark(db, name);
        const since = new Date(last === undefined ? startedAt - FIRST_SWEEP_MS : Date.parse(last) - OVERLAP_MS).toISOString();
        const lookedName = `expenses-looked-again/${system}`;
        const looked = await readWatermark(db, lookedName);
        const today = present.slice(0, 10);
        let notShown: { readonly of: number; readonly missing: number } | null = null;
        const counts = await takeSwept<ExpenseReport>(
          db,
          {
            system,
            kind: 'expenses',
            since,
            nameOf: ({ id }) => id,
            receive: async (batch, swept) => {
              const { reports, known } = await fresh(system, swept);
              const taken = { received: 0, known };
              for (const { status } of await receiveRecords(db, batch, reports)) taken[status] += 1;
              return taken;
            },
            progress: (reports) => context.heartbeat(`${reports} expense reports`),
          },
          async ({ put, take }) => {
            for await (const change of expenses.changed(since, context)) await put(asSwept(change));
            await take();
            if (last === undefined || (looked ?? '') >= today) return;
            const ids = await recentlySwept(db, system, new Date(startedAt - LOOK_AGAIN_MS).toISOString());
            const missing = new Set(ids);
            for (let from = 0; from < ids.length; from += ASKED_TOGETHER) {
              for await (const read of expenses.current(ids.slice(from, from + ASKED_TOGETHER), context)) {
                missing.delete('report' in read ? read.report.id : read.unreadable.id);
                await put(asSwept(read));
              }
            }
            if (missing.size > MOST_GONE && missing.size > ids.length * MOST_GONE_SHARE) notShown = { of: ids.length, missing: missing.size };
            else for (const report of await gone(system, [...missing], present)) await put({ document: report });
          },
        );
        const until = bySystemsClock(system, startedAt).toISOString();
        await advanceWatermark(db, { name, from: last ?? null, to: until });
        if (notShown !== null) throw tooManyGone(system, notShown);
        if ((looked ?? '') < today) await advanceWatermark(db, { name: lookedName, from: looked ?? null, to: today });
        return { ...counts, until };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async caseOfExpenseSweep({ system }) {
      return await standingCaseOf(db, `expense-sweep/${system}`);
    },
  };
}

function asSwept(read: ReadReport) {
  return 'report' in read ? { document: read.report } : read;
}

/** Whether two versions of a report say the same: it was read again, or approved again as it was. */
function saysTheSame(left: ExpenseReport, right: ExpenseReport): boolean {
  const said = ({ version: _version, approval: { status, approver }, ...rest }: ExpenseReport) => canonicalJson(status === 'withdrawn' ? { id: rest.id, status } : { ...rest, status, approver });
  return said(left) === said(right);
}

function tooManyGone(system: string, { of, missing }: { readonly of: number; readonly missing: number }): SystemFailure {
  return new SystemFailure({
    kind: 'configuration',
    code: 'EXPENSES_NOT_SHOWN',
    system,
    object: `expense reports of ${system}`,
    written: 'no',
    message: `${system} does not show ${missing} of the ${of} expense reports that came from it in the last 62 days: nothing of them is taken back.`,
    mend: 'Look whether the token may still see everybody\'s expenses. Where they were deleted on purpose, send each to /v1/expenses with its approval withdrawn; all else is taken as ever.',
  });
}

function asVersion(report: ExpenseReport, version: number): ExpenseReport {
  return { ...report, version, approval: { ...report.approval, of: { ...report.approval.of, version } } };
}
