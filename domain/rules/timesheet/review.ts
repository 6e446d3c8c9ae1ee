import type { TimeAssignment, TimePerson, TimeProject } from '../../model/time/context.ts';
import type { PostedEntry } from '../../model/time/enriched-entry.ts';
import type { RegionalRuleSet } from '../../model/time/regional-rule-set.ts';
import type { TimeEntry } from '../../model/time/time-entry.ts';
import type { Timesheet } from '../../model/time/timesheet.ts';
import type { TimeFinding } from './finding.ts';
import { hundredths } from './hours.ts';
import { inForceOn, type ContextIndex } from './index-context.ts';

/** What every rule about one entry looks at: the entry and what its codes stand for on its work date. */
export interface EntryInReview {
  readonly entry: TimeEntry;
  readonly sheet: Timesheet;
  readonly index: ContextIndex;
  /** By the terms in force on the work date. */
  readonly person: TimePerson | undefined;
  /** By the code in force on the work date. */
  readonly project: TimeProject | undefined;
  /** That code and the ones it had before or after: assignments and rates may stand under any. */
  readonly projectNumbers: readonly string[];
  readonly assignments: readonly TimeAssignment[];
  /** Of the assignments, those that cover the work date. */
  readonly covering: readonly TimeAssignment[];
  readonly laborCategory: string | undefined;
  readonly ruleSet: RegionalRuleSet | undefined;
  /** Hundredths of an hour; null where they cannot be told so. */
  readonly hours: number | null;
  /** The posting that this entry replaces. */
  readonly original: PostedEntry | undefined;
}

/** A rule names everything it finds wrong with an entry; it never throws, whatever the entry looks like. */
export type EntryRule = (review: EntryInReview) => TimeFinding[];

const MOST_CODE_CHANGES = 10;

export function reviewOf(entry: TimeEntry, sheet: Timesheet, index: ContextIndex, original: PostedEntry | undefined): EntryInReview {
  const person = index.person(entry.person, entry.workDate);
  const { project, numbers } = projectOn(entry, index);
  const assignments = index.assignments(entry.person, numbers);
  const covering = inForceOn(assignments, entry.workDate);
  return {
    entry,
    sheet,
    index,
    person,
    project,
    projectNumbers: numbers,
    assignments,
    covering,
    laborCategory: entry.laborCategory ?? roleOf(entry, index) ?? covering[0]?.laborCategory ?? (project?.kind === 'internal' ? person?.laborCategory : undefined),
    ruleSet: person === undefined ? undefined : index.ruleSet(person),
    hours: hundredths(entry.hours),
    original,
  };
}

export function roleOf(entry: TimeEntry, index: ContextIndex): string | undefined {
  if (entry.role === null) return undefined;
  return index.context.roles.find(({ system, role }) => system === entry.system && role === entry.role)?.laborCategory;
}

/** A correction to nothing: takes an entry back whatever has become of its project. */
export function isTakenBack({ entry, hours }: Pick<EntryInReview, 'entry' | 'hours'>): boolean {
  return entry.replaces !== null && hours === 0;
}

/** Follows changes of the project's code, forward or back, to the one in force on the work date. */
function projectOn(entry: TimeEntry, index: ContextIndex): { readonly project: TimeProject | undefined; readonly numbers: readonly string[] } {
  const entered = index.project(entry.projectNumber);
  if (entered === undefined) return { project: undefined, numbers: [entry.projectNumber] };
  if (entered.changedTo === null && index.projectBefore(entered.number) === undefined) return { project: entered, numbers: [entered.number] };
  const chain = [...predecessors(entered, index), entered, ...successors(entered, index)];
  const project = chain.findLast((_, position) => position === 0 || entry.workDate >= (chain[position - 1]?.changedTo?.from ?? '')) ?? entered;
  return { project, numbers: [project.number, ...chain.filter((one) => one !== project).map(({ number }) => number)] };
}

function successors(project: TimeProject, index: ContextIndex): TimeProject[] {
  const found: TimeProject[] = [];
  for (let next = following(project, index); next !== undefined && next !== project && !found.includes(next) && found.length < MOST_CODE_CHANGES; next = following(next, index)) found.push(next);
  return found;
}

function predecessors(project: TimeProject, index: ContextIndex): TimeProject[] {
  const found: TimeProject[] = [];
  for (let one = index.projectBefore(project.number); one !== undefined && one !== project && !found.includes(one) && found.length < MOST_CODE_CHANGES; one = index.projectBefore(one.number)) found.unshift(one);
  return found;
}

function following(project: TimeProject, index: ContextIndex): TimeProject | undefined {
  return project.changedTo === null ? undefined : index.project(project.changedTo.number);
}
