import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Db } from './database.ts';
import { jsonText } from './json.ts';
import type { DealProcessTable } from './schema.ts';

export interface Deal {
  readonly crm: string;
  readonly opportunityId: string;
}

export type DealProcessRow = Selectable<DealProcessTable>;

/** An event told of the deal. What versions have been seen is for `noteDealLoaded` to say: an event that was told may still have to be read. @returns what is known of the deal, this included. */
export async function noteDealSeen(db: Db, seen: Deal): Promise<DealProcessRow> {
  return await db
    .insertInto('deal_process')
    .values({ crm: seen.crm, opportunity_id: seen.opportunityId, state: 'seen', version_seen: null })
    .onConflict((conflict) =>
      conflict.columns(['crm', 'opportunity_id']).doUpdateSet({ last_seen_at: sql`now()` }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** A process for the deal has begun; the same workflow again changes nothing while it runs. */
export async function noteDealStarted(db: Db, started: Deal & { readonly workflowId: string }): Promise<void> {
  await db
    .insertInto('deal_process')
    .values({ crm: started.crm, opportunity_id: started.opportunityId, state: 'running', workflow_id: started.workflowId, started_at: sql`now()` })
    .onConflict((conflict) =>
      conflict
        .columns(['crm', 'opportunity_id'])
        .doUpdateSet({ state: 'running', workflow_id: started.workflowId, started_at: sql`now()`, ended_at: null })
        .where((row) => row.or([row('deal_process.state', '<>', 'running'), row('deal_process.workflow_id', 'is distinct from', started.workflowId)])),
    )
    .execute();
}

export interface RecordedOutcome {
  readonly workflowId: string;
  readonly state: 'activated' | 'aborted' | 'failed';
  readonly outcome: unknown;
  /** What the systems now stand at; null leaves what was applied before (an aborted change, an unchanged deal). */
  readonly applied: { readonly version: string; readonly fingerprint: string; readonly planRef: string } | null;
  readonly endedAt: string;
}

/** Records how a deal's process ended; the same again changes nothing. */
export async function recordDealOutcome(db: Db, recorded: Deal & RecordedOutcome): Promise<void> {
  const ended = {
    workflow_id: recorded.workflowId,
    state: recorded.state,
    outcome: jsonText(recorded.outcome),
    ended_at: recorded.endedAt,
    ...(recorded.applied === null
      ? {}
      : { version_applied: recorded.applied.version, fingerprint_applied: recorded.applied.fingerprint, plan_ref_applied: recorded.applied.planRef }),
  };
  await db
    .insertInto('deal_process')
    .values({ crm: recorded.crm, opportunity_id: recorded.opportunityId, ...ended })
    .onConflict((conflict) => conflict.columns(['crm', 'opportunity_id']).doUpdateSet(ended))
    .execute();
}

export async function dealProcess(db: Db, deal: Deal): Promise<DealProcessRow | undefined> {
  return await db.selectFrom('deal_process').selectAll().where('crm', '=', deal.crm).where('opportunity_id', '=', deal.opportunityId).executeTakeFirst();
}

/** A process has read this version of the deal. @returns what is known of the deal, this included. */
export async function noteDealLoaded(db: Db, loaded: Deal & { readonly workflowId: string; readonly version: string }): Promise<DealProcessRow> {
  return await db
    .insertInto('deal_process')
    .values({ crm: loaded.crm, opportunity_id: loaded.opportunityId, state: 'running', workflow_id: loaded.workflowId, version_seen: loaded.version, started_at: sql`now()` })
    .onConflict((conflict) =>
      conflict.columns(['crm', 'opportunity_id']).doUpdateSet({
        state: sql`case when deal_process.state = 'activated' then 'activated' else 'running' end`,
        workflow_id: loaded.workflowId,
        version_seen: loaded.version,
        started_at: sql`coalesce(deal_process.started_at, now())`,
        ended_at: null,
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Deals by "crm/id", by ID alone or by a project's number; all of them, the newest first, for null. */
export async function dealsMatching(db: Db, wanted: string | null, limit = 100): Promise<DealProcessRow[]> {
  return await db
    .selectFrom('deal_process')
    .selectAll()
    .$if(wanted !== null, (query) =>
      query.where(sql<boolean>`crm || '/' || opportunity_id = ${wanted ?? ''} or opportunity_id = ${wanted ?? ''} or outcome -> 'projects' ? ${wanted ?? ''}`),
    )
    .orderBy('first_seen_at', 'desc')
    .limit(limit)
    .execute();
}

/** A process found that nothing that matters has changed: the deal stands as before, at a newer version of the same content. */
export async function recordDealUnchanged(db: Db, unchanged: Deal & { readonly version: string; readonly endedAt: string }): Promise<void> {
  await db
    .updateTable('deal_process')
    .set({
      state: sql`case when plan_ref_applied is null then 'aborted' else 'activated' end`,
      version_applied: sql`case when plan_ref_applied is null then version_applied else ${unchanged.version} end`,
      version_seen: unchanged.version,
      ended_at: unchanged.endedAt,
    })
    .where('crm', '=', unchanged.crm)
    .where('opportunity_id', '=', unchanged.opportunityId)
    .execute();
}
