import { sql } from 'kysely';
import type { Db } from './database.ts';

/**
 * One concurrency limit per target system over all processes: a slot is a number from 1 to the limit, leased to one holder for a limited
 * time. Only the database's clock counts.
 */
export interface SlotRequest {
  readonly target: string;
  /** As configured; where the target has refused for too many at once, what it takes for now counts (target-limit.ts). */
  readonly limit: number;
  readonly holder: string;
  readonly leaseMs: number;
}

/**
 * Leases up to `want` free slots and announces the holder (also where none is free, so that the others make room).
 * After a limit was lowered, slots above it count until their holders give them back.
 * @returns the numbers of the newly leased slots; fewer than wanted where others were faster.
 */
export async function leaseSlots(db: Db, request: SlotRequest & { readonly want: number }): Promise<number[]> {
  const { target, limit, holder, want, leaseMs } = request;
  const { rows } = await sql<{ slot_no: number }>`/* prepared: lease_slots */
    with present as (
      insert into target_holder (target, holder, present_until) values (${target}, ${holder}, clock_timestamp() + ${leaseMs}::integer * interval '1 millisecond')
      on conflict (target, holder) do update set present_until = excluded.present_until
    ),
    live as (select slot_no from target_slot where target = ${target} and leased_until > clock_timestamp()),
    bound as (select least(${limit}::integer, (select allowed from target_limit where target = ${target})) as most),
    free as (
      select slot_no from generate_series(1, (select most from bound)) as slot_no
      where slot_no not in (select slot_no from live)
      order by slot_no
      limit greatest(0, least(${want}::integer, (select most from bound) - (select count(*) from live)))
    )
    insert into target_slot as s (target, slot_no, holder, leased_until)
    select ${target}, slot_no, ${holder}, clock_timestamp() + ${leaseMs}::integer * interval '1 millisecond' from free order by slot_no
    on conflict (target, slot_no) do update set holder = excluded.holder, leased_until = excluded.leased_until where s.leased_until <= clock_timestamp()
    returning slot_no`.execute(db);
  return rows.map((row) => row.slot_no);
}

export interface Renewal {
  /** The slots the holder still has. */
  readonly slots: readonly number[];
  /** Holders that want slots of this target, this one included. */
  readonly holders: number;
  /** Holders among them that have none. */
  readonly starving: number;
  /** Calls at once over all processes for now. */
  readonly limit: number;
}

/** Renews the given slots and the holder's presence. A slot that ran out, or lies above a lowered limit, is not renewed. */
export async function renewSlots(db: Db, request: SlotRequest & { readonly slots: readonly number[] }): Promise<Renewal> {
  const { target, limit, holder, slots, leaseMs } = request;
  const { rows } = await sql<Renewal>`/* prepared: renew_slots */
    with present as (
      insert into target_holder (target, holder, present_until) values (${target}, ${holder}, clock_timestamp() + ${leaseMs}::integer * interval '1 millisecond')
      on conflict (target, holder) do update set present_until = excluded.present_until
    ),
    bound as (select least(${limit}::integer, (select allowed from target_limit where target = ${target})) as most),
    renewed as (
      update target_slot set leased_until = clock_timestamp() + ${leaseMs}::integer * interval '1 millisecond'
      where target = ${target} and holder = ${holder} and slot_no = any(${[...slots]}::integer[]) and slot_no <= (select most from bound) and leased_until > clock_timestamp()
      returning slot_no
    ),
    others as (
      select h.holder, exists (select from target_slot s where s.target = h.target and s.holder = h.holder and s.leased_until > clock_timestamp()) as has_slots
      from target_holder h where h.target = ${target} and h.holder <> ${holder} and h.present_until > clock_timestamp()
    )
    select
      coalesce((select array_agg(slot_no order by slot_no) from renewed), '{}') as slots,
      1 + (select count(*) from others) as holders,
      (select count(*) from others where not has_slots) as starving,
      (select most from bound) as limit`.execute(db);
  return rows[0] ?? { slots: [], holders: 1, starving: 0, limit };
}

/** Gives slots back. */
export async function releaseSlots(db: Db, release: { readonly target: string; readonly holder: string; readonly slots: readonly number[] }): Promise<void> {
  if (release.slots.length === 0) return;
  await sql`delete from target_slot where target = ${release.target} and holder = ${release.holder} and slot_no = any(${[...release.slots]}::integer[])`.execute(db);
}

/** Gives everything back: the holder wants no slots of this target any more. What killed holders left long ago goes too. */
export async function leaveTarget(db: Db, leaving: { readonly target: string; readonly holder: string }): Promise<void> {
  await sql`
    with gone as (
      delete from target_holder where target = ${leaving.target} and (holder = ${leaving.holder} or present_until < now() - interval '1 hour')
    )
    delete from target_slot where target = ${leaving.target} and (holder = ${leaving.holder} or leased_until < now() - interval '1 hour')`.execute(db);
}

/** How many holders want slots of the target at this moment. */
export async function liveHolders(db: Db, target: string): Promise<number> {
  const { rows } = await sql<{ holders: number }>`select count(*) as holders from target_holder where target = ${target} and present_until > clock_timestamp()`.execute(db);
  return rows[0]?.holders ?? 0;
}

/** Slots leased at this moment, by holder: for the operators' pages. */
export async function slotsInUse(db: Db, target: string): Promise<{ holder: string; slots: number }[]> {
  const { rows } = await sql<{ holder: string; slots: number }>`
    select holder, count(*) as slots from target_slot where target = ${target} and leased_until > clock_timestamp() group by holder order by holder`.execute(db);
  return rows;
}
