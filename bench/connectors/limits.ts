import { z } from 'zod';
import { createHubSpot } from '../../connectors/hubspot/index.ts';
import { createHttpClient } from '../../connectors/http/client.ts';
import { meaningOfStatus } from '../../connectors/http/classify.ts';
import { isSystemFailure } from '../../domain/failure.ts';
import { netSuiteAuth } from '../../connectors/netsuite/auth.ts';
import { alone, type Findings } from '../support/findings.ts';
import { requestsOf, type Stage } from './stage-process.ts';
import { aCall, NO_LIMITS, silent, times } from './support.ts';

const limitsSchema = z.object({ peak: z.number(), refused: z.number() });
/** Of config/systems.yaml. */
const HUBSPOT_PER_SECOND = 15;
const NETSUITE_AT_ONCE = 15;

/**
 * Full load against the limiters of NetSuite (15 requests at once) and HubSpot (190 in ten seconds) within the limits of the configuration: how many
 * requests they refuse.
 */
export async function limits(stage: Stage, settings: { readonly netsuiteCalls: number; readonly hubspotCalls: number }): Promise<Findings> {
  const netsuite = createHttpClient({
    system: 'netsuite',
    baseUrl: stage.netsuite,
    auth: netSuiteAuth({ system: 'netsuite', baseUrl: stage.netsuite, credentials: stage.credentials.netsuite, limits: NO_LIMITS, options: {}, log: silent }, stage.credentials.netsuite, Date.now),
    classify: (answer, request) => meaningOfStatus('NETSUITE', answer, request),
    limits: { ...NO_LIMITS, concurrency: NETSUITE_AT_ONCE },
    log: silent,
  });
  const startedAt = performance.now();
  await times(settings.netsuiteCalls, 500, async () => {
    await netsuite.request({ method: 'GET', path: '/services/rest/system/v1/governanceLimits', answer: z.unknown(), object: 'the limits of the account', writes: false, context: aCall() });
  });
  const netsuiteRate = (settings.netsuiteCalls / (performance.now() - startedAt)) * 1000;
  const seen = limitsSchema.parse(await (await fetch(`${stage.netsuite}/__admin/limits`)).json());

  const hubspot = createHubSpot({ system: 'hubspot', baseUrl: stage.hubspot, credentials: stage.credentials.hubspot, limits: { ...NO_LIMITS, concurrency: 8, requestsPerSecond: HUBSPOT_PER_SECOND }, options: {}, log: silent });
  let busy = 0;
  await times(settings.hubspotCalls, 100, async () => {
    try {
      await hubspot.loadOpportunity('1', aCall());
    } catch (error) {
      if (!isSystemFailure(error)) throw error;
      if (error.failure.kind === 'transient') busy += 1;
    }
  });
  const answered = await requestsOf(stage.hubspot);
  const refused = answered.filter(({ status }) => status === 429).length;
  return {
    measures: [alone('refused_by_limiter_netsuite', seen.refused, 'requests'), alone('refused_by_limiter_hubspot', refused, 'requests'), alone('netsuite_calls_per_second', netsuiteRate, 'calls/s')],
    report: `Limits: of ${settings.netsuiteCalls} calls, 500 wanted at once, NetSuite had at most ${seen.peak} at once and refused ${seen.refused}; of ${answered.length} requests at ${HUBSPOT_PER_SECOND} a second HubSpot refused ${refused} (${busy} calls were sent back by us to be tried later).`,
    failed: seen.refused > 0 || refused > 0,
  };
}

