import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { connectorOptionSchemas } from '../../connectors/options.ts';
import type { Endpoints } from '../../connectors/addresses.ts';
import { closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import { openStore, type Store } from '../../store/database.ts';
import { dealProcess } from '../../store/deal-processes.ts';
import { resolveUpdate } from '../../workflows/contracts/exception-case.ts';
import { activateFirmConfig } from '../config/activate.ts';
import { formatMistakes, loadFirmConfig } from '../config/load.ts';
import { dealStatus, type DealStatus } from '../status/deal-status.ts';
import { uiLink } from '../status/links.ts';
import { connectClient } from '../temporal.ts';
import { sellInHubSpot } from './hubspot.ts';
import { sellInSalesforce } from './salesforce.ts';
import { asConfigured, SAMPLE_DEALS, type SampleDeal } from './sample-deals.ts';

export interface StorySettings {
  readonly endpoints: Endpoints & { readonly store: { readonly url: string } };
  readonly once: boolean;
  readonly overlays: readonly string[];
  readonly tell?: (line: string) => void;
}

const LIMIT_MS = 90_000;
const POLL_MS = 150;
/** A case that has stood this long is not one that the new configuration is about to close. */
const STEADY_MS = 5000;

/**
 * Puts the example firm's configuration in force, closes the sample deals in the CRMs, and tells what becomes of each.
 * @returns ok where every deal reached the end it is there to show
 */
export async function runStory({ endpoints, overlays, tell = (line) => process.stdout.write(`${line}\n`) }: StorySettings): Promise<{ readonly ok: boolean; readonly message?: string }> {
  const loaded = await loadFirmConfig('config', { overlays, optionSchemas: connectorOptionSchemas });
  if (!loaded.ok) return { ok: false, message: `The configuration has mistakes; nothing was activated.\n${formatMistakes(loaded.mistakes)}` };
  const store = openStore(endpoints.store.url, { applicationName: 'q2c-story', connections: 2 });
  const { client, close } = await connectClient();
  try {
    await activateFirmConfig({ store, client, config: loaded.config, hash: loaded.hash, files: loaded.files, by: 'npm start' });
    tell('');
    tell(`Four deals of ${loaded.config.firm.name} are closed as won in their CRMs:`);
    const startedAt = Date.now();
    const told = await Promise.all(SAMPLE_DEALS.map(async (each) => {
      const sample = asConfigured(each, loaded.config);
      const deal = await sell(endpoints, sample);
      const status = await follow({ store, client, endpoints }, deal, sample);
      tell('');
      tell(chapter(sample, deal, status, Date.now() - startedAt, endpoints));
      return endOf(status) === sample.ends;
    }));
    tell('');
    tell('Look closer:');
    tell('  npm run q2c -- status            all deals; add a deal for its steps, IDs and links');
    tell('  npm run q2c -- exceptions        what waits for a person');
    tell('  npm run q2c -- doctor            whether every part is well');
    return { ok: told.every(Boolean) };
  } finally {
    await close();
    await store.close();
  }
}

async function sell(endpoints: Endpoints, sample: SampleDeal): Promise<DealReference> {
  const sandbox = endpoints.sandbox[sample.crm];
  if (sandbox?.url === undefined) throw new Error(`the ${sample.crm} sandbox is not running`);
  const sellIn = sample.crm === 'salesforce' ? sellInSalesforce : sellInHubSpot;
  return { crm: sample.crm, opportunityId: await sellIn(sandbox.url, sandbox['credentials'], sample) };
}

/** Waits until the deal comes to rest; the deal that is there to be aborted is aborted through its case, as a person would. */
async function follow(from: { readonly store: Store; readonly client: Client; readonly endpoints: Endpoints }, deal: DealReference, sample: SampleDeal): Promise<DealStatus> {
  const limit = Date.now() + LIMIT_MS;
  let resolved = false;
  let waiting: { readonly caseId: string; readonly since: number } | undefined;
  while (Date.now() < limit) {
    await delay(POLL_MS);
    const row = await dealProcess(from.store.db, deal);
    if (row === undefined) continue;
    if (row.state === 'activated' || row.state === 'aborted') break;
    const status = await dealStatus(from, deal);
    const [open] = status.openCases;
    if (open === undefined) continue;
    if (sample.ends === 'waiting') break;
    if (sample.ends === 'activated') {
      if (waiting?.caseId !== open.caseId) waiting = { caseId: open.caseId, since: Date.now() };
      if (Date.now() - waiting.since > STEADY_MS) break;
      continue;
    }
    if (resolved) continue;
    resolved = true;
    await from.client.workflow.getHandle(open.caseId).executeUpdate(resolveUpdate, { args: [{ action: 'abort', by: 'priya', reason: 'the client postponed the pilot' }] });
  }
  return await dealStatus(from, deal);
}

function endOf(status: DealStatus): SampleDeal['ends'] | 'unfinished' {
  if (status.state === 'activated' || status.state === 'aborted') return status.state;
  return status.openCases.length > 0 ? 'waiting' : 'unfinished';
}

function chapter(sample: SampleDeal, deal: DealReference, status: DealStatus, elapsedMs: number, endpoints: Endpoints): string {
  const seconds = (elapsedMs / 1000).toFixed(1);
  const lines = [`● ${sample.name} for ${sample.client.name} (${deal.crm} ${deal.opportunityId})`, `  a deal that ${sample.shows}`];
  const end = endOf(status);
  const ids = status.steps.filter((step) => step.externalId !== null && step.step === 'project').map((step) => `${step.subject} is ${step.externalId ?? ''} in ${step.system}`);
  if (end === 'activated') lines.push(`  ✓ activated after ${seconds} s: ${ids.join(', ')}`);
  if (end === 'aborted') lines.push(`  ✓ aborted and undone after ${seconds} s:`, ...status.undone.map((what) => `      ${what}`), ...status.notUndone.map((what) => `      NOT UNDONE ${what}`));
  for (const open of status.openCases) lines.push(`  ⏸ waits for ${open.owner.replaceAll('_', ' ')}: ${open.message}`, `    resolve it: ${open.resolve}`, `    or in the Temporal UI: ${open.link}`);
  if (end === 'unfinished') lines.push(`  ✗ did not come to rest within ${LIMIT_MS / 1000} s: npm run q2c -- status ${deal.crm}/${deal.opportunityId}`);
  lines.push(`    watch: ${uiLink(endpoints, closedWonId(deal))}`);
  return lines.join('\n');
}
