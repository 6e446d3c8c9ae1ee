import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { z } from 'zod';
import { addDays } from '../../../domain/dates.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { answersSchema, batchRecordSchema, batchRecordsEndSchema, sentDocumentSchema } from '../../../starters/gateway/time/answers.ts';
import { smallAnswerSchema } from '../../../starters/gateway/time/openapi.ts';
import { problemSchema } from '../../../starters/gateway/problem.ts';
import { writeOutcome } from '../../../store/expenses/decision.ts';
import { storeTimeIntake } from '../../../starters/gateway/time/store.ts';
import { answersAfter } from '../../../store/sender-answers.ts';
import { openBatch, receiveRecords, sealBatch } from '../../../store/time/intake.ts';
import { aTimesheet, anEntry, MONDAY } from '../../builders/time.ts';
import { startDecisions, type Decisions } from '../../store/time/decisions.ts';
import { API_TOKEN, ndjson, report, signed, stream, timeGateway, type ListeningGateway } from './support.ts';

const bearer = { authorization: `Bearer ${API_TOKEN}` };

describe('gateway: what became of what was sent', function () {
  this.timeout(60_000);
  let line: Decisions;
  let gateway: ListeningGateway;
  let n = 0;
  before(async () => {
    line = await startDecisions();
    gateway = await timeGateway(line.store);
  });
  after(async () => {
    await gateway.close();
    await line.stop();
  });

  /** Six minutes a day, so that all timesheets of these tests find room in the one week whose period is open. */
  function week(entries: readonly Partial<TimeEntry>[], parts: Partial<Timesheet> = {}): Timesheet {
    n += 1;
    const id = parts.id ?? `TS-${n}`;
    return aTimesheet(entries.map((entry, nth) => anEntry({ id: `${id}/E-${nth + 1}`, workDate: addDays(MONDAY, nth), hours: '0.1', ...entry })), { id, ...parts });
  }

  async function send(documents: readonly unknown[], url = '/v1/timesheets'): Promise<string> {
    n += 1;
    const response = await gateway.app.inject({ method: 'POST', url, payload: JSON.stringify(documents), headers: { 'content-type': 'application/json', 'idempotency-key': `batch-${n}`, ...bearer } });
    assert.equal(response.statusCode, 202, response.body);
    return smallAnswerSchema.parse(response.json()).batch;
  }

  async function decide(batch: string): Promise<void> {
    for (const { page } of await line.rows(sql<{ page: number }>`select page from time_page where batch = ${batch} order by page`)) await line.decide({ batch, page });
  }

  const get = async (url: string, headers: Record<string, string> = bearer, on = gateway) => await on.app.inject({ method: 'GET', url, headers });

  async function recordsOf(batch: string, query = '', on = gateway) {
    const response = await get(`/v1/batches/${batch}/records${query}`, bearer, on);
    assert.equal(response.statusCode, 200, response.body);
    assert.match(String(response.headers['content-type']), /^application\/x-ndjson/);
    const lines: unknown[] = response.body.trimEnd().split('\n').map((text) => JSON.parse(text));
    return { records: lines.slice(0, -1).map((each) => batchRecordSchema.parse(each)), end: batchRecordsEndSchema.parse(lines.at(-1)) };
  }

  async function answers(query = '') {
    const response = await get(`/v1/answers${query}`);
    assert.equal(response.statusCode, 200, response.body);
    return answersSchema.parse(response.json());
  }

  /** Everything from a cursor on, in requests of so many answers. */
  async function following(cursor: string, limit = 500) {
    const all: z.infer<typeof answersSchema>['answers'] = [];
    for (let after = cursor; ; ) {
      const page = await answers(`?after=${after}&limit=${limit}`);
      all.push(...page.answers);
      after = page.next;
      if (!page.more) return { all, next: after };
    }
  }

  async function refused(asked: ReturnType<typeof get>, status: number, reason: string): Promise<void> {
    const response = await asked;
    assert.deepEqual([response.statusCode, problemSchema.parse(response.json()).type], [status, `urn:q2c:problem:${reason}`]);
  }

  const mixed = () => week([{}, { projectNumber: 'US01-Überbrückung-日本' }, { version: 2, replaces: { id: 'of-another-year', version: 1 } }]);

  describe('by batch', () => {
    it('each document has a line: what was accepted, what was refused with reason and mend, and what is held with what it waits for', async () => {
      const sheet = mixed();
      const batch = await send([sheet]);
      const [waiting] = (await recordsOf(batch)).records;
      assert.deepEqual([waiting?.state, waiting?.decidedAt, waiting?.outcomes, waiting?.isPosted], ['received', null, {}, false]);
      await decide(batch);
      const { records, end } = await recordsOf(batch);
      assert.deepEqual(end, { batch, complete: true, records: 1, next: null });
      const [told] = records;
      assert.ok(told);
      assert.deepEqual([told.system, told.id, told.version, told.person, told.state], ['harvest', sheet.id, 1, sheet.person, 'decided']);
      assert.deepEqual(told.outcomes, { accepted: 1, rejected: 1, held: 1 });
      assert.deepEqual(told.entries.map(({ id, outcome }) => [id, outcome]), [[`${sheet.id}/E-2`, 'rejected'], [`${sheet.id}/E-3`, 'held']]);
      const [rejected, held] = told.entries;
      assert.equal(rejected?.findings[0]?.code, 'PROJECT_UNKNOWN');
      assert.match(rejected.findings[0].message, /US01-Überbrückung-日本/);
      assert.ok(rejected.findings.every(({ mend }) => mend.length > 10));
      assert.equal(held?.waitsFor, 'time entry of-another-year version 1');
      assert.deepEqual(held.findings.map(({ code }) => code), ['ORIGINAL_NOT_SEEN']);
      assert.ok(held.findings.every(({ message, mend }) => message.length > 10 && mend.length > 10));
    });

    it('says of each whether it is posted', async () => {
      const batch = await send([week([{}])]);
      await decide(batch);
      const posted = async () => (await recordsOf(batch)).records.map((told) => [told.isPosted, told.posted.map(({ system, state, lines }) => [system, state, lines])]);
      assert.deepEqual(await posted(), [[false, [['netsuite', 'planned', 1]]]]);
      await sql`update labor_posting set state = 'done', done_at = now() where record in (select id from time_record where batch = ${batch})`.execute(line.store.db);
      assert.deepEqual(await posted(), [[true, [['netsuite', 'done', 1]]]]);
    });

    it('only those with an outcome are told where it is asked for', async () => {
      const [good, bad, both] = [week([{}]), week([{ projectNumber: 'NOBODYS' }]), mixed()];
      const batch = await send([good, bad, both]);
      const told = async (outcome: string) => (await recordsOf(batch, `?outcome=${outcome}`)).records.map(({ id }) => id);
      assert.deepEqual([await told('received'), await told('rejected')], [[good.id, bad.id, both.id], []]);
      await decide(batch);
      assert.deepEqual([await told('received'), await told('accepted'), await told('rejected'), await told('held'), await told('repeat')], [[], [good.id, both.id], [bad.id, both.id], [both.id], []]);
      await refused(get(`/v1/batches/${batch}/records?outcome=lost`), 422, 'schema');
    });

    it('a refused or held expense report has its reasons as a whole', async () => {
      const [late, missing] = [report(), report()];
      const batch = await send([late, missing], '/v1/expenses');
      const ids = await line.rows(sql<{ id: number; name: string }>`select id, record_id as name from time_record where batch = ${batch}`);
      const idOf = (name: string) => ids.find((row) => row.name === name)?.id ?? 0;
      const none = { codes: [], findings: [], waitsFor: null, holdMessage: null, remarks: [], configHash: 'c' };
      await writeOutcome(line.store.db, idOf(late.id), late, { ...none, outcome: 'held', codes: ['ORIGINAL_NOT_SEEN'], waitsFor: 'expense report R-1 version 1', holdMessage: 'It replaces R-1, which has not arrived yet.' });
      await writeOutcome(line.store.db, idOf(missing.id), missing, { ...none, outcome: 'rejected', codes: ['EXPENSE_RECEIPT_MISSING'], findings: [{ code: 'EXPENSE_RECEIPT_MISSING', kind: 'business_rule', path: 'lines[0].receipt', message: 'Quittung für „Zürich – 東京“ fehlt.', mend: 'Add it.', overridable: true }] });
      const { records } = await recordsOf(batch);
      assert.deepEqual(records.map(({ kind, outcome, waitsFor, outcomes }) => [kind, outcome, waitsFor, outcomes]), [['expense', 'held', 'It replaces R-1, which has not arrived yet.', { held: 1 }], ['expense', 'rejected', null, { rejected: 1 }]]);
      assert.deepEqual(records[1]?.findings, [{ code: 'EXPENSE_RECEIPT_MISSING', kind: 'business_rule', path: 'lines[0].receipt', message: 'Quittung für „Zürich – 東京“ fehlt.', mend: 'Add it.' }]);
      assert.deepEqual((await recordsOf(batch, '?outcome=rejected')).records.map(({ id }) => id), [missing.id]);
    });

    it('a thousand documents come as a stream, or in parts that join without gap or repeat', async () => {
      const sheets = Array.from({ length: 1000 }, () => week([{}]));
      const sent = await stream(gateway, [ndjson(sheets)], { headers: { 'idempotency-key': 'a-thousand' } });
      const batch = String(sent.headers['x-batch']);
      const response = await fetch(`${gateway.url}/v1/batches/${batch}/records`, { headers: bearer });
      const lines = (await response.text()).trimEnd().split('\n');
      assert.equal(lines.length, 1001);
      const whole = lines.slice(0, -1).map((text) => batchRecordSchema.parse(JSON.parse(text)).id);
      assert.deepEqual(whole.toSorted(), sheets.map(({ id }) => id).toSorted());
      const parts: string[] = [];
      for (let next: number | null = 0; next !== null; ) {
        const part: Awaited<ReturnType<typeof recordsOf>> = await recordsOf(batch, `?limit=333&after=${next}`);
        parts.push(...part.records.map(({ id }) => id));
        next = part.end.next;
      }
      assert.deepEqual(parts, whole);
    });

    it('an answer that the store breaks off says so, and from where to ask again', async () => {
      const sheets = Array.from({ length: 450 }, () => week([{}]));
      const batch = await send(sheets);
      const { records: whole } = await recordsOf(batch);
      let asked = 0;
      const { answersOf } = storeTimeIntake(line.store.db);
      const broken = await timeGateway(line.store, { intake: { answersOf: async (which) => ((asked += 1) === 3 ? await Promise.reject(new Error('connect ECONNREFUSED')) : await answersOf(which)) } });
      try {
        const { records, end } = await recordsOf(batch, '', broken);
        assert.deepEqual([records.length, end.complete, end.records, end.next, end.problem?.reason], [400, false, 400, records.at(-1)?.record, 'store_unavailable']);
        const rest = await recordsOf(batch, `?after=${end.next}`, broken);
        assert.deepEqual([...records, ...rest.records], whole);
        assert.equal(rest.end.complete, true);
      } finally {
        await broken.close();
      }
    });

    it('one that was never sent, or by somebody else, is not there', async () => {
      const { db } = line.store;
      const { id: theirs } = await openBatch(db, { source: 'clockify', kind: 'timesheets', idempotencyKey: 'sweep-1' });
      await receiveRecords(db, theirs, [week([{}])]);
      await sealBatch(db, theirs);
      for (const batch of ['no-such-batch', theirs]) {
        await refused(get(`/v1/batches/${batch}`), 404, 'not-found');
        await refused(get(`/v1/batches/${batch}/records`), 404, 'not-found');
      }
    });
  });

  describe('by document', () => {
    it('all versions are told, or the latest, or one', async () => {
      const id = 'TS/Zoë 日本/46';
      const first = week([{ projectNumber: 'NOBODYS' }], { id });
      const second = { ...first, version: 2, replaces: { id, version: 1 }, approval: { ...first.approval, of: { id, version: 2 } }, entries: first.entries.map((entry) => ({ ...entry, version: 2, replaces: { id: entry.id, version: 1 }, projectNumber: 'US01-TECH-A' })) };
      const path = `/v1/timesheets/harvest/${encodeURIComponent(id)}`;
      const ask = async (query = '') => sentDocumentSchema.parse((await get(`${path}${query}`, signed(`timesheet:harvest/${id}`))).json());
      await decide(await send([first]));
      assert.deepEqual((await ask()).versions.map(({ version, entries }) => [version, entries[0]?.outcome, entries[0]?.findings[0]?.code]), [[1, 'rejected', 'PROJECT_UNKNOWN']]);
      await decide(await send([second]));
      const whole = await ask();
      assert.deepEqual([whole.latest, whole.versions.map(({ version, entries }) => [version, entries[0]?.outcome])], [2, [[1, 'returned'], [2, 'accepted']]]);
      assert.deepEqual((await ask('?version=latest')).versions.map(({ version }) => version), [2]);
      assert.deepEqual((await ask('?version=1')).versions.map(({ version }) => version), [1]);
      await refused(get(`${path}?version=3`), 404, 'not-found');
      await refused(get(`${path}?version=newest`), 422, 'schema');
    });

    it('of one that is held, what it waits for', async () => {
      const sheet = mixed();
      await decide(await send([sheet]));
      const { versions } = sentDocumentSchema.parse((await get(`/v1/timesheets/harvest/${encodeURIComponent(sheet.id)}`)).json());
      assert.deepEqual(versions[0]?.entries.map(({ outcome, waitsFor }) => [outcome, waitsFor]), [['accepted', null], ['rejected', null], ['held', 'time entry of-another-year version 1']]);
    });
  });

  describe('as it is decided', () => {
    it('refusals with their reasons and acceptances come in the order of their decisions, in parts without gap or repeat', async () => {
      const { next: cursor } = await following('0');
      const sheets = Array.from({ length: 7 }, (_, nth) => week([nth % 2 === 0 ? {} : { projectNumber: 'NOBODYS' }]));
      const batches: string[] = [];
      for (const sheet of sheets) batches.push(await send([sheet]));
      assert.deepEqual((await following(cursor)).all, [], 'what is not decided yet is no answer');
      for (const batch of batches.toReversed()) await decide(batch);
      const { all, next } = await following(cursor, 2);
      assert.deepEqual(all.map(({ id }) => id), sheets.map(({ id }) => id).toReversed());
      assert.deepEqual(all.map(({ entries }) => entries[0]?.findings[0]?.code), [undefined, 'PROJECT_UNKNOWN', undefined, 'PROJECT_UNKNOWN', undefined, 'PROJECT_UNKNOWN', undefined]);
      assert.deepEqual(await answers(`?after=${next}`), { answers: [], next, more: false });
      assert.deepEqual((await following(cursor)).all, all, 'the same cursor has the same answers');
    });

    it('what was decided early and committed late is not missed', async () => {
      const { db } = line.store;
      const [early, late] = [week([{}]), week([{}])];
      const [slow, fast] = [await send([early]), await send([late])];
      const { next: cursor } = await following('0');
      const deciding = await db.startTransaction().execute();
      let caught: Awaited<ReturnType<typeof following>>;
      try {
        await sql`update time_record set state = 'decided', decided_at = now() where batch = ${slow}`.execute(deciding);
        await decide(fast);
        caught = await following(cursor);
        assert.deepEqual(caught.all.map(({ id }) => id), [late.id], 'nobody waits for a decision that is being made');
      } finally {
        await deciding.commit().execute();
      }
      assert.deepEqual((await following(caught.next)).all.map(({ id }) => id), [early.id]);
    });

    it('an answer that becomes another comes again, and one that stays does not', async () => {
      const original = week([{ id: 'given-later' }]);
      const correction = week([{ id: 'given-later', version: 2, replaces: { id: 'given-later', version: 1 }, hours: '0.2' }], { id: original.id, version: 2, replaces: { id: original.id, version: 1 } });
      const { next: start } = await following('0');
      await decide(await send([correction]));
      const held = await following(start);
      assert.deepEqual(held.all.map(({ version, outcomes, entries }) => [version, outcomes, entries[0]?.waitsFor]), [[2, { held: 1 }, 'time entry given-later version 1']]);
      const [waiting] = await line.rows(sql<{ id: number }>`select id from time_record where record_id = ${original.id} and version = 2`);
      await line.decide({ records: [waiting?.id ?? 0] }, true);
      assert.deepEqual((await following(held.next)).all, [], 'judged once more with the same result');
      await decide(await send([original]));
      const released = await following(held.next);
      assert.deepEqual(released.all.map(({ version, outcomes }) => [version, outcomes]).toSorted(), [[1, { accepted: 1 }], [2, { accepted: 1 }]]);
    });

    it('readers at the same time have the same answers in the same order, and all of them', async () => {
      const { next: cursor } = await following('0');
      const batches: string[] = [];
      for (let count = 0; count < 12; count += 1) batches.push(await send([week([{}])]));
      const readings = Promise.all(Array.from({ length: 3 }, async () => {
        const seen: string[] = [];
        for (let after = cursor; seen.length < batches.length; ) {
          const page = await answers(`?after=${after}&limit=5`);
          seen.push(...page.answers.map(({ batch }) => batch));
          after = page.next;
        }
        return seen;
      }));
      await Promise.all(batches.map(decide));
      const [first, ...others] = await readings;
      assert.ok(first);
      assert.deepEqual(first.toSorted(), batches.toSorted());
      for (const other of others) assert.deepEqual(other, first);
    });

    it('a sender has its own answers only, and a cursor it was given', async () => {
      const { db } = line.store;
      const { next: cursor } = await following('0');
      await line.take(week([{ projectNumber: 'NOBODYS' }]));
      assert.deepEqual((await following(cursor)).all, []);
      const theirs = await answersAfter(db, { source: 'test', after: 0, limit: 500 });
      assert.deepEqual([theirs?.answers.length, theirs?.answers[0]?.batch.length === 0], [1, false]);
      await refused(get('/v1/answers?after=999999999999'), 422, 'schema');
      await refused(get('/v1/answers?after=yesterday'), 422, 'schema');
      await refused(get('/v1/answers?limit=501'), 422, 'schema');
    });
  });

  it('is told to nobody without proof', async () => {
    const sheet = week([{}]);
    const batch = await send([sheet]);
    const asked = { [`/v1/batches/${batch}`]: `batch:${batch}`, [`/v1/batches/${batch}/records`]: `batch:${batch}`, [`/v1/timesheets/harvest/${sheet.id}`]: `timesheet:harvest/${sheet.id}`, '/v1/answers': 'answers:', '/v1/answers?after=0': 'answers:0' };
    for (const [url, content] of Object.entries(asked)) {
      assert.equal((await get(url, signed(content))).statusCode, 200, url);
      await refused(get(url, signed('batch:another')), 401, 'bad-signature');
      await refused(get(url, { authorization: 'Bearer guess' }), 401, 'bad-signature');
      await refused(get(url, {}), 401, 'unsigned');
    }
    await refused(get('/v1/answers?after=1', signed('answers:0')), 401, 'bad-signature');
  });

  it('is 503 with Retry-After while the store is away', async () => {
    const away = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const broken = await timeGateway(line.store, { intake: { versions: away, recordsOfBatch: away, answersAfter: away } });
    for (const url of ['/v1/timesheets/harvest/TS-1', '/v1/batches/b/records', '/v1/answers']) {
      const response = await get(url, bearer, broken);
      assert.deepEqual([response.statusCode, response.headers['retry-after']], [503, '30'], url);
    }
    await broken.close();
  });
});
