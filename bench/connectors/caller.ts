// Child process of the connectors' benchmark: one worker's calls to a system, as many as it lets through, over what all workers share in the store.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { classifyClockify } from '../../connectors/clockify/classify.ts';
import { onTooManyAtOnce, squeezeRequests } from '../../connectors/http/at-once.ts';
import { fixedHeaders } from '../../connectors/http/auth.ts';
import { createHttpClient, type HttpClient, type HttpClientSettings } from '../../connectors/http/client.ts';
import { classifyHubSpot } from '../../connectors/hubspot/classify.ts';
import { readHubSpotLimits } from '../../connectors/hubspot/limits.ts';
import { netSuiteAuth } from '../../connectors/netsuite/auth.ts';
import { classifyNetSuite } from '../../connectors/netsuite/classify.ts';
import { isSystemFailure } from '../../domain/failure.ts';
import { openStore } from '../../store/database.ts';
import { createSlotPool } from '../../store/slot-pool.ts';
import { onTargetLimit, lowerLimit } from '../../store/target-limit.ts';
import { createRates } from '../../workers/rates.ts';
import { orderSchema, type CallerAnswer, type CallerOrder } from './caller-process.ts';
import { NO_LIMITS, silent } from './support.ts';

/** Wanted at once. */
const LANES = 20;
const SHORTEST_RETRY_MS = 500;

const order = orderSchema.parse(await new Promise((resolve) => process.once('message', resolve)));
const store = openStore(order.storeUrl, { connections: 6 });
const rates = await createRates(store, order.identity);
const { path, http } = clientOf(order);
const { concurrency } = order;
const pool = concurrency === null ? undefined : createSlotPool({ db: store.db, target: order.system, limit: concurrency, holder: order.identity, onSqueeze: (atOnce) => squeezeRequests(order.system, atOnce) });
const unlisten = onTooManyAtOnce(({ system, sentMsAgo }) => void lowerLimit(store.db, { target: system, limit: concurrency ?? 1, sentMsAgo }).then(() => pool?.limitChanged()));
const listener = await onTargetLimit(store.url, () => pool?.limitChanged());

const until = performance.now() + order.seconds * 1000;
const startedAt = performance.now();
const answer = { answered: 0, refused: 0 };
await Promise.all(
  Array.from({ length: LANES }, async () => {
    while (performance.now() < until) {
      const release = await pool?.acquire();
      try {
        await http.request({ method: 'GET', path, answer: z.unknown(), accept: [404], object: 'a record', writes: false, context: { signal: AbortSignal.timeout(60_000), heartbeat: () => undefined, log: silent, idempotencyKey: 'bench' } });
        answer.answered += 1;
      } catch (error) {
        if (!isSystemFailure(error) || error.failure.kind !== 'transient') throw error;
        if (error.failure.code !== 'REQUEST_BUDGET') answer.refused += 1;
        release?.();
        await delay(Math.max(SHORTEST_RETRY_MS, error.failure.retryAfterMs ?? 0));
      } finally {
        release?.();
      }
    }
  }),
);
process.send?.({ ...answer, seconds: (performance.now() - startedAt) / 1000 } satisfies CallerAnswer);
unlisten();
await listener.close();
await pool?.close();
await rates.close();
await store.close();
process.disconnect();

function clientOf({ system, url, concurrency: most, requestsPerSecond, credentials }: CallerOrder): { readonly path: string; readonly http: HttpClient } {
  const common = { system, baseUrl: url, limits: { ...NO_LIMITS, concurrency: most, requestsPerSecond }, log: silent } satisfies Partial<HttpClientSettings>;
  switch (system) {
    case 'clockify':
      return { path: `/api/v1/workspaces/${credentials.clockify.workspaceId}/clients`, http: createHttpClient({ ...common, auth: fixedHeaders({ 'x-api-key': credentials.clockify.apiKey }), classify: classifyClockify }) };
    case 'hubspot':
      return { path: '/crm/v3/objects/deals/1', http: createHttpClient({ ...common, auth: fixedHeaders({ authorization: `Bearer ${credentials.hubspot.accessToken}` }), classify: classifyHubSpot, readLimits: readHubSpotLimits }) };
    case 'netsuite':
      return {
        path: '/services/rest/system/v1/governanceLimits',
        http: createHttpClient({ ...common, auth: netSuiteAuth({ ...common, credentials: credentials.netsuite, options: {} }, credentials.netsuite, Date.now), classify: classifyNetSuite }),
      };
  }
}
