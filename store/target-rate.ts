import { sql } from 'kysely';
import { reservedShare } from '../domain/request-priority.ts';
import type { Db } from './database.ts';
import { listen, type Listener } from './listen.ts';

/**
 * Requests per second to a target over all processes: one bucket of tokens, in one row, of which each process takes a few at a time as it needs them.
 * Only the database's clock counts. Where the target refused, the rate goes down for all at once, to four fifths of what it seems to bear and to
 * three quarters of what was allowed at most, not below a quarter of what is configured, and no more than a tenth of a second's requests come in one burst, since a bucket's burst and what
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
/** One that refuses for reasons of its own, whatever is sent, must not bring the line to a halt: below a quarter of what is configured the configuration is wrong. */
const LEAST_OF_CONFIGURED = 0.25;
const RISE = 0.05;
/** Of what is allowed, once it may be tried whether the target takes as much as before again. */
const RISE_AGAIN = 0.25;
/** Where nothing is configured, at so many a second no limit is kept any more. */
const NO_LIMIT_FROM = 1000;
const SHORTEST_WAIT_MS = 5;

export interface TokenRequest {
  readonly target: string;
  /** Requests per second; null for any number, unless the target refused. */
  readonly configured: number | null;
  readonly holder: string;
  readonly want: number;
  /** Of who asks: the reserve of the more urgent is left in the bucket (domain/request-priority.ts). */
  readonly priority: number;
  /** It was granted nothing for long while others were (rule 4 there): one token more may be taken ahead than anybody else may, so that it gets one. */
  readonly fair?: boolean;
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

async function tryLease(db: Db, { target, configured, holder, want, priority, fair = false }: TokenRequest): Promise<LeaseRow | undefined> {
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
    horizons as (select *, case when ${reserve}::float8 = 0 then 0.1 else coalesce(kept / 2 / rate, 0) end + case when ${fair}::boolean then coalesce(1 / rate, 0) else 0 end as ahead from levels),
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

async function makeBucket(db: Db, { target, configured }: Pick<TokenRequest, 'target' | 'configured'>): Promise<void> {
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

/**
 * Lowers the rate of a target that refused, unless it was lowered since the refused request was sent. One statement does it: no row stays locked for as long as
 * answers take to come and go, or for ever where this host vanishes meanwhile.
 * @returns what is allowed now
 */
export async function lowerRate(db: Db, refusal: RateRefusal): Promise<number> {
  const { target, configured } = refusal;
  const calledAt = performance.now();
  return await db.connection().execute(async (connection) => {
    // Asked before the row is waited for, and the way there counted too: those that wait for each other would else seem to have been sent later than they were.
    const { rows: [clock] } = await sql<{ now: string }>`select clock_timestamp()::text as now`.execute(connection);
    const sent: Sent = { msAgo: refusal.sentMsAgo + performance.now() - calledAt, at: clock?.now ?? 'now' };
    const lowered = (await tryLower(connection, refusal, sent)) ?? (await makeBucket(connection, { target, configured }), await tryLower(connection, refusal, sent));
    if (lowered === undefined) throw new Error(`the rate of ${target} could not be lowered`);
    return lowered;
  });
}

/** Milliseconds before a moment by the store's clock. */
interface Sent {
  readonly msAgo: number;
  readonly at: string;
}

async function tryLower(db: Db, { target, configured, sustainable, pauseMs }: RateRefusal, sent: Sent): Promise<number | undefined> {
  const { rows } = await sql<{ allowed: number }>`
    with bucket as (select * from target_rate where target = ${target} for update),
    present as (select greatest(1, count(*))::float8 as holders from target_rate_holder where target = ${target} and present_until > clock_timestamp()),
    before as (
      select target, least(${configured}::float8, allowed) as rate, ${sent.at}::timestamptz - ${sent.msAgo}::float8 * interval '1 millisecond' > lowered_at as news,
        case when ${sustainable}::float8 > 0 then ${sustainable}::float8 * holders else 'infinity' end as borne
      from bucket, present
    ),
    bounds as (select *, coalesce(rate * ${DOWN_AT_LEAST_TO}::float8, 'infinity') as most from before),
    lows as (
      select *, greatest(${LEAST_PER_SECOND}::float8, coalesce(${configured}::float8, 0) * ${LEAST_OF_CONFIGURED}::float8, least(most, case when borne < 'infinity' then borne * ${OF_SUSTAINABLE}::float8 when most < 'infinity' then most else 1 end)) as low
      from bounds
    ),
    outcome as (select *, case when news or rate is null then low else rate end as now_allowed, least(rate, borne) as refused, (news or rate is null) and low is distinct from rate as lowers from lows),
    changed as (
      update target_rate r set refusals = r.refusals + 1, paused_until = greatest(r.paused_until, clock_timestamp() + ${pauseMs}::float8 * interval '1 millisecond'),
        configured = case when lowers then ${configured}::float8 else r.configured end,
        allowed = case when lowers then o.now_allowed else r.allowed end,
        refused_at = case when lowers then case when o.refused < 'infinity' then o.refused else o.now_allowed end else r.refused_at end,
        tokens = case when lowers then least(r.tokens, 0) else r.tokens end,
        filled_at = case when lowers then clock_timestamp() else r.filled_at end,
        lowered_at = case when lowers then clock_timestamp() else r.lowered_at end,
        next_rise_at = case when lowers then clock_timestamp() + ${RISE_EVERY_MS}::integer * interval '1 millisecond' else r.next_rise_at end,
        not_again_before = case when lowers then clock_timestamp() + ${NOT_AGAIN_FOR_MS}::integer * interval '1 millisecond' else r.not_again_before end
      from outcome o where r.target = o.target
      returning o.now_allowed as allowed, o.lowers
    )
    select allowed, case when lowers then pg_notify(${CHANNEL}, ${target}) end from changed`.execute(db);
  return rows[0]?.allowed;
}

/** Raises a lowered rate by a step where it is time; of many that call it at once one does, and nobody waits for the row. At what is configured it is lowered no more. */
export async function raiseRate(db: Db, target: string): Promise<void> {
  await sql`
    with due as (
      select *, allowed + case when not_again_before <= clock_timestamp() then greatest(refused_at * ${RISE}::float8, allowed * ${RISE_AGAIN}::float8) else refused_at * ${RISE}::float8 end as raised
      from target_rate where target = ${target} and allowed is not null and next_rise_at <= clock_timestamp() for update skip locked
    )
    update target_rate r set next_rise_at = clock_timestamp() + ${RISE_EVERY_MS}::integer * interval '1 millisecond',
      allowed = case when due.raised < coalesce(due.configured, ${NO_LIMIT_FROM}::float8) then due.raised end
    from due where r.target = due.target and (due.raised < due.refused_at or due.not_again_before <= clock_timestamp())`.execute(db);
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
