import assert from 'node:assert/strict';
import type { TimePort } from '../../../connectors/ports.ts';
import type { Customer } from '../../../domain/model/customer.ts';
import type { Project } from '../../../domain/model/project.ts';
import { callContext, DE01, dealOf, JP01, uniqueTag, type DealTerms } from '../conformance/documents.ts';
import { describeRecordPort, failureOf, type RecordCase } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startWorkspace, type ClockifyWorkspace } from './support.ts';

type TimeDocument = { readonly project: Project; readonly customer: Customer };

describe('Clockify projects', function () {
  this.timeout(60_000);
  let workspace: ClockifyWorkspace;
  let time: TimePort;
  const faults = sandboxFaults(() => workspace.sandbox.url);

  before(async () => {
    workspace = await startWorkspace();
    time = workspace.port();
  });
  after(async () => workspace?.sandbox.close());

  const fresh = (terms: DealTerms = {}): TimeDocument => {
    const { project, customer } = dealOf(uniqueTag(), terms);
    return { project, customer };
  };
  const projectsOf = (number: string) => workspace.rows(`/projects?name=${number}&page-size=500`);
  const clientsNamed = async (name: string) => (await workspace.rows('/clients?page-size=5000')).filter((client) => client['name'] === name);
  const tasksOf = (projectId: unknown) => workspace.rows(`/projects/${String(projectId)}/tasks`);

  const projectCase: Omit<RecordCase<TimeDocument>, 'name' | 'fresh'> = {
    port: () => time.project,
    amended: ({ project, customer }) => ({ customer, project: { ...project, name: 'Migração para a nuvem 株式会社', purchaseOrder: 'PO-78', endDate: '2027-08-31', rateCard: { ...project.rateCard, lines: [{ laborCategory: 'CONSULTANT', unit: 'hour' as const, rate: '181.25' }, { laborCategory: 'PARTNER', unit: 'day' as const, rate: '3999.99' }] } } }),
    count: async ({ project }) => (await projectsOf(project.number)).length,
    check: async ({ project, customer }, externalId) => {
      const [made] = await projectsOf(project.number);
      assert.deepEqual([made?.['id'], made?.['name'], made?.['archived'], made?.['public'], made?.['clientName']], [externalId, `${project.number} · ${project.name}`, true, false, (await clientsNamed(`${customer.name} (${project.rateCard.currency})`)).length === 1 ? `${customer.name} (${project.rateCard.currency})` : customer.name]);
      assert.match(String(made?.['note']), new RegExp(`purchase order ${project.purchaseOrder ?? ''}`));
      assert.doesNotMatch(String(made?.['note']), /setting this project up/);
      assert.equal((await clientsNamed(customer.name)).length, 1);
      const active = (await tasksOf(externalId)).filter((task) => task['status'] === 'ACTIVE');
      const wanted = project.rateCard.lines.map((line) => [line.laborCategory.replaceAll('_', ' ').toLowerCase(), line.unit === 'hour' ? { amount: Math.round(Number(line.rate) * 100) } : null]);
      assert.deepEqual(new Set(active.map((task) => JSON.stringify([String(task['name']).toLowerCase(), task['hourlyRate']]))), new Set(wanted.map((line) => JSON.stringify(line))));
    },
    use: async (_document, externalId) => {
      const [user] = await workspace.rows('/users');
      await workspace.seedOne('projects', { id: externalId, archived: false });
      await workspace.seedOne('time_entries', { userId: user?.['id'], projectId: externalId, start: '2026-12-02T09:00:00Z', end: '2026-12-02T11:00:00Z' });
    },
    writeMethod: 'POST',
    unknownId: '000000000000000000000000',
    content: { stored: () => workspace.admin.state(), money: true, seedOthers: async (count) => void (await workspace.admin.seed({ projects: Array.from({ length: count }, () => ({ name: `BY-HAND-${uniqueTag()} · Somebody else` })) })) },
  };
  describeRecordPort({ ...projectCase, name: 'A project of a new client in Clockify', fresh: (terms) => Promise.resolve(fresh(terms)) }, faults);
  describeRecordPort({
    ...projectCase,
    name: 'A project of a known client in Clockify',
    fresh: async (terms = {}) => {
      const document = fresh(terms);
      await workspace.seedOne('clients', { name: document.customer.name });
      return document;
    },
  }, faults);

  it('opens a project for time only while it is active', async () => {
    const document = fresh();
    const { externalId } = await time.project.write(document, null, callContext());
    for (const [status, open] of [['active', true], ['active', true], ['closed', false], ['pending', false], ['active', true], ['cancelled', false]] as const) {
      assert.equal(await time.setProjectStatus({ document: document.project, externalId }, status, callContext()), status);
      assert.equal((await projectsOf(document.project.number))[0]?.['archived'], !open);
    }
    assert.equal((await projectsOf(document.project.number))[0]?.['public'], true);
    const restricted = fresh();
    const made = await time.project.write(restricted, null, callContext());
    await workspace.port({ access: 'private' }).setProjectStatus({ document: restricted.project, externalId: made.externalId }, 'active', callContext());
    assert.deepEqual((await projectsOf(restricted.project.number)).map((project) => [project['archived'], project['public']]), [[false, false]]);
  });

  it('stays open when an active project is changed', async () => {
    const document = fresh();
    const written = await time.project.write(document, null, callContext());
    await time.setProjectStatus({ document: document.project, externalId: written.externalId }, 'active', callContext());
    await time.project.write(projectCase.amended(document), written, callContext());
    const [made] = await projectsOf(document.project.number);
    assert.equal(made?.['archived'], false);
    assert.deepEqual((await tasksOf(written.externalId)).map((task) => [task['name'], task['status']]).toSorted(), [['Consultant', 'ACTIVE'], ['Partner', 'ACTIVE'], ['Senior Consultant', 'DONE']]);
    assert.match(String(made?.['note']), /Rate to invoice by hand: PARTNER 3999\.99 USD per day/);
  });

  it('keeps what people wrote into the note', async () => {
    const document = fresh();
    const written = await time.project.write(document, null, callContext());
    const [before] = await projectsOf(document.project.number);
    await workspace.seedOne('projects', { id: written.externalId, note: `${String(before?.['note'])}\nAsk Dana about travel.` });
    await time.project.write(document, written, callContext());
    assert.match(String((await projectsOf(document.project.number))[0]?.['note']), /Ask Dana about travel\.$/);
  });

  it('deletes the client it made with the last of its projects, and never one it found', async () => {
    const first = fresh();
    const second = { customer: first.customer, project: { ...fresh().project, customerId: first.customer.id } };
    const one = await time.project.write(first, null, callContext());
    const two = await time.project.write(second, null, callContext());
    await time.project.undo({ document: first, externalId: one.externalId, created: true }, callContext());
    assert.equal((await clientsNamed(first.customer.name)).length, 1);
    await time.project.undo({ document: second, externalId: two.externalId, created: true }, callContext());
    assert.equal((await clientsNamed(first.customer.name)).length, 0);
    const known = fresh();
    await workspace.seedOne('clients', { name: known.customer.name });
    const three = await time.project.write(known, null, callContext());
    await time.project.undo({ document: known, externalId: three.externalId, created: true }, callContext());
    assert.equal((await clientsNamed(known.customer.name)).length, 1);
  });

  it('keeps a client for each currency a customer is billed in', async () => {
    const dollars = fresh();
    const yen = { customer: dollars.customer, project: { ...fresh({ legalEntity: JP01, rate: '31250' }).project, customerId: dollars.customer.id } };
    await time.project.write(dollars, null, callContext());
    const made = await time.project.write(yen, null, callContext());
    const [project] = await projectsOf(yen.project.number);
    assert.equal(project?.['clientName'], `${dollars.customer.name} (JPY)`);
    assert.equal((await clientsNamed(`${dollars.customer.name} (JPY)`))[0]?.['currencyCode'], 'JPY');
    assert.equal((await time.project.find(yen, callContext()))?.externalId, made.externalId);
  });

  it('sets the currency of a client whose making was cut off before that', async () => {
    const document = fresh({ legalEntity: DE01 });
    await faults.next({ kind: 'cut-before', method: 'PUT', path: '/clients/' });
    const lost = await failureOf(() => time.project.write(document, null, callContext()));
    assert.deepEqual([lost.kind, lost.written], ['in_doubt', 'unknown']);
    assert.equal(await time.project.find(document, callContext()), null);
    await time.project.write(document, null, callContext());
    assert.deepEqual((await clientsNamed(document.customer.name)).map((client) => client['currencyCode']), ['EUR']);
    assert.equal((await clientsNamed(`${document.customer.name} (EUR)`)).length, 0);
  });

  it('archives a project whose making was cut off before that', async () => {
    const document = fresh();
    await faults.next({ kind: 'cut-before', method: 'PUT', path: '/projects/[0-9a-f]+$' });
    const lost = await failureOf(() => time.project.write(document, null, callContext()));
    assert.equal(lost.written, 'unknown');
    const found = await time.project.find(document, callContext());
    assert.ok(found !== null);
    await time.project.write(document, found, callContext());
    await projectCase.check(document, found.externalId);
  });

  it('notes a rate that hundredths cannot hold for people to invoice by', async () => {
    const document = fresh({ rate: '181.255' });
    const { externalId } = await time.project.write(document, null, callContext());
    assert.ok((await tasksOf(externalId)).every((task) => task['hourlyRate'] === null));
    assert.match(String((await projectsOf(document.project.number))[0]?.['note']), /Rate to invoice by hand: SENIOR_CONSULTANT 181\.255 USD per hour/);
  });

  it('names what is missing or doubled in Clockify as a failure for a person, and writes nothing', async () => {
    const unknown = fresh({ currency: 'KWD' });
    const currency = await failureOf(() => time.project.write(unknown, null, callContext()));
    assert.deepEqual([currency.kind, currency.code, currency.written], ['configuration', 'CLOCKIFY_CURRENCY_UNKNOWN', 'no']);
    assert.equal((await clientsNamed(unknown.customer.name)).length, 0);
    const doubled = fresh();
    for (const name of ['one', 'two']) await workspace.seedOne('projects', { name: `${doubled.project.number} · ${name}` });
    assert.equal((await failureOf(() => time.project.find(doubled, callContext()))).code, 'CLOCKIFY_PROJECT_AMBIGUOUS');
    const gone = fresh();
    const missing = await failureOf(() => time.project.write(gone, { externalId: '000000000000000000000000', url: null }, callContext()));
    assert.deepEqual([missing.kind, missing.code], ['business_rule', 'CLOCKIFY_NOT_FOUND']);
    assert.equal((await failureOf(() => time.setProjectStatus({ document: gone.project, externalId: '000000000000000000000000' }, 'active', callContext()))).code, 'CLOCKIFY_NOT_FOUND');
  });

  it('takes the client that the options name', async () => {
    const document = fresh();
    const id = await workspace.seedOne('clients', { name: `Other name ${uniqueTag()}` });
    await workspace.port({ clientIds: { [document.customer.id]: id } }).project.write(document, null, callContext());
    assert.equal((await projectsOf(document.project.number))[0]?.['clientId'], id);
  });
});
