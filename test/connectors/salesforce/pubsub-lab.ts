import assert from 'node:assert/strict';
import { z } from 'zod';
import type { ConnectorSettings } from '../../../connectors/connector.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { startSandbox } from '../../../sandbox/kit/sandbox.ts';
import { salesforce } from '../../../sandbox/salesforce/sandbox.ts';
import { memoryLog } from '../http/support.ts';

const stateSchema = z.object({
  url: z.string(),
  latest: z.number(),
  counted: z.object({ subscribe: z.number(), schema: z.number() }),
  streams: z.array(z.object({ topic: z.string(), requests: z.array(z.object({ preset: z.string(), numRequested: z.number() })) })),
});
const seeded = z.record(z.string(), z.array(z.string()));

export type PubSubLab = Awaited<ReturnType<typeof pubSubLab>>;

/** An organization whose changes are told over the Pub/Sub API, with the people who make them. */
export async function pubSubLab(options: object = {}, { credentials = generateCredentials().salesforce, port = 0 } = {}) {
  const sandbox = await startSandbox(salesforce, { port, options: { ...credentials, pubSubPort: 0, keepaliveSeconds: 0.05, ...options } });
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${sandbox.url}/__admin/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const text = await answer.text();
    assert.equal(answer.status, 201, text);
    return JSON.parse(text);
  };
  const people = async (object: string, records: readonly object[]): Promise<readonly string[]> => seeded.parse(await post('seed?notify=true', { [object]: records }))[object] ?? [];
  const state = async () => stateSchema.parse(await (await fetch(`${sandbox.url}/__admin/pubsub`)).json());
  const endpoint = (await state()).url;

  return {
    url: sandbox.url,
    credentials,
    state,
    post,
    settings: (more: object = {}): ConnectorSettings => ({ system: 'salesforce', baseUrl: sandbox.url, credentials, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, options: more, log: memoryLog() }),
    subscribing: (changeEvents: object = {}, more: object = {}) => ({ ...more, changeEvents: { endpoint, ...changeEvents } }),
    /** Somebody in sales makes a deal. */
    async deal(fields: object = {}): Promise<string> {
      const [id = ''] = await people('Opportunity', [{ Name: 'Deal', StageName: 'Prospecting', CloseDate: '2026-11-20', ...fields }]);
      return id;
    },
    deals: (many: readonly object[]) => people('Opportunity', many.map((fields) => ({ Name: 'Deal', StageName: 'Prospecting', CloseDate: '2026-11-20', ...fields }))),
    /** Something happens that no event tells of. */
    unheard: async (records: Readonly<Record<string, readonly object[]>>) => seeded.parse(await post('seed', records)),
    records: async (object: string) => z.record(z.string(), z.array(z.record(z.string(), z.unknown()))).parse(await (await fetch(`${sandbox.url}/__admin/state`)).json())[object] ?? [],
    change: async (id: string, fields: object) => void (await people('Opportunity', [{ Id: id, ...fields }])),
    line: async (fields: object) => void (await people('OpportunityLineItem', [{ Quantity: 1, UnitPrice: 1, ...fields }])),
    fault: async (kind: string, times = 1) => void (await post('pubsub/faults', { kind, times })),
    event: async (event: { changeType: string; recordIds: readonly string[]; entity?: string }) => void (await post('pubsub/events', { entity: 'Opportunity', ...event })),
    close: () => sandbox.close(),
  };
}
