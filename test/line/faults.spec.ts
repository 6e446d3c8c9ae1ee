import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { after, afterEach, before, describe, it } from 'mocha';
import { z } from 'zod';
import type { DealReference } from '../../domain/process/deal-process.ts';
import { SANDBOX_NAMES, type SandboxName } from '../../sandbox/names.ts';
import type { SampleDeal } from '../../starters/story/sample-deals.ts';
import { anAccount, anOpportunity } from '../builders/opportunity.ts';
import type { FaultOrder } from '../connectors/conformance/crm.ts';
import { asSuperuser } from '../store/support.ts';
import { assertOneOfEverything } from '../support/one-of-everything.ts';
import { aSale } from '../support/sales.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

/** The paths a deal takes through each system: where its faults are ordered. The sellers' own requests take others. */
const PATHS: Readonly<Partial<Record<SandboxName, readonly Pick<FaultOrder, 'method' | 'path'>[]>>> = {
  salesforce: [{ method: 'GET', path: '/query' }, { method: 'PATCH', path: '/sobjects/Opportunity/' }],
  hubspot: [{ method: 'GET', path: '/objects/deals/' }, { method: 'PATCH', path: '/objects/deals/' }],
  netsuite: [
    { method: 'PUT', path: '/customer/eid' },
    { method: 'PUT', path: '/salesOrder/eid' },
    { method: 'PUT', path: '/job/eid' },
    { method: 'PUT', path: '/projectTask/eid' },
    { method: 'POST', path: '/suiteql' },
    { method: 'PUT', path: '/customrecord_q2c_rate_card/eid' },
    { method: 'PUT', path: '/customrecord_q2c_rate_line/eid' },
    { method: 'PUT', path: '/billingSchedule/eid' },
    { method: 'PATCH', path: '/job/' },
  ],
  harvest: [
    { method: 'GET', path: '/v2/clients' },
    { method: 'POST', path: '/v2/clients' },
    { method: 'POST', path: '/v2/projects$' },
    { method: 'POST', path: '/task_assignments' },
    { method: 'POST', path: '/user_assignments' },
    { method: 'PATCH', path: '/v2/projects/' },
  ],
};
const ON_THE_WAY = SANDBOX_NAMES.filter((name) => PATHS[name] !== undefined);

/** Workers look for a new configuration each second. */
const FOLLOWED_MS = 1500;

const PASSING: readonly { readonly name: string; readonly fault: Pick<FaultOrder, 'kind' | 'status' | 'retryAfterSeconds'> & { readonly delayMs?: number } }[] = [
  { name: 'slow answers', fault: { kind: 'slow', delayMs: 700 } },
  { name: 'a rate limit (429)', fault: { kind: 'status', status: 429, retryAfterSeconds: 1 } },
  { name: 'a server error (500)', fault: { kind: 'status', status: 500 } },
  { name: 'a connection cut before the work was done', fault: { kind: 'cut-before' } },
  { name: 'a connection cut after the work was done', fault: { kind: 'cut-after' } },
  { name: 'an expired token', fault: { kind: 'expired-token' } },
];

const FOR_A_PERSON: readonly { readonly name: string; readonly kind: FaultOrder['kind']; readonly code: RegExp }[] = [
  { name: 'answers of another shape', kind: 'wrong-schema', code: /^ANSWER_SCHEMA$/ },
  { name: 'maintenance pages instead of answers', kind: 'html', code: /^(HTTP_HTML|ANSWER_SCHEMA)$/ },
];

