import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { z } from 'zod';
import { Credentials } from '../../sandbox/credentials.ts';

const addressesSchema = z.object({ plain: z.url(), salesforce: z.url(), hubspot: z.url(), netsuite: z.url(), scim: z.url(), tight: z.object({ clockify: z.url(), hubspot: z.url(), netsuite: z.url() }), credentials: Credentials, shortTokenSeconds: z.number() });
export type StageAddresses = z.infer<typeof addressesSchema>;

export interface Stage extends StageAddresses {
  stop(): Promise<void>;
}

/** Starts what is called in a process of its own. @throws Error when it ends before it is ready */
export async function startStage(): Promise<Stage> {
  const child = fork(join(import.meta.dirname, 'stage.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(child, 'exit');
  const first = await Promise.race([once(child, 'message'), exited.then(([code]: unknown[]) => Promise.reject(new Error(`what is to be called ended with ${String(code)} before it was ready`)))]);
  return {
    ...addressesSchema.parse(first[0]),
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

const requestsSchema = z.array(z.object({ method: z.string(), url: z.string(), status: z.number().nullable() }));

/** The sandbox's last thousand requests. */
export async function requestsOf(url: string): Promise<z.infer<typeof requestsSchema>> {
  return requestsSchema.parse(await (await fetch(`${new URL(url).origin}/__admin/requests`)).json());
}
