import { sql } from 'kysely';
import type { Db } from './database.ts';
import { listen, type Listener } from './listen.ts';

/**
 * How many calls at once a target takes for now, below what is configured, where it refused for there being too many: another integration of
 * the same account takes part of it, or the configuration is wrong. One row for all workers. Lowered at once, by half, or by the one it was
 * raised by last, and to what it took of the calls under way where it refused more of them; raised by one at a time, only while all of it is used, and up to where it was refused not before a quarter of an hour later.
 */
const CHANNEL = 'target_limit';
const RISE_EVERY_MS = 120_000;
const NOT_AGAIN_FOR_MS = 900_000;
/** Where this host vanishes while it lowers a limit, the others can go on after this. */
const IDLE_MS = 5000;

export interface TargetLimit {
  readonly target: string;
  /** What was configured when it was lowered. */
  readonly configured: number;
  readonly allowed: number;
  readonly loweredAt: string;
  /** Requests refused for too many at once, in all. */
  readonly refusals: number;
}

/**
 * Lowers the limit of a target that has refused, unless more calls are under way than it allows already: then the refusal says nothing new. Where it was
 * lowered since the refused request was sent, that one was among those under way then: what the target took of them is what is left.
 * @returns what is allowed now
 */
export async function lowerLimit(db: Db, refusal: { readonly target: string; readonly limit: number; /** When the refused request was sent, milliseconds ago. */ readonly sentMsAgo: number }): Promise<number> {
  const { target, limit: configured } = refusal;
  const calledAt = performance.now();
  return await db.transaction().execute(async (trx) => {
    // now() is when the transaction began: those that wait for each other's row lock would else seem to have been sent later than they were.
    const sentMsAgo = refusal.sentMsAgo + performance.now() - calledAt;
    await sql`set local idle_in_transaction_session_timeout = ${sql.lit(IDLE_MS)}`.execute(trx);
    await sql`
      insert into target_limit (target, configured, allowed, refused_at, not_again_before, next_rise_at, lowered_at)
      values (${target}, ${configured}, ${configured}, ${configured}, now(), now(), '-infinity') on conflict do nothing`.execute(trx);
    const { rows: [before] } = await sql<{ allowed: number; rises: number; news: boolean }>`
      select least(allowed, ${configured}::integer) as allowed, rises, now() - ${sentMsAgo}::float8 * interval '1 millisecond' > lowered_at as news
      from target_limit where target = ${target} for update`.execute(trx);
    const { rows: [live] } = await sql<{ calls: number }>`select count(*)::integer as calls from target_slot where target = ${target} and leased_until > clock_timestamp()`.execute(trx);
    if (before === undefined || live === undefined) throw new Error(`the limit of ${target} could not be read`);
    const lowers = before.news && live.calls <= before.allowed;
    const refusedAt = live.calls === 0 ? before.allowed : live.calls;
    const allowed = !lowers ? before.allowed : Math.max(1, before.rises > 0 ? before.allowed - 1 : Math.floor(refusedAt / 2));
    await sql`update target_limit set configured = ${configured}, refusals = refusals + 1 where target = ${target}`.execute(trx);
    if (!before.news) return await lowerFurther(trx, target, before.allowed);
    if (!lowers) return allowed;
    await sql`
      update target_limit set allowed = ${allowed}, refused_at = ${Math.max(refusedAt, allowed + 1)}, rises = 0, refused_together = 1, lowered_at = clock_timestamp(),
        next_rise_at = clock_timestamp() + ${RISE_EVERY_MS}::integer * interval '1 millisecond', not_again_before = clock_timestamp() + ${NOT_AGAIN_FOR_MS}::integer * interval '1 millisecond'
      where target = ${target}`.execute(trx);
    await sql`select pg_notify(${CHANNEL}, ${target})`.execute(trx);
    return allowed;
  });
}

async function lowerFurther(trx: Db, target: string, before: number): Promise<number> {
  const { rows: [now] } = await sql<{ allowed: number }>`
    update target_limit set refused_together = refused_together + 1, allowed = greatest(1, least(allowed, refused_at - refused_together - 1))
    where target = ${target} returning allowed`.execute(trx);
  const allowed = now?.allowed ?? before;
  if (allowed < before) await sql`select pg_notify(${CHANNEL}, ${target})`.execute(trx);
  return allowed;
}

/** Raises a lowered limit by one where it is time and all of it is used; of many that call it at once one does, and nobody waits for the row: slots are renewed meanwhile. Never above `limit`. */
export async function raiseLimit(db: Db, { target, limit }: { readonly target: string; readonly limit: number }): Promise<void> {
  await sql`
    with raised as (
      update target_limit set allowed = allowed + 1, rises = rises + 1, next_rise_at = clock_timestamp() + ${RISE_EVERY_MS}::integer * interval '1 millisecond'
      where target = (select target from target_limit where target = ${target} for update skip locked) and allowed < ${limit}::integer and next_rise_at <= clock_timestamp() and (allowed + 1 < refused_at or not_again_before <= clock_timestamp())
        and allowed <= (select count(*) from target_slot s where s.target = ${target} and s.leased_until > clock_timestamp())
      returning target
    )
    select pg_notify(${CHANNEL}, target) from raised`.execute(db);
}

/** Limits that are lower than what was configured, for the operators. */
export async function loweredLimits(db: Db): Promise<TargetLimit[]> {
  const { rows } = await sql<TargetLimit>`
    select target, configured, allowed, lowered_at as "loweredAt", refusals::float8 as refusals from target_limit where allowed < configured order by target`.execute(db);
  return rows;
}

/** Calls `onChange` with a target whose limit has changed, and with "" after each (re)connection, when any may have. */
export async function onTargetLimit(url: string, onChange: (target: string) => void): Promise<Listener> {
  return await listen(url, CHANNEL, onChange);
}