describe('Whatever a system does to a deal, it ends with exactly one of everything', function () {
  this.timeout(180_000);
  let line: SandboxLine;
  before(async () => {
    line = await startSandboxLine();
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  /** What the refusals of one test taught is unlearnt for the next: requests are sent as fast as is configured. */
  afterEach(() => asSuperuser(line.store, ['delete from target_rate', 'delete from target_limit', "select pg_notify('target_rate', ''), pg_notify('target_limit', '')"]));

  async function orderEverywhere(fault: Omit<FaultOrder, 'method' | 'path' | 'times'>): Promise<void> {
    for (const system of ON_THE_WAY) for (const path of PATHS[system] ?? []) await line.admin(system).fault({ ...fault, ...path });
  }

  /** Three deals run into the faults. */
  async function sellThree(): Promise<{ readonly sale: SampleDeal; readonly deal: DealReference }[]> {
    const sales = [aSale(), aSale(), aSale({ crm: 'hubspot' })];
    return await Promise.all(sales.map(async (sale) => ({ sale, deal: await line.sell(sale) })));
  }

  /** A fault is used up when a request meets it. */
  async function assertAllMet(): Promise<void> {
    for (const system of ON_THE_WAY) {
      const left = z.array(z.unknown()).parse(await (await fetch(`${line.url(system)}/__admin/faults`)).json());
      assert.deepEqual(left, [], `faults of ${system} that no request met`);
    }
  }

  /** A person answers every case of the deal with "retry" until the deal is activated. */
  async function retryUntilActivated(deal: DealReference): Promise<void> {
    await line.until(`${deal.crm}/${deal.opportunityId} is activated after retries`, async () => {
      for (const open of (await line.casesOf(deal)).filter((row) => row.state === 'open')) await line.tryToResolve(open.case_id, { action: 'retry', by: 'ines', reason: 'the vendor answers as agreed again' });
      return (await line.ended(deal, 'activated', 100).catch(() => undefined)) !== undefined;
    }, 60_000);
  }

  for (const { name, kind, code } of FOR_A_PERSON) {
    it(`asks a person about ${name}, and goes on when told to retry`, async () => {
      await line.pauseRelay();
      const deals = await sellThree();
      await orderEverywhere({ kind });
      line.resumeRelay();
      await Promise.all(deals.map(({ deal }) => retryUntilActivated(deal)));
      const cases = (await Promise.all(deals.map(({ deal }) => line.casesOf(deal)))).flat();
      assert.ok(cases.length > 0);
      for (const row of cases) assert.match(row.code, code, `${row.code}: ${row.message}`);
      for (const { sale } of deals) assertOneOfEverything(sale, await line.inventory(sale.client.name));
      await assertAllMet();
    });
  }

  for (const { name, fault } of PASSING) {
    it(`gets over ${name} at every step of every system by itself`, async () => {
      await line.pauseRelay();
      const deals = await sellThree();
      await orderEverywhere(fault);
      line.resumeRelay();
      // After refusals for too many requests the line goes on more slowly, for all that comes.
      for (const { deal } of deals) await line.ended(deal, 'activated', fault.status === 429 ? 150_000 : 60_000);
      for (const { sale, deal } of deals) {
        assertOneOfEverything(sale, await line.inventory(sale.client.name));
        assert.deepEqual(await line.casesOf(deal), [], 'no person was asked');
      }
      await assertAllMet();
    });
  }

  it('leaves a lost answer to a person where the system cannot be asked: no second project is ever made', async () => {
    const tag = randomUUID().slice(0, 8);
    const account = anAccount({ id: `ACC-${tag}`, name: `Unlisted ${tag}` });
    const harvest = line.admin('harvest');
    const { clients = [] } = await harvest.seed({ clients: [{ name: account.name, currency: 'USD', is_active: true, address: null }] });
    await line.activate({
      ...line.firm,
      systems: line.firm.systems.map((system) => (system.credentials === 'harvest' ? { ...system, options: { ...system.options, projectLookUp: 'none', clientIds: { [`canonical-${account.id}`]: clients[0] } } } : system)),
    });
    await delay(FOLLOWED_MS);
    await harvestMode('no-reference');
    try {
      await harvest.fault({ kind: 'cut-after', method: 'POST', path: '/v2/projects$' });
      const { deal } = await line.post(anOpportunity({ id: `D-${tag}`, accounts: [account] }));
      const open = await line.openCase(deal, 'WRITE_IN_DOUBT');
      assert.deepEqual(open.permitted_actions, ['confirm_done', 'confirm_not_done', 'abort']);
      const made = z.array(z.looseObject({ id: z.number(), client_id: z.number() })).parse((await harvest.state())['projects']).filter(({ client_id }) => String(client_id) === clients[0]);
      assert.equal(made.length, 1);
      await line.resolve(open.case_id, { action: 'confirm_done', by: 'fiona', reason: 'found it in Harvest', externalId: String(made[0]?.id) });
      await line.ended(deal, 'activated');
      const { harvest: { projects } } = await line.inventory(account.name);
      assert.deepEqual(projects.map((project) => [project.active, project.rates['Engineer']]), [[true, 220]], 'one project, with its tasks at the agreed rates, open for time');
      const requests = (await harvest.requests()).filter(({ method, url }) => method === 'POST' && url === '/v2/projects');
      assert.equal(requests.filter(({ at }) => String(at) >= open.opened_at).length, 0, 'no write after the lost answer');
    } finally {
      await harvestMode('default');
      await line.activate(line.firm);
      await delay(FOLLOWED_MS);
    }
  });

  async function harvestMode(mode: string): Promise<void> {
    const answer = await fetch(`${line.url('harvest')}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode }) });
    assert.equal(answer.status, 200, await answer.text());
  }
});
