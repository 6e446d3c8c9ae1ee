import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { closedWonId } from '../../domain/process/deal-process.ts';
import { startSandbox, type RunningSandbox } from '../../sandbox/kit/sandbox.ts';
import { legacy } from '../../sandbox/legacy/sandbox.ts';
import { identitiesOf } from '../../store/identity-map.ts';
import { postingsOf } from '../../store/posting-settlement.ts';
import { sandboxAdmin } from '../connectors/conformance/admin.ts';
import { aSale, aSoldLine } from '../support/sales.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const values = z.record(z.string(), z.string());
const entries = z.array(z.looseObject({ number: z.string(), status: z.string(), fields: values, lines: z.array(values) }));

describe('A closed-won deal becomes an activated project in an ERP that takes files, chosen by configuration alone', function () {
  this.timeout(90_000);
  let folder: string;
  let erp: RunningSandbox;
  let line: SandboxLine;
  const admin = sandboxAdmin(() => erp.url);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q2c-legacy-'));
    erp = await startSandbox(legacy, { port: 0, options: { folder, lookEveryMs: 20, extractEveryMs: 500 } });
    line = await startSandboxLine({
      overlays: ['legacy'],
      change: (config) => ({ ...config, systems: config.systems.map((system) => (system.id === 'legacy' ? { ...system, address: pathToFileURL(folder).href, options: { lookEverySeconds: 0.02, waitSeconds: 1, retryAfterSeconds: 0.2, askAgainSeconds: 0.5 } } : system)) }),
    });
  });
  after(async () => {
    await line?.stop();
    await stopTemporalServer();
    await erp?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const table = async (name: string) => entries.parse((await admin.state())[name] ?? []);
  const mode = async (name: string) => {
    const answer = await fetch(`${erp.url}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode: name }) });
    assert.ok(answer.ok);
  };
  /** What the ERP holds for a client, by its name. */
  async function held(clientName: string) {
    const customers = (await table('customers')).filter(({ fields }) => fields['name'] === clientName);
    const isOfClient = ({ fields }: z.infer<typeof entries>[number]) => customers.some(({ number }) => number === fields['customer_number']);
    const projects = (await table('projects')).filter(isOfClient);
    const isOfProject = ({ fields }: z.infer<typeof entries>[number]) => projects.some(({ number }) => number === fields['project']);
    return { customers, contracts: (await table('contracts')).filter(isOfClient), projects, rateCards: (await table('rate_cards')).filter(isOfProject), schedules: (await table('billing_schedules')).filter(isOfProject) };
  }

  it('makes exactly one of everything, at the value of the deal', async () => {
    const sale = aSale({ crm: 'salesforce' });
    const deal = await line.sell(sale);
    await line.ended(deal, 'activated');
    const { customers, contracts, projects, rateCards, schedules } = await held(sale.client.name);
    assert.deepEqual([customers.length, contracts.length, projects.length, rateCards.length, schedules.length], [1, 1, 1, 1, 1]);
    assert.equal(Number(contracts[0]?.fields['total']), sale.lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0));
    assert.deepEqual([projects[0]?.status, (projects[0]?.lines.length ?? 0) > 0], ['ACTIVE', true]);
    const links = (await identitiesOf(line.store.db, closedWonId(deal))).filter((link) => link.system === 'legacy');
    assert.deepEqual(links.map((link) => link.object_type).toSorted(), ['billing_schedule', 'contract', 'customer', 'project', 'rate_card']);
    assert.equal(links.find((link) => link.object_type === 'project')?.external_id, projects[0]?.number);
  });

  it('waits out an import job that does not run, a file torn on its way and a lost acknowledgement', async () => {
    const sale = aSale();
    await mode('stopped');
    const deal = await line.sell(sale);
    await line.until('the first batch has been waiting for longer than one call', async () => (await postingsOf(line.store.db, closedWonId(deal))).some(({ system, state }) => system === 'legacy' && state === 'in_doubt'));
    await admin.seed({ orders: [{ kind: 'torn' }, { kind: 'lose-ack' }, { kind: 'page' }] });
    await mode('default');
    await line.ended(deal, 'activated');
    const { customers, contracts, projects, rateCards, schedules } = await held(sale.client.name);
    assert.deepEqual([customers.length, contracts.length, projects.length, rateCards.length, schedules.length], [1, 1, 1, 1, 1]);
  });

  it('leaves nothing behind when the deal is aborted', async () => {
    const sale = aSale();
    const deal = await line.sell({ ...sale, lines: [...sale.lines, aSoldLine({ laborCategory: 'ANALYST', quantity: 10, unitPrice: 150, person: 'left.the.firm@northwind-consulting.example' })] });
    const open = await line.openCase(deal);
    await line.until('the other systems have been written to', async () => (await postingsOf(line.store.db, closedWonId(deal))).some(({ system, state }) => system === 'legacy' && state === 'done'));
    await line.resolve(open.case_id, { action: 'abort', by: 'fiona', reason: 'the client withdrew' });
    await line.ended(deal, 'aborted');
    const { customers, contracts, projects } = await held(sale.client.name);
    assert.deepEqual([customers.length, contracts.length, projects.length], [0, 0, 0]);
    assert.deepEqual((await postingsOf(line.store.db, closedWonId(deal))).filter((posting) => posting.state !== 'reversed').map((posting) => posting.key), []);
  });
});
