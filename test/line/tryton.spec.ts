import assert from 'node:assert/strict';
import { closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import { dispatchDeal } from '../../starters/relay/dispatch.ts';
import { abortUpdate } from '../../workflows/contracts/deal-process.ts';
import { anOpportunity } from '../builders/opportunity.ts';
import { partOf, useTryton } from '../connectors/tryton/harness.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

describe('The closed-won line into Tryton, an ERP that really runs', function () {
  this.timeout(180_000);
  const tryton = useTryton();
  let line: TestLine;
  before(async () => {
    line = await startTestLine({ overlays: ['tryton'], systems: (inMemory) => ({ ...inMemory, erp: () => tryton.erp() }) });
  });
  afterEach(() => tryton.faults.clear());
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  async function sell(): Promise<{ deal: DealReference; client: string }> {
    const deal = line.deal(anOpportunity());
    const [account] = line.fakes.deal(deal).accounts;
    await dispatchDeal(line.client, line.store, deal, { version: '', source: 'test' });
    return { deal, client: `salesforce-${account?.id ?? ''}` };
  }

  /** What Tryton itself says it has of the client: asked of its own API, past our connector. */
  async function inTryton(client: string) {
    const parties = await tryton.rows('party.party', [['code', '=', client]], ['id', 'name', 'code']);
    const sales = await tryton.rows('sale.sale', [['party.code', '=', client]], ['state', 'total_amount', 'currency.code']);
    const works = await tryton.rows('project.work', [['party.code', '=', client], ['type', '=', 'project'], ['parent', '=', null]], ['name', 'status.name', 'timesheet_available']);
    return { parties, sales, works };
  }

  it('leaves one customer, one sale and one open project with its tasks, as Tryton itself says', async () => {
    const { deal, client } = await sell();
    const outcome = await line.outcome(closedWonId(deal));
    assert.equal(outcome.outcome, 'activated');
    const { parties, sales, works } = await inTryton(client);
    assert.deepEqual(parties.map((party) => party['name']), ['Harbor Insurance']);
    assert.deepEqual(sales.map((sale) => [partOf(sale['total_amount'], 'decimal'), partOf(sale['currency.'], 'code')]), [['8800.00', 'USD']]);
    assert.equal(works.length, 1);
    assert.ok(outcome.outcome === 'activated' && String(works[0]?.['name']).startsWith(outcome.projects[0] ?? 'no project'));
    assert.equal(partOf(works[0]?.['status.'], 'name'), 'Open');
    const tasks = await tryton.rows('project.work', [['parent', 'child_of', [Number(works[0]?.['id'])]]], ['name']);
    assert.ok(tasks.length > 6, 'the work breakdown of the template is there');
  });

  it('makes one of everything where the connection breaks after the project was written', async () => {
    await tryton.faults.next({ kind: 'cut-after', method: 'POST', path: '' });
    const { deal, client } = await sell();
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
    const { parties, sales, works } = await inTryton(client);
    assert.deepEqual([parties.length, sales.length, works.length], [1, 1, 1]);
  });

  it('leaves nothing behind when the deal is aborted', async () => {
    line.fakes.fail('harvest.project', { kind: 'transient', times: 1000 });
    const { deal, client } = await sell();
    await line.until('the project is in Tryton', async () => (await inTryton(client)).works.length === 1, 60_000);
    await line.client.workflow.getHandle(closedWonId(deal)).executeUpdate(abortUpdate, { args: [{ by: 'jane', reason: 'the client withdrew' }] });
    const outcome = await line.outcome(closedWonId(deal));
    line.fakes.mendAll();
    assert.deepEqual(outcome.outcome === 'aborted' && outcome.notUndone, []);
    assert.deepEqual(await inTryton(client), { parties: [], sales: [], works: [] });
  });
});
