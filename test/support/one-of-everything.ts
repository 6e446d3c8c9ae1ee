import assert from 'node:assert/strict';
import type { SampleDeal } from '../../starters/story/sample-deals.ts';
import type { Inventory } from './inventory.ts';

const IN_PROGRESS = '2';
const titleCase = (laborCategory: string) => laborCategory.toLowerCase().replace(/(^|_)([a-z])/g, (_all, gap: string, letter: string) => `${gap === '_' ? ' ' : ''}${letter.toUpperCase()}`);

/** Exactly one of everything for a deal with one project in each of its legal entities, at the deal's prices, open for work. */
export function assertOneOfEverything(sale: SampleDeal, { netsuite, harvest }: Inventory): void {
  const entities = [...new Set(sale.lines.map((line) => line.legalEntity ?? sale.legalEntity))].toSorted();
  const of = sale.client.name;
  assert.deepEqual(netsuite.customers, [{ name: of, parent: sale.client.parent, inactive: false }], `customers of ${of}`);
  assert.deepEqual(netsuite.orders.map((order) => order.subsidiary).toSorted(), entities, `sales orders of ${of}`);
  assert.deepEqual(netsuite.jobs.map((job) => job.subsidiary).toSorted(), entities, `NetSuite projects of ${of}`);
  assert.deepEqual(harvest.projects.map((project) => project.number).toSorted(), netsuite.jobs.map((job) => job.number).toSorted(), `Harvest projects of ${of}`);
  assert.deepEqual(harvest.clients, [{ name: of, currency: sale.currency }], `Harvest clients of ${of}`);
  for (const entity of entities) {
    const sold = sale.lines.filter((line) => (line.legalEntity ?? sale.legalEntity) === entity);
    const value = sold.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0);
    const order = netsuite.orders.find((each) => each.subsidiary === entity);
    assert.deepEqual(
      order?.lines.map((line) => `${line.quantity} × ${line.rate} = ${line.amount}`).toSorted(),
      sold.map((line) => `${line.quantity} × ${line.unitPrice} = ${line.quantity * line.unitPrice}`).toSorted(),
      `order lines of ${of} in ${entity}`,
    );
    assert.deepEqual([order?.currency, order?.total, order?.closed], [sale.currency, value, false]);
    const job = netsuite.jobs.find((each) => each.subsidiary === entity);
    const project = harvest.projects.find((each) => each.number === job?.number);
    assert.ok(job !== undefined && project !== undefined);
    assert.deepEqual([job.currency, job.value, job.status, job.takesTime], [sale.currency, value, IN_PROGRESS, true], `project ${job.number} in NetSuite`);
    assert.ok(job.tasks.length >= 1, `project ${job.number} has a WBS`);
    assert.equal(new Set(job.tasks).size, job.tasks.length, `each task of ${job.number} once`);
    assert.deepEqual(job.schedules, [{ type: 'TM', attached: true }], `billing schedules of ${job.number}`);
    assert.equal(job.rateCards.length, 1, `rate cards of ${job.number}`);
    const [card] = job.rateCards;
    assert.equal(card?.currency, sale.currency);
    assert.equal(Object.keys(card.rates).length, card.lines, `each labor category of ${job.number} once on its rate card`);
    assert.equal(project.active, true, `project ${project.number} is open for time in Harvest`);
    assert.equal(Object.keys(project.rates).length, project.tasks, `each task of ${project.number} assigned once`);
    for (const line of sold) {
      assert.equal(card.rates[line.laborCategory], line.unitPrice, `the agreed rate of ${line.laborCategory} on the rate card of ${job.number}`);
      assert.equal(project.rates[titleCase(line.laborCategory)], line.unitPrice, `the agreed rate of ${line.laborCategory} in Harvest for ${job.number}`);
    }
    assert.deepEqual(project.people.toSorted(), sold.flatMap((line) => line.person ?? []).toSorted(), `people of ${project.number}`);
  }
}

/** Nothing of the client is in use any more: no order, project or Harvest record at all. */
export function assertNoOrphan({ netsuite, harvest }: Inventory, customers: Inventory['netsuite']['customers'] = []): void {
  assert.deepEqual({ customers: netsuite.customers, orders: netsuite.orders, jobs: netsuite.jobs, clients: harvest.clients, projects: harvest.projects }, { customers, orders: [], jobs: [], clients: [], projects: [] });
}
