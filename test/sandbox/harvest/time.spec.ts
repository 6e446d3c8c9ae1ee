import assert from 'node:assert/strict';
import { message, rows, startAccount, type TestAccount } from './support.ts';

describe('Harvest sandbox: time and expenses', () => {
  let account: TestAccount;
  let project_id = 0;
  let task_id = 0;
  let user_id = 0;
  beforeEach(async () => {
    account = await startAccount({ now: () => new Date('2026-06-10T12:00:00Z') });
    project_id = await account.newProject();
    task_id = await account.taskNamed('Engineer');
    user_id = await account.userNamed('Weber');
    await account.call('POST', `projects/${project_id}/task_assignments`, { task_id, billable: true, hourly_rate: 185.5 });
    await account.call('POST', `projects/${project_id}/user_assignments`, { user_id });
  });
  afterEach(() => account.close());

  const entry = (changes: Record<string, unknown> = {}) => ({ user_id, project_id, task_id, spent_date: '2026-06-09', hours: 7.5, ...changes });

  it('books time with the rate of its task and the cost of its person', async () => {
    const reply = await account.call('POST', 'time_entries', entry({ notes: 'interfaces' }));
    assert.equal(reply.status, 201);
    assert.deepEqual([reply.body['billable_rate'], reply.body['cost_rate'], reply.body['is_locked'], reply.body['is_running']], [185.5, 92, false, false]);
  });

  it('charges the person where the project bills by people, and nothing where the task is not billable', async () => {
    await account.call('PATCH', `projects/${project_id}`, { bill_by: 'People' });
    assert.equal((await account.call('POST', 'time_entries', entry())).body['billable_rate'], 195);
    const assignment = rows(await account.call('GET', `projects/${project_id}/task_assignments`), 'task_assignments')[0];
    await account.call('PATCH', `projects/${project_id}/task_assignments/${String(assignment?.['id'])}`, { billable: false });
    assert.equal((await account.call('POST', 'time_entries', entry())).body['billable_rate'], null);
  });

  it('uses the rate in force on the work date', async () => {
    await account.call('POST', `users/${user_id}/cost_rates`, { amount: 99, start_date: '2026-06-09' });
    const rates = rows(await account.call('GET', `users/${user_id}/cost_rates`), 'cost_rates');
    assert.deepEqual(rates.map((rate) => [rate['amount'], rate['start_date'], rate['end_date']]), [[92, null, '2026-06-08'], [99, '2026-06-09', null]]);
    assert.equal((await account.call('POST', 'time_entries', entry({ spent_date: '2026-06-08' }))).body['cost_rate'], 92);
    assert.equal((await account.call('POST', 'time_entries', entry())).body['cost_rate'], 99);
    assert.equal((await account.call('POST', `users/${user_id}/billable_rates`, { amount: 1, start_date: '2026-06-11' })).status, 422);
  });

  it('refuses time on an archived project, an unassigned task, or for an unassigned person', async () => {
    assert.match(message(await account.call('POST', 'time_entries', entry({ task_id: await account.taskNamed('Partner') }))), /Task is not assigned/);
    assert.match(message(await account.call('POST', 'time_entries', entry({ user_id: await account.userNamed('Tan') }))), /User is not assigned/);
    await account.call('PATCH', `projects/${project_id}`, { is_active: false });
    assert.match(message(await account.call('POST', 'time_entries', entry())), /archived/);
  });

  it('finds time by its external reference, its dates and its approval', async () => {
    const first = await account.call('POST', 'time_entries', entry({ external_reference: { id: 'ts-1', permalink: 'https://q2c.example/ts-1' } }));
    await account.call('POST', 'time_entries', entry({ spent_date: '2026-06-01' }));
    assert.deepEqual(rows(await account.call('GET', 'time_entries?external_reference_id=ts-1'), 'time_entries').map((each) => each['id']), [first.id]);
    assert.equal((await account.call('GET', `time_entries?project_id=${project_id}&from=2026-06-02&to=2026-06-30`)).body['total_entries'], 1);
    await account.admin('POST', 'seed', { time_entries: [{ id: first.id, approval_status: 'approved' }] });
    assert.equal((await account.call('GET', 'time_entries?approval_status=approved')).body['total_entries'], 1);
    assert.equal((await account.call('GET', 'time_entries?approval_status=perhaps')).status, 422);
  });

  it('locks approved time against changes', async () => {
    const { id } = await account.call('POST', 'time_entries', entry());
    await account.admin('POST', 'seed', { time_entries: [{ id, approval_status: 'approved' }] });
    const read = await account.call('GET', `time_entries/${id}`);
    assert.deepEqual([read.body['is_closed'], read.body['is_locked'], read.body['locked_reason']], [true, true, 'Item Approved and Locked for this Time Period']);
    assert.equal((await account.call('PATCH', `time_entries/${id}`, { hours: 1 })).status, 422);
    assert.equal((await account.call('DELETE', `time_entries/${id}`)).status, 200, 'an administrator may delete approved time');
  });

  it('will not delete what time has been booked on, except a whole project', async () => {
    await account.call('POST', 'time_entries', entry());
    const task = rows(await account.call('GET', `projects/${project_id}/task_assignments`), 'task_assignments')[0];
    const user = rows(await account.call('GET', `projects/${project_id}/user_assignments`), 'user_assignments')[0];
    const paths = [`tasks/${task_id}`, `users/${user_id}`, `projects/${project_id}/task_assignments/${String(task?.['id'])}`, `projects/${project_id}/user_assignments/${String(user?.['id'])}`];
    for (const path of paths) assert.equal((await account.call('DELETE', path)).status, 422, path);
    assert.equal((await account.call('DELETE', `projects/${project_id}`)).status, 200);
    assert.equal((await account.call('GET', 'time_entries')).body['total_entries'], 0);
  });

  it('starts a timer where no hours are given, and stops it', async () => {
    const running = await account.call('POST', 'time_entries', entry({ hours: undefined }));
    assert.equal(running.body['is_running'], true);
    assert.equal((await account.call('PATCH', `time_entries/${running.id}/stop`)).body['is_running'], false);
    assert.equal((await account.call('PATCH', `time_entries/${running.id}/stop`)).status, 422);
  });

  it('prices an expense by its unit, or takes its cost', async () => {
    const categories = rows(await account.call('GET', 'expense_categories'), 'expense_categories');
    const idOf = (name: string) => categories.find((category) => category['name'] === name)?.['id'];
    const expense = { user_id, project_id, spent_date: '2026-06-09' };
    assert.equal((await account.call('POST', 'expenses', { ...expense, expense_category_id: idOf('Mileage'), units: 100 })).body['total_cost'], 67);
    assert.equal((await account.call('POST', 'expenses', { ...expense, expense_category_id: idOf('Meals'), total_cost: 41.2 })).body['total_cost'], 41.2);
    assert.equal((await account.call('POST', 'expenses', { ...expense, expense_category_id: idOf('Meals') })).status, 422);
  });

  it('reports hours and amounts of a period by project', async () => {
    await account.call('POST', 'time_entries', entry());
    await account.call('POST', 'time_entries', entry({ hours: 0.1 }));
    const report = rows(await account.call('GET', 'reports/time/projects?from=20260601&to=20260630'), 'results')[0];
    assert.deepEqual([report?.['total_hours'], report?.['billable_amount'], report?.['currency']], [7.6, 1409.8, 'EUR']);
  });
});
