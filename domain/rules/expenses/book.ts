import type { ExpensePosting } from '../../model/time/expense-posting.ts';
import type { ExpenseContext, PostedExpense } from '../../model/time/expense-context.ts';
import type { ExpenseReport } from '../../model/time/expense-report.ts';
import { money } from '../../money.ts';
import { stableToken } from '../closed-won/identity.ts';
import { bookingPeriod } from '../timesheet/booking-period.ts';
import { indexOf } from '../timesheet/index-context.ts';
import { negatedMoney } from './amounts.ts';
import { billedOn, recoverableTax } from './bill-on.ts';
import type { ReportInReview } from './review.ts';
import { bookedIn } from './rules/period.ts';

/** The posting's key: of one version of a report, and of how often that version has been booked. The same on any machine, at any time. */
export function postingKey({ system, id, version }: Pick<ExpenseReport, 'system' | 'id' | 'version'>, booking: number): string {
  return `EX-${stableToken('expense', system, id)}${stableToken(id, system, 'expense report')}-${version}${booking === 0 ? '' : `-${booking}`}`;
}

/**
 * A report that passed every rule, as its employer's ERP books it.
 * @throws RangeError for a report that did not pass
 */
export function originalPosting(review: ReportInReview, booking: number): ExpensePosting {
  const { report, employer, context } = review;
  const erp = context.erps.find(({ legalEntity }) => legalEntity === employer?.code)?.erp;
  const period = bookedIn(review);
  if (employer === undefined || erp === undefined || period?.outcome !== 'open') throw unfit(report);
  return {
    key: postingKey(report, booking),
    kind: 'original',
    reverses: null,
    system: erp,
    employer: employer.code,
    report: { system: report.system, id: report.id, version: report.version },
    person: report.person,
    submittedOn: report.submittedOn,
    accountingPeriod: period.period.code,
    currency: report.currency,
    total: money(report.total.amount, report.currency),
    lines: review.lines.map((line): ExpensePosting['lines'][number] => {
      const { project, amount } = line;
      const billed = billedOn(line, review);
      if (project === undefined || amount === null || billed === undefined) throw unfit(report);
      return {
        id: line.line.id,
        kind: line.line.kind,
        category: line.categoryCode,
        incurredOn: line.line.incurredOn,
        projectNumber: project.number,
        legalEntity: project.legalEntity,
        costCenter: line.line.costCenter ?? project.costCenter,
        country: line.line.kind === 'mileage' ? null : line.line.country,
        amount,
        recoverableTax: recoverableTax(line),
        billed,
        receipt: line.line.kind === 'receipt' ? (line.line.receipt?.id ?? null) : null,
        description: line.line.description,
      };
    }),
  };
}

/** What takes a posting back to the cent, in the original's period while it is open, else in the next open one; undefined where none is. */
export function reversalPosting({ posting }: PostedExpense, context: ExpenseContext): ExpensePosting | undefined {
  const index = indexOf(context.time);
  const own = index.periods(posting.employer).find(({ code }) => code === posting.accountingPeriod);
  const period = bookingPeriod(index, posting.employer, own?.from ?? index.today(index.entity(posting.employer)?.timeZone ?? 'UTC'));
  if (period?.outcome !== 'open') return undefined;
  return {
    ...posting,
    key: `${posting.key}-R`,
    kind: 'reversal',
    reverses: posting.key,
    accountingPeriod: period.period.code,
    total: negatedMoney(posting.total),
    lines: posting.lines.map((line) => ({ ...line, amount: negatedMoney(line.amount), recoverableTax: negatedMoney(line.recoverableTax), billed: line.billed === null ? null : negatedMoney(line.billed) })),
  };
}

function unfit({ id, version }: ExpenseReport): RangeError {
  return new RangeError(`expense report ${id} version ${version} cannot be booked: it has findings; validate it first`);
}
