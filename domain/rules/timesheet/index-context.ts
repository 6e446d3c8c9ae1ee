import { isWithin, type LocalDate } from '../../dates.ts';
import type { SystemRef, TimeAssignment, TimePerson, TimeProject, TimesheetContext } from '../../model/time/context.ts';
import type { PostedEntry } from '../../model/time/enriched-entry.ts';
import type { AccountingPeriod, PayPeriod } from '../../model/time/periods.ts';
import type { RegionalRuleSet } from '../../model/time/regional-rule-set.ts';
import { localDateOf } from './hours.ts';
import { termsByPerson, termsOn } from './terms.ts';

/** A context with its lists made quick to look things up in. */
export interface ContextIndex {
  readonly context: TimesheetContext;
  /** By the terms of the day. */
  readonly person: (email: string, date: LocalDate) => TimePerson | undefined;
  /** All terms of a person, the earliest first. */
  readonly terms: (email: string) => readonly TimePerson[];
  readonly project: (number: string) => TimeProject | undefined;
  readonly projectBefore: (number: string) => TimeProject | undefined;
  readonly assignments: (person: string, projectNumbers: readonly string[]) => readonly TimeAssignment[];
  readonly rates: (projectNumbers: readonly string[]) => readonly TimesheetContext['rates'][number][];
  readonly entity: (code: string) => TimesheetContext['legalEntities'][number] | undefined;
  readonly ruleSet: (person: TimePerson) => RegionalRuleSet | undefined;
  readonly postedOf: (person: string) => readonly PostedEntry[];
  readonly postedVersions: (system: string, id: string) => readonly PostedEntry[];
  /** IDs of entries, posted or refused, that name one by this ID as what they replace, and those that one by this ID names. */
  readonly replacing: (system: string, id: string) => ReadonlySet<string>;
  readonly refusal: (ref: SystemRef) => TimesheetContext['refused'][number] | undefined;
  readonly isWaived: (ref: SystemRef, code: string) => boolean;
  readonly multiplierOf: (payCode: string) => string;
  /** Of a legal entity, the earliest first. */
  readonly periods: (legalEntity: string) => readonly AccountingPeriod[];
  readonly payPeriods: (legalEntity: string) => readonly PayPeriod[];
  /** The local day at the moment of judgement. */
  readonly today: (timeZone: string) => LocalDate;
  readonly holidays: (ruleSet: RegionalRuleSet) => ReadonlyMap<LocalDate, string>;
}

const indexes = new WeakMap<TimesheetContext, ContextIndex>();

/** The index of a context, made once for each context object; contexts are never changed in place. */
export function indexOf(context: TimesheetContext): ContextIndex {
  const known = indexes.get(context);
  if (known !== undefined) return known;
  const made = build(context);
  indexes.set(context, made);
  return made;
}

export function refKey({ system, id, version }: SystemRef): string {
  return `${system} ${id}@${version}`;
}

function build(context: TimesheetContext): ContextIndex {
  const people = termsByPerson(context.people);
  const projects = new Map(context.projects.map((project) => [project.number, project]));
  const before = new Map(context.projects.flatMap((project) => (project.changedTo === null ? [] : [[project.changedTo.number, project] as const])));
  const assignments = Map.groupBy(context.assignments, (assignment) => `${assignment.person} ${assignment.projectNumber}`);
  const rates = Map.groupBy(context.rates, (rate) => rate.projectNumber);
  const entities = new Map(context.legalEntities.map((entity) => [entity.code, entity]));
  const ruleSets = new Map(context.ruleSets.map((ruleSet) => [ruleSet.code, ruleSet]));
  const defaults = new Map(context.ruleSets.filter((ruleSet) => ruleSet.defaultForCountry).map((ruleSet) => [ruleSet.country, ruleSet]));
  const posted = Map.groupBy(context.posted, ({ labor }) => labor.entry.person);
  const versions = Map.groupBy(context.posted, ({ labor }) => `${labor.entry.system} ${labor.entry.id}`);
  const replacing = linksOf([...context.posted.map(({ labor }) => labor.entry), ...context.refused]);
  const refused = new Map(context.refused.map((ref) => [refKey(ref), ref]));
  const waived = new Set(context.waivers.map((waiver) => `${refKey(waiver.entry)} ${waiver.code}`));
  const multipliers = new Map(context.payCodes.map((payCode) => [payCode.code, payCode.multiplier]));
  const holidays = new Map(context.ruleSets.map((ruleSet) => [ruleSet, new Map(ruleSet.holidays.days.map((day) => [day.date, day.name]))]));
  const periods = byEntity(context.periods);
  const payPeriods = byEntity(context.payPeriods);
  const today = new Map<string, LocalDate>();
  return {
    context,
    person: (email, date) => termsOn(people.get(email) ?? [], date),
    terms: (email) => people.get(email) ?? [],
    project: (number) => projects.get(number),
    projectBefore: (number) => before.get(number),
    assignments: (person, numbers) => numbers.flatMap((number) => assignments.get(`${person} ${number}`) ?? []),
    rates: (numbers) => numbers.flatMap((number) => rates.get(number) ?? []),
    entity: (code) => entities.get(code),
    ruleSet: (person) => (person.ruleSet === null ? defaults.get(entities.get(person.legalEntity)?.country ?? '') : ruleSets.get(person.ruleSet)),
    postedOf: (person) => posted.get(person) ?? [],
    postedVersions: (system, id) => versions.get(`${system} ${id}`) ?? [],
    replacing: (system, id) => replacing.get(`${system} ${id}`) ?? NONE,
    refusal: (ref) => refused.get(refKey(ref)),
    isWaived: (ref, code) => waived.has(`${refKey(ref)} ${code}`),
    multiplierOf: (payCode) => multipliers.get(payCode) ?? '1',
    periods: (legalEntity) => periods.get(legalEntity) ?? [],
    payPeriods: (legalEntity) => payPeriods.get(legalEntity) ?? [],
    today: (timeZone) => {
      const known = today.get(timeZone) ?? localDateOf(context.asOf, timeZone);
      today.set(timeZone, known);
      return known;
    },
    holidays: (ruleSet) => holidays.get(ruleSet) ?? new Map(),
  };
}

const NONE: ReadonlySet<string> = new Set();

function linksOf(entries: readonly TimesheetContext['refused'][number][]): ReadonlyMap<string, ReadonlySet<string>> {
  const links = new Map<string, Set<string>>();
  const link = (system: string, from: string, to: string): void => {
    const known = links.get(`${system} ${from}`);
    if (known === undefined) links.set(`${system} ${from}`, new Set([to]));
    else known.add(to);
  };
  for (const { system, id, replaces } of entries) {
    if (replaces === null || replaces.id === id) continue;
    link(system, id, replaces.id);
    link(system, replaces.id, id);
  }
  return links;
}

function byEntity<T extends { readonly legalEntity: string; readonly from: LocalDate }>(periods: readonly T[]): Map<string, T[]> {
  return Map.groupBy(periods.toSorted((left, right) => (left.from < right.from ? -1 : left.from > right.from ? 1 : 0)), ({ legalEntity }) => legalEntity);
}

/** Those in force on a day. */
export function inForceOn<T extends { readonly from: LocalDate; readonly to: LocalDate | null }>(list: readonly T[], date: LocalDate): T[] {
  return list.filter((item) => isWithin(date, item.from, item.to));
}
