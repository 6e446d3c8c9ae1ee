import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { DealOutcome, DealReference } from '../../domain/process/deal-process.ts';
import { dispatchDeal } from '../../starters/relay/dispatch.ts';
import { identitiesOf } from '../../store/identity-map.ts';
import { postingsOf } from '../../store/posting-settlement.ts';
import type { TestLine } from './line.ts';

export async function startDeal(line: TestLine, deal: DealReference, version = ''): Promise<void> {
  const { disposition } = await dispatchDeal(line.client, line.store, deal, { version, source: 'test' });
  assert.notEqual(disposition, 'ignored');
}

export type Aborted = Extract<DealOutcome, { outcome: 'aborted' }>;

export function theAborted(outcome: DealOutcome): Aborted {
  assert.equal(outcome.outcome, 'aborted', JSON.stringify(outcome));
  return outcome;
}

/** Records of the deal that still stand in any system. */
export function standing(line: TestLine, deal: DealReference): string[] {
  return line.fakes.recordsOf(deal.opportunityId).filter((record) => record.status !== 'deleted').map((record) => `${record.at}/${record.key}`);
}

/** What the sellers of the deal were told last. */
export function toldLast(line: TestLine, deal: DealReference) {
  return line.fakes.writeBacks.findLast((write) => write.deal.endsWith(deal.opportunityId))?.status;
}

/** Nothing of the deal is left: not in a system, not in the ledger, not in the identity map, not in reporting. */
export async function assertNothingLeft(line: TestLine, deal: DealReference, process: string): Promise<void> {
  assert.deepEqual(standing(line, deal), [], 'records left in the systems');
  assert.deepEqual((await postingsOf(line.store.db, process)).filter((posting) => posting.state !== 'reversed').map((posting) => `${posting.key}: ${posting.state}`), [], 'postings not reversed');
  assert.deepEqual((await identitiesOf(line.store.db, process)).filter((link) => link.retired_at === null).map((link) => `${link.system} ${link.external_id}`), [], 'identities left');
  assert.deepEqual(await publishedProjects(line, deal), [], 'projects left in reporting');
}

/** Numbers of the deal's projects that reporting shows. */
export async function publishedProjects(line: TestLine, deal: DealReference): Promise<string[]> {
  const { rows } = await sql<{ number: string }>`select number from reporting.dim_project where opportunity_id = ${deal.opportunityId} and withdrawn_at is null order by number`.execute(line.store.db);
  return rows.map((row) => row.number);
}

/** Makes the reporting store refuse a deal's projects until the returned function is called. */
export async function refuseInReporting(line: TestLine, deal: DealReference): Promise<() => Promise<void>> {
  const { db } = line.store;
  const name = sql.id(`refused_${deal.opportunityId.replaceAll(/\W/g, '_')}`);
  await sql`alter table reporting.dim_project add constraint ${name} check (opportunity_id <> ${sql.lit(deal.opportunityId)})`.execute(db);
  return async () => {
    await sql`alter table reporting.dim_project drop constraint ${name}`.execute(db);
  };
}
