import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { freePort } from '../../scripts/ports.ts';
import { startEmbeddedStore } from '../../scripts/store-server/embedded.ts';
import { openStore, type Store } from '../../store/database.ts';
import { migrateStore } from '../../store/migrate.ts';
import { onTargetLimit } from '../../store/target-limit.ts';
import { onTargetRate } from '../../store/target-rate.ts';
import { alone, type Findings } from '../support/findings.ts';
import { using } from '../support/open.ts';
import { asTable, rounded } from '../support/report.ts';
import { callFrom, type CallerOrder } from './caller-process.ts';
import type { Stage } from './stage-process.ts';

const PROCESSES = 2;

interface Case {
  readonly title: string;
  readonly system: CallerOrder['system'];
  readonly terms: Pick<CallerOrder, 'concurrency' | 'requestsPerSecond'>;
}

/** What is configured is more than the account takes: of stage.ts, `tight`. */
const CASES: readonly Case[] = [
  { title: 'requests per second, no headers (Clockify): 40 configured, 20 taken', system: 'clockify', terms: { concurrency: null, requestsPerSecond: 40 } },
  { title: 'requests in ten seconds, told by headers (HubSpot): 150 configured, 60 taken', system: 'hubspot', terms: { concurrency: null, requestsPerSecond: 15 } },
  { title: 'requests at once (NetSuite): 15 configured, 5 taken', system: 'netsuite', terms: { concurrency: 15, requestsPerSecond: null } },
];

const requestsSchema = z.array(z.object({ at: z.iso.datetime(), status: z.number().nullable() }));

/** Two worker processes at full load against accounts that take less than is configured: what is refused until the first adaptation, and after it. */
export async function adaptation(stage: Stage, settings: { readonly seconds: number }): Promise<Findings> {
  return await using(startBenchStore, async ({ store }) => {
    const rows: string[][] = [];
    const measures: Findings['measures'][number][] = [];
    let failed = false;
    for (const each of CASES) {
      const { before, after, answered, perSecond, lowered } = await run(stage, store, each, settings.seconds);
      failed ||= after > 0;
      measures.push(alone(`refused_until_first_adaptation_${each.system}`, before, 'requests'), alone(`refused_after_first_adaptation_${each.system}`, after, 'requests'), alone(`answered_per_second_${each.system}`, perSecond, 'requests/s'));
      rows.push([each.title, String(answered), String(rounded(perSecond)), String(before), lowered ? String(after) : '(none was needed)']);
    }
    return {
      measures,
      report: [`${PROCESSES} worker processes, ${settings.seconds} s each at full load against an account that takes less than is configured:`, asTable([['limit', 'answered', 'a second', 'refused until the first adaptation', 'refused after it'], ...rows])].join('\n'),
      failed,
    };
  });
}

async function run(stage: Stage, store: Store, { system, terms }: Case, seconds: number) {
  const url = stage.tight[system];
  const since = Date.now();
  const orders = Array.from({ length: PROCESSES }, (_, index): CallerOrder => ({ system, url, credentials: stage.credentials, storeUrl: store.url, identity: `bench-${system}-${index}`, seconds, ...terms }));
  let first: number | undefined;
  const onLowered = (target: string): void => {
    if (target === system) first ??= Date.now();
  };
  const listeners = [await onTargetRate(store.url, onLowered), await onTargetLimit(store.url, onLowered)];
  const answers = await Promise.all(orders.map(callFrom)).finally(() => Promise.all(listeners.map((listener) => listener.close())));
  const adaptedAt = first;
  const refused = requestsSchema.parse(await (await fetch(`${url}/__admin/requests`)).json()).flatMap(({ at, status }) => (status === 429 && Date.parse(at) >= since ? [Date.parse(at)] : []));
  const after = adaptedAt === undefined ? 0 : refused.filter((at) => at > adaptedAt).length;
  return { before: refused.length - after, after, lowered: adaptedAt !== undefined, answered: answers.reduce((sum, answer) => sum + answer.answered, 0), perSecond: answers.reduce((sum, answer) => sum + answer.answered / answer.seconds, 0) };
}

async function startBenchStore(): Promise<{ readonly store: Store; stop(): Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'q2c-bench-'));
  const server = await startEmbeddedStore(dataDir, await freePort());
  const store = openStore(server.url, { connections: 2 });
  await migrateStore(store);
  return {
    store,
    async stop() {
      await store.close();
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
