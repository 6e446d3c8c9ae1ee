import { z } from 'zod';
import { forecastCutoffs, type CutoffMiss } from '../../domain/rules/cutoff/forecast.ts';
import { invoiceCutoffAt } from '../../domain/rules/cutoff/invoice-cutoff.ts';
import { activeConfig } from '../../store/config-versions.ts';
import type { Db } from '../../store/database.ts';
import { deadlinesAhead, type StoredDeadline } from '../../store/time/deadlines.ts';
import { linesAhead, pagesAhead, postingPace, presentPace, waitingForPeople } from '../../store/time/work-ahead.ts';
import { deadlinesOf, entityDeadlines } from '../relay/page-order.ts';
import { table } from './table.ts';

export interface EntityCutoffs {
  readonly legalEntity: string;
  /** Records that wait to be decided. */
  readonly open: number;
  /** Timesheets that wait for a person to mend them, or for another record: no pace helps them. */
  readonly rejected: number;
  readonly held: number;
  /** Lines of labor that are accepted and not in their ERP: on their way, and refused there or in doubt. */
  readonly unposted: number;
  readonly refusedByErp: number;
  /** The next deadlines. invoice: the end of the invoice cutoff day, or the close of the books where that is sooner. */
  readonly payroll: StoredDeadline | null;
  readonly invoice: StoredDeadline | null;
  readonly books: StoredDeadline | null;
}

/** decided: records that will be decided too late · posted: lines of labor that will be in their ERP too late */
export type LateMiss = CutoffMiss & { readonly step: 'decided' | 'posted' };

export interface CutoffStatus {
  /** Records of the whole line that were decided an hour, by the last quarter of an hour. */
  readonly recordsPerHour: number;
  /** The same of lines that came into their ERP. */
  readonly linesPerHour: number;
  readonly misses: readonly LateMiss[];
  readonly entities: readonly EntityCutoffs[];
}

const entitiesInForceSchema = z.looseObject({ legalEntities: z.array(z.looseObject({ code: z.string(), timeZone: z.string(), invoiceCutoffDay: z.number() })).default([]) });

/**
 * What will miss the payroll cutoff or the invoice cutoff at the present pace, by legal entity: records that wait to be decided at the pace of
 * decisions, and lines of labor that wait for their ERP, with those that the records will bring, at the pace of postings.
 */
export async function cutoffStatus(db: Db, now: Date): Promise<CutoffStatus> {
  const [pages, recordsPerSecond, lines, linesPerSecond, people, deadlines, active] = await Promise.all([pagesAhead(db), presentPace(db), linesAhead(db), postingPace(db), waitingForPeople(db), deadlinesAhead(db, now), activeConfig(db)]);
  const configured = new Map(entitiesInForceSchema.parse(active?.document ?? {}).legalEntities.map((entity) => [entity.code, entity]));
  // Books that are open past the invoice cutoff take what no invoice of their month has any more.
  const invoices = deadlines.filter(({ kind }) => kind === 'books').map((deadline) => ({ ...deadline, at: invoiceCutoffAt({ to: deadline.to, closesAt: deadline.at }, configured.get(deadline.legalEntity)) })).filter(({ at }) => Date.parse(at) > now.getTime());
  const of = entityDeadlines([...deadlines.filter(({ kind }) => kind === 'pay'), ...invoices]);
  const cutoffsOf = (work: Parameters<typeof deadlinesOf>[0] & { readonly legalEntity: string }) => {
    const { pay, books } = deadlinesOf(work, of(work.legalEntity), now);
    return { legalEntity: work.legalEntity, payrollCutoffAt: pay, invoiceCutoffAt: books };
  };
  const toDecide = pages.map((page) => ({ ...cutoffsOf(page), records: page.open }));
  const toPost = [
    ...lines.map((row) => ({ ...cutoffsOf({ kind: 'timesheets', ...row }), records: row.lines })),
    ...pages.map((page) => ({ ...cutoffsOf(page), records: page.entries })),
  ];
  const late = (step: LateMiss['step'], backlog: typeof toDecide, perSecond: number) => forecastCutoffs({ now: now.toISOString(), backlog, recordsPerSecond: perSecond }).map((miss): LateMiss => ({ ...miss, step }));
  const names = new Set([...pages, ...lines, ...people, ...deadlines].map(({ legalEntity }) => legalEntity));
  const next = (all: readonly StoredDeadline[], legalEntity: string, kind: StoredDeadline['kind']) => all.filter((deadline) => deadline.legalEntity === legalEntity && deadline.kind === kind).toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))[0] ?? null;
  const sum = <Row extends { readonly legalEntity: string }>(rows: readonly Row[], legalEntity: string, count: (row: Row) => number) => rows.reduce((total, row) => total + (row.legalEntity === legalEntity ? count(row) : 0), 0);
  return {
    recordsPerHour: Math.round(recordsPerSecond * 3600),
    linesPerHour: Math.round(linesPerSecond * 3600),
    misses: [...late('decided', toDecide, recordsPerSecond), ...late('posted', toPost, linesPerSecond)].toSorted((one, other) => Date.parse(one.cutoffAt) - Date.parse(other.cutoffAt)),
    entities: [...names].toSorted().map((legalEntity) => {
      const waits = people.find((row) => row.legalEntity === legalEntity);
      return {
        legalEntity,
        open: sum(pages, legalEntity, ({ open }) => open),
        rejected: waits?.rejected ?? 0,
        held: waits?.held ?? 0,
        unposted: sum(lines, legalEntity, (row) => row.lines),
        refusedByErp: sum(lines, legalEntity, (row) => row.refused),
        payroll: next(deadlines, legalEntity, 'pay'),
        invoice: next(invoices, legalEntity, 'books'),
        books: next(deadlines, legalEntity, 'books'),
      };
    }),
  };
}

