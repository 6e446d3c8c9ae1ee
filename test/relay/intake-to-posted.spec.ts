import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { pino } from 'pino';
import { bulkEndSchema, batchSchema, smallAnswerSchema } from '../../starters/gateway/time/openapi.ts';
import { startPageDispatch } from '../../starters/relay/pages.ts';
import { anAssignment, anEntry, aPerson, aTimesheet } from '../builders/time.ts';
import { ndjson, signed, stream, timeGateway, type ListeningGateway } from '../gateway/time/support.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

const PEOPLE = Array.from({ length: 40 }, (_, index) => `consultant-${index}@firm.example`);

describe('From the gateway to the ERP', function () {
  this.timeout(90_000);
  let line: TimeLine;
  let gateway: ListeningGateway;
  let dispatcher: { stop(): Promise<void> };
  before(async () => {
    line = await startTimeLine({ people: PEOPLE.map((email) => aPerson({ email })), assignments: PEOPLE.map((person) => anAssignment({ person })) });
    gateway = await timeGateway(line.store);
    dispatcher = startPageDispatch({ store: line.store, client: line.client, log: pino({ level: 'silent' }) });
  });
  after(async () => {
    await dispatcher.stop();
    await gateway.close();
    await line.stop();
    await stopTemporalServer();
  });

  let n = 0;
  function week(person: string, hours = '8') {
    n += 1;
    const sheet = aTimesheet([anEntry({ id: `E-${n}`, person, hours })]);
    return { ...sheet, id: `TS-${n}`, person, approval: { ...sheet.approval, of: { id: `TS-${n}`, version: 1 } } };
  }
  const status = async (batch: string) => batchSchema.parse((await gateway.app.inject({ url: `/v1/batches/${batch}`, headers: signed(`batch:${batch}`) })).json());
  const posted = async (batch: string) => (await sql<{ hours: string }>`select coalesce(sum(p.hours), 0) as hours from labor_posting p join time_record r on r.id = p.record where r.batch = ${batch} and p.state = 'done'`.execute(line.store.db)).rows[0]?.hours;

  it('a stream with good and bad weeks ends posted or refused, each accounted for, and sent twice posts nothing twice', async () => {
    const weeks = [...PEOPLE.slice(1).map((person) => week(person)), week(PEOPLE[0] ?? '', '30')];
    const body = `${ndjson(weeks)}{"cut off`;
    const send = async () => bulkEndSchema.parse(JSON.parse((await stream(gateway, [body], { headers: { 'idempotency-key': 'november' } })).text.trimEnd().split('\n').at(-1) ?? ''));
    const end = await send();
    assert.deepEqual([end.received, end.invalid], [40, 1]);
    await line.until('every week is decided and posted', async () => (await status(end.batch)).records.decided === 40 && Number(await posted(end.batch)) === 39 * 8, 60_000);
    assert.deepEqual((await status(end.batch)).outcomes, { accepted: 39, rejected: 1 });
    assert.equal((await send()).known, 40);
    await line.until('the page is done', async () => (await status(end.batch)).pages['done'] === 1);
    assert.equal(Number(await posted(end.batch)), 39 * 8);
  });

  it('one week by itself is posted by a process of its own', async () => {
    const [one] = [week(PEOPLE[0] ?? '')];
    const payload = JSON.stringify(one);
    const began = performance.now();
    const answer = await gateway.app.inject({ method: 'POST', url: '/v1/timesheets', payload, headers: { 'content-type': 'application/json', ...signed(payload, 'evt_single') } });
    const { batch } = smallAnswerSchema.parse(answer.json());
    await line.until('it is posted', async () => Number(await posted(batch)) === 8);
    console.log(`        from the request to the ERP: ${(performance.now() - began).toFixed(0)} ms`);
    assert.equal((await line.client.workflow.getHandle(`timesheet/harvest/${one?.id ?? ''}/1`).describe()).type, 'timesheet');
    await line.until('its page is done', async () => (await status(batch)).pages['done'] === 1);
  });
});
