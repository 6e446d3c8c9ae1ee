import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { checkpointAuditTrail, sealAuditTrail } from '../../store/audit-chain.ts';
import { appendAudit, auditOf } from '../../store/audit-trail.ts';
import { verifyAuditTrail } from '../../store/audit-verify.ts';
import type { Store } from '../../store/database.ts';
import { auditEntry } from './builders.ts';
import { asSuperuser, freshStore } from './support.ts';

const OFF = 'alter table audit_trail disable trigger all';

describe('The audit trail', function () {
  this.timeout(30_000);
  const opened: Store[] = [];
  const trailOf = async (rows: number): Promise<Store> => {
    const store = await freshStore();
    opened.push(store);
    await appendAudit(store.db, Array.from({ length: rows }, (_, index) => auditEntry({ object: `project ${index + 1}`, process: `p${index + 1}` })));
    await sealAuditTrail(store.db);
    return store;
  };
  after(async () => {
    await Promise.all(opened.map((store) => store.close()));
  });

  it('is whole after concurrent writers and concurrent sealers, over many pages', async () => {
    const store = await trailOf(0);
    const entries = Array.from({ length: 50 }, () => auditEntry());
    await Promise.all(Array.from({ length: 100 }, async () => {
      await appendAudit(store.db, entries);
      await sealAuditTrail(store.db);
    }));
    await sealAuditTrail(store.db);
    await appendAudit(store.db, [auditEntry()]);
    const { ok, sealed, unsealed, head } = await verifyAuditTrail(store.db);
    assert.deepEqual({ ok, sealed, unsealed, chainNo: head.chainNo }, { ok: true, sealed: 5000, unsealed: 1, chainNo: 5000 });
  });

  it('can be computed again by an auditor from the columns alone', async () => {
    const store = await trailOf(2);
    const [row] = await auditOf(store.db, 'p1');
    const text = `{"action":"posting.done","actor":"worker","at":"${row?.at}","details":{"amounts":[{"currency":"USD","value":"100.10"}],"externalId":"4711"},"id":1,"message":"project US01-TECH-1 is job 4711 in netsuite","object":"project 1","process":"p1","system":"netsuite"}`;
    assert.equal(row?.hash, createHash('sha256').update('0'.repeat(64) + text, 'utf8').digest('hex'));
  });

  it('keeps characters that jsonb cannot hold from stopping a process', async () => {
    const store = await trailOf(0);
    await appendAudit(store.db, [auditEntry({ process: 'odd', message: 'nul \0 here', details: { text: 'nul \0, lone \ud800, escaped \\u0000, fine \u{1F600}' } })]);
    const [row] = await auditOf(store.db, 'odd');
    assert.deepEqual(row?.details, { text: 'nul \ufffd, lone \ufffd, escaped \\u0000, fine \u{1F600}' });
    await sealAuditTrail(store.db);
    assert.equal((await verifyAuditTrail(store.db)).ok, true);
  });

  it('refuses to be changed, deleted from or emptied', async () => {
    const store = await trailOf(2);
    await assert.rejects(asSuperuser(store, [`update audit_trail set message = 'x' where id = 1`]), /append-only: UPDATE refused/);
    await assert.rejects(asSuperuser(store, [`update audit_trail set hash = 'x' where id = 1`]), /append-only: UPDATE refused/);
    await assert.rejects(asSuperuser(store, ['delete from audit_trail where id = 1']), /append-only: DELETE refused/);
    await assert.rejects(asSuperuser(store, ['truncate audit_trail']), /append-only: TRUNCATE refused/);
    await appendAudit(store.db, [auditEntry()]);
    await assert.rejects(asSuperuser(store, [`update audit_trail set actor = 'x', chain_no = 3, prev_hash = 'a', hash = 'b', sealed_at = now() where id = 3`]), /UPDATE refused/);
  });

  const tamperings: readonly { readonly how: string; readonly statements: readonly string[]; readonly found: { readonly reason: string; readonly chainNo: number } }[] = [
    { how: 'a changed message', statements: [`update audit_trail set message = 'nothing happened' where id = 3`], found: { reason: 'changed', chainNo: 3 } },
    { how: 'a changed amount deep in the details', statements: [`update audit_trail set details = jsonb_set(details, '{amounts,0,value}', '"100.11"') where id = 5`], found: { reason: 'changed', chainNo: 5 } },
    { how: 'a changed instant', statements: [`update audit_trail set at = at - interval '1 millisecond' where id = 1`], found: { reason: 'changed', chainNo: 1 } },
    { how: 'a removed row', statements: ['delete from audit_trail where id = 4'], found: { reason: 'removed', chainNo: 5 } },
    { how: 'a removed first row', statements: ['delete from audit_trail where id = 1'], found: { reason: 'removed', chainNo: 2 } },
    { how: 'a removed row with the rest renumbered', statements: ['delete from audit_trail where id = 4', 'update audit_trail set chain_no = chain_no - 1 where id = 5', 'update audit_trail set chain_no = chain_no - 1 where id = 6'], found: { reason: 'removed', chainNo: 4 } },
    { how: 'a removed last row', statements: ['delete from audit_trail where id = 6'], found: { reason: 'removed', chainNo: 6 } },
    { how: 'two rows that changed places', statements: ['update audit_trail set chain_no = 99 where id = 3', 'update audit_trail set chain_no = 3 where id = 4', 'update audit_trail set chain_no = 4 where id = 3'], found: { reason: 'reordered', chainNo: 3 } },
    {
      how: 'a copy of a row put in between',
      statements: [
        'alter table audit_trail drop constraint audit_trail_chain_no_key',
        'insert into audit_trail (at, process, actor, action, object, system, message, details, chain_no, prev_hash, hash) select at, process, actor, action, object, system, message, details, chain_no, prev_hash, hash from audit_trail where id = 3',
      ],
      found: { reason: 'changed', chainNo: 3 },
    },
  ];
  for (const { how, statements, found } of tamperings) {
    it(`names ${how}`, async () => {
      const store = await trailOf(6);
      await asSuperuser(store, [OFF, ...statements]);
      const verification = await verifyAuditTrail(store.db);
      assert.equal(verification.ok, false);
      assert.partialDeepStrictEqual(verification.firstBroken, found);
    });
  }

  it('names a forged row that was hashed correctly and put in between', async () => {
    const store = await trailOf(4);
    const forged = await freshForgery(store, 2);
    await asSuperuser(store, [OFF, 'update audit_trail set chain_no = 5 where id = 4', 'update audit_trail set chain_no = 4 where id = 3', forged]);
    assert.partialDeepStrictEqual((await verifyAuditTrail(store.db)).firstBroken, { reason: 'inserted', chainNo: 4, id: 3 });
  });

  it('finds out a chain that was computed anew, by the head that was kept', async () => {
    const store = await trailOf(4);
    const kept = await checkpointAuditTrail(store.db, 'auditor');
    assert.equal(kept.chainNo, 4);
    await asSuperuser(store, [
      OFF,
      `update audit_trail set message = 'nothing happened', chain_no = null, prev_hash = null, hash = null where id = 4`,
      `update audit_trail set chain_no = null, prev_hash = null, hash = null where id = 3`,
      'delete from audit_checkpoint',
      'update audit_head set chain_no = 2, hash = (select hash from audit_trail where chain_no = 2)',
    ]);
    await sealAuditTrail(store.db);
    assert.equal((await verifyAuditTrail(store.db)).ok, true, 'from inside the store nothing shows');
    assert.partialDeepStrictEqual((await verifyAuditTrail(store.db, [kept])).firstBroken, { reason: 'rewritten', chainNo: 4 });
  });
});

/** A row that says what the forger likes, chained correctly after the given number. */
async function freshForgery(store: Store, after: number): Promise<string> {
  const [before] = await auditOf(store.db, `p${after}`);
  const at = '2026-11-21T00:00:00.000Z';
  const text = `{"action":"forged","actor":"x","at":"${at}","details":{},"id":900,"message":"m","object":"o","process":null,"system":null}`;
  const hash = createHash('sha256').update(`${before?.hash}${text}`).digest('hex');
  return `insert into audit_trail (id, at, actor, action, object, message, details, chain_no, prev_hash, hash) overriding system value
    values (900, '${at}', 'x', 'forged', 'o', 'm', '{}', ${after + 1}, '${before?.hash}', '${hash}')`;
}
