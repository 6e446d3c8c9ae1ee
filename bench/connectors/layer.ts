import { Agent } from 'node:http';
import { got } from 'got';
import { Pool } from 'undici';
import { z } from 'zod';
import { fixedHeaders } from '../../connectors/http/auth.ts';
import { meaningOfStatus } from '../../connectors/http/classify.ts';
import { createHttpClient } from '../../connectors/http/client.ts';
import { alone, beside, type Findings } from '../support/findings.ts';
import { asTable, rounded } from '../support/report.ts';
import { median, percentile } from '../support/statistics.ts';
import type { Stage } from './stage-process.ts';
import { aCall, NO_LIMITS, silent, times } from './support.ts';

const AT_ONCE = 32;
const answerSchema = z.object({ projects: z.array(z.object({ id: z.number(), name: z.string(), code: z.string(), is_active: z.boolean(), hourly_rate: z.string(), client: z.object({ id: z.number(), name: z.string(), currency: z.string() }) })), next_page: z.number().nullable() });

interface Way {
  readonly name: string;
  readonly call: () => Promise<void>;
}

/**
 * Calls a second, and what one call takes, of our HTTP layer (limits, circuit, auth, classification, exact numbers, schema, metrics) beside bare got and
 * bare undici that parse the same answer with JSON.parse alone, in turns.
 */
export async function layer(stage: Stage, settings: { readonly calls: number; readonly rounds: number }): Promise<Findings> {
  const agent = { http: new Agent({ keepAlive: true, scheduling: 'lifo' }) };
  const pool = new Pool(stage.plain, { connections: AT_ONCE });
  const ours = createHttpClient({ system: 'bench', baseUrl: stage.plain, auth: fixedHeaders({ authorization: 'Bearer bench' }), classify: (answer, request) => meaningOfStatus('BENCH', answer, request), limits: { ...NO_LIMITS, concurrency: AT_ONCE }, log: silent });
  const ways: readonly Way[] = [
    {
      name: 'ours',
      call: async () => {
        await ours.request({ method: 'GET', path: '/v2/projects', query: { page: '1' }, answer: answerSchema, object: 'projects', writes: false, context: aCall() });
      },
    },
    {
      name: 'bare got',
      call: async () => {
        await got(`${stage.plain}/v2/projects?page=1`, { agent, retry: { limit: 0 }, headers: { authorization: 'Bearer bench' } }).json();
      },
    },
    {
      name: 'bare undici',
      call: async () => {
        const { body } = await pool.request({ method: 'GET', path: '/v2/projects?page=1', headers: { authorization: 'Bearer bench' } });
        await body.json();
      },
    },
  ];
  const rates = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
  const single = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
  for (const way of ways) await times(500, AT_ONCE, way.call);
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const { name, call } of ways) {
      const startedAt = performance.now();
      await times(settings.calls, AT_ONCE, call);
      rates.get(name)?.push((settings.calls / (performance.now() - startedAt)) * 1000);
      single.get(name)?.push(percentile(await times(Math.ceil(settings.calls / 10), 1, call), 0.5));
    }
  }
  await pool.close();
  const rate = (name: string) => median(rates.get(name) ?? []);
  const alonems = (name: string) => median(single.get(name) ?? []);
  const added = (name: string) => alonems('ours') - alonems(name);
  return {
    measures: [
      beside('calls_per_second', rate('ours'), 'calls/s', 'bare got', rate('bare got')),
      beside('calls_per_second', rate('ours'), 'calls/s', 'bare undici', rate('bare undici')),
      beside('call_ms', alonems('ours'), 'ms', 'bare got', alonems('bare got')),
      beside('call_ms', alonems('ours'), 'ms', 'bare undici', alonems('bare undici')),
      alone('added_ms_over_got', added('bare got'), 'ms'),
      alone('added_ms_over_undici', added('bare undici'), 'ms'),
    ],
    report: [
      `The HTTP layer, ${settings.calls} calls for 1.5 kB of JSON over loopback, ${AT_ONCE} at once, median of ${settings.rounds} rounds in turns; one call by itself, p50:`,
      asTable([['', 'calls/s', 'one call', 'ours adds'], ...ways.map(({ name }) => [name, String(rounded(rate(name))), `${alonems(name).toFixed(3)} ms`, name === 'ours' ? '' : `${added(name).toFixed(3)} ms`])]),
    ].join('\n'),
    failed: false,
  };
}
