import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { pino } from 'pino';
import { createCaseSteps } from '../../activities/cases.ts';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import type { ExpenseActivities } from '../../activities/expenses/contract.ts';
import { createExpenseSteps } from '../../activities/expenses/create.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { SystemFailure } from '../../domain/failure.ts';
import type { ExpenseReport } from '../../domain/model/time/expense-report.ts';
import type { Resolution, ResolutionAnswer } from '../../domain/process/exception-case.ts';
import { LINE_QUEUE, targetQueue } from '../../domain/process/task-queues.ts';
import { expenseReportProcessId } from '../../domain/process/time-process.ts';
import { activateFirmConfig } from '../../starters/config/activate.ts';
import { startPage } from '../../starters/relay/start-page.ts';
import { casesOf, type CaseRow } from '../../store/cases.ts';
import type { Store } from '../../store/database.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { claimPages, pageStarted } from '../../store/time/pages.ts';
import { resolveUpdate } from '../../workflows/contracts/exception-case.ts';
import { expenseProgressQuery, type ExpenseProgress, type ExpenseReportOutcome } from '../../workflows/contracts/expense-report.ts';
import type { expenseReport } from '../../workflows/expense-report.ts';
import { theFirm } from '../builders/firm.ts';
import { AS_OF } from '../builders/time.ts';
import { freshStore } from '../store/support.ts';
import { createFakeSystems, type FakeSystems } from '../support/fake-systems.ts';
import { theTemporalServer } from '../support/temporal.ts';
import { createFakeErp, type FakeErp } from './fake-erp.ts';
import { withExpensePolicies } from './policies.ts';
import { putPeople, receive } from './store-line.ts';

let bundling: Promise<WorkflowBundleWithSourceMap> | undefined;
const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

export function theExpenseBundle(): Promise<WorkflowBundleWithSourceMap> {
  return (bundling ??= bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('workflows.ts', import.meta.url)), logger: quiet }));
}

/** A step that breaks so many times, before its work or after it (the answer is lost). */
export interface StepFault {
  readonly step: keyof ExpenseActivities;
  readonly when: 'before' | 'after';
}

export interface ExpenseLine {
  readonly store: Store;
  readonly client: Client;
  readonly config: FirmConfig;
  readonly erp: FakeErp;
  /** Where reports of the system "kantata" come from and are answered; no other expense system is configured. */
  readonly source: Pick<FakeSystems, 'expenseRejections' | 'expenseLocks' | 'fail'>;
  /** Takes reports in and starts what carries them. @returns the workflow IDs, in the order given */
  submit(...reports: readonly ExpenseReport[]): Promise<string[]>;
  outcome(workflowId: string): Promise<ExpenseReportOutcome>;
  progress(workflowId: string): Promise<ExpenseProgress>;
  cases(workflowId: string): Promise<CaseRow[]>;
  openCase(code: string, workflowId: string): Promise<CaseRow>;
  resolve(row: CaseRow, resolution: Partial<Resolution> & Pick<Resolution, 'action'>): Promise<ResolutionAnswer>;
  activate(config: FirmConfig): Promise<void>;
  /** As a person's word in a case does. */
  giveBack: ExpenseActivities['returnExpenseReport'];
  /** The next run of this step fails once. */
  breakStep(fault: StepFault): void;
  until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T>;
  stop(): Promise<void>;
}

