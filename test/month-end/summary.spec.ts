import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { pino } from 'pino';
import type { LaborPort } from '../../connectors/labor-port.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { askErps } from '../../starters/month-end/erp-check.ts';
import { summarize } from '../../starters/month-end/summary.ts';
import type { LedgerTotal } from '../../store/time/month.ts';
import { ledgerTotals } from '../../store/time/month.ts';
import { asSuperuser } from '../store/support.ts';
import { decideMonth, type RealMonth } from './real-month.ts';

const log = pino({ level: 'silent' });

/** An ERP that has exactly these lines. */
function erpWith(totals: readonly LedgerTotal[]): (system: string) => Pick<LaborPort, 'totals'> {
  return (system) => ({
    totals: async ({ legalEntity }) => {
      const own = totals.filter((row) => row.system === system && row.legalEntity === legalEntity);
      const hours = own.reduce((sum, row) => sum + Math.round(Number(row.hours) * 100), 0) / 100;
      return Promise.resolve({ legalEntity, lines: own.reduce((sum, row) => sum + row.lines, 0), hours: String(hours), billed: own.map(({ amount, currency }) => ({ amount, currency })) });
    },
  });
}

describe('The summary of a month', function () {
  this.timeout(300_000);
  let real: RealMonth;
  before(async () => {
    real = await decideMonth({ seed: 21, consultants: 100, dirtyPercent: 25 });
  });
  after(() => real.stop());

  async function summary(): Promise<{ readonly ok: boolean; readonly text: string }> {
    const { store: { db }, month, hoursPerDay } = real;
    const lines: string[] = [];
    const { ok } = await summarize({ db, month, hoursPerDay, portOf: erpWith(await ledgerTotals(db)), log, tell: (line) => lines.push(line) });
    return { ok, text: lines.join('\n') };
  }

  /** Does it to the store, tells what the summary then says, and takes it back. */
  async function having(change: string, undo: string): Promise<{ readonly ok: boolean; readonly text: string }> {
    await asSuperuser(real.store, [change]);
    try {
      return await summary();
    } finally {
      await asSuperuser(real.store, [undo]);
    }
  }

  async function anEntryInForce(): Promise<{ readonly key: string; readonly id: string }> {
    const { rows: [row] } = await sql<{ key: string; id: string }>`
      select p.key, e.entry_id as id from labor_posting p join time_entry e on e.entry_id = p.line->'entry'->>'id' and e.version = (p.line->'entry'->>'version')::integer
      where e.state = 'in_force' and p.state = 'done' and p.kind = 'original' and e.record = p.record order by p.key limit 1`.execute(real.store.db);
    assert.ok(row);
    return row;
  }

  it('does not count as posted what is accepted and in no ERP yet', async () => {
    const { ok, text } = await summary();
    assert.equal(ok, false);
    assert.match(text, /Does not reconcile:\n {2}[A-Z0-9]+ \([A-Z]{3}\): \d+ entries of the \d+ received became nothing \(posted 0 /);
    assert.match(text, /lines are not in their ERP \(planned\)\./);
  });

  it('reconciles once every line is in its ERP, with what was refused at the door in a column of its own', async () => {
    await real.post();
    const { ok, text } = await summary();
    assert.equal(ok, true, text);
    const all = /^All +entries +(.*)$/m.exec(text)?.[1]?.split(/ +/).map((cell) => Number(cell.replaceAll(',', ''))) ?? [];
    const [received, posted, rejected, held, , unbooked, unreadable, difference] = all;
    const told = (outcome: string) => real.sheets.flatMap((one) => (real.unread.includes(one) || one.sheet.approval.status === 'withdrawn' ? [] : one.expected)).filter((one) => one === outcome).length;
    assert.deepEqual([rejected, held, difference], [told('rejected'), told('held'), 0]);
    assert.equal((posted ?? 0) + (unbooked ?? 0), told('accepted'));
    assert.equal(unreadable, real.unread.flatMap(({ sheet }) => sheet.entries).length);
    assert.ok((unreadable ?? 0) > 0);
    const { rows: [sent] } = await sql<{ entries: number }>`select sum(jsonb_array_length(document->'entries'))::integer as entries from time_record where document->'approval'->>'status' <> 'withdrawn'`.execute(real.store.db);
    assert.equal(received, (sent?.entries ?? 0) + (unreadable ?? 0));
  });

  it('names an accepted entry whose line was never planned, and does not come out well', async () => {
    const { key, id } = await anEntryInForce();
    const { ok, text } = await having(`create table kept as select * from labor_posting where key = '${key}'; delete from labor_posting where key = '${key}'`, 'insert into labor_posting select * from kept; drop table kept');
    assert.equal(ok, false);
    assert.match(text, new RegExp(`${id} version \\d+ of timesheet .*: it was accepted, and the ledger has no line of it`));
    assert.match(text, /1 entries of the \d+ received became nothing/);
    assert.equal((await summary()).ok, true);
  });

  it('names one that its ERP refused, one with other hours, one that is posted for nothing, and one that nobody accepted', async () => {
    const { key, id } = await anEntryInForce();
    const at = `where key = '${key}'`;
    const refused = await having(`update labor_posting set state = 'refused' ${at}`, `update labor_posting set state = 'done' ${at}`);
    assert.match(refused.text, new RegExp(`${id} .*: 1 of its \\d lines are not in their ERP \\(refused\\)`));
    const otherwise = await having(`update labor_posting set hours = hours + 1 ${at}`, `update labor_posting set hours = hours - 1 ${at}`);
    assert.match(otherwise.text, new RegExp(`${id} .*: the ERPs have .* hours and .* are in force`));
    const takenBack = await having(`update time_entry set state = 'reversed' where entry_id = '${id}' and state = 'in_force'`, `update time_entry set state = 'in_force' where entry_id = '${id}'`);
    assert.match(takenBack.text, new RegExp(`${id} .*: the ERPs have .* and 0 hours and 0 [A-Z]{3} are in force`));
    const rejected = await having(`update time_outcome set outcome = 'rejected' where entry_id = '${id}' and outcome = 'accepted'`, `update time_outcome set outcome = 'accepted' where entry_id = '${id}' and outcome = 'rejected'`);
    assert.match(rejected.text, new RegExp(`${id} .*: it is in force, and no decision accepted it`));
    assert.deepEqual([refused.ok, otherwise.ok, takenBack.ok, rejected.ok, (await summary()).ok], [false, false, false, false, true]);
  });

  it('asks an ERP again that does not answer for a passing reason, and no other', async () => {
    const totals = await ledgerTotals(real.store.db);
    const waits: number[] = [];
    const wait = async (ms: number) => void waits.push(ms);
    let asked = 0;
    const importing = (kind: 'transient' | 'configuration', times: number) => (system: string) => ({
      totals: async (...terms: Parameters<LaborPort['totals']>) => {
        asked += 1;
        if (asked <= times) throw new SystemFailure({ kind, code: 'STILL_IMPORTING', message: 'still importing.', mend: 'Ask later.', system, object: 'labor', written: 'no', retryAfterMs: 7_000 });
        return await erpWith(totals)(system).totals(...terms);
      },
    });
    const range = { from: '2026-10-01', to: '2026-10-31' };
    const lines = await askErps(totals, importing('transient', 2), range, log, wait);
    assert.ok(lines.length > 0 && lines.every(({ agrees }) => agrees));
    assert.deepEqual(waits, [7_000, 7_000]);
    asked = 0;
    await assert.rejects(askErps(totals, importing('configuration', 1), range, log, wait), /STILL_IMPORTING|still importing/);
    asked = 0;
    await assert.rejects(askErps(totals, importing('transient', 1_000), range, log, wait), /still importing/);
    assert.equal(asked, 6);
  });
});
