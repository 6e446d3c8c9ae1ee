import { setTimeout as delay } from 'node:timers/promises';
import { isUnsupported } from '../../connectors/ports.ts';
import { createSalesforce } from '../../connectors/salesforce/index.ts';
import { alone, type Findings } from '../support/findings.ts';
import { requestsOf, type Stage } from './stage-process.ts';
import { aCall, NO_LIMITS, silent, times } from './support.ts';

const CALLS = 200;

/** 200 calls at once with a token that Salesforce has let expire: how many tokens are fetched, and whether every call gets through. */
export async function tokens(stage: Stage): Promise<Findings> {
  const crm = createSalesforce({ system: 'salesforce', baseUrl: stage.salesforce, credentials: stage.credentials.salesforce, limits: NO_LIMITS, options: {}, log: silent });
  const { changedClosedWon } = crm;
  if (isUnsupported(changedClosedWon)) throw new Error('Salesforce tells what changed');
  const ask = async () => {
    for await (const deal of changedClosedWon('2026-01-01T00:00:00.000Z', aCall())) if (deal.version === '') throw new Error('a deal without a version');
  };
  const fetched = async () => (await requestsOf(stage.salesforce)).filter(({ url }) => url.includes('/oauth2/token')).length;
  await ask();
  const before = await fetched();
  await delay(stage.shortTokenSeconds * 1000 + 500);
  await times(CALLS, CALLS, ask);
  const refreshed = (await fetched()) - before;
  return {
    measures: [alone('token_refreshes_under_200_calls', refreshed, 'requests')],
    report: `Tokens: ${CALLS} calls at once with an expired token fetched ${refreshed} new one${refreshed === 1 ? '' : 's'}, and all got through.`,
    failed: refreshed !== 1,
  };
}
