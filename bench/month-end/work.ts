import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { keyOf } from '../../activities/time/decide.ts';
import { createReference, type Reference } from '../../activities/time/reference.ts';
import { createNetSuite } from '../../connectors/netsuite/index.ts';
import type { LaborPort } from '../../connectors/labor-port.ts';
import { isUnsupported, type CallContext, type Log } from '../../connectors/ports.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { Instant } from '../../domain/dates.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { bookTimesheet } from '../../domain/rules/timesheet/book.ts';
import { validateTimesheet } from '../../domain/rules/timesheet/validate.ts';
import { openStore } from '../../store/database.ts';

/** What was decided on an entry. */
export interface EntryOutcome {
  readonly id: string;
  readonly version: number;
  readonly outcome: 'accepted' | 'rejected' | 'held';
  readonly codes: readonly string[];
}

export interface Judged {
  readonly outcomes: readonly EntryOutcome[];
  readonly postings: readonly LaborPosting[];
}

export interface Posted {
  readonly key: string;
  /** Null where the ERP refused the line. */
  readonly externalId: string | null;
  readonly refusal: string | null;
}

/** The three steps that every peer carries out for a timesheet, whichever engine makes them durable. */
export interface Work {
  validate(sheet: Timesheet): Judged;
  /** @throws Error where a line may yet go through: to be tried again, the keys keep it from being written twice */
  post(postings: readonly LaborPosting[]): Promise<readonly Posted[]>;
  record(sheet: Timesheet, judged: Judged, posted: readonly Posted[]): Promise<void>;
  close(): Promise<void>;
}

/** The ERP of every legal entity. */
export const SYSTEM = 'netsuite';

/** The project's own rules and bookings for a timesheet of which nothing was posted before. */
export function judge(sheet: Timesheet, reference: Reference, asOf: Instant): Judged {
  const context = { ...reference.sliceFor(sheet, asOf, new Map(), []), posted: [], refused: [], waivers: [], withdrawals: [] };
  const decision = validateTimesheet(sheet, context);
  const { postings } = bookTimesheet(sheet, decision, context, { erpOf: reference.erpOf, keyOf, standing: () => undefined });
  return {
    outcomes: [
      ...decision.accepted.map(({ entry }) => ({ id: entry.id, version: entry.version, outcome: 'accepted' as const, codes: [] })),
      ...decision.rejected.map(({ entry, findings }) => ({ id: entry.id, version: entry.version, outcome: 'rejected' as const, codes: findings.map(({ code }) => code) })),
      ...decision.held.map(({ entry, reason }) => ({ id: entry.id, version: entry.version, outcome: 'held' as const, codes: [reason.code] })),
    ],
    postings,
  };
}

/** The reference data of a store, read once. */
export async function referenceOf(storeUrl: string): Promise<Reference> {
  const store = openStore(storeUrl, { applicationName: 'bench', connections: 2 });
  try {
    return await createReference(store.db)();
  } finally {
    await store.close();
  }
}

export interface ErpSettings {
  readonly baseUrl: string;
  readonly credentials: unknown;
  readonly options: unknown;
  /** Requests it lets in at a time. */
  readonly concurrency: number;
}

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * The project's own connector. As a peer is one process, the connector's limit on requests holds the ERP's: a post that waits for the ERP's job
 * takes no place, which is kinder to the peer than any limit on steps.
 */
export function laborPortOf({ baseUrl, credentials, options, concurrency }: ErpSettings): LaborPort {
  const { labor } = createNetSuite({ system: SYSTEM, baseUrl, credentials, limits: { concurrency, requestsPerSecond: null, timeoutSeconds: 60 }, options, log: silent });
  if (isUnsupported(labor)) throw new Error(`the NetSuite connector does not post labor: ${labor.unsupported}`);
  return labor;
}

export interface WorkSettings {
  readonly storeUrl: string;
  readonly connections: number;
  readonly asOf: Instant;
  readonly erp: ErpSettings;
}

/** Opens the store and the connector; the reference data stay in memory, as in our own worker. */
export async function openWork({ storeUrl, connections, asOf, erp }: WorkSettings): Promise<Work> {
  const reference = await referenceOf(storeUrl);
  const pool = new pg.Pool({ connectionString: storeUrl, max: connections, application_name: 'peer' });
  // The next statement opens a new connection.
  pool.on('error', () => undefined);
  const labor = laborPortOf(erp);
  return {
    validate: (sheet) => judge(sheet, reference, asOf),
    async post(postings) {
      const posted: Posted[] = [];
      for (let first = 0; first < postings.length; first += labor.batchSize) {
        const batch = postings.slice(first, first + labor.batchSize);
        posted.push(...(await postBatch(labor, batch)));
      }
      return posted;
    },
    async record(sheet, judged, posted) {
      const amounts = new Map(judged.postings.map((posting) => [posting.key, posting]));
      const lines = posted.map(({ key, externalId, refusal }) => ({ key, external_id: externalId, refusal, hours: amounts.get(key)?.hours, ...amounts.get(key)?.billing.amount }));
      await pool.query({
        name: 'record',
        text: `
          with outcome as (
            insert into timesheet_outcome (timesheet, version, person, week_start, outcomes) values ($1, $2, $3, $4, $5::jsonb)
            on conflict do nothing)
          insert into labor_line (key, timesheet, external_id, refusal, hours, amount, currency)
          select key, $1, external_id, refusal, hours, amount, currency
          from jsonb_to_recordset($6::jsonb) as line (key text, external_id text, refusal text, hours numeric, amount numeric, currency text)
          on conflict do nothing`,
        values: [sheet.id, sheet.version, sheet.person, sheet.weekStart, JSON.stringify(judged.outcomes), JSON.stringify(lines)],
      });
    },
    close: () => pool.end(),
  };
}

async function postBatch(labor: LaborPort, batch: readonly LaborPosting[]): Promise<Posted[]> {
  const context: CallContext = { signal: AbortSignal.timeout(60_000), heartbeat: () => undefined, log: silent, idempotencyKey: batch[0]?.key ?? '' };
  const answers = await labor.post(batch, context);
  const passing = answers.find((answer) => answer.outcome === 'refused' && (answer.failure.kind === 'transient' || answer.failure.kind === 'in_doubt'));
  if (passing?.outcome === 'refused') {
    await delay(Math.min(passing.failure.retryAfterMs ?? 0, 5_000));
    throw new Error(passing.failure.message);
  }
  return answers.map((answer) => (answer.outcome === 'posted' ? { key: answer.key, externalId: answer.externalId, refusal: null } : { key: answer.key, externalId: null, refusal: answer.failure.code }));
}

/** What a peer keeps of its timesheets beside what its engine keeps. */
export async function createPeerTables(storeUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: storeUrl });
  await client.connect();
  try {
    await client.query(`
      create table if not exists timesheet_outcome (
        timesheet text not null, version integer not null, person text not null, week_start date not null, outcomes jsonb not null,
        recorded_at timestamptz(3) not null default now(), primary key (timesheet, version));
      create table if not exists labor_line (
        key text primary key, timesheet text not null, external_id text, refusal text, hours numeric not null, amount numeric not null, currency text not null)`);
  } finally {
    await client.end();
  }
}
