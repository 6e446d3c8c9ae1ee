import { sql } from 'kysely';
import { createReference, type Reference } from '../../../activities/time/reference.ts';
import { decideRecords } from '../../../activities/time/decide.ts';
import type { TimesheetContext } from '../../../domain/model/time/context.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { activateConfig, storeConfig } from '../../../store/config-versions.ts';
import type { Store } from '../../../store/database.ts';
import { openBatch, receiveRecords, sealBatch } from '../../../store/time/intake.ts';
import { dropReference, putReference } from '../../../store/time/reference.ts';
import { theFirm } from '../../builders/firm.ts';
import { AS_OF, aTimeContext } from '../../builders/time.ts';
import { referenceRows } from '../../support/time-line.ts';
import { asSuperuser, freshStore } from '../support.ts';

export interface Decisions {
  readonly store: Store;
  /** Takes timesheets in as one batch. @returns its pages */
  receive(sheets: readonly Timesheet[]): Promise<{ readonly batch: string; readonly page: number }[]>;
  decide(page: { readonly batch: string; readonly page: number } | { readonly records: readonly number[] }, again?: boolean): Promise<number>;
  /** Receives each page and decides it. */
  take(...sheets: readonly Timesheet[]): Promise<void>;
  /** Does something while all accounting periods of a legal entity are closed. */
  whileClosed(legalEntity: string, work: () => Promise<void>): Promise<void>;
  /** Forgets everything received and decided. */
  empty(): Promise<void>;
  rows<Row>(query: ReturnType<typeof sql<Row>>): Promise<Row[]>;
  stop(): Promise<void>;
}

/** Received time and the decisions about it, on a real store and with nothing else. */
export async function startDecisions(parts: Partial<TimesheetContext> = {}): Promise<Decisions> {
  const { config, hash } = await theFirm();
  const store = await freshStore();
  const { db } = store;
  await storeConfig(db, { hash, document: config, files: {} });
  await activateConfig(db, { hash, by: 'test' });
  await putReference(db, 'test', referenceRows(aTimeContext(config, parts)));
  const reference: () => Promise<Reference> = createReference(db);
  let batches = 0;

  const decisions: Decisions = {
    store,
    async receive(sheets) {
      batches += 1;
      const { id: batch } = await openBatch(db, { source: 'test', kind: 'timesheets', idempotencyKey: `batch-${batches}` });
      await receiveRecords(db, batch, sheets);
      await sealBatch(db, batch);
      const { rows } = await sql<{ batch: string; page: number }>`select batch, page from time_page where batch = ${batch} order by page`.execute(db);
      return rows;
    },
    async decide(selection, again = false) {
      return await decideRecords(db, await reference(), { selection, again, asOf: AS_OF });
    },
    async take(...sheets) {
      for (const page of await decisions.receive(sheets)) await decisions.decide(page);
    },
    async whileClosed(legalEntity, work) {
      const kept = await decisions.rows(sql<{ key: string; document: object }>`select key, document from time_reference where kind = 'accounting_period' and scope = ${legalEntity}`);
      const periods = kept.length > 0 ? kept : aTimeContext(config, parts).periods.filter((period) => period.legalEntity === legalEntity).map((period) => ({ key: `${legalEntity}|${period.code}`, document: period }));
      const rowsOf = (all: typeof kept, change: object) => all.map(({ key, document }) => ({ kind: 'accounting_period', key, scope: legalEntity, document: { ...document, ...change } }));
      await putReference(db, 'test', rowsOf(periods, { closed: true }));
      try {
        await work();
      } finally {
        await dropReference(db, 'accounting_period', periods.map(({ key }) => key));
        await putReference(db, 'test', rowsOf(kept, {}));
      }
    },
    empty: () => asSuperuser(store, ['truncate time_batch, time_page, time_record, time_outcome, time_entry, labor_posting, pay_line, time_cap, time_withdrawal, time_waiver, time_answer cascade']),
    async rows(query) {
      return (await query.execute(db)).rows;
    },
    stop: () => store.close(),
  };
  return decisions;
}
