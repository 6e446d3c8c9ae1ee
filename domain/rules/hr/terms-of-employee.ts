import type { FirmConfig } from '../../config/schema.ts';
import { addDays, type LocalDate } from '../../dates.ts';
import type { Finding } from '../../findings.ts';
import type { TimePerson } from '../../model/time/context.ts';
import { localDateOf } from '../timesheet/hours.ts';
import { personOfEmployee, type EmployeeFacts } from './person-of-employee.ts';

export type TermsOutcome =
  /** All of the person's rows, the earliest first: those known before at their places, a new one at the end. */
  | { readonly terms: readonly TimePerson[] }
  | { readonly left: true }
  | { readonly findings: readonly Finding[] };

/**
 * A person's terms once HR has told of them. Who changes employer, cost center or labor category has a new row from the day of the change (the first
 * day that HR names, where that is later than the row known, else the day HR was told), and the row before ends the day before: time is judged by the
 * terms of its work date, so what was worked before stays as it was. Who comes back after having left has a new row too. A last day, and a first day
 * that HR corrects, change the row they are about.
 * @param known the person's rows, the earliest first
 */
export function termsOfEmployee(employee: EmployeeFacts, known: readonly TimePerson[], firm: Pick<FirmConfig, 'legalEntities' | 'laborCategories'>): TermsOutcome {
  const newest = known.at(-1);
  const outcome = personOfEmployee(employee, newest, firm);
  if (!('person' in outcome)) return outcome;
  const { person } = outcome;
  if (newest === undefined) return { terms: [person] };
  const before = startingOn(employee.from, known.slice(0, -1));
  const alone = before.length === 0;
  const from = newRowFrom(employee, person, newest, firm);
  if (from !== undefined) return { terms: [...before, { ...newest, from: alone ? earlier(employee.from, newest.from) : newest.from, to: earlier(newest.to, addDays(from, -1)) }, { ...person, from }] };
  const last = isSame(person, newest) || !hasLeft(person, dayTold(employee, person, firm)) ? person : { ...newest, to: person.to };
  return { terms: endingOn(person.to, [...before, { ...last, from: alone ? person.from : newest.from }]) };
}

/** Undefined where no row begins: HR says nothing new, the newest row itself was wrong from its first day on, or the person had left before. */
function newRowFrom(employee: EmployeeFacts, person: TimePerson, newest: TimePerson, firm: Pick<FirmConfig, 'legalEntities'>): LocalDate | undefined {
  const named = employee.from !== null && employee.from > newest.from ? employee.from : undefined;
  if (newest.to !== null && named !== undefined && named > newest.to) return named;
  if (isSame(person, newest)) return undefined;
  const from = named ?? dayTold(employee, person, firm);
  return from <= newest.from || hasLeft(person, from) ? undefined : from;
}

function dayTold({ changedAt }: EmployeeFacts, { legalEntity, timeZone }: TimePerson, { legalEntities }: Pick<FirmConfig, 'legalEntities'>): LocalDate {
  return localDateOf(changedAt, legalEntities.find(({ code }) => code === legalEntity)?.timeZone ?? timeZone);
}

function isSame(left: TimePerson, right: TimePerson): boolean {
  return left.legalEntity === right.legalEntity && left.costCenter === right.costCenter && left.laborCategory === right.laborCategory;
}

function hasLeft({ to }: TimePerson, day: LocalDate): boolean {
  return to !== null && to < day;
}

/** The first of the rows with the first day that HR says now, where that lies before its end. */
function startingOn(from: LocalDate | null, [first, ...others]: readonly TimePerson[]): TimePerson[] {
  if (first === undefined) return [];
  return [from !== null && (first.to === null || from <= first.to) ? { ...first, from } : first, ...others];
}

/** No row goes on after the person's last day. */
function endingOn(to: LocalDate | null, rows: readonly TimePerson[]): TimePerson[] {
  return to === null ? [...rows] : rows.map((row) => ({ ...row, to: earlier(row.to, to) }));
}

function earlier(date: LocalDate | null, other: LocalDate): LocalDate {
  return date !== null && date < other ? date : other;
}
