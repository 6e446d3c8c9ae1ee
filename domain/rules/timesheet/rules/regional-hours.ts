import type { TimePerson } from '../../../model/time/context.ts';
import type { RegionalRuleSet } from '../../../model/time/regional-rule-set.ts';
import { mayPass, mustChange, type TimeFinding } from '../finding.ts';
import { hoursText, lengthOfDay, limitOf, weekOf } from '../hours.ts';
import type { Work } from '../work.ts';
import type { GroupFinding } from './overlap.ts';

const total = (work: readonly Work[]) => work.reduce((sum, { hours }) => sum + hours, 0);

function told(work: readonly Work[], finding: (one: Work) => TimeFinding): GroupFinding[] {
  return work.filter(({ candidate }) => candidate).map((one): GroupFinding => [one, finding(one)]);
}

/** No more hours than the local day has: 24, or 23 and 25 on the days the clock changes. For everybody. */
export function localDayFindings(work: readonly Work[], person: TimePerson): GroupFinding[] {
  return [...Map.groupBy(work, ({ date }) => date)].flatMap(([date, day]) => {
    const length = lengthOfDay(date, person.timeZone);
    if (total(day) <= length) return [];
    return told(day, ({ entry }) => mustChange(entry, 'DAY_LONGER_THAN_CLOCK', 'hours', { message: `The entries of ${date} add up to ${hoursText(total(day))} hours; the day has ${hoursText(length)} in ${person.timeZone}.`, mend: 'Correct the hours of that day in the time system.' }));
  });
}

/** Working-time law of the region: hours a day and a week, breaks, rest between days. */
export function regionalHoursFindings(work: readonly Work[], ruleSet: RegionalRuleSet): GroupFinding[] {
  const worked = work.filter(({ absence }) => absence === null);
  const days = Map.groupBy(worked, ({ date }) => date);
  return [...dayFindings(days, ruleSet), ...weekFindings(worked, ruleSet), ...restFindings(days, ruleSet)];
}

function dayFindings(days: ReadonlyMap<string, readonly Work[]>, { limits, name }: RegionalRuleSet): GroupFinding[] {
  const most = limits.hoursPerDay;
  return [...days].flatMap(([date, day]) => {
    const found: GroupFinding[] = [];
    if (most !== null && total(day) > limitOf(most.most)) {
      found.push(...told(day, ({ entry }) => mayPass(entry, 'DAY_HOURS_EXCEEDED', 'hours', { message: `The entries of ${date} add up to ${hoursText(total(day))} hours; ${name} allows ${most.most} a day (${most.source}).`, mend: 'Correct the hours, or have HR confirm why the limit did not hold that day.' })));
    }
    const required = limits.breaks.filter(({ afterHours }) => total(day) > limitOf(afterHours)).toSorted((left, right) => right.minutes - left.minutes)[0];
    const taken = breakMinutes(day);
    if (required !== undefined && taken !== null && taken < required.minutes) {
      found.push(...told(day, ({ entry }) => mayPass(entry, 'BREAK_TOO_SHORT', 'clock.breakMinutes', { message: `${hoursText(total(day))} hours on ${date} with ${taken} minutes of break; ${name} asks for ${required.minutes} (${required.source}).`, mend: 'Correct the break in the time system, or have HR confirm the day.' })));
    }
    return found;
  });
}

/** Pauses within entries and between them; null unless every entry of the day tells its clock. */
function breakMinutes(day: readonly Work[]): number | null {
  const times = day.flatMap(({ entry }) => (entry.clock === null ? [] : [{ from: Date.parse(entry.clock.startedAt), to: Date.parse(entry.clock.endedAt), pause: entry.clock.breakMinutes }])).toSorted((left, right) => left.from - right.from);
  if (times.length < day.length) return null;
  return times.reduce((sum, { from, pause }, position) => sum + pause + (position === 0 ? 0 : Math.max(0, Math.round((from - (times[position - 1]?.to ?? from)) / 60_000))), 0);
}

function weekFindings(worked: readonly Work[], { limits, name, weekStartsOn }: RegionalRuleSet): GroupFinding[] {
  const most = limits.hoursPerWeek;
  if (most === null) return [];
  return [...Map.groupBy(worked, ({ date }) => weekOf(date, weekStartsOn))].flatMap(([start, week]) => {
    if (total(week) <= limitOf(most.most)) return [];
    return told(week, ({ entry }) => mayPass(entry, 'WEEK_HOURS_EXCEEDED', 'hours', { message: `The entries of the week from ${start} add up to ${hoursText(total(week))} hours; ${name} allows ${most.most} (${most.source}).`, mend: 'Correct the hours, or have HR confirm the week.' }));
  });
}

function restFindings(days: ReadonlyMap<string, readonly Work[]>, { limits, name }: RegionalRuleSet): GroupFinding[] {
  const least = limits.restBetweenDays;
  if (least === null) return [];
  const spans = [...days]
    .flatMap(([date, work]) => {
      const clocks = work.flatMap(({ entry }) => (entry.clock === null ? [] : [entry.clock]));
      return clocks.length === 0 ? [] : [{ date, work, from: Math.min(...clocks.map(({ startedAt }) => Date.parse(startedAt))), to: Math.max(...clocks.map(({ endedAt }) => Date.parse(endedAt))) }];
    })
    .toSorted((left, right) => left.from - right.from);
  return spans.flatMap((span, position) => {
    const before = spans[position - 1];
    if (before === undefined || span.from - before.to >= least.least * 3_600_000) return [];
    const rest = hoursText(Math.max(0, Math.floor((span.from - before.to) / 36_000)));
    const both = [...before.work, ...span.work];
    return told(both, ({ entry }) => mayPass(entry, 'REST_TOO_SHORT', 'clock.startedAt', { message: `Between the work of ${before.date} and ${span.date} lie ${rest} hours of rest; ${name} asks for ${least.least} (${least.source}).`, mend: 'Correct the times in the time system, or have HR confirm the days.' }));
  });
}
