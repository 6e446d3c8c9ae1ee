import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { customerBody, field, firstError, orderLine, startAccount, type TestAccount } from './support.ts';

const strict = { 'X-NetSuite-PropertyNameValidation': 'Error' };

describe('NetSuite sandbox: records', () => {
  let account: TestAccount;
  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  it('creates a record with 204 and tells its address', async () => {
    const reply = await account.record('POST', 'customer', { ...customerBody, externalId: 'crm-1' });
    assert.equal(reply.status, 204);
    assert.equal(reply.headers.get('location'), `${account.sandbox.url}/services/rest/record/v1/customer/${reply.id}`);
    const read = await account.record('GET', 'customer/eid:crm-1');
    assert.equal(read.body['id'], reply.id);
    assert.equal(field(read.body, 'subsidiary', 'refName'), 'US01');
    assert.equal(field(read.body, 'currency', 'refName'), 'USD');
  });

  it('makes one record of two upserts under the same external ID', async () => {
    const first = await account.record('PUT', 'customer/eid:crm-7', customerBody);
    const second = await account.record('PUT', 'customer/eid:crm-7', { ...customerBody, comments: 'met in May' });
    assert.equal(first.status, 204);
    assert.equal(second.id, first.id);
    assert.equal((await account.record('GET', 'customer')).body['totalResults'], 1);
    assert.equal((await account.record('GET', `customer/${first.id}`)).body['comments'], 'met in May');
  });

  it('refuses an external ID with other characters than letters, digits, underscore and hyphen', async () => {
    assert.equal((await account.record('PUT', 'customer/eid:crm%2F7', customerBody)).status, 400);
    assert.equal(firstError(await account.record('POST', 'customer', { ...customerBody, externalId: 'a b' }))['o:errorPath'], 'externalId');
  });

  it('refuses a second record with the same external ID or entity ID', async () => {
    await account.record('POST', 'customer', { ...customerBody, externalId: 'crm-1', entityId: 'Contoso' });
    const sameExternal = await account.record('POST', 'customer', { ...customerBody, externalId: 'crm-1' });
    assert.equal(sameExternal.status, 400);
    assert.match(String(firstError(sameExternal)['detail']), /record already exists/);
    const sameEntity = await account.record('POST', 'customer', { ...customerBody, entityId: 'CONTOSO' });
    assert.match(String(firstError(sameEntity)['detail']), /already exists\. You must enter a unique customer ID/);
  });

  it('names every required field that is missing', async () => {
    const reply = await account.record('POST', 'customer', { email: 'ap@contoso.example' });
    assert.equal(reply.status, 400);
    assert.equal(firstError(reply)['o:errorCode'], 'USER_ERROR');
    assert.equal(firstError(reply)['detail'], 'Error while accessing a resource. Please enter value(s) for: Primary Subsidiary, Company Name.');
    assert.match(String(firstError(await account.record('POST', 'projectTask', {}))['detail']), /Name, Project/);
    assert.match(String(firstError(await account.record('POST', 'billingSchedule', { name: 'x' }))['detail']), /Type/);
    assert.match(String(firstError(await account.record('POST', 'billingSchedule', { name: 'x', scheduleType: { id: 'STD' } }))['detail']), /Recurrence Frequency/);
  });

  it('ignores an unknown field with a warning, and refuses it when the client asks for strictness', async () => {
    const lenient = await account.record('POST', 'customer', { ...customerBody, companyname: 'x' });
    assert.equal(lenient.status, 204);
    assert.match(lenient.headers.get('warning') ?? '', /companyname/);
    const refused = await account.record('POST', 'customer', { ...customerBody, companyname: 'x' }, strict);
    assert.equal(refused.status, 400);
    assert.equal(firstError(refused)['o:errorCode'], 'INVALID_CONTENT');
    assert.equal(firstError(refused)['o:errorPath'], 'companyname');
  });

  const malformed: [string, Record<string, unknown>, string][] = [
    ['a reference to a record that is not there', { subsidiary: { id: '99' } }, 'subsidiary'],
    ['a reference by name alone', { subsidiary: { refName: 'US01' } }, 'subsidiary'],
    ['a text where a truth value belongs', { isInactive: 'yes' }, 'isInactive'],
    ['an email address without a domain', { email: 'nobody' }, 'email'],
  ];
  for (const [what, change, path] of malformed) {
    it(`refuses ${what} and points at it`, async () => {
      const reply = await account.record('POST', 'customer', { ...customerBody, ...change });
      assert.equal(reply.status, 400);
      assert.equal(firstError(reply)['o:errorCode'], 'INVALID_CONTENT');
      assert.equal(firstError(reply)['o:errorPath'], path);
    });
  }

  it('points at the line of a sublist that is wrong', async () => {
    const customer = await account.record('POST', 'customer', customerBody);
    const order = { entity: { id: customer.id }, item: { items: [orderLine, { item: { id: 9999 }, amount: 1 }] } };
    assert.equal(firstError(await account.record('POST', 'salesOrder', order))['o:errorPath'], 'item.items[1].item');
  });

  it('refuses a text that is longer than its field', async () => {
    const reply = await account.record('POST', 'customer', { ...customerBody, companyName: 'x'.repeat(84) });
    assert.match(String(firstError(reply)['detail']), /companyname contained more than the maximum number \( 83 \)/);
  });

  it('changes with PATCH only what is named, and clears with null', async () => {
    const { id } = await account.record('POST', 'customer', { ...customerBody, comments: 'old', phone: '1' });
    assert.equal((await account.record('PATCH', `customer/${id}`, { comments: null })).status, 204);
    const read = (await account.record('GET', `customer/${id}`)).body;
    assert.equal('comments' in read, false);
    assert.equal(read['phone'], '1');
  });

  it('answers 404 NONEXISTENT_ID for what is not there and 405 for what cannot be done', async () => {
    for (const method of ['GET', 'DELETE']) assert.equal(firstError(await account.record(method, 'customer/4711'))['o:errorCode'], 'NONEXISTENT_ID');
    assert.equal((await account.record('PATCH', 'customer/eid:gone', {})).status, 404);
    assert.equal((await account.record('GET', 'purchaseOrder')).status, 404);
    assert.equal((await account.record('DELETE', 'customer')).status, 405);
  });

  it('lets the lists that administrators keep be read, not changed', async () => {
    assert.equal((await account.record('GET', 'subsidiary')).body['totalResults'], 13);
    assert.equal((await account.record('GET', 'serviceSaleItem/eid:item-MANAGED')).body['itemId'], 'MANAGED');
    assert.equal((await account.record('POST', 'currency', { name: 'SEK' })).status, 403);
  });

  it('deletes a record that nothing refers to, and refuses one that others need', async () => {
    const customer = await account.record('POST', 'customer', customerBody);
    const job = await account.record('POST', 'job', { companyName: 'Rollout', parent: { id: customer.id } });
    const task = await account.record('POST', 'projectTask', { title: 'Design', project: { id: job.id } });
    const refused = await account.record('DELETE', `customer/${customer.id}`);
    assert.equal(refused.status, 400);
    assert.match(String(firstError(refused)['detail']), /cannot be deleted because it has dependent records \(project\)/);
    assert.equal((await account.record('DELETE', `job/${job.id}`)).status, 400);
    for (const path of [`projectTask/${task.id}`, `job/${job.id}`, `customer/${customer.id}`]) {
      assert.equal((await account.record('DELETE', path)).status, 204);
      assert.equal((await account.record('GET', path)).status, 404);
    }
    assert.equal((await account.record('GET', 'customerSubsidiaryRelationship')).body['totalResults'], 0);
  });

  it('will not delete a project task that a milestone waits for', async () => {
    const job = await account.record('POST', 'job', { companyName: 'Rollout', subsidiary: { id: '2' } });
    const task = await account.record('POST', 'projectTask', { title: 'Go live', project: { id: job.id } });
    await account.record('POST', 'billingSchedule', {
      name: 'Rollout milestones',
      scheduleType: { id: 'FBM' },
      job: { id: job.id },
      milestone: { items: [{ milestoneAmount: 100, milestoneDate: '2026-09-30', projectTask: { id: task.id } }] },
    });
    assert.match(String(firstError(await account.record('DELETE', `projectTask/${task.id}`))['detail']), /billing schedule/);
  });

  it('keeps what it holds when the process ends and starts again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'netsuite-'));
    const dataFile = join(folder, 'netsuite.sqlite');
    const first = await startAccount({ dataFile });
    const created = await first.record('PUT', 'customer/eid:kept', customerBody);
    await first.close();
    const second = await startAccount({ dataFile });
    assert.equal((await second.record('GET', 'customer/eid:kept')).body['id'], created.id);
    assert.notEqual((await second.record('POST', 'customer', customerBody)).id, created.id);
    assert.equal((await second.record('GET', 'subsidiary')).body['totalResults'], 13);
    await second.close();
    rmSync(folder, { recursive: true });
  });
});
