import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import { Credentials } from '../../sandbox/credentials.ts';

export const orderSchema = z.object({
  system: z.enum(['clockify', 'hubspot', 'netsuite']),
  url: z.url(),
  credentials: Credentials,
  storeUrl: z.string(),
  identity: z.string(),
  seconds: z.number(),
  concurrency: z.number().nullable(),
  requestsPerSecond: z.number().nullable(),
});
export type CallerOrder = z.infer<typeof orderSchema>;

const answerSchema = z.object({ answered: z.number(), refused: z.number(), /** Until the last call that had begun by then was over. */ seconds: z.number() });
export type CallerAnswer = z.infer<typeof answerSchema>;

/** Calls a system in a process of its own for some seconds. @throws Error when it ends without an answer */
export async function callFrom(order: CallerOrder): Promise<CallerAnswer> {
  const child = fork(join(import.meta.dirname, 'caller.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  child.send(order);
  const first = await Promise.race([once(child, 'message'), exited.then(([code]: unknown[]) => Promise.reject(new Error(`a caller of ${order.system} ended with ${String(code)} before its answer`)))]);
  await exited;
  return answerSchema.parse(first[0]);
}
