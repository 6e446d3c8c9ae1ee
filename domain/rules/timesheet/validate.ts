import type { TimesheetContext } from '../../model/time/context.ts';
import type { EnrichedEntry } from '../../model/time/enriched-entry.ts';
import type { RecordRef } from '../../model/time/record.ts';
import type { TimeEntry } from '../../model/time/time-entry.ts';
import type { Timesheet } from '../../model/time/timesheet.ts';
import { holdAgainstCaps } from './caps.ts';
import { enrichEntry } from './enrich.ts';
import type { HoldReason, TimeFinding } from './finding.ts';
import { indexOf } from './index-context.ts';
import { byVersion } from './place.ts';
import { isTakenBack, reviewOf, type EntryInReview } from './review.ts';
import { approvalHold } from './rules/approval.ts';
import { ENTRY_RULES } from './rules/entry-rules.ts';
import { duplicateFindings, overlapFindings, type GroupFinding } from './rules/overlap.ts';
import { periodHold } from './rules/period.ts';
import { localDayFindings, regionalHoursFindings } from './rules/regional-hours.ts';
import { payOf, workOf, type PayChange } from './pay.ts';
import { correctedTwice, standingOf, withinSheet } from './versions.ts';
import { inOrder, type Work } from './work.ts';

export interface TimesheetDecision {
  /** Ready to be posted; those of `repeats` were posted before, with the same content. */
  readonly accepted: readonly EnrichedEntry[];
  readonly rejected: readonly { readonly entry: TimeEntry; readonly findings: readonly TimeFinding[] }[];
  readonly held: readonly { readonly entry: TimeEntry; readonly reason: HoldReason }[];
  readonly repeats: readonly RecordRef[];
  /** Posted entries of the same week whose pay codes change by what came now. */
  readonly payChanges: readonly PayChange[];
}

/**
 * Judges every entry of a timesheet: each is accepted, rejected with all its findings, or held for what it waits for; none is lost.
 * Pure: the same timesheet and context always give the same answer, in whatever order the entries stand. Never throws for documents that follow their schemas.
 */
export function validateTimesheet(sheet: Timesheet, context: TimesheetContext): TimesheetDecision {
  const index = indexOf(context);
  const rejected = new Map<TimeEntry, TimeFinding[]>();
  const held: { entry: TimeEntry; reason: HoldReason }[] = [];
  const repeated: { entry: TimeEntry; labor: EnrichedEntry }[] = [];
  const waived = new Map<TimeEntry, string[]>();
  const entries = inOrder(sheet.entries.map((entry) => ({ entry }))).map(({ entry }) => entry);

  function judge(entry: TimeEntry, findings: readonly TimeFinding[]): boolean {
    const passes = (finding: TimeFinding) => finding.overridable && index.isWaived(entry, finding.code);
    const standing = findings.filter((finding) => !passes(finding));
    const codes = findings.filter(passes).map(({ code }) => code);
    if (codes.length > 0) waived.set(entry, [...new Set([...(waived.get(entry) ?? []), ...codes])]);
    if (standing.length > 0) rejected.set(entry, [...(rejected.get(entry) ?? []), ...standing]);
    return standing.length === 0;
  }

  for (const [entry, finding] of withinSheet(entries)) judge(entry, [finding]);
  const inSheet = byVersion(entries);
  const pending = approvalHold(sheet);
  const taken = new Map<string, TimeEntry>();
  let reviews: EntryInReview[] = [];
  for (const entry of entries) {
    if (rejected.has(entry)) continue;
    const standing = standingOf(entry, index, inSheet);
    if (standing.kind === 'repeat') repeated.push({ entry, labor: standing.posted.labor });
    else if (standing.kind === 'refused') judge(entry, [standing.finding]);
    else if (standing.kind === 'held') held.push({ entry, reason: standing.reason });
    else if (pending !== undefined) held.push({ entry, reason: pending });
    else {
      const ids = [...standing.place.ids].map((id) => `${entry.system} ${id}`);
      const by = ids.map((id) => taken.get(id)).find((other) => other !== undefined);
      if (by !== undefined) {
        judge(entry, [correctedTwice(entry, by)]);
        continue;
      }
      for (const id of ids) taken.set(id, entry);
      reviews.push(reviewOf(entry, sheet, index, standing.kind === 'correction' ? standing.original : undefined));
    }
  }

  reviews = reviews.filter((review) => {
    const reason = projectHold(review);
    if (reason !== undefined) held.push({ entry: review.entry, reason });
    return reason === undefined && judge(review.entry, ENTRY_RULES.flatMap((rule) => rule(review)));
  });
  reviews = reviews.filter((review) => {
    const reason = periodHold(review);
    if (reason !== undefined) held.push({ entry: review.entry, reason });
    return reason === undefined;
  });

  for (const rule of [clashes, workingHours]) {
    const found = Map.groupBy(rule(workOf(reviews, index), reviews), ([work]) => work.entry);
    reviews = reviews.filter(({ entry }) => judge(entry, (found.get(entry) ?? []).map(([, finding]) => finding)));
  }

  const caps = holdAgainstCaps(reviews, ({ entry }) => index.isWaived(entry, 'CAP_EXCEEDED'));
  reviews = reviews.filter((review) => {
    const decision = caps.get(review);
    return decision === undefined || !('finding' in decision) || judge(review.entry, [decision.finding]);
  });

  const { pay, payChanges } = payOf(reviews, index);
  const accepted = reviews.map((review) => {
    const decision = caps.get(review);
    if (decision !== undefined && 'waived' in decision && decision.waived) waived.set(review.entry, [...(waived.get(review.entry) ?? []), 'CAP_EXCEEDED']);
    return enrichEntry(review, { capLeft: decision !== undefined && 'left' in decision ? decision.left : null, pay: pay.get(review.entry) ?? [], waived: waived.get(review.entry) ?? [] });
  });
  return {
    accepted: inOrder([...accepted, ...repeated.map(({ labor }) => labor)]),
    rejected: inOrder([...rejected].map(([entry, findings]) => ({ entry, findings: distinct(findings) }))),
    held: inOrder(held),
    repeats: repeated.map(({ entry: { id, version } }) => ({ id, version })),
    payChanges,
  };
}

function projectHold(review: EntryInReview): HoldReason | undefined {
  const { project } = review;
  if (project?.status !== 'pending' || isTakenBack(review)) return undefined;
  return { code: 'PROJECT_PENDING', message: `Project ${project.number} is being set up and not active yet.`, waitsFor: `activation of project ${project.number}` };
}

function clashes(work: readonly Work[]): GroupFinding[] {
  const told = work.filter(({ hours }) => hours > 0);
  return [...duplicateFindings(told), ...overlapFindings(told)];
}

function workingHours(work: readonly Work[], reviews: readonly EntryInReview[]): GroupFinding[] {
  // All work of the week counts, each entry by the law of its own day: a person may move to another employer in mid-week.
  return [...Map.groupBy(reviews, ({ person }) => person)].flatMap(([person, own]) => {
    if (person === undefined) return [];
    const ruleSet = own[0]?.ruleSet;
    const entries = new Set(own.map(({ entry }) => entry));
    const found = [...localDayFindings(work, person), ...(ruleSet === undefined || person.kind === 'subcontractor' ? [] : regionalHoursFindings(work, ruleSet))];
    return found.filter(([{ entry }]) => entries.has(entry));
  });
}

function distinct(findings: readonly TimeFinding[]): TimeFinding[] {
  return [...new Map(findings.map((finding) => [`${finding.code} ${finding.path} ${finding.message}`, finding])).values()];
}
