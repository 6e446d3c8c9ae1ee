import { sql } from 'kysely';
import { reservedShare } from '../domain/request-priority.ts';
import type { Db } from './database.ts';
import { listen, type Listener } from './listen.ts';

/**
 * Requests per second to a target over all processes: one bucket of tokens, in one row, of which each process takes a few at a time as it needs them.
 * Only the database's clock counts. Where the target refused, the rate goes down for all at once, to four fifths of what it seems to bear and to
 * three quarters of what was allowed at most, and no more than a tenth of a second's requests come in one burst, since a bucket's burst and what
 * fills it meanwhile add up. It rises by a twentieth every two minutes while all of it is wanted, and up to where it was refused not before a quarter
 * of an hour later.
 */
const CHANNEL = 'target_rate';
const RISE_EVERY_MS = 120_000;
const NOT_AGAIN_FOR_MS = 900_000;
const PRESENT_MS = 15_000;
const DOWN_AT_LEAST_TO = 0.75;
const OF_SUSTAINABLE = 0.8;
const LEAST_PER_SECOND = 0.05;
const RISE = 0.05;
const SHORTEST_WAIT_MS = 5;

export interface TokenRequest {
  readonly target: string;
  /** Requests per second; null for any number, unless the target refused. */
  readonly configured: number | null;
  readonly holder: string;
  readonly want: number;
  /** Of who asks: the reserve of the more urgent is left in the bucket (domain/request-priority.ts). */
  readonly priority: number;
}

export interface TokenLease {
  /** Null where any number may be sent. */
  readonly perSecond: number | null;
  /** When each token may be used, milliseconds from now. */
  readonly usableInMs: readonly number[];
  readonly askAgainInMs: number;
  /** That take from this bucket, this one included. */
  readonly holders: number;
  /** It was lowered, and is to rise (raiseRate) where all of it is wanted. */
  readonly mayRise: boolean;
}

interface LeaseRow {
  readonly rate: number | null;
  readonly level: number;
  readonly kept: number;
  readonly granted: number;
  readonly paused_ms: number;
  readonly ahead_ms: number;
  readonly may_rise: boolean;
  readonly holders: number;
}

/**
 * Takes up to `want` tokens. Those who are not urgent leave the reserve in the bucket, but for half of it may take ahead what is yet to come in, and
 * wait for that: so that they need not ask for each token, and the urgent find the other half.
 */
export async function leaseTokens(db: Db, request: TokenRequest): Promise<TokenLease> {
  const row = (await tryLease(db, request)) ?? (await makeBucket(db, request), await tryLease(db, request));
  if (row === undefined) throw new Error(`the bucket of ${request.target} could not be made`);
  const { rate, level, kept, granted, paused_ms: pausedMs, ahead_ms: aheadMs, may_rise: mayRise, holders } = row;
  if (rate === null) return { perSecond: null, usableInMs: [], askAgainInMs: 0, holders, mayRise };
  const msUntil = (tokens: number): number => Math.max(0, ((tokens - level) / rate) * 1000);
  const usableInMs = Array.from({ length: granted }, (_, index) => msUntil(kept + index + 1));
  const nextMs = Math.max(SHORTEST_WAIT_MS, msUntil(kept + granted + 1) - aheadMs);
  return { perSecond: rate, usableInMs, askAgainInMs: pausedMs > 0 ? pausedMs : granted === request.want ? 0 : nextMs, holders, mayRise };
}

async function tryLease(db: Db, { target, configured, holder, want, priority }: TokenRequest): Promise<LeaseRow | undefined> {
  const reserve = reservedShare(priority);
  const { rows } = await sql<LeaseRow>`/* prepared: lease_tokens */
    with present as (
      insert into target_rate_holder (target, holder, present_until) values (${target}, ${holder}, clock_timestamp() + ${PRESENT_MS}::integer * interval '1 millisecond')
      on conflict (target, holder) do update set present_until = excluded.present_until
    ),
    bucket as (select * from target_rate where target = ${target} for update),
    limits as (
      select *, clock_timestamp() as at, least(${configured}::float8, allowed) as rate,
        coalesce(allowed < coalesce(${configured}::float8, 'infinity'), false) as lowered
      from bucket
    ),
    depths as (select *, greatest(1, case when lowered then rate / 10 else coalesce(rate, 1) end) as depth from limits),
    levels as (
      select *, least(depth, tokens + greatest(0, extract(epoch from at - filled_at)::float8) * coalesce(rate, 0)) as level,
        least(${reserve}::float8 * depth, depth - 1) as kept, extract(epoch from greatest(paused_until, at) - at)::float8 * 1000 as paused_ms
      from depths
    ),
    horizons as (select *, case when ${reserve}::float8 = 0 then 0.1 else coalesce(kept / 2 / rate, 0) end as ahead from levels),
    grants as (
      select *, case when rate is null or paused_ms > 0 then 0 else least(${want}::integer, greatest(0, floor(level - kept + rate * ahead)))::integer end as granted
      from horizons
    )
    update target_rate r set configured = ${configured}::float8, tokens = g.level - g.granted, filled_at = g.at
    from grants g where r.target = g.target
    returning g.rate, g.level, g.kept, g.granted, g.paused_ms, g.ahead * 1000 as ahead_ms, g.lowered and g.next_rise_at <= g.at as may_rise,
      (select 1 + count(*) from target_rate_holder h where h.target = ${target} and h.holder <> ${holder} and h.present_until > clock_timestamp()) as holders`.execute(db);
  return rows[0];
}

