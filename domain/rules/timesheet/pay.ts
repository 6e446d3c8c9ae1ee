import type { EnrichedEntry, PayPart, PostedEntry } from '../../model/time/enriched-entry.ts';
import type { TimeEntry } from '../../model/time/time-entry.ts';
import { costOf } from './enrich.ts';
import { hundredths, weekOf } from './hours.ts';
import type { ContextIndex } from './index-context.ts';
import { splitWeek } from './overtime.ts';
import type { EntryInReview } from './review.ts';
import type { Work } from './work.ts';

/** The work up for judgement and all posted work of the same person that stays in force beside it. */
export function workOf(reviews: readonly EntryInReview[], index: ContextIndex): Work[] {
  const replaced = new Set(reviews.map(({ original }) => original));
  const people = new Set(reviews.map(({ entry }) => entry.person));
  const posted = [...people].flatMap((person) => index.postedOf(person)).filter((one) => one.state === 'in_force' && !replaced.has(one));
  return [
    ...posted.map(({ labor }): Work => ({
      entry: labor.entry,
      date: labor.entry.workDate,
      hours: hundredths(labor.entry.hours) ?? 0,
      projectNumber: labor.projectNumber,
      absence: index.project(labor.projectNumber)?.absencePayCode ?? null,
      candidate: false,
    })),
    ...reviews.map(({ entry, hours, project }): Work => ({ entry, date: entry.workDate, hours: hours ?? 0, projectNumber: project?.number ?? entry.projectNumber, absence: project?.absencePayCode ?? null, candidate: true })),
  ];
}

/** A posted entry whose hours are paid otherwise now: book it with `planAdjustment(labor, posted, context)`. */
export interface PayChange {
  readonly posted: PostedEntry;
  readonly labor: EnrichedEntry;
}

/** Pay codes of the accepted entries, and the posted ones of the same weeks whose own change by them. Only employees are paid by pay code. What another employer paid, before the person moved, is not part of the week: its pay and its overtime stand. */
export function payOf(reviews: readonly EntryInReview[], index: ContextIndex): { readonly pay: ReadonlyMap<TimeEntry, readonly PayPart[]>; readonly payChanges: PayChange[] } {
  const pay = new Map<TimeEntry, readonly PayPart[]>();
  const payChanges: PayChange[] = [];
  const [review] = reviews;
  const { person, ruleSet } = review ?? {};
  if (person === undefined || ruleSet === undefined || person.kind !== 'employee') return { pay, payChanges };
  const repaid = (labor: EnrichedEntry, parts: readonly PayPart[]): EnrichedEntry => ({ ...labor, pay: [...parts], cost: costOf({ index, person, laborCategory: labor.laborCategory, entry: labor.entry }, parts) });
  const dates = new Set(reviews.flatMap(({ entry, original }) => [entry.workDate, original?.labor.entry.workDate ?? entry.workDate]).map((date) => weekOf(date, ruleSet.weekStartsOn)));
  const posted = new Map(index.postedOf(person.email).filter(({ labor }) => labor.employer === person.legalEntity).map((one) => [one.labor.entry, one]));
  const weeks = Map.groupBy(workOf(reviews, index).filter(({ candidate, entry }) => candidate || posted.has(entry)), ({ date }) => weekOf(date, ruleSet.weekStartsOn));
  for (const start of dates) {
    for (const [work, parts] of splitWeek(weeks.get(start) ?? [], ruleSet, person.overtime === 'exempt', index)) {
      const before = posted.get(work.entry);
      if (work.candidate) pay.set(work.entry, parts);
      else if (before !== undefined && JSON.stringify(before.labor.pay) !== JSON.stringify(parts)) payChanges.push({ posted: before, labor: repaid(before.labor, parts) });
    }
  }
  return { pay, payChanges };
}
