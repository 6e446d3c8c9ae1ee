import pg from 'pg';
import { z } from 'zod';
import { using } from '../support/open.ts';
import type { RunningEngine } from './engines/engine.ts';
import { startOurs } from './engines/ours.ts';
import type { CommonGround } from './ground.ts';
import type { Month } from './month.ts';

export interface Query {
  /** Rows of the store, in the shape that is asked for. */
  <Row>(row: z.ZodType<Row>, text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface OurLine {
  readonly running: RunningEngine;
  readonly query: Query;
}

/** Our own line on an empty installation, with one worker process unless told, and with a look into its store. */
export async function withOurLine<Result>(common: CommonGround, month: Month, work: (line: OurLine) => Promise<Result>, workers = 1): Promise<Result> {
  await common.erp.prepare(month);
  return await using(() => startOurs(common.of(month), workers), async (running) => {
    return await withStore(running.storeUrl, (query) => work({ running, query }));
  });
}

export async function withStore<Result>(storeUrl: string, work: (query: Query) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: storeUrl, application_name: 'bench' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(async (row, text, values = []) => z.array(row).parse((await client.query<Record<string, unknown>>(text, [...values])).rows));
  } finally {
    await client.end();
  }
}

/** When each timesheet's last line stood in the ERP, milliseconds since 1970; timesheets of which nothing was posted are left out. */
export async function postedAt(query: Query, idempotencyKeys: string): Promise<{ readonly timesheet: string; readonly legalEntity: string; readonly receivedAt: number; readonly postedAt: number }[]> {
  return await query(
    z.object({ timesheet: z.string(), legalEntity: z.string(), receivedAt: z.number(), postedAt: z.number() }),
    `select r.record_id as timesheet, r.legal_entity as "legalEntity", extract(epoch from r.received_at)::float8 * 1000 as "receivedAt", extract(epoch from max(p.done_at))::float8 * 1000 as "postedAt"
     from time_batch b join time_record r on r.batch = b.id join labor_posting p on p.record = r.id and p.state = 'done'
     where b.idempotency_key like $1 group by r.id order by r.id`,
    [idempotencyKeys],
  );
}
