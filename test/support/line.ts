import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { z } from 'zod';
import type { Systems } from '../../activities/dependencies.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { Opportunity } from '../../domain/model/opportunity.ts';
import type { DealOutcome, DealProgress, DealReference } from '../../domain/process/deal-process.ts';
import type { Resolution, ResolutionAnswer } from '../../domain/process/exception-case.ts';
import { progressQuery } from '../../workflows/contracts/deal-process.ts';
import { resolveUpdate } from '../../workflows/contracts/exception-case.ts';
import { activateFirmConfig } from '../../starters/config/activate.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { openCases, type CaseRow } from '../../store/cases.ts';
import type { Store } from '../../store/database.ts';
import { startWorkers, type RunningWorkers } from '../../workers/fleet.ts';
import { anOpportunity } from '../builders/opportunity.ts';
import { theFirm } from '../builders/firm.ts';
import { freshStore } from '../store/support.ts';
import { createFakeSystems, type FakeSystems } from './fake-systems.ts';
import { theBundle, theTemporalServer } from './temporal.ts';
import { until } from './until.ts';

const outcomeSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('activated'), version: z.string(), projects: z.array(z.string()), notUndone: z.array(z.string()) }),
  z.object({ outcome: z.literal('unchanged'), version: z.string() }),
  z.object({ outcome: z.literal('aborted'), reason: z.string(), undone: z.array(z.string()), notUndone: z.array(z.string()) }),
]);

export interface TestLine {
  readonly store: Store;
  readonly client: Client;
  readonly fakes: FakeSystems;
  activate(config: FirmConfig): Promise<void>;
  readonly until: typeof until;
  openCase(code: string, deal: DealReference): Promise<CaseRow>;
  resolve(caseId: string, resolution: Resolution): Promise<ResolutionAnswer>;
  /** The outcome of a deal's process. @throws Error with its progress when it does not end in time */
  outcome(workflowId: string): Promise<DealOutcome>;
  progress(workflowId: string): Promise<DealProgress>;
  /** A deal in the CRM, with an ID of its own. */
  deal(parts: Opportunity): DealReference;
  /** The deal as its CRM has it from now on. */
  amend(deal: DealReference, parts: Partial<Opportunity> & { readonly version: string }): void;
  stop(): Promise<void>;
}

export interface TestLineOptions {
  /** Folders of config/overlays to lay over the firm's configuration. */
  readonly overlays?: readonly string[];
  /** The moment at which time is judged; now unless told. */
  readonly now?: () => Date;
  /** Real systems in place of some in memory. */
  readonly systems?: (inMemory: Systems) => Systems;
}

/** The whole line on a real Temporal server and a real store, with systems in memory unless told otherwise. */
export async function startTestLine({ overlays = [], now, systems = (inMemory) => inMemory }: TestLineOptions = {}): Promise<TestLine> {
  const environment = await theTemporalServer();
  const { config } = await theFirm(overlays);
  const store = await freshStore();
  const fakes = createFakeSystems();
  const { client } = environment;
  const activate = async (next: FirmConfig) => {
    await activateFirmConfig({ store, client, config: next, hash: sha256(canonicalJson(next)), files: [], by: 'test' });
  };
  await activate(config);
  const workers: RunningWorkers = await startWorkers({
    databaseUrl: store.url,
    identity: randomUUID(),
    port: null,
    log: pino({ level: process.env['Q2C_TEST_LOG'] ?? 'silent' }),
    workflowBundle: await theBundle(),
    ...(now === undefined ? {} : { now }),
    systemsOf: async () => Promise.resolve(systems(fakes.systems)),
  });

  return {
    store,
    client,
    fakes,
    activate,
    until,
    openCase: (code, deal) => until(`a case ${code} is open for ${deal.opportunityId}`, async () => (await openCases(store.db)).find((row) => row.code === code && row.process.endsWith(deal.opportunityId))),
    resolve: (caseId, resolution) => client.workflow.getHandle(caseId).executeUpdate(resolveUpdate, { args: [resolution] }),
    progress: (workflowId) => client.workflow.getHandle(workflowId).query(progressQuery),
    async outcome(workflowId) {
      const handle = client.workflow.getHandle(workflowId);
      try {
        await until(`${workflowId} has ended`, async () => (await handle.describe()).status.name !== 'RUNNING');
      } catch (error) {
        throw new Error(`${String(error)}\n${JSON.stringify(await handle.query(progressQuery), null, 1)}`);
      }
      return outcomeSchema.parse(await handle.result());
    },
    deal(opportunity) {
      const id = `${opportunity.id}-${randomUUID().slice(0, 8)}`;
      const own = opportunity.accounts.map((account) => (account.id === 'ACC-1' ? { ...account, id: `ACC-${id}` } : account));
      fakes.putDeal({ ...opportunity, id, accounts: own });
      return { crm: opportunity.crm, opportunityId: id };
    },
    amend(deal, parts) {
      fakes.putDeal({ ...anOpportunity({ ...parts, accounts: fakes.deal(deal).accounts }), crm: deal.crm, id: deal.opportunityId });
    },
    async stop() {
      await workers.stop();
      await store.close();
    },
  };
}