/** The process of expense reports on a real Temporal server and a real store, with an ERP in memory, judged at the builders' moment. */
export async function startExpenseLine(): Promise<ExpenseLine> {
  const environment = await theTemporalServer();
  const config = withExpensePolicies((await theFirm()).config);
  const store = await freshStore();
  const { client, nativeConnection: connection } = environment;
  const erp = createFakeErp();
  const fakes = createFakeSystems();
  const activate = async (next: FirmConfig) => {
    await activateFirmConfig({ store, client, config: next, hash: sha256(canonicalJson(next)), files: [], by: 'test' });
  };
  await activate(config);
  await putPeople(store, config);
  const systems = { ...fakes.systems, erp: (id: string) => ({ ...fakes.systems.erp(id), expenses: erp.expenses(id) }), time: configuredTime(fakes) };
  const deps: ActivityDependencies = { store, systems, log: pino({ level: process.env['Q2C_TEST_LOG'] ?? 'silent' }), now: () => new Date(AS_OF), withSlot: (_system, signal, work) => work(signal) };
  const broken: StepFault[] = [];
  const activities = { ...createCaseSteps(deps), ...breaking(createExpenseSteps(deps), broken) };
  const workers = [
    await Worker.create({ connection, taskQueue: LINE_QUEUE, workflowBundle: await theExpenseBundle(), activities }),
    await Worker.create({ connection, taskQueue: targetQueue('netsuite'), activities }),
  ];
  const running = workers.map((worker) => worker.run());

  async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    const end = Date.now() + 30_000;
    for (;;) {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  const cases = (workflowId: string) => casesOf(store.db, workflowId);
  return {
    store,
    client,
    config,
    erp,
    source: fakes,
    async submit(...reports) {
      const records = await receive(store, ...reports);
      for (const page of await claimPages(store.db, { perEntity: 100 })) {
        await startPage(client, store.db, page, { priority: 2, cutoffAt: null });
        await pageStarted(store.db, page, { priority: 2, cutoffAt: null });
      }
      return await Promise.all(reports.map(async (report, position) => {
        const numbered = `${expenseReportProcessId(report)}/${records[position] ?? 0}`;
        const isNumbered = await client.workflow.getHandle(numbered).describe().then(() => true, () => false);
        return isNumbered ? numbered : expenseReportProcessId(report);
      }));
    },
    outcome: (workflowId) => client.workflow.getHandle<typeof expenseReport>(workflowId).result(),
    progress: (workflowId) => client.workflow.getHandle(workflowId).query(expenseProgressQuery),
    cases,
    openCase: (code, workflowId) => until(`a case ${code} is open for ${workflowId}`, async () => (await cases(workflowId)).find((row) => row.code === code && row.state === 'open')),
    resolve: (row, resolution) => client.workflow.getHandle(row.case_id).executeUpdate(resolveUpdate, { args: [{ by: 'carla', reason: 'looked into it', ...resolution }] }),
    activate,
    giveBack: (given) => activities.returnExpenseReport(given),
    breakStep: (fault) => broken.push(fault),
    until,
    async stop() {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
      await store.close();
    },
  };
}

/** As the fleet answers for a system that config/systems.yaml does not name. */
function configuredTime({ systems }: FakeSystems): FakeSystems['systems']['time'] {
  return (id) => {
    if (id === 'kantata') return systems.time(id);
    if (id === 'harvest') return { ...systems.time(id), expenseReports: { unsupported: 'Harvest takes nothing back: withdraw the approval there.' } };
    throw new SystemFailure({ kind: 'configuration', code: 'SYSTEM_NOT_CONFIGURED', message: `there is no ${id}`, mend: 'Name it.', system: id, object: id, written: 'no' });
  };
}

function breaking(steps: ExpenseActivities, broken: StepFault[]): ExpenseActivities {
  const fails = (step: keyof ExpenseActivities, when: StepFault['when']) => {
    const position = broken.findIndex((fault) => fault.step === step && fault.when === when);
    if (position < 0) return;
    broken.splice(position, 1);
    throw new Error(`${step} broke on order, ${when} its work`);
  };
  const wrap = <Input, Output>(step: keyof ExpenseActivities, work: (input: Input) => Promise<Output>) => async (input: Input): Promise<Output> => {
    fails(step, 'before');
    const output = await work(input);
    fails(step, 'after');
    return output;
  };
  return {
    decideExpenseReport: wrap('decideExpenseReport', steps.decideExpenseReport),
    postExpense: wrap('postExpense', steps.postExpense),
    settleExpense: wrap('settleExpense', steps.settleExpense),
    publishExpense: wrap('publishExpense', steps.publishExpense),
    answerExpense: wrap('answerExpense', steps.answerExpense),
    tellExpenseAnswer: wrap('tellExpenseAnswer', steps.tellExpenseAnswer),
    giveUpExpenseAnswer: wrap('giveUpExpenseAnswer', steps.giveUpExpenseAnswer),
    waiveExpenseFindings: wrap('waiveExpenseFindings', steps.waiveExpenseFindings),
    returnExpenseReport: wrap('returnExpenseReport', steps.returnExpenseReport),
  };
}