export function cutoffText({ recordsPerHour, linesPerHour, misses, entities }: CutoffStatus): string {
  const lines: string[] = [];
  const deciding = entities.some(({ open }) => open > 0);
  const posting = entities.some(({ unposted }) => unposted > 0);
  if (!deciding) lines.push('Nothing that was received waits to be decided.');
  else if (recordsPerHour === 0) lines.push('Nothing was decided in the last quarter of an hour, so that everything that waits will be late: is the line running? npm run q2c -- doctor');
  if (!posting) lines.push('Nothing that was accepted waits for its ERP.');
  else if (linesPerHour === 0) lines.push('Nothing came into an ERP in the last quarter of an hour, so that everything that waits for one will be late: does it answer? npm run q2c -- doctor');
  if (deciding || posting) lines.push(`At the present pace of ${recordsPerHour} records an hour decided and ${linesPerHour} lines an hour posted ${misses.length === 0 ? 'everything makes its cutoffs.' : 'these miss their cutoff:'}`);
  if (misses.length > 0) {
    lines.push('', table(['legal entity', 'cutoff', 'at', 'waiting', 'too late', 'of', 'the last one at'], misses.map((miss) => [miss.legalEntity, miss.cutoff, miss.cutoffAt, String(miss.waiting), String(miss.late), miss.step === 'decided' ? 'records to decide' : 'lines to post', miss.doneAt ?? '?'])));
  }
  const period = (deadline: StoredDeadline | null) => (deadline === null ? '' : `${deadline.at} for days up to ${deadline.to}`);
  lines.push('', table(['legal entity', 'undecided', 'refused', 'held', 'not posted', 'refused by ERP', 'next payroll cutoff', 'next invoice cutoff', 'next close of the books'], entities.map((row) => [row.legalEntity, String(row.open), String(row.rejected), String(row.held), String(row.unposted), String(row.refusedByErp), period(row.payroll), period(row.invoice), period(row.books)])));
  lines.push('', 'Invoice cutoff: the end of the legal entity\'s invoiceCutoffDay, or the close of the books where that is sooner. What misses it is not on the invoices of its month.');
  if (entities.some(({ rejected, held, refusedByErp }) => rejected + held + refusedByErp > 0)) lines.push('', 'What is refused or held waits for people or for other records, whatever the pace: npm run q2c -- exceptions');
  return lines.join('\n');
}
