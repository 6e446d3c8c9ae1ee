import { sql } from 'kysely';
import { decideRecords } from '../../activities/time/decide.ts';
import { createReference } from '../../activities/time/reference.ts';
import { readDocument } from '../../starters/gateway/time/documents.ts';
import { loadReference } from '../../starters/month-end/load.ts';
import { sampleMonth, type SampleMonth, type SampleTerms, type SampleTimesheet } from '../../starters/month-end/sample/index.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { keepUnreadLines } from '../../store/inbox-lines.ts';
import { sha256 } from '../../store/json.ts';
import { openBatch, receiveRecords, sealBatch } from '../../store/time/intake.ts';
import { claimPostings, recordPosted } from '../../store/time/labor-ledger.ts';
import { theFirm } from '../builders/firm.ts';
import { freshStore } from '../store/support.ts';

export interface RealMonth {
  readonly store: Store;
  readonly month: SampleMonth;
  readonly hoursPerDay: number;
  /** In the order in which they came. */
  readonly sheets: readonly SampleTimesheet[];
  /** Those that the gateway's reader refuses, kept as it keeps them. */
  readonly unread: readonly SampleTimesheet[];
  /** Puts everything planned into its ERP. */
  post(): Promise<void>;
  stop(): Promise<void>;
}

const SHEETS_AT_ONCE = 200;

/** A sample month received as the gateway receives it, on a real store, and decided page by page as the pages' processes decide it. */
export async function decideMonth(terms: Partial<SampleTerms>): Promise<RealMonth> {
  const { config, hash } = await theFirm();
  const month = sampleMonth(terms);
  const store = await freshStore();
  const { db } = store;
  await storeConfig(db, { hash, document: config, files: {} });
  await activateConfig(db, { hash, by: 'test' });
  await loadReference(db, month);
  const sheets = [...month.timesheets()];
  const unread: SampleTimesheet[] = [];
  const { id: batch } = await openBatch(db, { source: 'test', kind: 'timesheets', idempotencyKey: 'the month' });
  for (let first = 0; first < sheets.length; first += SHEETS_AT_ONCE) {
    const documents = sheets.slice(first, first + SHEETS_AT_ONCE).flatMap((told) => {
      const read = readDocument('timesheets', Buffer.from(JSON.stringify(told.sheet)));
      if (read.ok) return [read.document];
      unread.push(told);
      return [];
    });
    await receiveRecords(db, batch, documents);
  }
  await keepUnreadLines(db, batch, unread.map(({ sheet }, line) => {
    const raw = Buffer.from(JSON.stringify(sheet));
    return { line, id: sheet.id, version: sheet.version, raw, bytes: raw.length, sha256: sha256(raw), findings: [] };
  }), 0);
  await sealBatch(db, batch);
  const reference = await createReference(db)();
  const { rows: pages } = await sql<{ page: number }>`select page from time_page where batch = ${batch} order by page`.execute(db);
  for (const { page } of pages) await decideRecords(db, reference, { selection: { batch, page }, again: false, asOf: month.asOf });

  return {
    store,
    month,
    hoursPerDay: config.firm.hoursPerDay,
    sheets,
    unread,
    async post() {
      const { rows: systems } = await sql<{ system: string }>`select distinct system from labor_posting order by 1`.execute(db);
      for (;;) {
        let written = 0;
        for (const { system } of systems) {
          for (const { page } of pages) {
            const claimed = await claimPostings(db, { selection: { batch, page }, system, limit: 5_000, leaseMs: 60_000, process: 'test' });
            await recordPosted(db, claimed.map(({ key }) => ({ key, externalId: `x-${key}` })));
            written += claimed.length;
          }
        }
        if (written === 0) return;
      }
    },
    stop: () => store.close(),
  };
}
