// A timesheet application on plain Temporal, as its documentation has it: one workflow for each timesheet, an activity for each step,
// one worker with the SDK's defaults (https://docs.temporal.io/develop/typescript/core-application).
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { peerSettings, peerWork, processIdOf, serveIntake } from './application.ts';
import { activitiesOf } from './temporal-activities.ts';
import type { plainTimesheet } from './temporal-workflow.ts';

const TIMESHEET_QUEUE = 'timesheets';

const settings = peerSettings();
const { address = '', namespace = 'default' } = settings.engine;
const work = await peerWork(settings);

const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({ connection, namespace, taskQueue: TIMESHEET_QUEUE, workflowsPath: fileURLToPath(new URL('temporal-workflow.ts', import.meta.url)), activities: activitiesOf(work) });
const running = worker.run();

const client = new Client({ connection: await Connection.connect({ address }), namespace });
await serveIntake(settings.port, async (sheet) => {
  try {
    await client.workflow.start<typeof plainTimesheet>('plainTimesheet', { taskQueue: TIMESHEET_QUEUE, workflowId: processIdOf(sheet), workflowIdReusePolicy: 'REJECT_DUPLICATE', args: [sheet] });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
});
await running;
await work.close();
process.exit();
