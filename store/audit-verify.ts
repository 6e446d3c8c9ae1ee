import { GENESIS, auditHash } from './audit-chain.ts';
import type { ChainHead } from './audit-chain.ts';
import type { AuditRow } from './audit-trail.ts';
import type { Db } from './database.ts';

const PAGE = 2000;

export interface BrokenLink {
  readonly chainNo: number;
  /** The row where it shows; null where a row is missing at the end. */
  readonly id: number | null;
  readonly reason: 'changed' | 'removed' | 'inserted' | 'reordered' | 'rewritten';
  readonly detail: string;
}

export interface AuditVerification {
  readonly ok: boolean;
  readonly sealed: number;
  /** Written and not yet in the chain. */
  readonly unsealed: number;
  readonly firstBroken?: BrokenLink;
  readonly head: ChainHead;
}

/**
 * Computes the whole chain again, page by page, and compares it with the seals, the kept head, the checkpoints in the store and the heads
 * the caller kept elsewhere.
 */
export async function verifyAuditTrail(db: Db, knownHeads: readonly ChainHead[] = []): Promise<AuditVerification> {
  return await db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(async (snapshot) => {
    const count = await snapshot
      .selectFrom('audit_trail')
      .select((row) => [row.fn.count<number>('chain_no').as('sealed'), row.fn.countAll<number>().as('rows')])
      .executeTakeFirstOrThrow();
    const expected = await expectedHeads(snapshot, knownHeads);
    const walked = await walkChain(snapshot, expected);
    const totals = { sealed: count.sealed, unsealed: count.rows - count.sealed, head: walked.head };
    return walked.broken === undefined ? { ok: true, ...totals } : { ok: false, ...totals, firstBroken: walked.broken };
  });
}

async function expectedHeads(db: Db, knownHeads: readonly ChainHead[]): Promise<Map<number, string[]>> {
  const kept = await db.selectFrom('audit_head').select(['chain_no', 'hash']).unionAll(db.selectFrom('audit_checkpoint').select(['chain_no', 'hash'])).execute();
  const heads = [...knownHeads, ...kept.map((row) => ({ chainNo: row.chain_no, hash: row.hash }))];
  return new Map(Object.entries(Object.groupBy(heads, (head) => head.chainNo)).map(([chainNo, at]) => [Number(chainNo), (at ?? []).map((head) => head.hash)]));
}

async function walkChain(db: Db, expected: ReadonlyMap<number, string[]>): Promise<{ head: ChainHead; broken?: BrokenLink }> {
  let head: ChainHead = { chainNo: 0, hash: GENESIS };
  let lastId = 0;
  for (;;) {
    const page = await db
      .selectFrom('audit_trail')
      .selectAll()
      .where((row) => row(row.refTuple('chain_no', 'id'), '>', row.tuple(head.chainNo, lastId)))
      .orderBy('chain_no')
      .orderBy('id')
      .limit(PAGE)
      .execute();
    for (const row of page) {
      const broken = await judge(db, row, head, expected);
      if (broken !== undefined) return { head, broken };
      head = { chainNo: head.chainNo + 1, hash: row.hash ?? '' };
      lastId = row.id;
    }
    if (page.length < PAGE) break;
  }
  const last = Math.max(0, ...expected.keys());
  if (last <= head.chainNo) return { head };
  const detail = `the chain ends at ${head.chainNo}, but it was sealed up to ${last}: rows were removed at its end`;
  return { head, broken: { chainNo: head.chainNo + 1, id: null, reason: 'removed', detail } };
}

async function judge(db: Db, row: AuditRow, head: ChainHead, expected: ReadonlyMap<number, string[]>): Promise<BrokenLink | undefined> {
  const chainNo = row.chain_no ?? 0;
  const at = { chainNo, id: row.id };
  if (auditHash(row.prev_hash ?? '', row) !== row.hash) {
    return { ...at, reason: 'changed', detail: `row ${row.id} (${row.action}, ${row.object}) is not what was sealed as ${chainNo}` };
  }
  if (chainNo === head.chainNo) return { ...at, reason: 'inserted', detail: `row ${row.id} takes number ${chainNo} a second time` };
  if (row.prev_hash !== head.hash) return { ...at, ...(await misplacement(db, row, head)) };
  if (chainNo !== head.chainNo + 1) return { ...at, reason: 'reordered', detail: `row ${row.id} follows ${head.chainNo} but carries number ${chainNo}` };
  if (expected.get(chainNo)?.some((hash) => hash !== row.hash) === true) {
    return { ...at, reason: 'rewritten', detail: `the chain was computed anew: number ${chainNo} does not have the hash that was kept` };
  }
  return undefined;
}

/** The row is whole but does not follow the one before it: says why, by where the row is that it was sealed after. */
async function misplacement(db: Db, row: AuditRow, head: ChainHead): Promise<Pick<BrokenLink, 'reason' | 'detail'>> {
  const chainNo = row.chain_no ?? 0;
  if (row.prev_hash === GENESIS) return { reason: 'reordered', detail: `row ${row.id} was sealed as the first and now stands at ${chainNo}` };
  const before = await db.selectFrom('audit_trail').select(['id', 'chain_no']).where('hash', '=', row.prev_hash).executeTakeFirst();
  if (before === undefined) return { reason: 'removed', detail: `the row sealed before row ${row.id} (number ${chainNo}) is gone` };
  const beforeNo = before.chain_no ?? 0;
  if (beforeNo < head.chainNo) {
    return { reason: 'inserted', detail: `row ${row.id} (number ${chainNo}) was sealed right after row ${before.id} (number ${beforeNo}); what stands between was put in later` };
  }
  return { reason: 'reordered', detail: `row ${row.id} (number ${chainNo}) was sealed after row ${before.id}, which now stands at ${beforeNo}` };
}
