import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createPayrollFile } from '../../connectors/payroll-file/index.ts';
import type { PayrollPort } from '../../connectors/payroll-port.ts';
import { startSandbox, type RunningSandbox } from '../../sandbox/kit/sandbox.ts';
import { payroll } from '../../sandbox/payroll/sandbox.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { BEN } from './builders.ts';
import { startPayrollLine, type PayrollLine } from './line.ts';
import { startSftpServer, type SftpServer } from './sftp-server.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const stateSchema = z.looseObject({ records: z.looseObject({ exports: z.array(z.looseObject({ id: z.string(), hours: z.string(), outcome: z.string() })).default([]) }) });

describe('Payroll over files, with a bureau that counts everything again', function () {
  this.timeout(120_000);
  let folder: string;
  let server: SftpServer;
  let bureau: RunningSandbox;
  let line: PayrollLine;
  let port: PayrollPort;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q2c-bureau-'));
    server = await startSftpServer(folder);
    bureau = await startSandbox(payroll, { port: 0, options: { folder, lookEveryMs: 50, lateMs: 3000 } });
    const settings = { system: 'payroll', limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 10 }, log };
    const local = createPayrollFile({ ...settings, baseUrl: `file://${folder}`, credentials: undefined, options: { settleSeconds: 1 } });
    const remote = createPayrollFile({ ...settings, baseUrl: `sftp://127.0.0.1:${server.port}/`, credentials: server.credentials, options: { hostKey: server.hostKey, settleSeconds: 1 } });
    let sends = 0;
    // Local folder and SFTP in turn: they show the same files.
    port = { kind: 'payroll', system: 'payroll', send: (...call) => (sends++ % 2 === 0 ? local : remote).send(...call), acknowledgement: (...call) => (sends % 2 === 0 ? local : remote).acknowledgement(...call) };
    line = await startPayrollLine(() => port);
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
    await bureau.close();
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function ask(path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${bureau.url}${path}`, body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return await answer.json();
  }
  const mode = (name: string) => ask('/__admin/mode', { mode: name });
  const taken = async (code: string) => stateSchema.parse({ records: await ask('/__admin/state') }).records.exports.filter(({ id }) => id.includes(`.${code}.`));

  beforeEach(async () => {
    await mode('default');
  });

  it('pays what was posted: the bureau has the same hours as the store', async () => {
    const period = await line.period();
    await line.plan(period, [{ hours: '8' }, { hours: '0.25' }, { person: BEN, hours: '-1.5' }, { payCode: 'OT15', multiplier: '1.5', hours: '3' }]);
    await line.start(period);
    assert.equal((await line.outcome(period)).exports[0]?.hours, '9.75');
    assert.deepEqual((await taken(period.code)).map(({ hours, outcome }) => [hours, outcome]), [['9.75', 'accepted']]);
  });

  for (const [name, code] of [['half-file', 'PAYROLL_ACK_UNREADABLE'], ['wrong-checksum', 'PAYROLL_ACK_OTHER_CHECKSUM'], ['unknown-lines', 'PAYROLL_ACK_UNKNOWN_LINES']] as const) {
    it(`tells a person of an acknowledgement spoiled by "${name}", and goes on by itself once the bureau writes it anew`, async () => {
      await mode(name);
      const period = await line.period();
      await line.plan(period, [{}]);
      await line.start(period);
      const open = await line.openCase(code, period);
      assert.match(open.mend, /quarantine/);
      await mode('default');
      assert.equal((await line.outcome(period)).exports[0]?.state, 'accepted');
      assert.deepEqual((await line.cases(period)).map(({ state }) => state), ['closed']);
    });
  }

  it('pays nobody the bureau does not know, until a person has mended it', async () => {
    const period = await line.period();
    await line.plan(period, [{ hours: '8' }, { person: BEN, hours: '5' }]);
    await ask('/__admin/seed', { unknown_employees: [{ id: BEN, reason: 'no tax number' }] });
    await line.start(period);
    const open = await line.openCase('PAYROLL_LINES_REJECTED', period);
    assert.match(JSON.stringify(open.context), /no tax number/);
    await ask('/__admin/seed', { unknown_employees: [{ id: BEN, known: true }] });
    await line.resolve(open, { action: 'retry' });
    const { exports } = await line.outcome(period);
    assert.deepEqual(exports.map(({ hours, state }) => [hours, state]), [['13', 'lines_rejected'], ['5', 'accepted']]);
  });

  it('reads an answer in CSV, and one that takes its time', async () => {
    for (const name of ['csv', 'late']) {
      await mode(name);
      const period = await line.period();
      await line.plan(period, [{}, { person: BEN }]);
      await line.start(period);
      assert.equal((await line.outcome(period)).exports[0]?.state, 'accepted', name);
    }
  });

  it('refuses hours that were changed on their way', async () => {
    await mode('closed');
    const period = await line.period();
    await line.plan(period, [{ hours: '8' }]);
    await line.start(period);
    const file = join(folder, 'outgoing', `payroll.US01.${period.code}.1.csv`);
    const text = await line.until('the hours are there', () => readFile(file, 'utf8').catch(() => undefined));
    await writeFile(file, text.replace(',8,', ',9,'));
    await mode('default');
    const open = await line.openCase('PAYROLL_ACK_OTHER_CHECKSUM', period);
    assert.match(open.message, /the bureau has other hours than ours/);
    await line.resolve(open, { action: 'retry' });
    await line.until('it is told again, as it still is so', async () => (await line.cases(period)).filter(({ code }) => code === 'PAYROLL_ACK_OTHER_CHECKSUM').length === 2);
    const [export_] = await taken(period.code);
    assert.match(export_?.outcome ?? '', /refused: the checksum/);
    await line.client.workflow.getHandle(open.process).terminate('test');
  });
});
