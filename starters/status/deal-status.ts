import type { Client } from '@temporalio/client';
import { z } from 'zod';
import type { Endpoints } from '../../connectors/addresses.ts';
import { changeOrderId, closedWonId, dealKey, type DealReference } from '../../domain/process/deal-process.ts';
import type { Store } from '../../store/database.ts';
import { dealProcess } from '../../store/deal-processes.ts';
import { identitiesOf } from '../../store/identity-map.ts';
import { postingsOf } from '../../store/posting-settlement.ts';
import { uiLink } from './links.ts';
import { openCaseLines, openCasesOf, type OpenCase } from './open-cases.ts';
import { table } from './table.ts';

const abortedSchema = z.looseObject({ outcome: z.literal('aborted'), reason: z.string(), undone: z.array(z.string()), notUndone: z.array(z.string()) });

export interface DealStatus {
  readonly deal: DealReference;
  readonly state: string;
  readonly version: string | null;
  readonly processes: readonly { readonly workflowId: string; readonly status: string; readonly link: string }[];
  readonly steps: readonly { readonly step: string; readonly subject: string; readonly system: string; readonly state: string; readonly externalId: string | null; readonly url: string | null }[];
  readonly openCases: readonly OpenCase[];
  /** After an abort: what was undone, and what could not be. */
  readonly undone: readonly string[];
  readonly notUndone: readonly string[];
  readonly abortReason: string | null;
}

/** Where a deal stands, from the store (which is the truth of what was written) and Temporal (which is the truth of what runs). */
export async function dealStatus(from: { readonly store: Store; readonly client: Client; readonly endpoints: Endpoints }, deal: DealReference): Promise<DealStatus> {
  const { db } = from.store;
  const row = await dealProcess(db, deal);
  const processes: DealStatus['processes'][number][] = [];
  const steps = new Map<string, DealStatus['steps'][number]>();
  const openCases: OpenCase[] = [];
  for (const workflowId of [closedWonId(deal), changeOrderId(deal)]) {
    const status = await statusOf(from.client, workflowId);
    if (status === undefined) continue;
    processes.push({ workflowId, status, link: uiLink(from.endpoints, workflowId) });
    const urls = new Map((await identitiesOf(db, workflowId)).map((link) => [`${link.system}/${link.external_id}`, link.url]));
    for (const posting of await postingsOf(db, workflowId)) {
      steps.set(`${posting.step}/${posting.canonical_id}/${posting.system}`, {
        step: posting.step,
        subject: posting.canonical_id,
        system: posting.system,
        state: posting.state,
        externalId: posting.external_id,
        url: urls.get(`${posting.system}/${posting.external_id ?? ''}`) ?? null,
      });
    }
    openCases.push(...(await openCasesOf(db, from.endpoints, workflowId)));
  }
  const aborted = abortedSchema.safeParse(row?.outcome);
  return { deal, state: row?.state ?? 'unknown', version: row?.version_seen ?? null, processes, steps: [...steps.values()], openCases, undone: aborted.success ? aborted.data.undone : [], notUndone: aborted.success ? aborted.data.notUndone : [], abortReason: aborted.success ? aborted.data.reason : null };
}

export function statusText(status: DealStatus): string {
  const lines = [`Deal ${dealKey(status.deal)} · ${status.state} · version ${status.version ?? '?'}`];
  for (const { workflowId, status: state, link } of status.processes) lines.push(`  ${workflowId}: ${state.toLowerCase()}\n  ${link}`);
  if (status.steps.length > 0) lines.push('', table(['step', 'of', 'in', 'state', 'ID', 'link'], status.steps.map((step) => [step.step, step.subject, step.system, step.state, step.externalId ?? '', step.url ?? ''])));
  for (const open of status.openCases) lines.push(...openCaseLines(open));
  if (status.abortReason !== null) {
    lines.push('', `Aborted: ${status.abortReason}`, ...status.undone.map((what) => `  undone: ${what}`), ...status.notUndone.map((what) => `  NOT undone: ${what}`));
  }
  return lines.join('\n');
}

async function statusOf(client: Client, workflowId: string): Promise<string | undefined> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name;
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') return undefined;
    throw error;
  }
}
