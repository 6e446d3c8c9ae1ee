import { forecastCutoffs, type CutoffMiss } from '../../domain/rules/cutoff/forecast.ts';
import type { Db } from '../../store/database.ts';
import { deadlinesAhead, type StoredDeadline } from '../../store/time/deadlines.ts';
import { pagesAhead, presentPace, waitingForPeople } from '../../store/time/work-ahead.ts';
import { deadlinesOf, entityDeadlines } from '../relay/page-order.ts';
import { table } from './table.ts';

export interface EntityCutoffs {
  readonly legalEntity: string;
  /** Records that wait to be decided. */
  readonly open: number;
  /** Timesheets that wait for a person to mend them, or for another record: no pace helps them. */
  readonly rejected: number;
  readonly held: number;
  /** The next deadlines. */
  readonly payroll: StoredDeadline | null;
  readonly books: StoredDeadline | null;
}

export interface CutoffStatus {
  /** Records of the whole line that were decided an hour, by the last quarter of an hour. */
  readonly recordsPerHour: number;
  readonly misses: readonly CutoffMiss[];
  readonly entities: readonly EntityCutoffs[];
}

/** What will miss the payroll cutoff or the close of the books at the present pace, by legal entity. */
export async function cutoffStatus(db: Db, now: Date): Promise<CutoffStatus> {
  const [pages, recordsPerSecond, people, deadlines] = await Promise.all([pagesAhead(db), presentPace(db), waitingForPeople(db), deadlinesAhead(db, now)]);
  const of = entityDeadlines(deadlines);
  const backlog = pages.map((page) => {
    const { pay, books } = deadlinesOf(page, of(page.legalEntity), now);
    return { legalEntity: page.legalEntity, records: page.open, payrollCutoffAt: pay, invoiceCutoffAt: books };
  });
  const names = new Set([...pages, ...people, ...deadlines].map(({ legalEntity }) => legalEntity));
  const next = (legalEntity: string, kind: StoredDeadline['kind']) => deadlines.find((deadline) => deadline.legalEntity === legalEntity && deadline.kind === kind) ?? null;
  return {
    recordsPerHour: Math.round(recordsPerSecond * 3600),
    misses: forecastCutoffs({ now: now.toISOString(), backlog, recordsPerSecond }),
    entities: [...names].toSorted().map((legalEntity) => {
      const waits = people.find((row) => row.legalEntity === legalEntity);
      const open = pages.reduce((sum, page) => sum + (page.legalEntity === legalEntity ? page.open : 0), 0);
      return { legalEntity, open, rejected: waits?.rejected ?? 0, held: waits?.held ?? 0, payroll: next(legalEntity, 'pay'), books: next(legalEntity, 'books') };
    }),
  };
}

export function cutoffText({ recordsPerHour, misses, entities }: CutoffStatus): string {
  const lines: string[] = [];
  if (entities.every(({ open }) => open === 0)) lines.push('Nothing that was received waits to be decided.');
  else if (recordsPerHour === 0) lines.push('Nothing was decided in the last quarter of an hour, so that everything that waits will be late: is the line running? npm run q2c -- doctor');
  else lines.push(`At the present pace of ${recordsPerHour} records an hour ${misses.length === 0 ? 'everything makes its cutoffs.' : 'these miss their cutoff:'}`);
  if (misses.length > 0) {
    lines.push('', table(['legal entity', 'cutoff', 'at', 'waiting', 'too late', 'the last one at'], misses.map((miss) => [miss.legalEntity, miss.cutoff === 'payroll' ? 'payroll' : 'close of the books', miss.cutoffAt, String(miss.waiting), String(miss.late), miss.doneAt ?? '?'])));
  }
  const period = (deadline: StoredDeadline | null) => (deadline === null ? '' : `${deadline.at} for days up to ${deadline.to}`);
  lines.push('', table(['legal entity', 'undecided', 'refused', 'held', 'next payroll cutoff', 'next close of the books'], entities.map((row) => [row.legalEntity, String(row.open), String(row.rejected), String(row.held), period(row.payroll), period(row.books)])));
  if (entities.some(({ rejected, held }) => rejected + held > 0)) lines.push('', 'What is refused or held waits for people or for other records, whatever the pace: npm run q2c -- exceptions');
  return lines.join('\n');
}
