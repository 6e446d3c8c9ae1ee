import assert from 'node:assert/strict';
import type { TimePort } from '../../../connectors/ports.ts';
import { addDays } from '../../../domain/dates.ts';
import type { Customer } from '../../../domain/model/customer.ts';
import type { Project } from '../../../domain/model/project.ts';
import { callContext, dealOf, JP01, uniqueTag, type DealTerms } from '../conformance/documents.ts';
import { describeRecordPort, failureOf, type RecordCase } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startAccount, throughRelay, type KantataAccount } from './support.ts';

type State = Awaited<ReturnType<KantataAccount['admin']['state']>>;
type TimeDocument = { readonly project: Project; readonly customer: Customer };

describe('Kantata projects', function () {
  this.timeout(60_000);
  let account: KantataAccount;
  let time: TimePort;
  const faults = sandboxFaults(() => account.sandbox.url);

  before(async () => {
    account = await startAccount();
    time = account.time();
  });
  after(async () => account?.sandbox.close());

  const fresh = (terms: DealTerms = {}): TimeDocument => {
    const { project, customer } = dealOf(uniqueTag(), terms);
    return { project, customer };
  };
  const projectsOf = async (number: string) => (await account.all('workspaces')).filter((workspace) => workspace['project_code'] === number);
  const groupsNamed = async (name: string) => (await account.all('workspace_groups')).filter((group) => group['name'] === name);
  const tasksOf = (workspaceId: unknown) => account.rows(`/stories?workspace_id=${String(workspaceId)}&show_archived=true&show_from_archived_workspaces=true&include=parent&per_page=200`);
  const cardOf = async ({ rateCard }: Project, known?: State) => {
    const state = known ?? (await account.admin.state());
    const of = (collection: string) => state[collection] ?? [];
    const [set] = of('rate_card_sets').filter(({ title }) => title === rateCard.code);
    const [card] = of('rate_cards').filter(({ rate_card_set_id: id }) => id === set?.['id']);
    const setVersions = of('rate_card_set_versions').filter(({ rate_card_set_id: id }) => id === set?.['id']).toSorted((left, right) => String(right['effective_date']).localeCompare(String(left['effective_date'])));
    const version = of('rate_card_versions').find((each) => each['rate_card_id'] === card?.['id'] && each['rate_card_set_version_id'] === setVersions[0]?.['id']);
    const roles = of('roles');
    const rates = of('rate_card_roles').filter(({ rate_card_version_id: id }) => id === version?.['id']);
    return { set, card, from: setVersions.map((each) => [each['effective_date'], each['active']]), rates: Object.fromEntries(rates.map((rate) => [String(roles.find(({ id }) => id === rate['role_id'])?.['name']), rate['rate']])) };
  };
  const booked = async (workspaceId: string) => {
    const [user] = await account.rows('/users?on_my_account=true');
    return account.seedOne('time_entries', { workspace_id: Number(workspaceId), user_id: Number(user?.['id']), date_performed: '2026-12-02', time_in_minutes: 120 });
  };

  const projectCase: Omit<RecordCase<TimeDocument>, 'name' | 'fresh'> = {
    port: () => time.project,
    amended: ({ project, customer }) => ({
      customer,
      project: {
        ...project, name: 'Migração para a nuvem 株式会社', purchaseOrder: 'PO-78', endDate: '2027-08-31',
        wbs: [...project.wbs.filter(({ code }) => code !== '2-1').map((element) => (element.code === '2-2' ? { ...element, plannedHours: '80' } : element)), { code: '3', name: 'Hypercare', parentCode: null, billable: true, plannedHours: '10' }],
        rateCard: { ...project.rateCard, lines: [{ laborCategory: 'CONSULTANT', unit: 'hour' as const, rate: '181.25' }, { laborCategory: 'PARTNER', unit: 'day' as const, rate: '3999.99' }] },
      },
    }),
    count: async ({ project }) => (await projectsOf(project.number)).length,
    check: async ({ project, customer }, externalId) => {
      const state = await account.admin.state();
      const [made, ...doubles] = (state['workspaces'] ?? []).filter((workspace) => workspace['project_code'] === project.number);
      assert.deepEqual(doubles, []);
      assert.deepEqual(
        [made?.['id'], made?.['title'], made?.['archived'], made?.['time_trackable'], made?.['access_level'], made?.['require_time_approvals'], made?.['start_date'], made?.['due_date'], made?.['currency'], made?.['price'], made?.['purchase_order']],
        [externalId, `${project.number} · ${project.name}`, false, false, 'invitation', true, project.startDate, project.endDate, project.rateCard.currency, Number(project.value.amount), project.purchaseOrder],
      );
      assert.match(String(made?.['description']), new RegExp(`purchase order ${project.purchaseOrder ?? ''}`));
      const groups = (state['workspace_groups'] ?? []).filter((group) => group['name'] === customer.name);
      assert.deepEqual([made?.['group_ids'], groups.length], [[groups[0]?.['id']], 1]);
      const tasks = (state['stories'] ?? []).filter((task) => task['workspace_id'] === externalId);
      const titleOf = (code: string | null) => tasks.find((task) => String(task['title']).startsWith(`${code ?? ''} · `))?.['id'] ?? null;
      assert.deepEqual(
        new Map(tasks.filter((task) => task['archived'] === false).map((task) => [task['title'], [task['billable'], task['time_estimate_in_minutes'], task['parent_id']]])),
        new Map(project.wbs.map((element) => [`${element.code} · ${element.name}`, [element.billable, element.plannedHours === null ? null : Number(element.plannedHours) * 60, element.parentCode === null ? null : titleOf(element.parentCode)]])),
      );
      const { card, rates } = await cardOf(project, state);
      assert.deepEqual([made?.['rate_card_id'], card?.['currency']], [card?.['id'], project.rateCard.currency]);
      for (const line of project.rateCard.lines) {
        const role = line.laborCategory.split('_').map((word) => word.charAt(0) + word.slice(1).toLowerCase()).join(' ');
        assert.equal(rates[role], line.unit === 'hour' ? Math.round(Number(line.rate) * (project.rateCard.currency === 'JPY' ? 1 : 100)) : undefined, role);
      }
      const [reference] = (state['external_references'] ?? []).filter((each) => each['subject_type'] === 'Workspace' && each['subject_id'] === externalId);
      assert.deepEqual([reference?.['service_name'], reference?.['service_model'], reference?.['service_model_ref'], reference?.['status'], reference?.['external_status']], ['q2c', 'project', project.number, 'successful', 'pending']);
    },
    use: async (_document, externalId) => void (await booked(externalId)),
    writeMethod: 'POST',
    unknownId: '41999999',
    badAnswers: { every: { 'numbers-as-text': 'refused', 'unknown-values': 'refused' } },
    content: { stored: () => account.admin.state(), money: true, seedOthers: async (count) => void (await account.admin.seed({ workspaces: Array.from({ length: count }, () => ({ title: `Somebody else's ${uniqueTag()}`, invoice_preference: { project_code: `BY-HAND-${uniqueTag()}` }, budgeted: false })) })) },
  };
  describeRecordPort({ ...projectCase, name: 'A project of a new customer in Kantata', fresh: (terms) => Promise.resolve(fresh(terms)) }, faults);
  describeRecordPort({
    ...projectCase,
    name: 'A project of a known customer in Kantata',
    fresh: async (terms = {}) => {
      const document = fresh(terms);
      await account.seedOne('workspace_groups', { name: document.customer.name, company: true });
      return document;
    },
  }, faults);

  it('is completed wherever its making was cut off, and nothing of it is made twice', async () => {
    const small = (): TimeDocument => {
      const { project, customer } = fresh();
      return { customer, project: { ...project, wbs: project.wbs.slice(0, 3), rateCard: { ...project.rateCard, lines: project.rateCard.lines.slice(0, 1) } } };
    };
    const count = (await account.admin.requests()).length;
    await time.project.write(small(), null, callContext());
    const writes = (await account.admin.requests()).slice(count).filter(({ method }) => method !== 'GET');
    assert.ok(writes.length >= 12, `${writes.length} writes`);
    // Cut before a write is what is left after the one before it.
    for (let nth = 0; nth < writes.length; nth += 1) {
      const document = small();
      let sent = 0;
      const seen = await throughRelay(account, async (baseUrl) => {
        const failure = await failureOf(() => account.time({}, { baseUrl }).project.write(document, null, callContext()));
        assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown'], `after write ${nth}`);
      }, { loses: (method) => method !== 'GET' && sent++ === nth });
      assert.equal(seen.filter(({ method }) => method !== 'GET').length, nth + 1);
      const { externalId } = await time.project.write(document, await time.project.find(document, callContext()), callContext());
      await projectCase.check(document, externalId);
    }
  });

  it('opens a project for time only while it is active, and archives it when it is over', async () => {
    const document = fresh();
    const { externalId } = await time.project.write(document, null, callContext());
    await assert.rejects(account.call('POST', '/time_entries', { time_entry: { workspace_id: Number(externalId), date_performed: '2026-12-02', time_in_minutes: 60 } }), /cannot be tracked/);
    for (const [status, open, archived] of [['active', true, false], ['active', true, false], ['closed', false, true], ['pending', false, false], ['active', true, false], ['cancelled', false, true]] as const) {
      assert.equal(await time.setProjectStatus({ document: document.project, externalId }, status, callContext()), status);
      const [made] = await projectsOf(document.project.number);
      assert.deepEqual([made?.['time_trackable'], made?.['archived']], [open, archived], status);
    }
    const [made] = await projectsOf(document.project.number);
    assert.equal(made?.['status_key'], 305, 'the account\'s own status is left alone');
    await account.time({ statusKeys: { active: 310 } }).setProjectStatus({ document: document.project, externalId }, 'active', callContext());
    assert.equal((await projectsOf(document.project.number))[0]?.['status_key'], 310);
  });

  it('stays open when an active project is changed, and keeps the time on tasks that are no longer in the plan', async () => {
    const document = fresh();
    const written = await time.project.write(document, null, callContext());
    await time.setProjectStatus({ document: document.project, externalId: written.externalId }, 'active', callContext());
    await time.project.write(projectCase.amended(document), written, callContext());
    assert.equal((await projectsOf(document.project.number))[0]?.['time_trackable'], true);
    assert.deepEqual((await tasksOf(written.externalId)).filter((task) => task['archived'] === true).map((task) => task['title']), ['2-1 · Design']);
    assert.match(String((await projectsOf(document.project.number))[0]?.['description']), /Rate to invoice by hand: PARTNER 3999\.99 USD per day/);
  });

  it('keeps what people wrote into the description, and the tasks they added', async () => {
    const document = fresh();
    const written = await time.project.write(document, null, callContext());
    const [before] = await projectsOf(document.project.number);
    await account.seedOne('workspaces', { id: written.externalId, description: `${String(before?.['description'])}\nAsk Dana about travel.` });
    await account.seedOne('stories', { workspace_id: Number(written.externalId), title: 'Team lunch' });
    await time.project.write(document, written, callContext());
    assert.match(String((await projectsOf(document.project.number))[0]?.['description']), /Ask Dana about travel\.$/);
    assert.ok((await tasksOf(written.externalId)).some((task) => task['title'] === 'Team lunch' && task['archived'] === false));
  });

  it('goes with its rate card, and with the customer made for it when that has no other project; a customer that stood before stays', async () => {
    const first = fresh();
    const second = { customer: first.customer, project: { ...fresh().project, customerId: first.customer.id } };
    const one = await time.project.write(first, null, callContext());
    const two = await time.project.write(second, null, callContext());
    const gone = await time.project.undo({ document: first, externalId: one.externalId, created: true }, callContext());
    assert.match(gone.detail, /rate card/);
    assert.deepEqual([(await groupsNamed(first.customer.name)).length, (await cardOf(first.project)).set, (await cardOf(second.project)).set?.['title']], [1, undefined, second.project.rateCard.code]);
    await time.project.undo({ document: second, externalId: two.externalId, created: true }, callContext());
    assert.equal((await groupsNamed(first.customer.name)).length, 0);
    const known = fresh();
    await account.seedOne('workspace_groups', { name: known.customer.name.toUpperCase() });
    const three = await time.project.write(known, null, callContext());
    await time.project.undo({ document: known, externalId: three.externalId, created: true }, callContext());
    assert.equal((await groupsNamed(known.customer.name.toUpperCase())).length, 1);
  });

  it('keeps rates in the units of their currency, and leaves to people what those cannot hold', async () => {
    const yen = fresh({ legalEntity: JP01, rate: '31250' });
    await time.project.write(yen, null, callContext());
    assert.equal((await cardOf(yen.project)).rates['Senior Consultant'], 31_250);
    const fine = fresh({ rate: '181.255' });
    const { externalId } = await time.project.write(fine, null, callContext());
    assert.deepEqual([(await cardOf(fine.project)).set, (await projectsOf(fine.project.number))[0]?.['rate_card_id']], [undefined, null]);
    assert.match(String((await projectsOf(fine.project.number))[0]?.['description']), /Rate to invoice by hand: SENIOR_CONSULTANT 181\.255 USD per hour/);
    assert.equal(Number((await projectsOf(fine.project.number))[0]?.['price']), 18_125);
    assert.match(String((await projectsOf(fine.project.number))[0]?.['description']), /Budget to watch by hand: 18125\.5+0* USD/);
    assert.ok(externalId !== '');
    const plain = fresh();
    await account.time({ rateCards: 'none' }).project.write(plain, null, callContext());
    assert.equal((await cardOf(plain.project)).set, undefined);
  });

  it('lets changed rates count in a new version of the rate card, since published ones that are in use stand for ever', async () => {
    const document = fresh({ project: { startDate: '2026-01-05' } });
    const rateCard = { ...document.project.rateCard, effectiveFrom: '2026-01-05' };
    const priced = (rate: string): TimeDocument => ({ ...document, project: { ...document.project, rateCard: { ...rateCard, lines: rateCard.lines.map((line) => ({ ...line, rate })) } } });
    const today = new Date().toISOString().slice(0, 10);
    const written = await time.project.write(priced('260'), null, callContext());
    for (const days of [0, 1]) {
      const rate = `28${days}`;
      await time.project.write(priced(rate), written, callContext());
      await time.project.write(priced(rate), written, callContext());
      const { rates, from } = await cardOf(document.project);
      assert.deepEqual([rates['Consultant'], from[0]], [Number(rate) * 100, [addDays(today, days), true]]);
    }
    assert.equal((await cardOf(document.project)).from.length, 3);
    await account.mode('rate-cards-from-today');
    try {
      const late = fresh();
      await time.project.write({ ...late, project: { ...late.project, rateCard: { ...late.project.rateCard, effectiveFrom: '2026-01-05' } } }, null, callContext());
      assert.deepEqual((await cardOf(late.project)).from, [[today, true]]);
    } finally {
      await account.mode('default');
    }
  });

  it('takes the cap of a capped project as its budget, and no more than Kantata can hold', async () => {
    const capped = fresh({ billingMethod: 'capped', project: { cap: { amount: '12000', currency: 'USD' } } });
    await time.project.write(capped, null, callContext());
    assert.equal((await projectsOf(capped.project.number))[0]?.['price'], 12_000);
    const huge = fresh({ legalEntity: JP01, rate: '31250', project: { value: { amount: '9876543210', currency: 'JPY' } } });
    await time.project.write(huge, null, callContext());
    assert.equal((await projectsOf(huge.project.number))[0]?.['price'], 2_147_483_647);
    assert.match(String((await projectsOf(huge.project.number))[0]?.['description']), /Budget to watch by hand: 9876543210 JPY/);
  });

  it('names what is missing, doubled or not switchable in Kantata as a failure for a person', async () => {
    const unknown = fresh();
    const role = await failureOf(() => time.project.write({ ...unknown, project: { ...unknown.project, rateCard: { ...unknown.project.rateCard, lines: [{ laborCategory: 'ASTRONAUT', unit: 'hour', rate: '1' }] } } }, null, callContext()));
    assert.deepEqual([role.kind, role.code, role.written], ['configuration', 'KANTATA_ROLE_UNKNOWN', 'no']);
    assert.equal((await groupsNamed(unknown.customer.name)).length, 0, 'nothing was written');
    const dinar = fresh({ currency: 'KWD', rate: '80.125' });
    const currency = await failureOf(() => time.project.write(dinar, null, callContext()));
    assert.deepEqual([currency.kind, currency.code, currency.written], ['configuration', 'KANTATA_RATE_CARD_REFUSED', 'unknown']);
    assert.match(currency.mend, /KWD/);
    const doubled = fresh();
    for (const title of ['one', 'two']) await account.seedOne('workspaces', { title, price: 1, external_reference: { service_name: 'q2c', service_model: 'project', service_model_ref: doubled.project.number } });
    assert.equal((await failureOf(() => time.project.find(doubled, callContext()))).code, 'KANTATA_PROJECT_AMBIGUOUS');
    const gone = fresh();
    const missing = await failureOf(() => time.project.write(gone, { externalId: '41999999', url: null }, callContext()));
    assert.deepEqual([missing.kind, missing.code], ['business_rule', 'KANTATA_NOT_FOUND']);
    assert.equal((await failureOf(() => time.setProjectStatus({ document: gone.project, externalId: '41999999' }, 'active', callContext()))).code, 'KANTATA_NOT_FOUND');
    await faults.next({ kind: 'status', status: 422, method: 'POST', path: '/workspaces$' });
    const left = fresh();
    const refused = await failureOf(() => time.project.write(left, null, callContext()));
    assert.deepEqual([refused.kind, refused.code], ['business_rule', 'KANTATA_REFUSED']);
    assert.equal((await groupsNamed(left.customer.name)).length, 0, 'the group made for it is gone again');
    const stranger = account.time({}, { credentials: { accessToken: 'revoked' } });
    assert.equal((await failureOf(() => stranger.project.find(gone, callContext()))).kind, 'configuration');
    await account.mode('time-tracking-always-allowed');
    try {
      const open = await failureOf(() => time.project.write(fresh(), null, callContext()));
      assert.deepEqual([open.kind, open.code], ['configuration', 'KANTATA_TIME_TRACKING_FIXED']);
      assert.match(open.mend, /Settings > Time & Expense/);
    } finally {
      await account.mode('default');
    }
  });

  it('is not taken for gone where a page of a proxy says "not found"', async () => {
    const document = fresh();
    const { externalId } = await time.project.write(document, null, callContext());
    for (const method of ['GET', 'DELETE']) {
      await account.admin.fault({ kind: 'html', status: 404, method, path: `/workspaces/${externalId}`, times: 1 });
      const failure = await failureOf(() => time.project.undo({ document, externalId, created: true }, callContext()));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'HTTP_HTML', 'no'], method);
    }
    assert.equal((await time.project.undo({ document, externalId, created: true }, callContext())).how, 'deleted');
  });

  it('cuts what Kantata has no room for, between characters', async () => {
    const name = `${'Ünïcödé 株式会社 🚀 '.repeat(14)}`.trim().slice(0, 199);
    const document = fresh({ project: { name, wbs: [{ code: '1', name: 'X'.repeat(120), parentCode: null, billable: true, plannedHours: null }] } });
    const { externalId } = await time.project.write(document, null, callContext());
    const [made] = await projectsOf(document.project.number);
    assert.ok(String(made?.['title']).length <= 255 && String(made?.['title']).isWellFormed());
    assert.equal((await time.project.find(document, callContext()))?.externalId, externalId);
  });

  it('finds a customer\'s company group that Kantata does not search by its name', async () => {
    const document = fresh({ customer: { name: 'To Be or Not to Be' } });
    const id = await account.seedOne('workspace_groups', { name: document.customer.name });
    await time.project.write(document, null, callContext());
    assert.deepEqual((await projectsOf(document.project.number))[0]?.['group_ids'], [id]);
  });

  it('takes the company group that the options name', async () => {
    const document = fresh();
    const id = await account.seedOne('workspace_groups', { name: `Other name ${uniqueTag()}` });
    await account.time({ groupIds: { [document.customer.id]: id } }).project.write(document, null, callContext());
    assert.deepEqual((await projectsOf(document.project.number))[0]?.['group_ids'], [id]);
  });
});
