import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { sql } from 'kysely';
import { pino } from 'pino';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { expenseReportProcessId, timesheetPageId, timesheetProcessId } from '../../domain/process/time-process.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { startPageDispatch, type PageDispatchSettings } from '../../starters/relay/pages.ts';
import type { Store } from '../../store/database.ts';
import { openBatch, receiveRecords, sealBatch, type BatchKind } from '../../store/time/intake.ts';
import { pageDone } from '../../store/time/pages.ts';
import { putReference } from '../../store/time/reference.ts';
import { anEntry, aPerson, aTimesheet } from '../builders/time.ts';
import { asSuperuser, freshStore } from '../store/support.ts';
import { stopTemporalServer, theTemporalServer } from '../support/temporal.ts';

const ADA = 'ada@firm.example';
const EMIL = 'emil@firm.example';
let n = 0;

function sheet(person = ADA, parts: Partial<Timesheet> = {}): Timesheet {
  n += 1;
  return { ...aTimesheet([anEntry({ id: `E-${n}`, person })]), id: `TS-${n}`, person, ...parts };
}
const sheets = (count: number, person?: string) => Array.from({ length: count }, () => sheet(person));

describe('The dispatcher of pages', function () {
  this.timeout(60_000);
  let store: Store;
  let client: Client;
  const stops: (() => Promise<void>)[] = [];
  before(async () => {
    store = await freshStore();
    ({ client } = await theTemporalServer());
    const person = (email: string, legalEntity: string) => ({ kind: 'person', key: email, scope: email, document: aPerson({ email, legalEntity }) });
    await putReference(store.db, 'test', [person(ADA, 'US01'), person(EMIL, 'DE01')]);
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    for await (const { workflowId } of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) await client.workflow.getHandle(workflowId).terminate('the test is over').catch(() => undefined);
    await asSuperuser(store, ['truncate time_batch, time_page, time_record cascade']);
  });
  after(async () => {
    await store.close();
    await stopTemporalServer();
  });

  function dispatch(settings: Partial<PageDispatchSettings> = {}) {
    const dispatcher = startPageDispatch({ store, client, log: pino({ level: 'silent' }), ...settings });
    stops.push(() => dispatcher.stop());
  }
  async function batchOf(documents: Timesheet[], kind: BatchKind = 'timesheets') {
    const { id } = await openBatch(store.db, { source: 'canonical', kind, idempotencyKey: `key-${(n += 1)}` });
    const records = await receiveRecords(store.db, id, documents);
    await sealBatch(store.db, id);
    return { id, records };
  }
  const states = async () => (await sql<{ entity: string; state: string; priority: number }>`select legal_entity as entity, state, priority from time_page order by batch, page`.execute(store.db)).rows;
  async function until(what: string, holds: () => Promise<boolean>) {
    const end = Date.now() + 20_000;
    while (!(await holds())) {
      assert.ok(Date.now() < end, `not in time: ${what}`);
      await delay(50);
    }
  }
  const allAre = (state: string) => until(`all pages are ${state}`, async () => (await states()).every((page) => page.state === state));
  const describeIt = (workflowId: string) => client.workflow.getHandle(workflowId).describe();

  it('starts one process for a page, found in the UI by process and legal entity, with the entity\'s turn and words for people', async () => {
    const { id } = await batchOf([...sheets(3), ...sheets(2, EMIL)]);
    dispatch();
    await allAre('started');
    const page = await describeIt(timesheetPageId({ batch: id, page: 2 }));
    assert.equal(page.type, 'timesheetPage');
    assert.equal(page.taskQueue, LINE_QUEUE);
    assert.deepEqual([page.priority?.priorityKey, page.priority?.fairnessKey], [2, 'US01']);
    assert.equal(await page.staticSummary(), `3 timesheets of US01: page 2 of batch ${id}`);
    assert.equal(page.searchAttributes['LegalEntity']?.[0], 'US01');
  });

  it('starts a single timesheet as a process of its own', async () => {
    const one = sheet();
    const { records } = await batchOf([one]);
    dispatch();
    await allAre('started');
    const handle = client.workflow.getHandle(timesheetProcessId(one));
    assert.equal((await handle.describe()).type, 'timesheet');
    const { events } = await handle.fetchHistory();
    const input = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
    assert.deepEqual(JSON.parse(Buffer.from(input ?? []).toString()), { record: records[0]?.record, system: one.system, id: one.id, version: 1, person: ADA, legalEntity: 'US01', priority: 1 });
  });

  it('loses no second document under the same version: it goes as a page, to be refused by name', async () => {
    const one = sheet();
    await batchOf([one]);
    const { id } = await batchOf([{ ...one, entries: [anEntry({ hours: '9' })] }]);
    dispatch();
    await allAre('started');
    assert.equal((await describeIt(timesheetProcessId(one))).type, 'timesheet');
    assert.equal((await describeIt(timesheetPageId({ batch: id, page: 1 }))).type, 'timesheetPage');
  });

  it('starts a process for each expense report of a page, and sees by the store when all are decided', async () => {
    const reports = sheets(2);
    await batchOf(reports, 'expenses');
    dispatch();
    await allAre('started');
    for (const report of reports) assert.equal((await describeIt(expenseReportProcessId(report))).type, 'expenseReport');
    await asSuperuser(store, ["update time_record set state = 'decided'"]);
    await allAre('done');
  });

  it('runs no more than its bound, gives entities their turn, and goes on when a page is done', async () => {
    for (let index = 0; index < 6; index += 1) await batchOf(sheets(2));
    const { id } = await batchOf(sheets(2, EMIL));
    dispatch({ maxSmallRunning: 5 });
    const started = async () => (await states()).filter(({ state }) => state === 'started').map(({ entity }) => entity).toSorted();
    await until('as many run as may', async () => (await started()).length === 3);
    await delay(300);
    assert.deepEqual(await started(), ['DE01', 'US01', 'US01']);
    await pageDone(store.db, { batch: id, page: 1 }, {});
    await delay(300);
    assert.deepEqual(await started(), ['US01', 'US01'], 'DE01 has no more, and US01 has what it may have');
  });

  it('lets a small page of an entity that has sent much go beside its large ones', async () => {
    await batchOf(sheets(21));
    await batchOf(sheets(21));
    const { id } = await batchOf(sheets(2));
    dispatch({ maxRunning: 1 });
    await until('two run', async () => (await states()).filter(({ state }) => state === 'started').length === 2);
    assert.equal((await describeIt(timesheetPageId({ batch: id, page: 1 }))).status.name, 'RUNNING');
  });

  it('gives a legal entity no more large pages at once than its share beside others that send too', async () => {
    const PLACES = 8;
    for (let index = 0; index < 4; index += 1) await batchOf(sheets(21));
    const others = ['FR01', 'GB01', 'AU01', 'CA01'].map((legalEntity) => ({ legalEntity, email: `${legalEntity.toLowerCase()}@firm.example` }));
    await putReference(store.db, 'test', others.map(({ legalEntity, email }) => ({ kind: 'person', key: email, scope: email, document: aPerson({ email, legalEntity }) })));
    for (const { email } of others) await batchOf(sheets(2, email));
    dispatch({ maxRunning: PLACES });
    await until('all small pages run', async () => (await states()).filter(({ entity, state }) => entity !== 'US01' && state === 'started').length === others.length);
    await delay(300);
    assert.equal((await states()).filter(({ entity, state }) => entity === 'US01' && state === 'started').length, 1, 'five legal entities send: one of eight places each');
  });

  describe('where an ERP takes nothing', () => {
    /** A line for each of the batch's records, all decided, in a state. */
    const decided = async (batch: string, system: string, state: string) =>
      await asSuperuser(store, [
        `update time_record set state = 'decided' where batch = '${batch}'`,
        `insert into labor_posting (key, record, system, legal_entity, accounting_period, kind, hours, currency, amount, line, state, done_at)
         select system || record_id || '${state}', id, '${system}', 'US01', '2026-01', 'original', 8, 'USD', 800, '{}', '${state}', case when '${state}' = 'done' then now() end from time_record where batch = '${batch}'`,
      ]);
    const started = async () => (await sql<{ batch: string }>`select batch from time_page where state = 'started' order by batch`.execute(store.db)).rows.map(({ batch }) => batch);
    afterEach(async () => await asSuperuser(store, ['truncate labor_posting']));

    async function bothPlacesTaken(lively: boolean) {
      const [away, other] = [await batchOf(sheets(21)), await batchOf(sheets(21, EMIL))];
      dispatch({ maxRunning: 2, silentErpMs: 1500 });
      await until('both places are taken', async () => (await started()).length === 2);
      await decided(away.id, 'tryton', 'not_done');
      await decided(other.id, lively ? 'tryton' : 'netsuite', 'done');
      const next = await batchOf(sheets(21));
      return { away, next };
    }

    it('gives the place of a page that waits for it to another', async () => {
      const { next } = await bothPlacesTaken(false);
      await until('the next page has the place', async () => (await started()).includes(next.id));
    });

    it('keeps the place of a page that waits while its ERP takes others', async () => {
      const { away, next } = await bothPlacesTaken(true);
      const end = Date.now() + 3000;
      while (Date.now() < end) {
        await asSuperuser(store, ["update labor_posting set done_at = now() where state = 'done'"]);
        await delay(100);
      }
      assert.equal((await started()).includes(next.id), false);
      assert.equal((await started()).includes(away.id), true);
    });
  });

  it('gives a legal entity that sends alone a quarter of the places', async () => {
    for (let index = 0; index < 4; index += 1) await batchOf(sheets(21));
    dispatch({ maxRunning: 8 });
    await until('two run', async () => (await states()).filter(({ state }) => state === 'started').length === 2);
    await delay(300);
    assert.equal((await states()).filter(({ state }) => state === 'started').length, 2);
  });

  it('weighs pages by the payroll cutoff of their days', async () => {
    const cutoffAt = new Date(Date.now() + 3_600_000).toISOString();
    await putReference(store.db, 'test', [{ kind: 'pay_period', key: 'DE01|2026-11', scope: 'DE01', document: { schema: 'pay-period', schemaVersion: 1, legalEntity: 'DE01', code: '2026-11', from: '2026-11-01', to: '2026-11-30', cutoffAt, payDate: '2026-11-30' } }]);
    await batchOf([...sheets(2), ...sheets(2, EMIL)]);
    dispatch();
    await allAre('started');
    assert.deepEqual((await states()).map(({ entity, priority }) => [entity, priority]), [['DE01', 1], ['US01', 2]]);
  });

  it('joins the process it started before a crash, and marks a page whose process is through', async () => {
    const { id } = await batchOf(sheets(2));
    dispatch();
    await allAre('started');
    const { runId } = await describeIt(timesheetPageId({ batch: id, page: 1 }));
    await asSuperuser(store, ["update time_page set state = 'ready'"]);
    await allAre('started');
    assert.equal((await describeIt(timesheetPageId({ batch: id, page: 1 }))).runId, runId);
  });

  it('begins a page anew whose process was terminated', async () => {
    const { id } = await batchOf(sheets(2));
    dispatch();
    await allAre('started');
    const handle = client.workflow.getHandle(timesheetPageId({ batch: id, page: 1 }));
    const { runId } = await handle.describe();
    await handle.terminate('by mistake');
    await asSuperuser(store, ["update time_page set started_at = now() - interval '1 hour'"]);
    await until('it runs again', async () => {
      const now = await handle.describe();
      return now.runId !== runId && now.status.name === 'RUNNING';
    });
  });

  it('seals what a cut connection left open', async () => {
    const { id } = await openBatch(store.db, { source: 'canonical', kind: 'timesheets', idempotencyKey: `key-${(n += 1)}` });
    await receiveRecords(store.db, id, sheets(2));
    await asSuperuser(store, ["update time_batch set touched_at = now() - interval '3 minutes'"]);
    dispatch();
    await allAre('started');
  });
});
