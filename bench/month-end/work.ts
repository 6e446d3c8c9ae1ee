import { setTimeout as delay } from 'node:timers/promises';
import { keyOf } from '../../activities/time/decision.ts';
import { createReference, type Reference } from '../../activities/time/reference.ts';
import type { LaborPort } from '../../connectors/labor-port.ts';
import { createNetSuite } from '../../connectors/netsuite/index.ts';
import { isUnsupported, type CallContext, type Log } from '../../connectors/ports.ts';
import type { Instant } from '../../domain/dates.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { bookTimesheet, type Booking } from '../../domain/rules/timesheet/book.ts';
import { validateTimesheet, type TimesheetDecision } from '../../domain/rules/timesheet/validate.ts';
import { openStore } from '../../store/database.ts';
import { openBooks } from './books.ts';

export interface Posted {
  readonly key: string;
  /** Null where the ERP refused the line. */
  readonly externalId: string | null;
  readonly refusal: string | null;
}

export interface Decided {
  readonly postings: readonly LaborPosting[];
  /** Codes of what is wrong with refused entries: a person has to see to them. */
  readonly refused: readonly string[];
}

/** The three steps that every peer carries out for a timesheet, whichever engine makes them durable. Each may be carried out again. */
export interface Work {
  /** Validates, and keeps the decision with all that follows from it. */
  decide(sheet: Timesheet): Promise<Decided>;
  /** @throws Error where a line may yet go through: to be tried again, the keys keep it from being written twice */
  post(postings: readonly LaborPosting[]): Promise<readonly Posted[]>;
  /** Keeps what the ERP answered, and the facts for the warehouse: the timesheet is done. */
  record(sheet: Timesheet, posted: readonly Posted[]): Promise<void>;
  close(): Promise<void>;
}

/** The ERP of every legal entity. */
export const SYSTEM = 'netsuite';

/** The project's own rules and bookings for a timesheet of which nothing was posted before. */
export function judge(sheet: Timesheet, reference: Reference, asOf: Instant): { readonly decision: TimesheetDecision; readonly booking: Booking } {
  const context = { ...reference.sliceFor(sheet, asOf, new Map(), []), posted: [], refused: [], waivers: [], withdrawals: [] };
  const decision = validateTimesheet(sheet, context);
  return { decision, booking: bookTimesheet(sheet, decision, context, { erpOf: reference.erpOf, keyOf, standing: () => undefined }) };
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
function laborPortOf({ baseUrl, credentials, options, concurrency }: ErpSettings): LaborPort {
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
  const books = openBooks(storeUrl, connections);
  const labor = laborPortOf(erp);
  return {
    async decide(sheet) {
      const { decision, booking } = judge(sheet, reference, asOf);
      await books.decided(sheet, decision, booking);
      return { postings: booking.postings, refused: [...new Set(decision.rejected.flatMap(({ findings }) => findings.map(({ code }) => code)))] };
    },
    async post(postings) {
      const posted: Posted[] = [];
      for (let first = 0; first < postings.length; first += labor.batchSize) posted.push(...(await postBatch(labor, postings.slice(first, first + labor.batchSize))));
      return posted;
    },
    record: (sheet, posted) => books.posted(sheet, posted),
    close: () => books.close(),
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
