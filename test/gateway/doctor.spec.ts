import assert from 'node:assert/strict';
import { storeHealth } from '../../starters/q2c/store-health.ts';
import { openCase } from '../../store/cases.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { quarantineEvent, receiveEvents } from '../../store/inbox.ts';
import type { IncomingEvent } from '../../store/inbox.ts';
import { enqueueNotification } from '../../store/notifications.ts';
import { openIntent, recordInDoubt } from '../../store/posting-ledger.ts';
import { lowerLimit } from '../../store/target-limit.ts';
import { lowerRate } from '../../store/target-rate.ts';
import { openBatch, receiveRecords, sealBatch } from '../../store/time/intake.ts';
import { anEntry, aTimesheet } from '../builders/time.ts';
import { PROCESS, intent } from '../store/builders.ts';
import { asSuperuser, freshStore } from '../store/support.ts';

describe('doctor: what it says of the line\'s own records', function () {
  this.timeout(60_000);
  let store: Store;
  beforeEach(async () => {
    store = await freshStore();
    await storeConfig(store.db, { hash: 'h1', document: {}, files: {} });
    await activateConfig(store.db, { hash: 'h1', by: 'priya' });
  });
  afterEach(() => store.close());

  const event: IncomingEvent = { source: 'hubspot', eventId: 'e1', kind: 'deal.changed', businessKey: '9', version: null, occurredAt: null, headers: {}, rawBody: Buffer.from('{}'), payload: {} };
  const now = new Date();
  async function check(what: string) {
    const found = (await storeHealth(store.db, now)).find((each) => each.what === what);
    assert.ok(found !== undefined, what);
    return found;
  }
  const aCase = (dueAt: string) =>
    openCase(store.db, {
      caseId: `exception/${PROCESS}/r/1`, process: PROCESS, code: 'CONTRACT_NOT_SIGNED', kind: 'business_rule', severity: 'high', owner: 'sales_operations', subject: 'deal 006', message: 'not signed', mend: 'sign it',
      findings: [], permittedActions: ['retry'], context: {}, systems: [], waitsForConfig: true, openedAt: now.toISOString(), dueAt,
    });
  const inMinutes = (minutes: number) => new Date(now.getTime() + minutes * 60_000).toISOString();

  it('is well while work is only under way', async () => {
    await receiveEvents(store.db, [event]);
    await openIntent(store.db, intent());
    await recordInDoubt(store.db, { key: intent().key, generation: 1, attempt: 1, error: null, audit: [] });
    await aCase(inMinutes(30));
    await enqueueNotification(store.db, { caseId: 'c', occasion: 'opened', number: 1, recipient: 'sales_operations', message: 'not signed' });
    const checks = await storeHealth(store.db, now);
    assert.deepEqual(checks.filter(({ ok }) => !ok), []);
    assert.deepEqual(checks.map(({ what }) => what), ['store', 'configuration', 'inbox', 'timesheets', 'labor in doubt', 'writes in doubt', 'exception cases', 'messages to owners']);
    assert.match((await check('writes in doubt')).detail, /^1 /);
  });

  it('names an event that has waited more than a minute, and what carries events on', async () => {
    await receiveEvents(store.db, [event]);
    await asSuperuser(store, [`update inbox set received_at = now() - interval '61 seconds'`]);
    const { ok, detail } = await check('inbox');
    assert.equal(ok, false);
    assert.match(detail, /1 waiting, the oldest for 6\d s.*npm run gateway/s);
  });

  it('names events in quarantine until each is replayed or dismissed', async () => {
    await quarantineEvent(store.db, event, { error: 'no dealId', findings: [] });
    const { ok, detail } = await check('inbox');
    assert.equal(ok, false);
    assert.match(detail, /1 in quarantine.*inbox --state quarantined.*replay.*dismiss/s);
  });

  it('names a write in doubt for more than ten minutes, with the system to look into', async () => {
    await openIntent(store.db, intent());
    await recordInDoubt(store.db, { key: intent().key, generation: 1, attempt: 1, error: null, audit: [] });
    await asSuperuser(store, [`update posting_ledger set created_at = now() - interval '11 minutes'`]);
    const { ok, detail } = await check('writes in doubt');
    assert.equal(ok, false);
    assert.match(detail, /project US01-TECH-1 in netsuite.*q2c -- exceptions/s);
  });

  it('names pages of timesheets that wait while none is started, and not those that only wait their turn', async () => {
    const { id } = await openBatch(store.db, { source: 'canonical', kind: 'timesheets', idempotencyKey: 'a' });
    await receiveRecords(store.db, id, [aTimesheet([anEntry()])]);
    await sealBatch(store.db, id);
    assert.equal((await check('timesheets')).ok, true);
    await asSuperuser(store, [`update time_page set ready_at = now() - interval '3 minutes'`]);
    const { ok, detail } = await check('timesheets');
    assert.equal(ok, false);
    assert.match(detail, /1 pages wait, the oldest for 18\d s; none was started.*npm run gateway/s);
    await asSuperuser(store, [`insert into time_page (batch, page, kind, legal_entity, records, state, started_at) values ('${id}', 2, 'timesheets', 'US01', 1, 'started', now())`]);
    assert.equal((await check('timesheets')).ok, true);
  });

  it('names labor in doubt for long, with the ERP', async () => {
    const { id } = await openBatch(store.db, { source: 'canonical', kind: 'timesheets', idempotencyKey: 'a' });
    const [received] = await receiveRecords(store.db, id, [aTimesheet([anEntry()])]);
    await asSuperuser(store, [`insert into labor_posting (key, record, system, legal_entity, accounting_period, kind, hours, currency, amount, line, state, planned_at) values ('q', ${received?.record ?? 0}, 'netsuite', 'US01', '2026-11', 'original', 8, 'USD', 1, '{}', 'in_doubt', now() - interval '11 minutes')`]);
    const { ok, detail } = await check('labor in doubt');
    assert.equal(ok, false);
    assert.match(detail, /1 lines in netsuite for more than 10 minutes/);
  });

  it('names cases past due and their owners', async () => {
    await aCase(inMinutes(-5));
    const { ok, detail } = await check('exception cases');
    assert.equal(ok, false);
    assert.match(detail, /1 open, 1 past due.*sales_operations.*q2c -- exceptions/s);
  });

  it('says where fewer calls at once are made than configured, because the system refused', async () => {
    await lowerLimit(store.db, { target: 'netsuite', limit: 15, sentMsAgo: 0 });
    const { ok, detail } = await check('calls at once to netsuite');
    assert.equal(ok, true, 'the line goes on');
    assert.match(detail, /7 of the 15 configured, since .* \(1 refused in all\).*limits\.concurrency/s);
  });

  it('names messages to owners that nobody takes', async () => {
    await enqueueNotification(store.db, { caseId: 'c', occasion: 'escalation', number: 1, recipient: 'finance_operations', message: 'past due' });
    await asSuperuser(store, [`update notification set created_at = now() - interval '11 minutes'`]);
    const { ok, detail } = await check('messages to owners');
    assert.equal(ok, false);
    assert.match(detail, /1 wait.*Q2C_NOTIFY_URL/s);
  });

  it('tells of a system that takes fewer requests per second than configured', async () => {
    await lowerRate(store.db, { target: 'clockify', configured: 40, sentMsAgo: 0, sustainable: 20, pauseMs: 1000 });
    await lowerRate(store.db, { target: 'sap', configured: null, sentMsAgo: 0, sustainable: 5, pauseMs: 1000 });
    const { ok, detail } = await check('requests per second to clockify');
    assert.equal(ok, true, 'the line goes on');
    assert.match(detail, /^16\.00 of the 40 configured, since it refused for too many at 20\d\d-.* \(1 refused in all\)/);
    assert.match((await check('requests per second to sap')).detail, /^4\.00 where no limit is configured/);
  });
});