async function makeBucket(db: Db, { target, configured }: TokenRequest): Promise<void> {
  await sql`
    insert into target_rate (target, configured, tokens, filled_at) values (${target}, ${configured}::float8, ${Math.max(1, configured ?? 1)}::float8, clock_timestamp())
    on conflict do nothing`.execute(db);
}

export interface RateRefusal {
  readonly target: string;
  readonly configured: number | null;
  /** When the refused request was sent, milliseconds ago. */
  readonly sentMsAgo: number;
  /** Requests per second the target seems to bear of one process; 0 where that is not known. */
  readonly sustainable: number;
  /** No process sends anything for so long. */
  readonly pauseMs: number;
}

/** Lowers the rate of a target that refused, unless it was lowered since the refused request was sent. @returns what is allowed now */
export async function lowerRate(db: Db, refusal: RateRefusal): Promise<number> {
  const { target, configured, sustainable, pauseMs } = refusal;
  const calledAt = performance.now();
  return await db.transaction().execute(async (trx) => {
    // now() is when the transaction began: those that wait for each other's row lock would else seem to have been sent later than they were.
    const sentMsAgo = refusal.sentMsAgo + performance.now() - calledAt;
    await makeBucket(trx, { target, configured, holder: '', want: 0, priority: 1 });
    const { rows: [before] } = await sql<{ rate: number | null; news: boolean }>`
      select least(${configured}::float8, allowed) as rate, now() - ${sentMsAgo}::float8 * interval '1 millisecond' > lowered_at as news
      from target_rate where target = ${target} for update`.execute(trx);
    const { rows: [present] } = await sql<{ holders: number }>`select count(*)::integer as holders from target_rate_holder where target = ${target} and present_until > clock_timestamp()`.execute(trx);
    if (before === undefined || present === undefined) throw new Error(`the rate of ${target} could not be read`);
    const borne = sustainable > 0 ? sustainable * Math.max(1, present.holders) : Number.POSITIVE_INFINITY;
    const most = before.rate === null ? Number.POSITIVE_INFINITY : before.rate * DOWN_AT_LEAST_TO;
    const refusedAt = Math.min(before.rate ?? Number.POSITIVE_INFINITY, borne);
    const lowered = Math.max(LEAST_PER_SECOND, Math.min(most, Number.isFinite(borne) ? borne * OF_SUSTAINABLE : Number.isFinite(most) ? most : 1));
    const allowed = before.news || before.rate === null ? lowered : before.rate;
    const paused = sql`paused_until = greatest(paused_until, clock_timestamp() + ${pauseMs}::float8 * interval '1 millisecond')`;
    if (allowed === before.rate) {
      await sql`update target_rate set refusals = refusals + 1, ${paused} where target = ${target}`.execute(trx);
      return allowed;
    }
    await sql`
      update target_rate set configured = ${configured}::float8, allowed = ${allowed}::float8, refused_at = ${Number.isFinite(refusedAt) ? refusedAt : allowed}::float8, tokens = least(tokens, 0), filled_at = clock_timestamp(),
        ${paused}, refusals = refusals + 1, lowered_at = clock_timestamp(), next_rise_at = clock_timestamp() + ${RISE_EVERY_MS}::integer * interval '1 millisecond',
        not_again_before = clock_timestamp() + ${NOT_AGAIN_FOR_MS}::integer * interval '1 millisecond'
      where target = ${target}`.execute(trx);
    await sql`select pg_notify(${CHANNEL}, ${target})`.execute(trx);
    return allowed;
  });
}

/** Raises a lowered rate by a step where it is time; of many that call it at once one does. At what is configured it is lowered no more. */
export async function raiseRate(db: Db, target: string): Promise<void> {
  await sql`
    update target_rate set next_rise_at = clock_timestamp() + ${RISE_EVERY_MS}::integer * interval '1 millisecond',
      allowed = nullif(least(allowed + refused_at * ${RISE}::float8, coalesce(configured, 'infinity')), configured)
    where target = ${target} and allowed is not null and next_rise_at <= clock_timestamp()
      and (allowed + refused_at * ${RISE}::float8 < refused_at or not_again_before <= clock_timestamp())`.execute(db);
}

export interface LoweredRate {
  readonly target: string;
  readonly configured: number | null;
  readonly allowed: number;
  readonly loweredAt: string;
  /** Requests refused for too many per second, in all. */
  readonly refusals: number;
}

/** Rates that are lower than what is configured, for the operators. */
export async function loweredRates(db: Db): Promise<LoweredRate[]> {
  const { rows } = await sql<LoweredRate>`
    select target, configured, allowed, lowered_at as "loweredAt", refusals::float8 as refusals from target_rate
    where allowed < coalesce(configured, 'infinity') order by target`.execute(db);
  return rows;
}

/** Takes no more from a target's bucket: the others need not share with this holder. What killed ones left long ago goes too. */
export async function leaveRates(db: Db, holder: string): Promise<void> {
  await sql`delete from target_rate_holder where holder = ${holder} or present_until < now() - interval '1 hour'`.execute(db);
}

/** Calls `onChange` with a target whose rate was lowered, and with "" after each (re)connection, when any may have. */
export async function onTargetRate(url: string, onChange: (target: string) => void): Promise<Listener> {
  return await listen(url, CHANNEL, onChange);
}
