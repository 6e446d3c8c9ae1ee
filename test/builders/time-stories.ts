import fc from 'fast-check';
import { addDays } from '../../domain/dates.ts';
import type { TimeEntry } from '../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { ADA, anApproval, anEntry, aTimesheet, MONDAY } from './time.ts';

export const PEOPLE = [ADA, 'bob@northwind-consulting.example', 'cleo@northwind-consulting.example'] as const;
/** Nobody knows it: entries on it are refused whatever else is told. */
export const UNKNOWN_PROJECT = 'US01-NOPE';
export const PROJECTS = ['US01-TECH-A', 'FEE', 'BENCH', 'ABROAD'] as const;

/** What a time system told of its timesheets, in the order it came about, and what is right in the end. */
export interface TimeStory {
  readonly told: readonly Timesheet[];
  /** The entries that count once everything was told. */
  readonly inForce: readonly { readonly person: string; readonly entry: TimeEntry }[];
}

const MOST_VERSIONS = 4;

interface Step {
  readonly kind: 'revise' | 'withdraw' | 'approve' | 'repeat';
  /** For each entry of a new version. */
  readonly changes: readonly ('keep' | 'change' | 'wrong' | 'zero' | 'drop' | 'again')[];
  readonly added: number;
  readonly seed: number;
}

interface SheetPlan {
  readonly person: (typeof PEOPLE)[number];
  readonly entries: number;
  readonly steps: readonly Step[];
  readonly seed: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('revise' as const, 'revise' as const, 'withdraw' as const, 'approve' as const, 'repeat' as const),
  changes: fc.array(fc.constantFrom('keep' as const, 'change' as const, 'wrong' as const, 'zero' as const, 'drop' as const, 'again' as const), { minLength: 6, maxLength: 6 }),
  added: fc.integer({ min: 0, max: 1 }),
  seed: fc.nat(9_999),
});

/** Timesheets of a week of three people, each with the versions, withdrawals, approvals anew and copies that a time system sends of it. */
export const timeStory: fc.Arbitrary<TimeStory> = fc
  .array(fc.record({ person: fc.constantFrom(...PEOPLE), entries: fc.integer({ min: 1, max: 5 }), steps: fc.array(step, { maxLength: 5 }), seed: fc.nat(9_999) }), { minLength: 1, maxLength: 4 })
  .map((plans) => {
    const sheets = plans.map((plan, number) => tellSheet(plan, `TS-${number}`));
    return { told: sheets.flatMap(({ told }) => told), inForce: sheets.flatMap(({ inForce }) => inForce) };
  });

function tellSheet({ person, entries: count, steps, seed }: SheetPlan, id: string): TimeStory {
  let minute = 0;
  let version = 1;
  let approved = true;
  let made = 0;
  const dropped: TimeEntry[] = [];
  const standing = new Map<string, TimeEntry>();
  const told: Timesheet[] = [];
  const fresh = (salt: number): TimeEntry => {
    made += 1;
    const entryId = `${id}-E${made}`;
    const projectNumber = salt % 11 === 0 ? UNKNOWN_PROJECT : PROJECTS[salt % PROJECTS.length];
    return anEntry({ id: entryId, person, workDate: addDays(MONDAY, (made + salt) % 6), hours: hoursOf(salt), ...booked(projectNumber ?? 'FEE'), notes: `Work ${entryId}` });
  };
  const tell = (status: 'approved' | 'withdrawn', reason: string | null = null): void => {
    minute += reason === null ? 1 : 0;
    if (status === 'withdrawn') standing.clear();
    else {
      for (const entryId of standing.keys()) if (!entries.some((entry) => entry.id === entryId)) standing.delete(entryId);
      // What is refused changes nothing: what it would have replaced stays.
      for (const entry of entries) if (entry.projectNumber !== UNKNOWN_PROJECT) standing.set(entry.id, entry);
    }
    const decidedAt = new Date(Date.parse('2026-11-16T01:00:00.000Z') + minute * 60_000).toISOString();
    told.push(aTimesheet(entries, { id, version, person, replaces: version === 1 ? null : { id, version: version - 1 }, approval: anApproval({ of: { id, version }, status, decidedAt, reason }) }));
  };

  let entries = Array.from({ length: count }, (_, position) => fresh(seed + position * 7));
  tell('approved');
  for (const { kind, changes, added, seed: salt } of steps) {
    if (kind === 'revise') {
      version += 1;
      approved = true;
      const back = changes.includes('again') ? dropped.splice(0, 1) : [];
      entries = [...entries.flatMap((entry, position) => revised(entry, changes[position] ?? 'keep', salt + position, dropped)), ...back, ...Array.from({ length: added }, () => fresh(salt))];
      tell('approved');
    } else if (kind === 'withdraw' && approved) {
      approved = false;
      tell('withdrawn');
    } else if (kind === 'approve' && !approved) {
      approved = true;
      tell('approved');
    } else if (kind === 'repeat') {
      tell(approved ? 'approved' : 'withdrawn', `told again (${salt})`);
    }
  }
  return { told, inForce: [...standing.values()].map((entry) => ({ person, entry })) };
}

function revised(entry: TimeEntry, change: Step['changes'][number], salt: number, dropped: TimeEntry[]): TimeEntry[] {
  if (change === 'keep' || change === 'again') return [entry];
  if (change === 'drop') {
    dropped.push(entry);
    return [];
  }
  if (entry.version >= MOST_VERSIONS) return [entry];
  const next = { ...entry, version: entry.version + 1, replaces: { id: entry.id, version: entry.version } };
  if (change === 'wrong') return [{ ...next, hours: hoursOf(salt), ...booked(UNKNOWN_PROJECT) }];
  if (change === 'zero' && entry.projectNumber !== UNKNOWN_PROJECT) return [{ ...next, hours: '0' }];
  return [{ ...next, hours: hoursOf(salt), ...booked(PROJECTS[salt % PROJECTS.length] ?? 'FEE') }];
}

/** Short enough that several entries of one day, of several timesheets, stay within its 24 hours. */
function hoursOf(salt: number): string {
  return String((100 + ((salt * 37) % 250)) / 100);
}

function booked(projectNumber: string): Pick<TimeEntry, 'projectNumber' | 'task' | 'billable'> {
  return { projectNumber, task: null, billable: projectNumber !== 'BENCH' };
}

/** How told timesheets arrive: in any order, cut into pages, some pages decided at the same moment. */
export function arrivalOf(told: readonly Timesheet[]): fc.Arbitrary<readonly (readonly Timesheet[])[][]> {
  return fc
    .tuple(fc.shuffledSubarray([...told], { minLength: told.length, maxLength: told.length }), fc.array(fc.integer({ min: 1, max: 4 }), { minLength: told.length, maxLength: told.length }), fc.array(fc.integer({ min: 1, max: 3 }), { minLength: told.length, maxLength: told.length }))
    .map(([order, sizes, together]) => grouped(grouped(order, sizes), together));
}

function grouped<Item>(items: readonly Item[], sizes: readonly number[]): Item[][] {
  const groups: Item[][] = [];
  for (let from = 0, nth = 0; from < items.length; nth += 1) {
    const size = sizes[nth] ?? 1;
    groups.push(items.slice(from, from + size));
    from += size;
  }
  return groups;
}
