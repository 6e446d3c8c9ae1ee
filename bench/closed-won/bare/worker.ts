// The peer's worker: one process, the SDK's default settings. Writes the file named by BARE_READY once it runs.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { BARE_QUEUE } from './queue.ts';
import * as activities from './activities.ts';

const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
const worker = await Worker.create({
  connection,
  namespace: process.env['TEMPORAL_NAMESPACE'] ?? 'default',
  taskQueue: BARE_QUEUE,
  workflowsPath: fileURLToPath(new URL('workflow.ts', import.meta.url)),
  activities,
});
const running = worker.run();
writeFileSync(process.env['BARE_READY'] ?? '', '');
await running;
await connection.close();
