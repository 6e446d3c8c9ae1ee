import type { Instant, LocalDate } from '../../domain/dates.ts';
import type { BatchKind } from '../../store/time/intake.ts';

/** When a legal entity's payroll and books stop taking what belongs to the days up to `to`. */
export interface Deadline {
  readonly to: LocalDate;
  readonly at: Instant;
}

export interface EntityDeadlines {
  readonly pay: readonly Deadline[];
  readonly books: readonly Deadline[];
}

/** Deadlines sorted out by legal entity. */
export function entityDeadlines(deadlines: readonly (Deadline & { readonly legalEntity: string; readonly kind: keyof EntityDeadlines })[]): (legalEntity: string) => EntityDeadlines {
  const byEntity = Map.groupBy(deadlines, ({ legalEntity }) => legalEntity);
  const found = new Map([...byEntity].map(([legalEntity, own]) => [legalEntity, { pay: own.filter(({ kind }) => kind === 'pay'), books: own.filter(({ kind }) => kind === 'books') }]));
  return (legalEntity) => found.get(legalEntity) ?? { pay: [], books: [] };
}

export interface Waiting {
  readonly batch: string;
  readonly page: number;
  readonly kind: BatchKind;
  readonly legalEntity: string;
  readonly records: number;
  readonly readyAt: Instant;
  /** First day of the earliest week on the page; null where it is not about weeks. */
  readonly firstWeek: LocalDate | null;
}

export interface Weight {
  /** 1: payroll, near its cutoff · 2: posting to the ERP · 3: what can wait (design.md section 6 has 4 and 5 for others). */
  readonly priority: 1 | 2 | 3;
  /** The first moment after which something of the page comes too late for its period; null where none is known. */
  readonly cutoffAt: Instant | null;
}

const HOUR_MS = 3_600_000;
/** Payroll-relevant work this near its cutoff goes before everything else. */
const NEAR_CUTOFF_MS = 48 * HOUR_MS;

/**
 * The deadlines a page has to make: of the first period still open for its days, since what missed the cutoff of its own period is paid and booked
 * with the next one. Expenses are no payroll's business.
 */
export function deadlinesOf(page: Pick<Waiting, 'kind' | 'firstWeek'>, deadlines: EntityDeadlines, now: Date): { readonly pay: Instant | null; readonly books: Instant | null } {
  return { pay: page.kind === 'timesheets' ? nextDeadline(deadlines.pay, page.firstWeek, now) : null, books: nextDeadline(deadlines.books, page.firstWeek, now) };
}

/** What a page is worth now. A record that came by itself, and so with somebody behind it, goes a class ahead. */
export function weigh(page: Waiting, deadlines: EntityDeadlines, now: Date): Weight {
  const { pay, books } = deadlinesOf(page, deadlines, now);
  const cutoffAt = pay === null || (books !== null && Date.parse(books) < Date.parse(pay)) ? books : pay;
  const near = (at: Instant | null) => at !== null && Date.parse(at) - now.getTime() <= NEAR_CUTOFF_MS;
  if (near(pay)) return { priority: 1, cutoffAt: pay };
  const ordinary = page.kind === 'timesheets' || near(books);
  if (page.records === 1) return { priority: ordinary ? 1 : 2, cutoffAt };
  return { priority: ordinary ? 2 : 3, cutoffAt };
}

function nextDeadline(deadlines: readonly Deadline[], firstWeek: LocalDate | null, now: Date): Instant | null {
  let next: Instant | null = null;
  for (const { to, at } of deadlines) {
    if (Date.parse(at) <= now.getTime() || (firstWeek !== null && to < firstWeek)) continue;
    if (next === null || Date.parse(at) < Date.parse(next)) next = at;
  }
  return next;
}

export interface Room {
  /** How many more may be started. */
  readonly free: number;
  /** Most pages of one legal entity that run at once, so that one whose ERP stands still leaves room for the others. */
  readonly perEntity: number;
  /** The same for pages near a payroll cutoff, where it is more. */
  readonly perEntityNearCutoff?: number;
  /** What runs now, by legal entity. */
  readonly running: ReadonlyMap<string, number>;
}

/**
 * The pages to start, in order: by priority; near a payroll cutoff the earliest cutoff first, elsewhere legal entities in turn, the one with the
 * least running first, so that one that floods does not starve another; then by cutoff and by age.
 */
export function choosePages<Page extends Waiting & Weight>(waiting: readonly Page[], room: Room): Page[] {
  const load = new Map(room.running);
  const mostOf = ({ priority }: Weight) => (priority === 1 ? (room.perEntityNearCutoff ?? room.perEntity) : room.perEntity);
  const loadOf = (page: Waiting) => load.get(page.legalEntity) ?? 0;
  const queues = new Map<string, Page[]>();
  for (const page of waiting.toSorted(byUrgency)) {
    const name = `${page.priority} ${page.legalEntity}`;
    const queue = queues.get(name);
    if (queue === undefined) queues.set(name, [page]);
    else queue.push(page);
  }
  const before = (a: Page, b: Page) => a.priority - b.priority || (a.priority === 1 ? compareCutoff(a, b) : 0) || loadOf(a) - loadOf(b) || byUrgency(a, b);
  const chosen: Page[] = [];
  while (chosen.length < room.free) {
    let next: Page | undefined;
    for (const [head] of queues.values()) {
      if (head !== undefined && loadOf(head) < mostOf(head) && (next === undefined || before(head, next) < 0)) next = head;
    }
    if (next === undefined) break;
    queues.get(`${next.priority} ${next.legalEntity}`)?.shift();
    load.set(next.legalEntity, loadOf(next) + 1);
    chosen.push(next);
  }
  return chosen;
}

function byUrgency(a: Waiting & Weight, b: Waiting & Weight): number {
  return a.priority - b.priority || compareCutoff(a, b) || Date.parse(a.readyAt) - Date.parse(b.readyAt) || (a.batch < b.batch ? -1 : a.batch > b.batch ? 1 : a.page - b.page);
}

function compareCutoff(a: Weight, b: Weight): number {
  const at = ({ cutoffAt }: Weight) => (cutoffAt === null ? Number.MAX_SAFE_INTEGER : Date.parse(cutoffAt));
  return at(a) - at(b);
}
