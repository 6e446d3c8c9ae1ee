import type { LocalDate } from '../../dates.ts';
import type { TimeAssignment, TimePerson, TimeProject, TimesheetContext } from '../../model/time/context.ts';
import type { ExpenseContext, PostedExpense } from '../../model/time/expense-context.ts';
import { MILEAGE, PER_DIEM, type ExpenseCategory, type ExpensePolicy } from '../../model/time/expense-policy.ts';
import type { ExpenseLine, ExpenseReport } from '../../model/time/expense-report.ts';
import type { Money } from '../../money.ts';
import { indexOf, inForceOn, type ContextIndex } from '../timesheet/index-context.ts';
import { amountsOf } from './amounts.ts';
import type { ExpenseFinding } from './finding.ts';

/** A line with what its codes stand for on the day it was incurred. */
export interface LineInReview {
  readonly report: ExpenseReport;
  readonly line: ExpenseLine;
  readonly categoryCode: string;
  readonly category: ExpenseCategory | undefined;
  /** By the code in force on the day. */
  readonly project: TimeProject | undefined;
  readonly assignments: readonly TimeAssignment[];
  readonly covering: readonly TimeAssignment[];
  /** In the report's currency; null where the exchange rate is missing. */
  readonly amount: Money | null;
}

/** What every rule looks at. Lines are in an order that does not depend on how they arrived. */
export interface ReportInReview {
  readonly report: ExpenseReport;
  readonly context: ExpenseContext;
  readonly index: ContextIndex;
  readonly person: TimePerson | undefined;
  readonly employer: TimesheetContext['legalEntities'][number] | undefined;
  readonly policy: ExpensePolicy | undefined;
  /** In which this person is paid back. */
  readonly paidIn: string | undefined;
  readonly lines: readonly LineInReview[];
  /** In the person's time zone. */
  readonly today: LocalDate;
  /** What the report replaces: the version in force, or the report it corrects. */
  readonly original: PostedExpense | undefined;
  /** In force of this person, without what this report replaces. */
  readonly others: readonly PostedExpense[];
}

/** A rule names everything it finds wrong with a report; it never throws, whatever the report looks like. */
export type ReportRule = (review: ReportInReview) => ExpenseFinding[];

/** The same rule for each line. */
export function eachLine(rule: (line: LineInReview, review: ReportInReview) => ExpenseFinding[]): ReportRule {
  return (review) => review.lines.flatMap((line) => rule(line, review));
}

const MOST_CODE_CHANGES = 10;

export function reviewOf(report: ExpenseReport, context: ExpenseContext, original: PostedExpense | undefined): ReportInReview {
  const index = indexOf(context.time);
  const person = index.person(report.person, report.lines.map(({ incurredOn }) => incurredOn).toSorted()[0] ?? report.submittedOn);
  const employer = person === undefined ? undefined : index.entity(person.legalEntity);
  const policy = context.policies.find(({ country }) => country === employer?.country) ?? (employer === undefined ? undefined : context.policies.find(({ country }) => country === '*'));
  const amounts = amountsOf(report);
  const lines = report.lines.map((line, position): LineInReview => {
    const { project, numbers } = projectOn(line, index);
    const assignments = index.assignments(report.person, numbers);
    const categoryCode = categoryOf(line);
    return {
      report,
      line,
      categoryCode,
      category: context.categories.find(({ code }) => code === categoryCode),
      project,
      assignments,
      covering: inForceOn(assignments, line.incurredOn),
      amount: amounts[position] ?? null,
    };
  });
  return {
    report,
    context,
    index,
    person,
    employer,
    policy,
    paidIn: policy?.currency ?? employer?.functionalCurrency,
    lines: lines.map((review) => ({ review, key: orderKey(review.line) })).toSorted((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0)).map(({ review }) => review),
    today: index.today(person?.timeZone ?? 'UTC'),
    original,
    others: context.posted.filter((posted) => posted.state === 'in_force' && posted !== original && posted.report.person === report.person && !(posted.report.system === report.system && posted.report.id === report.id)),
  };
}

function categoryOf(line: ExpenseLine): string {
  return line.kind === 'receipt' ? line.category : line.kind === 'per_diem' ? PER_DIEM : MILEAGE;
}

function orderKey(line: ExpenseLine): string {
  return [line.incurredOn, line.id, canonical(line)].join('\u0001');
}

/** A document's content, whatever its keys' order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).toSorted(([left], [right]) => (left < right ? -1 : 1))) : part));
}

/** Follows changes of a project's code, forward or back, to the one in force on the day; with every code it had. */
function projectOn(line: ExpenseLine, index: ContextIndex): { readonly project: TimeProject | undefined; readonly numbers: readonly string[] } {
  let project = index.project(line.projectNumber);
  const numbers = new Set([line.projectNumber]);
  for (let step = 0; step < MOST_CODE_CHANGES && project?.changedTo != null && line.incurredOn >= project.changedTo.from; step += 1) {
    const next = index.project(project.changedTo.number);
    if (next === undefined || numbers.has(next.number)) break;
    numbers.add(next.number);
    project = next;
  }
  for (let step = 0; step < MOST_CODE_CHANGES && project !== undefined; step += 1) {
    const before: TimeProject | undefined = index.projectBefore(project.number);
    if (before?.changedTo == null || numbers.has(before.number)) break;
    numbers.add(before.number);
    if (line.incurredOn >= before.changedTo.from) break;
    project = before;
  }
  return { project, numbers: project === undefined ? [...numbers] : [project.number, ...[...numbers].filter((number) => number !== project.number)] };
}
