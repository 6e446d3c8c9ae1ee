import { sql } from 'kysely';
import { ADVISORY_LOCKS } from './advisory-locks.ts';
import type { AuditRow } from './audit-trail.ts';
import type { Db } from './database.ts';
import { canonicalJson, sha256 } from './json.ts';

const BATCH = 1000;

/** The hash before the first row. */
export const GENESIS = '0'.repeat(64);

export interface ChainHead {
  readonly chainNo: number;
  readonly hash: string;
}

/**
 * hash = SHA-256(prev_hash + canonical JSON of id, at, process, actor, action, object, system, message, details), in hexadecimal, over
 * UTF-8. Canonical JSON: see `canonicalJson`. An auditor can compute it again from the table alone.
 */
export function auditHash(prevHash: string, row: AuditRow): string {
  const { id, at, process, actor, action, object, system, message, details } = row;
  return sha256(prevHash + canonicalJson({ id, at, process, actor, action, object, system, message, details }));
}

/**
 * Seals all rows that are not sealed yet into the chain, in the order of their IDs. Any number of processes may call it; one works, the
 * others return at once.
 * @returns how many rows this call sealed.
 */
export async function sealAuditTrail(db: Db): Promise<number> {
  let total = 0;
  for (;;) {
    const sealed = await sealBatch(db);
    total += sealed;
    if (sealed < BATCH) return total;
  }
}

async function sealBatch(db: Db): Promise<number> {
  return await db.transaction().execute(async (transaction) => {
    const lock = await sql<{ locked: boolean }>`select pg_try_advisory_xact_lock(${ADVISORY_LOCKS.auditSealing}::bigint) as locked`.execute(transaction);
    if (lock.rows[0]?.locked !== true) return 0;
    const rows = await transaction.selectFrom('audit_trail').selectAll().where('chain_no', 'is', null).orderBy('id').limit(BATCH).execute();
    if (rows.length === 0) return 0;
    const known = await transaction.selectFrom('audit_head').select(['chain_no', 'hash']).executeTakeFirst();
    let head: ChainHead = known === undefined ? { chainNo: 0, hash: GENESIS } : { chainNo: known.chain_no, hash: known.hash };
    const seals = rows.map((row) => {
      const seal = { id: row.id, chain_no: head.chainNo + 1, prev_hash: head.hash, hash: auditHash(head.hash, row) };
      head = { chainNo: seal.chain_no, hash: seal.hash };
      return seal;
    });
    await sql`
      update audit_trail a set chain_no = s.chain_no, prev_hash = s.prev_hash, hash = s.hash, sealed_at = now()
      from jsonb_to_recordset(${JSON.stringify(seals)}::jsonb) as s (id bigint, chain_no bigint, prev_hash text, hash text)
      where a.id = s.id`.execute(transaction);
    await transaction
      .insertInto('audit_head')
      .values({ chain_no: head.chainNo, hash: head.hash })
      .onConflict((conflict) => conflict.column('only_row').doUpdateSet({ chain_no: head.chainNo, hash: head.hash, sealed_at: sql`now()` }))
      .execute();
    return rows.length;
  });
}

/**
 * Seals what there is and keeps the head as a checkpoint. Give it to somebody outside: with it, even a chain that was computed anew from
 * a changed row on is found out.
 */
export async function checkpointAuditTrail(db: Db, takenBy: string): Promise<ChainHead> {
  await sealAuditTrail(db);
  const head = await db.selectFrom('audit_head').select(['chain_no', 'hash']).executeTakeFirst();
  if (head === undefined) return { chainNo: 0, hash: GENESIS };
  await db.insertInto('audit_checkpoint').values({ ...head, taken_by: takenBy }).onConflict((conflict) => conflict.doNothing()).execute();
  return { chainNo: head.chain_no, hash: head.hash };
}
