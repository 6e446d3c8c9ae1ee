import { z } from 'zod';
import type { FaultOrder } from './crm.ts';

const requestsSchema = z.array(z.looseObject({ method: z.string(), url: z.string(), status: z.number() }));
const seededSchema = z.record(z.string(), z.array(z.union([z.string(), z.number()]).transform(String)));
const stateSchema = z.record(z.string(), z.array(z.record(z.string(), z.unknown())));

/** A sandbox's admin endpoints, as tests use them. */
export function sandboxAdmin(url: () => string) {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${url()}/__admin/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: HTTP ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    fault: async (order: FaultOrder) => void (await call('POST', 'faults', order)),
    clearFaults: async () => void (await call('DELETE', 'faults')),
    requests: async () => requestsSchema.parse(await call('GET', 'requests')),
    seed: async (records: Readonly<Record<string, readonly object[]>>) => seededSchema.parse(await call('POST', 'seed', records)),
    state: async () => stateSchema.parse(await call('GET', 'state')),
  };
}
