import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { message, rows, startAccount, type TestAccount } from './support.ts';

const project = { name: 'ERP rollout', code: 'P-2026-001', is_billable: true, bill_by: 'Tasks', budget_by: 'project', budget: 400, starts_on: '2026-07-01', ends_on: '2026-12-31' };

describe('Harvest sandbox: clients and projects', () => {
  let account: TestAccount;
  let clientId = 0;
  beforeEach(async () => {
    account = await startAccount();
    clientId = (await account.call('POST', 'clients', { name: 'Contoso', currency: 'GBP', address: '1 High Street' })).id;
  });
  afterEach(() => account.close());

  it('creates a project with 201 and shows its client', async () => {
    const created = await account.call('POST', 'projects', { ...project, client_id: clientId });
    assert.equal(created.status, 201);
    assert.deepEqual(created.body['client'], { id: clientId, name: 'Contoso', currency: 'GBP' });
    assert.equal(created.body['code'], 'P-2026-001');
    assert.equal(created.body['budget'], 400);
    assert.equal(created.body['fee'], null);
    assert.deepEqual((await account.call('GET', `projects/${created.id}`)).body, created.body);
  });

  it('names every parameter that is missing or wrong', async () => {
    const reply = await account.call('POST', 'projects', { name: ' ', bill_by: 'Hours', starts_on: '2026-02-30' });
    assert.equal(reply.status, 422);
    for (const part of ["Client can't be blank", "Name can't be blank", "Is billable can't be blank", 'Bill by is not included in the list', "Budget by can't be blank", 'Starts on is not a valid date']) {
      assert.ok(message(reply).includes(part), `${message(reply)} should say: ${part}`);
    }
    assert.equal((await account.call('POST', 'projects', { ...project, client_id: 1 })).status, 422);
  });

  it('takes a client name once, and a project name once for each client', async () => {
    assert.match(message(await account.call('POST', 'clients', { name: 'contoso' })), /Name has already been taken/);
    await account.call('POST', 'projects', { ...project, client_id: clientId });
    assert.match(message(await account.call('POST', 'projects', { ...project, client_id: clientId, code: 'X' })), /Name has already been taken/);
    const other = await account.call('POST', 'clients', { name: 'Fabrikam' });
    assert.equal((await account.call('POST', 'projects', { ...project, client_id: other.id })).status, 201);
  });

  it('keeps a fee for fixed-fee projects only, and a project rate for those billed by it', async () => {
    const values = { ...project, client_id: clientId, fee: 90000, hourly_rate: 150 };
    const timeAndMaterials = await account.call('POST', 'projects', values);
    assert.deepEqual([timeAndMaterials.body['fee'], timeAndMaterials.body['hourly_rate']], [null, null]);
    const fixed = await account.call('POST', 'projects', { ...values, name: 'Fixed', is_fixed_fee: true, bill_by: 'Project' });
    assert.deepEqual([fixed.body['fee'], fixed.body['hourly_rate']], [90000, 150]);
  });

  it('changes only what an update names', async () => {
    const { id } = await account.call('POST', 'projects', { ...project, client_id: clientId });
    const changed = await account.call('PATCH', `projects/${id}`, { is_active: false, notes: 'closed by finance' });
    assert.equal(changed.status, 200);
    assert.deepEqual([changed.body['is_active'], changed.body['name'], changed.body['budget']], [false, 'ERP rollout', 400]);
    assert.equal(rows(await account.call('GET', `projects?client_id=${clientId}&is_active=true`), 'projects').length, 0);
    assert.equal(rows(await account.call('GET', `projects?client_id=${clientId}`), 'projects')[0]?.['notes'], 'closed by finance');
  });

  it('shows the new name of a client on its projects', async () => {
    const { id } = await account.call('POST', 'projects', { ...project, client_id: clientId });
    await account.call('GET', `projects/${id}`);
    await account.call('PATCH', `clients/${clientId}`, { name: 'Contoso Group' });
    assert.deepEqual((await account.call('GET', `projects/${id}`)).body['client'], { id: clientId, name: 'Contoso Group', currency: 'GBP' });
  });

  it('will not delete a client that has projects, nor archive one whose projects are active', async () => {
    const { id } = await account.call('POST', 'projects', { ...project, client_id: clientId });
    assert.equal((await account.call('DELETE', `clients/${clientId}`)).status, 422);
    assert.equal((await account.call('PATCH', `clients/${clientId}`, { is_active: false })).status, 422);
    assert.equal((await account.call('DELETE', `projects/${id}`)).status, 200);
    assert.equal((await account.call('DELETE', `clients/${clientId}`)).status, 200);
    assert.equal((await account.call('GET', `clients/${clientId}`)).status, 404);
  });

  it('adds default tasks and people of all future projects by itself', async () => {
    await account.call('PATCH', `tasks/${await account.taskNamed('Engineer')}`, { is_default: true, default_hourly_rate: 120 });
    await account.call('PATCH', `users/${await account.userNamed('Weber')}`, { has_access_to_all_future_projects: true });
    const { id } = await account.call('POST', 'projects', { ...project, client_id: clientId });
    const tasks = rows(await account.call('GET', `projects/${id}/task_assignments`), 'task_assignments');
    assert.deepEqual(tasks.map((each) => [each['billable'], each['hourly_rate']]), [[true, 120]]);
    assert.equal(rows(await account.call('GET', `projects/${id}/user_assignments`), 'user_assignments').length, 1);
  });

  it('assigns a task or a person once', async () => {
    const id = await account.newProject();
    const task_id = await account.taskNamed('Consultant');
    const user_id = await account.userNamed('Hughes');
    const task = await account.call('POST', `projects/${id}/task_assignments`, { task_id, billable: true, hourly_rate: 185.5 });
    assert.equal(task.status, 201);
    assert.equal(task.body['hourly_rate'], 185.5);
    assert.equal((await account.call('POST', `projects/${id}/task_assignments`, { task_id })).status, 422);
    const user = await account.call('POST', `projects/${id}/user_assignments`, { user_id, use_default_rates: false, hourly_rate: 200 });
    assert.equal(user.status, 201);
    assert.deepEqual([user.body['is_project_manager'], user.body['hourly_rate']], [false, 200]);
    assert.equal((await account.call('POST', `projects/${id}/user_assignments`, { user_id })).status, 422);
    assert.equal((await account.call('POST', `projects/${id}/user_assignments`, { user_id: 1 })).status, 422);
  });

  it('keeps what it holds when the process ends and starts again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'harvest-'));
    const dataFile = join(folder, 'harvest.sqlite');
    const first = await startAccount({ dataFile });
    const id = await first.newProject();
    await first.close();
    const second = await startAccount({ dataFile });
    assert.equal((await second.call('GET', `projects/${id}`)).body['name'], 'Rollout');
    assert.notEqual(await second.newProject({ name: 'Second' }), id);
    await second.close();
    rmSync(folder, { recursive: true });
  });

  it('lets a client find nothing again in the mode without references', async () => {
    await account.admin('POST', 'mode', { mode: 'no-reference' });
    const values = { ...project, client_id: clientId };
    const first = await account.call('POST', 'projects', values);
    assert.equal(first.body['code'], null);
    for (const path of ['clients', 'projects', 'task_assignments', 'user_assignments', 'users/me/project_assignments']) {
      assert.equal((await account.call('GET', path)).status, 403, path);
    }
    const blindSecond = await account.call('POST', 'projects', values);
    assert.equal(blindSecond.status, 201, 'a blind second write doubles the project');
    assert.notEqual(blindSecond.id, first.id);
  });
});
