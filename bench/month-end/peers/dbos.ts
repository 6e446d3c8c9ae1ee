// A timesheet application on DBOS, as its documentation has it: one workflow for each timesheet on a queue, a step for each part
// (https://docs.dbos.dev/typescript/tutorials/workflow-tutorial, https://docs.dbos.dev/typescript/tutorials/queue-tutorial).
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { caseIdOf, peerSettings, peerWork, processIdOf, serveIntake } from './application.ts';

const QUEUE = 'timesheets';
const CASE_SECONDS = 30 * 86_400;

const settings = peerSettings();
const work = await peerWork(settings);
const { systemDatabaseUrl = '', workerConcurrency = '', pollingMs = '' } = settings.engine;

/** Waits until somebody resolves it. */
const exceptionCase = DBOS.registerWorkflow(async (_codes: readonly string[]): Promise<string> => (await DBOS.recv<string>('resolution', CASE_SECONDS)) ?? 'nobody saw to it', { name: 'exceptionCase' });

const plainTimesheet = DBOS.registerWorkflow(
  async (sheet: Timesheet): Promise<number> => {
    const { postings, refused } = await DBOS.runStep(() => work.decide(sheet), { name: 'decide', retriesAllowed: true });
    if (refused.length > 0) await DBOS.startWorkflow(exceptionCase, { workflowID: caseIdOf(sheet) })(refused);
    const posted = postings.length === 0 ? [] : await DBOS.runStep(() => work.post(postings), { name: 'post', retriesAllowed: true, intervalSeconds: 0.2, maxAttempts: 50, backoffRate: 1.2 });
    await DBOS.runStep(() => work.record(sheet, posted), { name: 'record', retriesAllowed: true });
    return posted.length;
  },
  { name: 'plainTimesheet' },
);

DBOS.setConfig({ name: 'timesheets', systemDatabaseUrl, logLevel: 'error' });
await DBOS.launch();
await DBOS.registerQueue(QUEUE, { workerConcurrency: Number(workerConcurrency), minPollingIntervalMs: Number(pollingMs) });

await serveIntake(settings.port, async (sheet) => {
  await DBOS.startWorkflow(plainTimesheet, { workflowID: processIdOf(sheet), queueName: QUEUE })(sheet);
});

process.once('SIGTERM', () => {
  void DBOS.shutdown()
    .then(() => work.close())
    .finally(() => process.exit());
});
