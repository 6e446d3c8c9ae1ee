import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { createCaseSteps } from '../../activities/cases.ts';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { createPayrollSteps } from '../../activities/payroll/steps.ts';
import type { PayrollPort } from '../../connectors/payroll-port.ts';
import type { PayPeriod } from '../../domain/model/time/periods.ts';
import type { Resolution, ResolutionAnswer } from '../../domain/process/exception-case.ts';
import type { PayrollOutcome, PayrollRun } from '../../domain/process/payroll-process.ts';
import { LINE_QUEUE, targetQueue } from '../../domain/process/task-queues.ts';
import { payrollExportId } from '../../domain/process/time-process.ts';
import { activateFirmConfig } from '../../starters/config/activate.ts';
import { casesOf, type CaseRow } from '../../store/cases.ts';
import type { Store } from '../../store/database.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { resolveUpdate } from '../../workflows/contracts/exception-case.ts';
import type { payrollExport } from '../../workflows/payroll-export.ts';
import { theFirm } from '../builders/firm.ts';
import { freshStore } from '../store/support.ts';
import { createFakeSystems } from '../support/fake-systems.ts';
import { theBundle, theTemporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { aPayPeriod, planPay, putPayPeriod, type PlannedPay } from './builders.ts';

export interface PayrollLine {
  readonly store: Store;
  readonly client: Client;
  /** A pay period with a code of its own, known to the store. */
  period(parts?: Partial<PayPeriod>): Promise<PayPeriod>;
  plan(period: PayPeriod, lines: readonly PlannedPay[]): Promise<void>;
  start(period: PayPeriod): Promise<void>;
  outcome(period: PayPeriod): Promise<PayrollOutcome>;
  cases(period: PayPeriod): Promise<CaseRow[]>;
  openCase(code: string, period: PayPeriod): Promise<CaseRow>;
  resolve(row: CaseRow, resolution: Partial<Resolution> & Pick<Resolution, 'action'>): Promise<ResolutionAnswer>;
  activateAgain(): Promise<void>;
  readonly until: typeof until;
  stop(): Promise<void>;
}

export function runOf(period: PayPeriod): PayrollRun {
  return { legalEntity: period.legalEntity, payPeriod: period.code };
}

/** The payroll process on a real Temporal server and a real store, with the payroll bureau that is given. */
export async function startPayrollLine(port: () => PayrollPort): Promise<PayrollLine> {
  const environment = await theTemporalServer();
  const { config } = await theFirm();
  const store = await freshStore();
  const { client, nativeConnection: connection } = environment;
  let activations = 0;
  const activate = async () => {
    activations += 1;
    const next = { ...config, transientSlaMinutes: config.transientSlaMinutes + activations / 1000 };
    await activateFirmConfig({ store, client, config: next, hash: sha256(canonicalJson(next)), files: [], by: 'test' });
  };
  await activate();
  const deps: ActivityDependencies = { store, systems: createFakeSystems().systems, log: pino({ level: process.env['Q2C_TEST_LOG'] ?? 'silent' }), now: () => new Date(), withSlot: (_system, signal, work) => work(signal) };
  const activities = { ...createCaseSteps(deps), ...createPayrollSteps({ ...deps, systems: { payroll: port } }) };
  const workers = [
    await Worker.create({ connection, taskQueue: LINE_QUEUE, workflowBundle: await theBundle(), activities }),
    await Worker.create({ connection, taskQueue: targetQueue('payroll'), activities }),
  ];
  const running = workers.map((worker) => worker.run());
  let periods = 0;

  const cases = (period: PayPeriod) => casesOf(store.db, payrollExportId(runOf(period)));
  return {
    store,
    client,
    async period(parts = {}) {
      periods += 1;
      const period = aPayPeriod({ code: `P${periods}-${randomUUID().slice(0, 6)}`, cutoffAt: new Date(Date.now() - 120_000).toISOString(), ...parts });
      await putPayPeriod(store.db, period);
      return period;
    },
    plan: (period, lines) => planPay(store.db, lines.map((line) => ({ employer: period.legalEntity, payPeriod: period.code, ...line }))),
    async start(period) {
      await client.workflow.start<typeof payrollExport>('payrollExport', { workflowId: payrollExportId(runOf(period)), taskQueue: LINE_QUEUE, args: [runOf(period)], workflowIdConflictPolicy: 'USE_EXISTING' });
    },
    outcome: (period) => client.workflow.getHandle<typeof payrollExport>(payrollExportId(runOf(period))).result(),
    cases,
    openCase: (code, period) => until(`a case ${code} is open`, async () => (await cases(period)).find((row) => row.code === code && row.state === 'open')),
    resolve: (row, resolution) => client.workflow.getHandle(row.case_id).executeUpdate(resolveUpdate, { args: [{ by: 'ines', reason: 'looked into it', ...resolution }] }),
    activateAgain: activate,
    until,
    async stop() {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
      await store.close();
    },
  };
}
