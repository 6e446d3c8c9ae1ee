import assert from 'node:assert/strict';
import { createHarvest } from '../../../connectors/harvest/index.ts';
import { harvestOptionsSchema } from '../../../connectors/harvest/options.ts';
import { timesheetOf, weekOf } from '../../../connectors/harvest/timesheet-mapping.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { TimesheetSource } from '../../../connectors/timesheet-source.ts';
import { addDays } from '../../../domain/dates.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { harvest } from '../../../sandbox/harvest/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, silent, uniqueTag } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { describeTimesheetSource, testClock, type Person, type TimeOffice } from '../conformance/timesheet-source.ts';

const MONDAY = '2026-06-01';

describe('Harvest timesheets', function () {
  this.timeout(60_000);
  const clock = testClock('2026-06-10T08:00:00Z');
  const credentials = generateCredentials().harvest;
  let sandbox: RunningSandbox;
  let source: TimesheetSource;
  let projectId: string;
  let taskId: string;
  const url = () => sandbox.url;
  const admin = sandboxAdmin(url);
  const projectNumber = 'US01-TECH-7K3QF9QX';

  const newSource = (options: Record<string, unknown> = {}, baseUrl = url()): TimesheetSource => {
    const { timesheets } = createHarvest({ system: 'harvest', baseUrl, credentials, options: { approver: 'approvals@northwind-consulting.example', ...options }, log: silent, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 } }, () => clock.now());
    assert.ok(!isUnsupported(timesheets));
    return timesheets;
  };
  const seedOne = async (collection: string, record: object): Promise<string> => (await admin.seed({ [collection]: [record] }))[collection]?.[0] ?? '';

  before(async () => {
    sandbox = await startSandbox(harvest, { port: 0, options: { ...credentials, requestsPerWindow: null }, now: () => new Date(clock.now()) });
    source = newSource({ recheckWeeks: 0 });
    const client_id = Number(await seedOne('clients', { name: 'Acme', currency: 'USD' }));
    projectId = await seedOne('projects', { client_id, name: 'Cloud migration', code: projectNumber, is_billable: true, bill_by: 'Tasks', budget_by: 'none' });
    taskId = String((await admin.state())['tasks']?.find((task) => task['name'] === 'Senior Consultant')?.['id']);
    await seedOne('task_assignments', { project_id: Number(projectId), task_id: Number(taskId), billable: true, hourly_rate: 200 });
  });
  after(async () => sandbox?.close());

  const person = async (): Promise<Person> => {
    const email = `p${uniqueTag()}@northwind-consulting.example`;
    const id = await seedOne('users', { first_name: 'Test', last_name: 'Person', email });
    await seedOne('user_assignments', { project_id: Number(projectId), user_id: Number(id) });
    return { email, id };
  };
  const approval = (user: Person, from: string, approval_status: string) => seedOne('timesheet_approvals', { user_id: Number(user.id), from, to: addDays(from, 6), approval_status });
  const entryOf = (user: Person, date: string, hours: number, notes = '') => ({ project_id: Number(projectId), task_id: Number(taskId), user_id: Number(user.id), spent_date: date, hours, notes });
  const call = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${url()}/v2/${path}`, { method, headers: { authorization: `Bearer ${credentials.accessToken}`, 'harvest-account-id': credentials.accountId, 'user-agent': 'test', 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    assert.ok(answer.ok, await answer.text());
  };

  const office: TimeOffice = {
    system: 'harvest',
    projectNumber,
    laborCategory: 'SENIOR_CONSULTANT',
    clock,
    many: 2100,
    person,
    book: (user, { date, hours, notes }) => seedOne('time_entries', entryOf(user, date, hours, notes)),
    async approve(user, weekStart) {
      await approval(user, weekStart, 'approved');
      return `${user.id}:${weekStart}`;
    },
    withdraw: async (user, weekStart) => void (await approval(user, weekStart, 'unsubmitted')),
    change: (_user, entryId, hours) => call('PATCH', `time_entries/${entryId}`, { hours }),
    remove: (_user, entryId) => call('DELETE', `time_entries/${entryId}`),
    async approveMany(weeks) {
      const people = await Promise.all(Array.from({ length: Math.ceil(weeks / 50) }, () => person()));
      const sheets = Array.from({ length: weeks }, (_, index) => ({ user: people[index % people.length] ?? { id: '', email: '' }, weekStart: addDays('2025-01-06', 7 * Math.floor(index / people.length)) }));
      await admin.seed({ time_entries: sheets.map(({ user, weekStart }) => ({ ...entryOf(user, weekStart, 8), approval_status: 'approved' })) });
      return new Set(sheets.map(({ user, weekStart }) => `${user.id}:${weekStart}`));
    },
  };

  describeTimesheetSource({ name: 'Harvest', source: () => source, office: () => office, faults: sandboxFaults(url), badAnswers: { every: { 'numbers-as-text': 'refused' } } });

  const changesOf = async (from: TimesheetSource, since: string) => {
    const found = [];
    for await (const change of from.changed(since, callContext())) found.push(change);
    return found;
  };
  const sweep = async (from: TimesheetSource, since: string) => (await changesOf(from, since)).flatMap((change) => ('sheet' in change ? [change.sheet] : []));
  const of = <T extends { readonly person: string }>(sheets: readonly T[], { email }: Person) => sheets.filter((sheet) => sheet.person === email);
  const approvedWeek = async (...hours: number[]) => {
    const user = await person();
    const entries: string[] = [];
    for (const [index, each] of hours.entries()) entries.push(await office.book(user, { date: addDays(MONDAY, index), hours: each }));
    return { user, entries, id: await office.approve(user, MONDAY) };
  };
  const iso = () => new Date(clock.now()).toISOString();

  it('tells a week that is no timesheet as one that cannot be read, and every other week as ever', async () => {
    const since = iso();
    const crowded = await person();
    await admin.seed({ time_entries: Array.from({ length: 501 }, () => ({ ...entryOf(crowded, MONDAY, 0.01), approval_status: 'approved' })) });
    const { id } = await approvedWeek(8);
    const changes = await changesOf(newSource(), since);
    const unreadable = changes.flatMap((change) => ('unreadable' in change ? [change.unreadable] : []));
    assert.deepEqual(unreadable.map((each) => [each.id, each.failure.kind, each.failure.code]), [[`${crowded.id}:${MONDAY}`, 'contract', 'HARVEST_TIMESHEET_UNREADABLE']]);
    assert.match(unreadable[0]?.failure.message ?? '', /entries/);
    assert.ok(changes.some((change) => 'sheet' in change && change.sheet.id === id));
  });

  it('finds approved time that an administrator deleted, with the first sweep of the next day', async () => {
    const daily = newSource();
    const { user, entries, id } = await approvedWeek(8, 6);
    const [before] = of(await sweep(daily, iso()), user);
    clock.advance(60_000);
    await office.remove(user, entries[1] ?? '');
    assert.deepEqual(of(await sweep(daily, iso()), user).flatMap((sheet) => sheet.entries.map((entry) => entry.id)), [entries[0], entries[1]].slice(0, 1), 'within the overlap the week is read as it is now');
    const since = iso();
    clock.advance(86_400_000);
    const [after] = of(await sweep(daily, since), user);
    assert.ok(before !== undefined && after !== undefined);
    assert.deepEqual([after.entries.map((entry) => entry.id), after.id], [[entries[0]], id]);
    assert.ok(after.version > before.version && (after.replaces?.version ?? 0) >= before.version);
    assert.deepEqual(after.entries[0], before.entries[0], 'what stayed is told as before');
    assert.deepEqual(await daily.load(id, callContext()), after);
  });

  it('takes a whole week back when all of its approved time was deleted', async () => {
    const daily = newSource();
    const { user, entries, id } = await approvedWeek(8);
    const [before] = of(await sweep(daily, iso()), user);
    await office.remove(user, entries[0] ?? '');
    const since = iso();
    clock.advance(86_400_000);
    const after = (await sweep(daily, since)).find((sheet) => sheet.id === id);
    assert.deepEqual([after?.approval.status, after?.entries, (after?.version ?? 0) > (before?.version ?? 0)], ['withdrawn', [], true]);
  });

  it('compares the latest weeks once a day, and tells only of those that differ', async () => {
    const daily = newSource();
    const { id } = await approvedWeek(8);
    const told = async (since: string) => (await sweep(daily, since)).filter((sheet) => sheet.id === id).length;
    const first = iso();
    clock.advance(86_400_000);
    assert.equal(await told(first), 1, 'after a start everything is told');
    assert.equal(await told(first), 1, 'what may not have arrived is told again');
    const second = iso();
    clock.advance(86_400_000);
    assert.equal(await told(second), 0, 'nothing is different');
    const before = (await admin.requests()).length;
    assert.deepEqual(await sweep(daily, second), []);
    assert.ok((await admin.requests()).length - before <= 3, 'nothing was different: the day is done');
  });

  it('leaves out a running timer and takes the hours it is told to take', async () => {
    const user = await person();
    await admin.seed({ time_entries: [{ ...entryOf(user, MONDAY, 1), hours: undefined }] });
    await office.book(user, { date: MONDAY, hours: 2.5 });
    const id = await office.approve(user, MONDAY);
    assert.deepEqual((await newSource().load(id, callContext()))?.entries.map(({ hours }) => hours), ['2.5']);
    const row = { id: 1, spent_date: MONDAY, user: { id: 7 }, project: { id: 2, name: 'P', code: 'P-1' }, task: { name: 'Analyst' }, hours: 2.11, rounded_hours: 2.25, notes: null, is_closed: true, is_running: false, billable: true, updated_at: '2026-06-08T09:00:00.000Z' };
    const hoursOf = (hours: string) => timesheetOf({ userId: 7, weekStart: MONDAY }, [row], { system: 'harvest', options: harvestOptionsSchema.parse({ hours }), person: 'a@b.example', approver: 'c@d.example', atLeast: null })?.entries[0]?.hours;
    assert.deepEqual([hoursOf('tracked'), hoursOf('rounded')], ['2.11', '2.25']);
  });

  it('says that it would see too little, rather than see it, without an administrator or without timesheet approval', async () => {
    const setMode = (mode: string) => fetch(`${url()}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode }) });
    try {
      for (const [mode, code] of [['no-approval', 'HARVEST_APPROVAL_OFF'], ['member-token', 'HARVEST_TOKEN_NOT_ADMINISTRATOR']] as const) {
        await setMode(mode);
        const failure = await failureOf(() => sweep(newSource(), iso()));
        assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', code, 'no']);
      }
    } finally {
      await setMode('default');
    }
  });

  it('reads a task as the labor category it stands for, or as a plain task', async () => {
    const { id } = await approvedWeek(8);
    const entryWith = async (options: Record<string, unknown>) => (await newSource(options).load(id, callContext()))?.entries[0];
    const { laborCategory, role, task } = (await entryWith({ tasks: { SENIOR: 'senior consultant' } })) ?? {};
    assert.deepEqual([laborCategory, role, task], ['SENIOR', 'Senior Consultant', null]);
    const plain = await entryWith({ plainTasks: ['Senior Consultant'] });
    assert.deepEqual([plain?.laborCategory, plain?.role, plain?.task], [null, null, 'Senior Consultant']);
  });

  it('names the project where it has no code, so that its person sees which was meant', async () => {
    const client_id = Number(await seedOne('clients', { name: `Nameless ${uniqueTag()}`, currency: 'USD' }));
    const other = Number(await seedOne('projects', { client_id, name: 'Internal meetings', is_billable: false, bill_by: 'none', budget_by: 'none' }));
    await seedOne('task_assignments', { project_id: other, task_id: Number(taskId) });
    const user = await person();
    await seedOne('user_assignments', { project_id: other, user_id: Number(user.id) });
    await seedOne('time_entries', { ...entryOf(user, MONDAY, 1), project_id: other });
    assert.deepEqual((await source.load(await office.approve(user, MONDAY), callContext()))?.entries.map(({ projectNumber: number, billable }) => [number, billable]), [['Internal meetings', false]]);
  });

  it('says for whom it stands where Harvest does not tell the approver: the configured address, or the owner of the token', async () => {
    const { id } = await approvedWeek(8);
    assert.equal((await source.load(id, callContext()))?.approval.approver, 'approvals@northwind-consulting.example');
    assert.equal((await newSource({ approver: undefined }).load(id, callContext()))?.approval.approver, 'ingrid.solberg@northwind-consulting.example');
  });

  it('tells absurd numbers and people without an address as what the rules give back, and holds up nobody else', async () => {
    const since = iso();
    const { user, entries } = await approvedWeek(8);
    const good = await approvedWeek(7);
    await admin.seed({ time_entries: [{ id: Number(entries[0]), hours: 1e30 }], users: [{ id: Number(user.id), email: 'nobody' }] });
    clock.advance(60_000);
    const sheets = await sweep(newSource({ recheckWeeks: 0 }), since);
    assert.equal(of(sheets, good.user).length, 1);
    const odd = sheets.find((sheet) => sheet.id === `${user.id}:${MONDAY}`);
    assert.deepEqual([odd?.person, odd?.entries[0]?.hours], [`user-${user.id}@harvest.invalid`, '999999999999999999']);
  });

  it('waits as long as Harvest asks once the limit of requests is reached', async () => {
    const strict = await startSandbox(harvest, { port: 0, options: { ...credentials, requestsPerWindow: 2 } });
    try {
      const failure = await failureOf(() => sweep(newSource({}, strict.url), iso()));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['transient', 'HARVEST_RATE_LIMIT', 'no']);
      assert.ok((failure.retryAfterMs ?? 0) > 10_000 && (failure.retryAfterMs ?? 0) <= 15_000);
    } finally {
      await strict.close();
    }
  });

  it('begins weeks on the day the account begins them', () => {
    assert.deepEqual(['Monday', 'Sunday', 'Saturday'].map((day) => weekOf('2026-06-07', day)), ['2026-06-01', '2026-06-07', '2026-06-06']);
    assert.equal(weekOf('2026-06-01', 'Monday'), '2026-06-01');
  });
});
