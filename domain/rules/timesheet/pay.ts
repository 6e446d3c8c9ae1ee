import type { EnrichedEntry, PayPart, PostedEntry } from '../../model/time/enriched-entry.ts';
import type { TimeEntry } from '../../model/time/time-entry.ts';
import { costOf } from './enrich.ts';
import { hundredths, weekOf } from './hours.ts';
import type { ContextIndex } from './index-context.ts';
import { splitWeek } from './overtime.ts';
import { payerOf, payerOfPosted, type Payer } from './payer.ts';
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

/**
 * Pay codes of the accepted entries, and the posted ones of the same weeks whose own change by them. Only employees are paid by pay code. Overtime is
 * counted over what one employer pays: what another paid, before the person moved or after, is not part of the week; its pay and its overtime stand.
 */
export function payOf(reviews: readonly EntryInReview[], index: ContextIndex): { readonly pay: ReadonlyMap<TimeEntry, readonly PayPart[]>; readonly payChanges: PayChange[] } {
  const pay = new Map<TimeEntry, readonly PayPart[]>();
  const payChanges: PayChange[] = [];
  const payers = new Map<string, { readonly payer: Payer; readonly weeks: Set<string> }>();
  const payerOfEntry = new Map<TimeEntry, Payer>();
  const touch = (payer: Payer | undefined, date: string): void => {
    if (payer === undefined) return;
    const known = payers.get(payer.key) ?? { payer, weeks: new Set() };
    payers.set(payer.key, known);
    known.weeks.add(weekOf(date, payer.ruleSet.weekStartsOn));
  };
  for (const { entry, person, original } of reviews) {
    const payer = person === undefined ? undefined : payerOf(entry.person, person.legalEntity, entry.workDate, index);
    if (payer !== undefined) payerOfEntry.set(entry, payer);
    touch(payer, entry.workDate);
    if (original !== undefined) touch(payerOfPosted(original, index), original.labor.entry.workDate);
  }
  if (payers.size === 0) return { pay, payChanges };
  const work = workOf(reviews, index);
  const posted = new Map([...new Set(reviews.map(({ entry }) => entry.person))].flatMap((email) => index.postedOf(email)).map((one) => [one.labor.entry, one]));
  for (const one of work) {
    const before = one.candidate ? undefined : posted.get(one.entry);
    const payer = before === undefined ? undefined : payerOfPosted(before, index);
    if (payer !== undefined) payerOfEntry.set(one.entry, payer);
  }
  for (const { payer: { key, person, ruleSet }, weeks } of payers.values()) {
    const own = Map.groupBy(work.filter(({ entry }) => payerOfEntry.get(entry)?.key === key), ({ date }) => weekOf(date, ruleSet.weekStartsOn));
    for (const start of weeks) {
      for (const [one, parts] of splitWeek(own.get(start) ?? [], ruleSet, person.overtime === 'exempt', index)) {
        const before = posted.get(one.entry);
        if (one.candidate) pay.set(one.entry, parts);
        else if (before !== undefined && JSON.stringify(before.labor.pay) !== JSON.stringify(parts)) payChanges.push({ posted: before, labor: repaid(before, parts, index) });
      }
    }
  }
  return { pay, payChanges };
}

/** A posted entry with its hours paid by other pay codes, at what they cost its employer then. */
export function repaid({ labor }: PostedEntry, parts: readonly PayPart[], index: ContextIndex): EnrichedEntry {
  const { entry, employer, laborCategory } = labor;
  return { ...labor, pay: [...parts], cost: costOf({ index, person: payerOf(entry.person, employer, entry.workDate, index)?.person, laborCategory, entry }, parts) };
}
