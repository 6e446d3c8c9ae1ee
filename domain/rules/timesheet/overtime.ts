import type { PayPart } from '../../model/time/enriched-entry.ts';
import type { RegionalRuleSet } from '../../model/time/regional-rule-set.ts';
import { hoursText, limitOf, weekdayOf } from './hours.ts';
import type { ContextIndex } from './index-context.ts';
import { inOrder, type Work } from './work.ts';

type Special = RegionalRuleSet['pay']['specialDays'][number];

/**
 * Shares the hours of one person's week out to pay codes, by the region's overtime rules. Within a day the last hours are the overtime.
 * Every part is exact and the parts of each entry add up to its hours; the same week gives the same parts in whatever order it came.
 * @param week all work of one week (of `ruleSet.weekStartsOn`), posted and new
 */
export function splitWeek(week: readonly Work[], ruleSet: RegionalRuleSet, exempt: boolean, index: ContextIndex): Map<Work, PayPart[]> {
  const parts = new Map<Work, PayPart[]>();
  const days = [...Map.groupBy(inOrder(week.filter(({ absence }) => absence === null)), ({ date }) => date)].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const workedDays = days.filter(([, day]) => day.some(({ hours }) => hours > 0)).map(([date]) => date);
  let regularOfWeek = 0;
  for (const [date, day] of days) {
    const special = exempt ? undefined : specialDay(date, workedDays, ruleSet, index);
    const total = day.reduce((sum, { hours }) => sum + hours, 0);
    const overtime = exempt || special !== undefined ? 0 : overtimeOf(total, regularOfWeek, ruleSet);
    if (special === undefined) regularOfWeek += total - overtime;
    const codeAt = (position: number) => (special === undefined ? ordinaryCode(position, total - overtime, ruleSet, index) : tierCode(position, special));
    let from = 0;
    for (const one of day) {
      parts.set(one, sliced(from, from + one.hours, boundaries(special, total - overtime, ruleSet), codeAt, index));
      from += one.hours;
    }
  }
  for (const one of week) {
    if (one.absence !== null) parts.set(one, [{ payCode: one.absence, multiplier: index.multiplierOf(one.absence), hours: hoursText(one.hours) }]);
  }
  return parts;
}

function overtimeOf(total: number, regularOfWeek: number, { pay }: RegionalRuleSet): number {
  const beyondDay = pay.overtimeAfterDay === null ? 0 : total - limitOf(pay.overtimeAfterDay);
  const beyondWeek = pay.overtimeAfterWeek === null ? 0 : regularOfWeek + total - limitOf(pay.overtimeAfterWeek);
  return Math.min(total, Math.max(0, beyondDay, beyondWeek));
}

function specialDay(date: string, workedDays: readonly string[], ruleSet: RegionalRuleSet, index: ContextIndex): Special | undefined {
  const weekday = weekdayOf(date);
  return ruleSet.pay.specialDays.find(({ day }) => {
    switch (day) {
      case 'public_holiday':
        return index.holidays(ruleSet).has(date);
      case 'sunday':
        return weekday === 7;
      case 'saturday':
        return weekday === 6;
      case 'seventh_day':
        return workedDays.length === 7 && workedDays[6] === date;
    }
    return false;
  });
}

function ordinaryCode(position: number, regular: number, { pay }: RegionalRuleSet, index: ContextIndex): string {
  if (position < regular) return pay.regular;
  const holding = pay.overtime.filter(({ of, after }) => (of === 'day_hours' ? position >= limitOf(after) : position - regular >= limitOf(after)));
  return holding.toSorted((left, right) => Number(index.multiplierOf(right.payCode)) - Number(index.multiplierOf(left.payCode)))[0]?.payCode ?? pay.regular;
}

function tierCode(position: number, { tiers }: Special): string {
  const holding = tiers.filter(({ after }) => position >= limitOf(after)).toSorted((left, right) => right.after - left.after)[0];
  return holding?.payCode ?? tiers[0]?.payCode ?? '';
}

function boundaries(special: Special | undefined, regular: number, { pay }: RegionalRuleSet): number[] {
  if (special !== undefined) return special.tiers.map(({ after }) => limitOf(after));
  return [regular, ...pay.overtime.map(({ of, after }) => limitOf(after) + (of === 'day_hours' ? 0 : regular))];
}

function sliced(from: number, to: number, cuts: readonly number[], codeAt: (position: number) => string, index: ContextIndex): PayPart[] {
  const points = [...new Set([from, ...cuts.filter((cut) => cut > from && cut < to), to])].toSorted((left, right) => left - right);
  const hours = new Map<string, number>();
  for (const [position, start] of points.slice(0, -1).entries()) {
    const code = codeAt(start);
    hours.set(code, (hours.get(code) ?? 0) + (points[position + 1] ?? to) - start);
  }
  return [...hours].map(([payCode, amount]) => ({ payCode, multiplier: index.multiplierOf(payCode), hours: hoursText(amount) }));
}
