import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGusto } from '../../../connectors/gusto/index.ts';
import { addMonths } from '../../../domain/dates.ts';
import { payrollTermsOf } from '../../../domain/model/time/payroll-terms.ts';
import { closingOf, payPeriodsOf } from '../../../domain/rules/timesheet/period-calendar.ts';
import { startSandboxes, type RunningSandboxes } from '../../../sandbox/all.ts';
import { openStore } from '../../../store/database.ts';
import { createSystems } from '../../../workers/systems.ts';
import { theFirm } from '../../builders/firm.ts';
import { callContext, silent } from '../conformance/documents.ts';
import { exportOf } from '../conformance/payroll.ts';
import { sandboxAdmin } from '../conformance/admin.ts';

describe('The firm with Gusto for its US payroll and Snowflake for its warehouse', function () {
  this.timeout(30_000);
  const folderBefore = process.env['Q2C_DATA_DIR'];
  let sandboxes: RunningSandboxes;
  let dataDir: string;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'q2c-overlay-'));
    process.env['Q2C_DATA_DIR'] = dataDir;
    sandboxes = await startSandboxes({ only: ['gusto', 'snowflake'] });
  });
  after(async () => {
    if (folderBefore === undefined) delete process.env['Q2C_DATA_DIR'];
    else process.env['Q2C_DATA_DIR'] = folderBefore;
    await sandboxes?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('finds in Gusto the people and pay periods that the firm has, without anybody entering them', async () => {
    const { config } = await theFirm(['gusto']);
    const entity = config.legalEntities.find(({ code }) => code === 'US01') ?? assert.fail('no US01');
    const closing = closingOf('US01', config.timeClosing) ?? assert.fail('no closing terms');
    const today = new Date().toISOString().slice(0, 10);
    const port = createGusto({ system: 'gusto', baseUrl: sandboxes.url('gusto'), credentials: sandboxes.credentials.gusto, options: { legalEntity: 'US01' }, log: silent, limits: { concurrency: 4, requestsPerSecond: null, timeoutSeconds: 10 } }, dataDir);
    // As far back and ahead as the line keeps pay periods.
    const periods = payPeriodsOf(entity, closing, addMonths(today, -6), 20);
    assert.ok(periods.length > 40);
    for (const { code, from, to, payDate } of [periods[0], periods.find((each) => each.to >= today), periods.at(-1)].filter((period) => period !== undefined)) {
      const document = exportOf({ employer: 'US01', payPeriod: { code, from, to }, payDate }, ['ingrid.solberg', 'marcus.whitfield', 'dana.kowalski'].map((name) => ({ person: `${name}@northwind-consulting.example`, hours: '80' })));
      assert.match((await port.send(document, callContext())).files[0] ?? '', /^gusto-payroll-/, `${from} to ${to}`);
    }
  });

  it('runs by its configuration alone', async () => {
    const { config } = await theFirm(['gusto', 'snowflake']);
    assert.equal(payrollTermsOf('US01', config.payroll).system, 'gusto');
    assert.equal(payrollTermsOf('DE01', config.payroll).system, 'payroll');
    // Never connected to: none of these systems needs it.
    const store = openStore('postgres://127.0.0.1:1/unused');
    try {
      const systems = await createSystems(config, { store, log: silent, secrets: async () => Promise.resolve(sandboxes.credentials), endpoints: async () => Promise.resolve({ sandbox: { gusto: { url: sandboxes.url('gusto') }, snowflake: { url: sandboxes.url('snowflake') } } }) });
      const table = { name: 'dim_person', key: ['person'], columns: [{ name: 'person', type: 'text', nullable: false }] } as const;
      await systems.warehouse('snowflake').prepare([table], callContext());
      assert.deepEqual(await systems.warehouse('snowflake').merge(table, [{ person: 'ada' }], callContext()), { inserted: 1, updated: 0 });
      await sandboxAdmin(() => sandboxes.url('gusto')).seed({ employees: [{ work_email: 'ada@northwind-consulting.example' }], payrolls: [{ start_date: '2026-11-01', end_date: '2026-11-15', check_date: '2026-11-20' }] });
      const document = exportOf({ employer: 'US01', payPeriod: { code: 'S2026-11-1', from: '2026-11-01', to: '2026-11-15' }, payDate: '2026-11-20' }, [{ hours: '40' }]);
      assert.match((await systems.payroll('gusto').send(document, callContext())).files[0] ?? '', /^gusto-payroll-/);
    } finally {
      await store.close();
    }
  });
});
