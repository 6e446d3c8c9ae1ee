import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { timesheetProcessId } from '../../domain/process/time-process.ts';
import { unreadLine } from '../../starters/gateway/time/chunk.ts';
import { openCase } from '../../store/cases.ts';
import type { Store } from '../../store/database.ts';
import { keepUnreadLines } from '../../store/inbox-lines.ts';
import { dismissEvent } from '../../store/inbox-replay.ts';
import { openBatch, receiveRecords, sealBatch } from '../../store/time/intake.ts';
import { putReference } from '../../store/time/reference.ts';
import { anEntry, aTimesheet } from '../builders/time.ts';
import { report as anExpenseReport } from '../gateway/time/support.ts';
import { freshStore } from '../store/support.ts';

const SHEET = { system: 'harvest', id: 'TS/1' };

describe('q2c: timesheets', function () {
  this.timeout(60_000);
  let store: Store;
  let dataDir: string;
  let batch: string;

  before(async () => {
    store = await freshStore();
    dataDir = await mkdtemp(path.join(tmpdir(), 'q2c-timesheets-'));
    ({ id: batch } = await openBatch(store.db, { source: 'canonical', kind: 'timesheets', idempotencyKey: 'november' }));
    const sheet = { ...aTimesheet([anEntry({ id: 'E-1' }), anEntry({ id: 'E-2', hours: '30' }), anEntry({ id: 'E-3' })]), ...SHEET };
    const [first] = await receiveRecords(store.db, batch, [sheet, { ...sheet, version: 2 }]);
    await sealBatch(store.db, batch);
    const record = first?.record ?? 0;
    const finding = JSON.stringify([{ code: 'DAY_TOO_LONG', message: '30 hours on one day.', mend: 'Enter what was worked.' }]);
    await sql`insert into time_outcome (record, position, entry_id, entry_version, outcome, findings, waits_for) values
      (${record}, 0, 'E-1', 1, 'accepted', '[]', null), (${record}, 1, 'E-2', 1, 'rejected', ${finding}::jsonb, null), (${record}, 2, 'E-3', 1, 'held', '[]', 'E-9@1')`.execute(store.db);
    await sql`insert into labor_posting (key, record, system, legal_entity, accounting_period, kind, hours, currency, amount, line, state, external_id) values
      ('q-1', ${record}, 'netsuite', 'US01', '2026-11', 'original', 8, 'USD', 1760.00, '{}', 'done', '4711')`.execute(store.db);
    await sql`insert into pay_line (key, record, kind, employer, pay_period, person, work_date, pay_code, multiplier, hours, cost_center, project_number, entry_system, entry_id, entry_version) values
      ('p-1', ${record}, 'original', 'US01', '2026-11-B', 'ada@firm.example', '2026-11-09', 'REG', 1, 8, 'US01-TECH', 'US01-TECH-A', 'harvest', 'E-1', 1)`.execute(store.db);
    await sql`update time_record set state = 'decided', decided_at = now() where id = ${record}`.execute(store.db);
    const process = timesheetProcessId({ ...SHEET, version: 1 });
    await openCase(store.db, {
      caseId: `exception/${process}/1`, process, code: 'DAY_TOO_LONG', kind: 'business_rule', severity: 'high', owner: 'PMO', subject: 'timesheet TS/1', message: '30 hours on one day.', mend: 'Enter what was worked.',
      findings: [], permittedActions: ['return_to_submitter', 'override'], context: {}, systems: [], waitsForConfig: false, openedAt: '2026-11-21T08:00:00.000Z', dueAt: '2026-11-22T08:00:00.000Z',
    });
  });
  after(async () => {
    await store.close();
    await rm(dataDir, { recursive: true });
  });

  function q2c(...args: readonly string[]): Promise<{ code: number; text: string; errors: string }> {
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|Q2C_)/.test(name)));
    return new Promise((resolve) => {
      execFile(process.execPath, ['starters/q2c/main.ts', ...args], { env: { ...env, Q2C_DATA_DIR: dataDir, DATABASE_URL: store.url } }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, text: stdout, errors: stderr });
      });
    });
  }

  it('lists batches with what became of their documents and entries', async () => {
    const { code, text } = await q2c('timesheets');
    assert.equal(code, 0);
    const [, , row = ''] = text.split('\n');
    assert.match(row, new RegExp(`^${batch} .* november .* sealed +2 +1 +1 ready`));
    for (const outcome of ['1 held', '1 accepted', '1 rejected']) assert.ok(row.includes(outcome), row);
  });

  it('shows each page of a batch, and refuses a batch it does not know', async () => {
    const { text } = await q2c('timesheets', '--batch', batch);
    assert.match(text, /UNKNOWN +2 +ready/);
    const unknown = await q2c('timesheets', '--batch', 'nothing');
    assert.equal(unknown.code, 1);
    assert.match(unknown.errors, /there is no batch nothing/);
  });

  it('counts the lines of a batch that could not be read, and says where they are', async () => {
    const { id } = await openBatch(store.db, { source: 'canonical', kind: 'timesheets', idempotencyKey: 'unread' });
    const lines = [1, 2, 3].map((line) => unreadLine({ line, id: null, version: null, raw: Buffer.from(`{"${line}`), findings: [{ path: '', message: 'the line is not JSON' }] }));
    const [first] = await keepUnreadLines(store.db, id, lines, 4);
    await sealBatch(store.db, id);
    await dismissEvent(store.db, { id: first ?? 0, by: 'ines', reason: 'a test' });
    await sql`update time_batch set unread_not_kept = 4 where id = ${id}`.execute(store.db);
    const { text } = await q2c('timesheets', '--batch', id);
    assert.match(text, /2 waiting, 1 dismissed, 4 not kept/);
    assert.match(text, new RegExp(`2 lines that could not be read wait in quarantine: npm run q2c -- inbox --batch ${id}`));
  });

  it('shows of a timesheet each version, entry, finding, posting, pay line and open case, and what to do', async () => {
    const { code, text } = await q2c('timesheet', 'harvest/TS/1');
    assert.equal(code, 0);
    for (const part of [/2 versions/, /Version 1 .* decided/, /Version 2 .* received/, /E-1 +1 +2026-11-09 +8 +US01-TECH-A +accepted/, /E-2: DAY_TOO_LONG · 30 hours on one day\. Enter what was worked\./, /E-3: waits for E-9@1/, /netsuite +US01 2026-11 +original +8 +1760\.00 USD +done +4711/, /REG +2026-11-09 +8 +original +US01 2026-11-B +not yet/, /Waiting for PMO: DAY_TOO_LONG/, /resolve exception\/timesheet\/harvest\/TS\/1\/1\/1 <return_to_submitter\|override>/, /not decided yet/]) {
      assert.match(text, part);
    }
  });

  it('gives the same to programs as JSON', async () => {
    const status = JSON.parse((await q2c('--json', 'timesheet', 'harvest/TS/1')).text) as { versions: { postings: { externalId: string }[]; entries: { outcome: string | null }[] }[] };
    assert.equal(status.versions[0]?.postings[0]?.externalId, '4711');
    assert.deepEqual(status.versions.map(({ entries }) => entries.map(({ outcome }) => outcome)), [['accepted', 'rejected', 'held'], [null, null, null]]);
  });

  it('shows of an expense report each version, findings, postings and what to do', async () => {
    const report = anExpenseReport({ id: 'XR-77' });
    const { id } = await openBatch(store.db, { source: 'canonical', kind: 'expenses', idempotencyKey: 'expenses' });
    const [received] = await receiveRecords(store.db, id, [report]);
    const findings = JSON.stringify([{ code: 'RECEIPT_MISSING', path: 'lines.0', message: 'There is no receipt.', mend: 'Attach it.' }]);
    await sql`insert into expense_outcome (record, system, report_id, version, outcome, findings, config_hash) values (${received?.record ?? 0}, ${report.system}, 'XR-77', 1, 'rejected', ${findings}::jsonb, 'h')`.execute(store.db);
    await sql`insert into expense_posting (key, record, system, employer, accounting_period, kind, currency, amount, posting, state, external_id) values ('x-1', ${received?.record ?? 0}, 'netsuite', 'US01', '2026-11', 'original', 'USD', 42.50, '{}', 'done', '815')`.execute(store.db);
    const { text } = await q2c('expense', `${report.system}/XR-77`);
    for (const part of [/Version 1 .* rejected/, /RECEIPT_MISSING at lines\.0 · There is no receipt\. Attach it\./, /netsuite +US01 2026-11 +original +42\.50 USD +done +815/]) assert.match(text, part);
    assert.equal((await q2c('expense', 'harvest/none')).code, 1);
  });

  it('forecasts what misses its cutoff, and what waits for people whatever the pace', async () => {
    const cutoffAt = new Date(Date.now() + 60_000).toISOString();
    await putReference(store.db, 'test', [{ kind: 'pay_period', key: 'UNKNOWN|2026-11', scope: 'UNKNOWN', document: { to: '2026-11-30', cutoffAt } }]);
    await sql`update time_record set decided_at = now() - interval '10 minutes' where state = 'decided'`.execute(store.db);
    const { text, code } = await q2c('cutoff');
    assert.equal(code, 0);
    assert.match(text, /At the present pace of 6 records an hour decided and \d+ lines an hour posted these miss their cutoff:/);
    assert.match(text, new RegExp(`UNKNOWN +payroll +${cutoffAt} +\\d+ +[1-9]`));
    assert.match(text, /legal entity +undecided +refused +held .*\n.*\nUNKNOWN +2 +1 +1 +0 +0 +\S+ for days up to 2026-11-30/);
    assert.match(text, /waits for people or for other records, whatever the pace/);
  });

  it('says so where there is no such timesheet', async () => {
    assert.match((await q2c('timesheet', 'harvest/none')).errors, /no timesheet harvest\/none has come in/);
    assert.match((await q2c('timesheet', 'harvest')).errors, /write system\/ID/);
  });
});
