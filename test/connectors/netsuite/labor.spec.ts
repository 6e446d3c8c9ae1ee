import assert from 'node:assert/strict';
import { z } from 'zod';
import { createNetSuite } from '../../../connectors/netsuite/index.ts';
import { isUnsupported, type ErpPort } from '../../../connectors/ports.ts';
import type { LaborPort } from '../../../connectors/labor-port.ts';
import type { LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import { startSandboxes, type RunningSandboxes } from '../../../sandbox/all.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, silent } from '../conformance/documents.ts';
import { describeLaborPort } from '../conformance/labor.ts';
import { billed, laborLine, reversalOf, type LaborPlace } from '../conformance/labor-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';

const OPTIONS = { subsidiaries: { US01: '2', DE01: '5', JP01: '8' }, currencies: { USD: '1', EUR: '4', JPY: '7' }, items: { TECHNOLOGY: '12' }, accountUrl: 'https://1234567.app.netsuite.com' };
const PLACE: LaborPlace = {
  system: 'netsuite', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', task: '2-1',
  people: Array.from({ length: 12 }, (_, index) => `person-${index}@northwind-consulting.example`),
  projects: Array.from({ length: 5 }, (_, index) => `US01-TECH-P${index}`),
};
const BATCH = { method: 'POST', path: '/record/v1/timeBill$' };
const fieldsSchema = z.looseObject({ id: z.string(), externalId: z.string().optional(), fields: z.record(z.string(), z.unknown()) });
const limitsSchema = z.object({ limit: z.number(), peak: z.number(), refused: z.number() });

function laborOf(erp: ErpPort): LaborPort {
  assert.ok(!isUnsupported(erp.labor));
  return erp.labor;
}

describe('Labor in NetSuite', function () {
  this.timeout(60_000);
  let sandboxes: RunningSandboxes;
  let labor: LaborPort;
  const url = () => sandboxes.url('netsuite');
  const admin = sandboxAdmin(url);
  const connect = (limits: { concurrency: number | null } = { concurrency: 10 }, options: object = OPTIONS) =>
    laborOf(createNetSuite({ system: 'netsuite', baseUrl: url(), credentials: sandboxes.credentials.netsuite, options, log: silent, limits: { requestsPerSecond: null, timeoutSeconds: 20, ...limits } }));
  const put = async (path: string, body: object, method = 'PUT') => {
    const answer = await fetch(`${url()}/__admin/${path}`, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.text());
  };
  const limits = async () => limitsSchema.parse(await (await fetch(`${url()}/__admin/limits`)).json());
  const stored = async (key: string) => z.array(fieldsSchema).parse((await admin.state())['timeBill'] ?? []).filter((record) => record.externalId === key);
  const hire = async (email: string) => void (await admin.seed({ employee: [{ firstName: 'A', entityId: email, email, subsidiary: { id: '2' } }] }));
  const line = (change: Partial<LaborPosting> = {}) => laborLine(PLACE, change);

  before(async () => {
    sandboxes = await startSandboxes({ only: ['netsuite'], options: { netsuite: { asyncDelayMs: 5 } } });
    for (const email of PLACE.people) await hire(email);
    await admin.seed({ job: PLACE.projects.map((number) => ({ externalId: number, entityId: number, companyName: 'Cloud migration', subsidiary: { id: '2' }, jobItem: { id: '13' } })) });
    await admin.seed({ projectTask: PLACE.projects.flatMap((number) => [{ title: '2-1 Design', project: { externalId: number } }, { title: '9 Not billable', project: { externalId: number } }]) });
    labor = connect();
  });
  after(async () => sandboxes?.close());

  /** Compared with what the account holds, as its administrator sees it. */
  async function check(posting: LaborPosting): Promise<void> {
    const [record] = await stored(posting.key);
    const fields = record?.fields ?? {};
    const idIn = (value: unknown): unknown => Reflect.get(Object(value), 'id');
    const { billing } = posting;
    assert.equal(fields['tranDate'], posting.workDate);
    assert.equal(String(fields['custcol_q2c_hours']), String(Number(posting.hours)));
    assert.equal(fields['hours'], Math.sign(Number(posting.hours)) * Math.round(Math.abs(Number(posting.hours)) * 60));
    assert.equal(fields['memo'] ?? '', posting.notes);
    assert.equal(Number(fields['custcol_q2c_amount']), Number(billing.amount.amount));
    assert.equal(fields['custcol_q2c_currency'], billing.amount.currency);
    assert.equal(fields['isBillable'], billing.status === 'actuals');
    assert.equal(fields['custcol_q2c_reverses'] ?? null, posting.reverses);
    assert.equal(idIn(fields['subsidiary']), Reflect.get(OPTIONS.subsidiaries, posting.legalEntity));
    const state = await admin.state();
    const named = (collection: string, value: unknown, field: string) => z.array(fieldsSchema).parse(state[collection]).find((each) => each.id === idIn(value))?.fields[field];
    assert.equal(named('employee', fields['employee'], 'email'), posting.person);
    assert.equal(named('job', fields['customer'], 'entityId'), posting.projectNumber);
    assert.equal(named('projectTask', fields['caseTaskEvent'], 'title'), '2-1 Design');
  }

  describeLaborPort({
    name: 'Labor in NetSuite',
    // What a job is answered says nothing that is not asked again: its lines are looked up by their keys.
    badAnswers: { find: { 'numbers-as-text': 'refused' }, post: { empty: 'taken', truncated: 'taken', 'wrong-schema': 'taken' }, totals: { 'numbers-as-text': 'refused' } },
    port: () => labor,
    place: () => PLACE,
    count: async (key) => (await stored(key)).length,
    check,
    write: BATCH,
    after: { method: 'POST', path: '/query/v1/suiteql$' },
    currencies: [{ currency: 'JPY', amount: '26000', rate: '26000' }, { currency: 'KWD', amount: '65.125', rate: '65.125' }, { currency: 'BHD', amount: '80.005', rate: '80.005' }, { currency: 'EUR', amount: '180.50', rate: '180.5' }],
    breakOff: { on: () => put('mode', { mode: 'async-partial' }, 'POST'), off: () => put('mode', { mode: 'default' }, 'POST') },
    hire,
  }, sandboxFaults(url));

  describe('beyond what every labor port promises', () => {
    afterEach(async () => admin.clearFaults());
    const requests = async () => (await admin.requests()).map(({ method, url: path }) => `${method} ${path.split('?', 1)[0]}`);
    const asked = async (work: () => Promise<unknown>) => {
      const before = await requests();
      await work();
      return (await requests()).slice(before.length);
    };

    it('needs two requests for a batch whose people and projects it knows: it hands it over, and asks for the IDs', async () => {
      await labor.post([line()], callContext());
      for (let tries = 0; tries < 3; tries += 1) await labor.post([line()], callContext());
      const sent = await asked(() => labor.post(Array.from({ length: 40 }, () => line()), callContext()));
      assert.deepEqual([sent[0], sent.at(-1)], ['POST /services/rest/record/v1/timeBill', 'POST /services/rest/query/v1/suiteql']);
      assert.ok(sent.length === 2 || sent.some((each) => each.includes('/async/v1/job/')), sent.join(', '));
    });

    it('recognises a batch it has handed over by its idempotency key', async () => {
      const lines = [line(), line()];
      await labor.post(lines, callContext());
      await labor.post(lines, callContext());
      const state = await admin.state();
      assert.equal(z.array(z.looseObject({ size: z.number() })).parse(state['asyncJob']).filter((job) => job.size === 2).length >= 1, true);
      for (const each of lines) assert.equal((await stored(each.key)).length, 1);
      const handed = (await admin.requests()).filter(({ url: path }) => path.endsWith('/timeBill')).slice(-2).map(({ status }) => status);
      assert.deepEqual(handed, [202, 400], 'NetSuite says that it knows the key');
    });

    it('names the reason of each line NetSuite refuses, and posts the others', async () => {
      const [first = ''] = PLACE.projects;
      const closed = `US01-TECH-C${crypto.randomUUID().slice(0, 6)}`;
      await admin.seed({ job: [{ externalId: closed, entityId: closed, companyName: 'Closed', subsidiary: { id: '2' }, allowTime: false }] });
      const lines = [line({ projectNumber: closed }), line({ projectNumber: first }), line({ projectNumber: closed })];
      const answers = await labor.post(lines, callContext());
      assert.deepEqual(answers.map((answer) => answer.outcome), ['refused', 'posted', 'refused']);
      const [refusal] = answers;
      assert.ok(refusal?.outcome === 'refused');
      assert.equal(refusal.failure.kind, 'business_rule');
      assert.match(refusal.failure.message, /does not allow time entry/);
      assert.match(refusal.failure.object, new RegExp(closed));
      await admin.seed({ job: [{ externalId: closed, companyName: 'Open again', subsidiary: { id: '2' }, allowTime: true }] });
      assert.deepEqual((await labor.post(lines, callContext())).map((answer) => answer.outcome), ['posted', 'posted', 'posted']);
      for (const each of lines) assert.equal((await stored(each.key)).length, 1);
    });

    it('asks again where answers about a job are lost, and names the reasons all the same', async () => {
      const closed = `US01-TECH-L${crypto.randomUUID().slice(0, 6)}`;
      await admin.seed({ job: [{ externalId: closed, entityId: closed, companyName: 'Closed', subsidiary: { id: '2' }, allowTime: false }] });
      for (const kind of ['cut-before', 'cut-after', 'html', 'wrong-schema'] as const) await admin.fault({ kind, method: 'GET', path: '/async/v1/job/' });
      const lines = [line({ projectNumber: closed }), line()];
      assert.deepEqual((await labor.post(lines, callContext())).map((answer) => answer.outcome), ['refused', 'posted']);
      assert.deepEqual(await Promise.all(lines.map(async ({ key }) => (await stored(key)).length)), [0, 1]);
    });

    it('is in doubt, not refused, where NetSuite says nothing more about a job', async () => {
      await put('mode', { mode: 'async-stuck' }, 'POST');
      await admin.fault({ kind: 'status', status: 500, method: 'GET', path: '/async/v1/job/', times: 20 });
      const lines = [line()];
      const failure = await failureOf(() => labor.post(lines, callContext()));
      await admin.clearFaults();
      await put('mode', { mode: 'default' }, 'POST');
      assert.equal(failure.written, 'unknown');
      assert.deepEqual((await labor.post(lines, callContext())).map((answer) => answer.outcome), ['posted']);
      assert.equal((await stored(lines[0]?.key ?? '')).length, 1);
    });

    it('looks an employee up again whom NetSuite no longer takes', async () => {
      const email = `moved-${crypto.randomUUID().slice(0, 6)}@northwind-consulting.example`;
      const [id] = Object.values(await admin.seed({ employee: [{ externalId: email.slice(0, 12), firstName: 'A', lastName: 'Moved', entityId: email, email, subsidiary: { id: '2' } }] })).flat();
      assert.equal((await labor.post([line({ person: email })], callContext()))[0]?.outcome, 'posted');
      await admin.seed({ employee: [{ externalId: email.slice(0, 12), subsidiary: { id: '2' }, isInactive: true }] });
      await hire(email.replace('moved', 'moved.again'));
      const late = line({ person: email });
      const [refusal] = await labor.post([late], callContext());
      assert.equal(refusal?.outcome === 'refused' && refusal.failure.code !== 'PERSON_UNKNOWN', true, `employee ${id}`);
      const [next] = await labor.post([late], callContext());
      assert.equal(next?.outcome === 'refused' && next.failure.code, 'PERSON_UNKNOWN');
    });

    it('will not choose between two employees with one e-mail address, and posts as soon as only one of them is active', async () => {
      const email = `twin-${crypto.randomUUID().slice(0, 6)}@northwind-consulting.example`;
      const externalIds = [1, 2].map((twin) => `${email.slice(0, 11)}-${twin}`);
      await admin.seed({ employee: externalIds.map((externalId) => ({ externalId, firstName: 'A', entityId: `${email} ${externalId}`, email, subsidiary: { id: '2' } })) });
      const late = line({ person: email });
      const [answer] = await labor.post([late], callContext());
      assert.equal(answer?.outcome === 'refused' && answer.failure.code, 'PERSON_AMBIGUOUS');
      await admin.seed({ employee: [{ externalId: externalIds[1], subsidiary: { id: '2' }, isInactive: true }] });
      assert.deepEqual((await labor.post([late], callContext())).map(({ outcome }) => outcome), ['posted']);
    });

    it('keeps the employer\'s cost of work for a project that another ERP has, without the project', async () => {
      const abroad = line({ purpose: 'labor', projectEntity: 'FR01', projectNumber: 'FR01-TECH-ELSEWHERE', billing: { status: 'none', rate: null, amount: { amount: '0', currency: 'EUR' }, writtenOff: { amount: '0', currency: 'EUR' } }, transfer: { amount: '480.00', currency: 'EUR' } });
      assert.equal((await labor.post([abroad], callContext()))[0]?.outcome, 'posted');
      const [record] = await stored(abroad.key);
      assert.deepEqual([record?.fields['customer'], record?.fields['custcol_q2c_project'], record?.fields['custcol_q2c_cost'], record?.fields['custcol_q2c_transfer']], [undefined, 'FR01-TECH-ELSEWHERE', 600, 480]);
    });

    it('bills a daily rate and a reached cap at what they come to by the hour', async () => {
      const daily = line({ hours: '4', billing: { ...billed('800.00', 'USD', '1600'), rate: { laborCategory: 'CONSULTANT', unit: 'day', rate: '1600', currency: 'USD', from: '2026-01-01', to: null } } });
      const capped = line({ hours: '8', billing: { ...billed('1000.00', 'USD', '210'), writtenOff: { amount: '680.00', currency: 'USD' } } });
      await labor.post([daily, capped], callContext());
      assert.equal((await stored(daily.key))[0]?.fields['rate'], 200);
      assert.deepEqual([(await stored(capped.key))[0]?.fields['rate'], (await stored(capped.key))[0]?.fields['custcol_q2c_written_off']], [125, 680]);
    });

    it('finds the same job again where it takes too long, and posts nothing twice', async () => {
      const lines = [line(), line()];
      await put('mode', { mode: 'async-stuck' }, 'POST');
      const controller = new AbortController();
      const waiting = labor.post(lines, { ...callContext(), signal: controller.signal });
      setTimeout(() => controller.abort(new Error('the activity timed out')), 300);
      await assert.rejects(waiting, /the activity timed out/);
      assert.equal((await labor.find(lines, callContext())).size, 0);
      await put('mode', { mode: 'default' }, 'POST');
      assert.deepEqual((await labor.post(lines, callContext())).map((answer) => answer.outcome), ['posted', 'posted']);
      for (const each of lines) assert.equal((await stored(each.key)).length, 1);
    });

    it('stays under the account\'s limit, and is told so by NetSuite where others use it up', async function () {
      this.timeout(30_000);
      await put('limits', { limit: 4, latencyMs: 20 });
      const polite = connect({ concurrency: 4 });
      await Promise.all(Array.from({ length: 12 }, () => polite.post([line(), line()], callContext())));
      const calm = await limits();
      assert.deepEqual([calm.refused, calm.peak <= 4], [0, true]);
      const greedy = connect({ concurrency: null });
      const lines = Array.from({ length: 8 }, () => [line(), line()]);
      const ended = await Promise.allSettled(lines.map((each) => greedy.post(each, callContext())));
      await put('limits', { limit: 15, latencyMs: 0 });
      assert.ok(ended.some((each) => each.status === 'rejected'), 'eight at once are too many for four');
      for (const each of ended) if (each.status === 'rejected') assert.match(String(each.reason), /concurrent requests/);
      for (const each of lines) for (const answer of await labor.post(each, callContext())) assert.equal(answer.outcome, 'posted');
      for (const each of lines.flat()) assert.equal((await stored(each.key)).length, 1);
    });

    it('says which internal ID is missing in the options', async () => {
      const [answer] = await connect({ concurrency: 2 }, { ...OPTIONS, subsidiaries: {} }).post([line()], callContext());
      assert.equal(answer?.outcome === 'refused' && answer.failure.code, 'NETSUITE_MAPPING_MISSING');
      assert.match(answer?.outcome === 'refused' ? answer.failure.mend : '', /subsidiaries\.US01/);
    });

    it('refuses a line whose day NetSuite cannot read, and posts the line beside it', async () => {
      const lines = [{ ...line(), workDate: '2026-02-30' }, line({ key: 'k'.repeat(40) + crypto.randomUUID().slice(0, 8) })];
      const answers = await labor.post(lines, callContext());
      assert.deepEqual(answers.map((answer) => answer.outcome), ['refused', 'posted']);
      assert.match(answers[0]?.outcome === 'refused' ? answers[0].failure.message : '', /tranDate/);
    });

    it('adds up exactly what NetSuite has, reversals included', async () => {
      const lines = [line({ workDate: '2032-02-01', hours: '0.1' }), line({ workDate: '2032-02-02', hours: '0.2', billing: billed('0.10', 'EUR', '0.5') })];
      const [first] = lines;
      assert.ok(first !== undefined);
      await labor.post([...lines, reversalOf(first)], callContext());
      assert.deepEqual(await labor.totals({ legalEntity: 'US01', from: '2032-02-01', to: '2032-02-29' }, callContext()), { legalEntity: 'US01', lines: 3, hours: '0.2', billed: [{ amount: '0.10', currency: 'EUR' }] });
    });
  });
});
