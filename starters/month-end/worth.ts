import { projectRateSchema, timeAssignmentSchema, timePersonSchema, timeProjectSchema, type TimeAssignment, type TimePerson, type TimeProject, type TimesheetContext } from '../../domain/model/time/context.ts';
import { timeEntitySchema } from '../../domain/model/time/reference.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { money, type Money } from '../../domain/money.ts';
import { worthOf } from '../../domain/rules/timesheet/enrich.ts';
import { hundredths } from '../../domain/rules/timesheet/hours.ts';
import { createProjectFamilies } from '../../domain/rules/timesheet/project-family.ts';
import { indexOf } from '../../domain/rules/timesheet/index-context.ts';
import { reviewOf } from '../../domain/rules/timesheet/review.ts';
import type { ReferenceRow } from './sample/index.ts';

export interface ReceivedWorth {
  readonly hours: string;
  /** Hours times the rate in force, whatever becomes of the entry; nothing where no rate can be told. */
  readonly worth: Money;
}

/**
 * What received entries are worth, told from the timesheets and the rates alone: independent of what was decided, so that the two can be compared.
 * @param hoursPerDay converts daily rates
 */
export function createWorth(rows: Iterable<ReferenceRow>, hoursPerDay: number): (sheet: Timesheet, legalEntity: string) => readonly ReceivedWorth[] {
  const people = new Map<string, TimePerson>();
  const projects = new Map<string, TimeProject>();
  const currencies = new Map<string, string>();
  const assignments: TimeAssignment[] = [];
  const rates: TimesheetContext['rates'] = [];
  for (const { kind, key, document } of rows) {
    if (kind === 'person') people.set(key, timePersonSchema.parse(document));
    else if (kind === 'project') projects.set(key, timeProjectSchema.parse(document));
    else if (kind === 'assignment') assignments.push(timeAssignmentSchema.parse(document));
    else if (kind === 'rate') rates.push(projectRateSchema.parse(document));
    else if (kind === 'entity') currencies.set(key, timeEntitySchema.parse(document).functionalCurrency);
  }
  const assignmentsOf = Map.groupBy(assignments, ({ person }) => person);
  const ratesOf = Map.groupBy(rates, ({ projectNumber }) => projectNumber);

  const family = createProjectFamilies(projects);

  return (sheet, legalEntity) => {
    const ours = new Map(sheet.entries.flatMap(({ projectNumber }) => family(projectNumber).map((project) => [project.number, project] as const)));
    const emails = [...new Set([sheet.person, ...sheet.entries.map(({ person }) => person)])];
    const context: TimesheetContext = {
      schema: 'timesheet-context',
      schemaVersion: 1,
      asOf: new Date(0).toISOString(),
      configHash: '',
      hoursPerDay,
      legalEntities: [],
      laborCategories: [],
      roles: [],
      people: emails.flatMap((email) => people.get(email) ?? []),
      projects: [...ours.values()],
      assignments: emails.flatMap((email) => assignmentsOf.get(email) ?? []),
      rates: [...ours.keys()].flatMap((number) => ratesOf.get(number) ?? []),
      transferRates: [],
      costRates: [],
      ruleSets: [],
      payCodes: [],
      closings: [],
      periods: [],
      payPeriods: [],
      posted: [],
      refused: [],
      waivers: [],
      withdrawals: [],
    };
    const index = indexOf(context);
    return sheet.entries.map((entry) => {
      const review = reviewOf(entry, sheet, index, undefined);
      const readable = hundredths(entry.hours) !== null;
      const currency = review.project?.currency ?? currencies.get(legalEntity) ?? 'USD';
      return { hours: readable ? entry.hours : '0', worth: readable && review.project !== undefined ? worthOf(review) : money('0', currency) };
    });
  };
}
