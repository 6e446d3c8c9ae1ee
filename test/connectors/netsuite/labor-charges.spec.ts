import assert from 'node:assert/strict';
import { z } from 'zod';
import { createNetSuite } from '../../../connectors/netsuite/index.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { LaborPort } from '../../../connectors/labor-port.ts';
import type { LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import { startSandboxes, type RunningSandboxes } from '../../../sandbox/all.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, silent } from '../conformance/documents.ts';
import { describeLaborPort } from '../conformance/labor.ts';
import { billed, laborLine, reversalOf, type LaborChange, type LaborPlace } from '../conformance/labor-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';

const OPTIONS = { subsidiaries: { US01: '2', DE01: '5', JP01: '8' }, currencies: { USD: '1', EUR: '4', JPY: '7' }, items: { TECHNOLOGY: '12' }, billableLines: 'charges' };
const PLACE: LaborPlace = {
  system: 'netsuite', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', task: '2-1',
  people: Array.from({ length: 12 }, (_, index) => `person-${index}@northwind-consulting.example`),
  projects: Array.from({ length: 5 }, (_, index) => `US01-TECH-C${index}`),
};
/** Billed by its time bills, as it was when it was made. */
const BY_TIME = 'US01-TECH-TM';
/** Its client is billed in dollars alone. */
const DOLLARS = 'US01-TECH-USD';
const CHARGES = { method: 'POST', path: '/record/v1/charge$' };
const recordSchema = z.looseObject({ id: z.string(), externalId: z.string().optional(), fields: z.record(z.string(), z.unknown()) });
const idIn = (value: unknown): unknown => Reflect.get(Object(value), 'id');
const choiceIn = (value: unknown): unknown => Reflect.get(Object(value), 'choice');

describe('Labor in NetSuite that is billed by charges', function () {
  this.timeout(60_000);
  let sandboxes: RunningSandboxes;
  let labor: LaborPort;
  let client = '';
  const url = () => sandboxes.url('netsuite');
  const admin = sandboxAdmin(url);
  const connect = (options: object = OPTIONS): LaborPort => {
    const { labor: offered } = createNetSuite({ system: 'netsuite', baseUrl: url(), credentials: sandboxes.credentials.netsuite, options, log: silent, limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 } });
    assert.ok(!isUnsupported(offered));
    return offered;
  };
  const put = async (path: string, body: object, method = 'PUT') => {
    const answer = await fetch(`${url()}/__admin/${path}`, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    assert.ok(answer.ok, await answer.text());
  };
  const stored = async (record: string, key: string) => z.array(recordSchema).parse((await admin.state())[record] ?? []).filter((each) => each.externalId === key);
  const chargeOf = async (key: string) => (await stored('charge', key))[0]?.fields;
  const timeOf = async (key: string) => (await stored('timeBill', key))[0]?.fields;
  const hire = async (email: string) => void (await admin.seed({ employee: [{ firstName: 'A', entityId: email, email, subsidiary: { id: '2' } }] }));
  const line = (change: LaborChange = {}) => laborLine(PLACE, change);
  const post = async (postings: readonly LaborPosting[]) => (await labor.post(postings, callContext())).map(({ outcome }) => outcome);
  const invoice = async (keys: readonly string[]) => {
    const total = (await Promise.all(keys.map(chargeOf))).reduce((sum, fields) => sum + Number(fields?.['amount']), 0);
    return (await admin.seed({ invoice: [{ entity: { id: client }, item: { items: [{ item: { id: '12' }, amount: total, charges: { items: keys.map((externalId) => ({ externalId })) } }] } }] }))['invoice']?.[0] ?? '';
  };
  const totals = (day: string) => labor.totals({ legalEntity: 'US01', from: day, to: day }, callContext());

  before(async () => {
    sandboxes = await startSandboxes({ only: ['netsuite'], options: { netsuite: { asyncDelayMs: 5 } } });
    for (const email of PLACE.people) await hire(email);
    client = (await admin.seed({ customer: [{ companyName: 'Contoso', subsidiary: { id: '2' }, currency: { id: '1' } }] }))['customer']?.[0] ?? '';
    const job = (number: string, change: object = {}) => ({ externalId: number, entityId: number, companyName: 'Cloud migration', subsidiary: { id: '2' }, jobItem: { id: '13' }, jobBillingType: { id: 'CB' }, ...change });
    await admin.seed({ job: [...PLACE.projects.map((number) => job(number)), job(BY_TIME, { jobBillingType: { id: 'TM' } }), job(DOLLARS, { parent: { id: client }, currency: { id: '1' } })] });
    await admin.seed({ projectTask: [...PLACE.projects, BY_TIME, DOLLARS].map((number) => ({ title: '2-1 Design', project: { externalId: number } })) });
    labor = connect();
  });
  after(async () => sandboxes?.close());
  afterEach(async () => admin.clearFaults());

  /** The time bill has hours and cost, the charge what the client pays. */
  async function check(posting: LaborPosting): Promise<void> {
    const [time, charge] = [await timeOf(posting.key), await chargeOf(posting.key)];
    const { billing } = posting;
    assert.deepEqual([time?.['isBillable'], time?.['rate'], time?.['custcol_q2c_amount'], time?.['custcol_q2c_currency']], [false, undefined, undefined, undefined]);
    assert.deepEqual([time?.['tranDate'], String(time?.['custcol_q2c_hours']), time?.['memo'] ?? '', time?.['custcol_q2c_reverses'] ?? null], [posting.workDate, String(Number(posting.hours)), posting.notes, posting.reverses]);
    if (posting.cost !== null) assert.equal(time?.['custcol_q2c_cost'], Number(posting.cost.amount));
    if (posting.kind === 'reversal') {
      assert.equal(charge, undefined, 'what no invoice has yet is taken back where it stands');
      const original = await chargeOf(posting.reverses ?? '');
      assert.deepEqual([choiceIn(original?.['stage']), original?.['description']], ['NON_BILLABLE', `CONSULTANT: ${posting.notes}\nTaken back by ${posting.key}.`]);
      return;
    }
    assert.equal((await stored('charge', posting.key)).length, 1);
    assert.deepEqual([charge?.['chargeDate'], String(charge?.['quantity']), charge?.['amount']], [posting.workDate, String(Number(posting.hours)), Number(billing.amount.amount)]);
    assert.deepEqual([choiceIn(charge?.['use']), choiceIn(charge?.['chargeType'])], ['Actual', '-13']);
    assert.equal(idIn(charge?.['currency']), Reflect.get(OPTIONS.currencies, billing.amount.currency));
    assert.equal(idIn(charge?.['timeRecord']), (await stored('timeBill', posting.key))[0]?.id);
    assert.equal(idIn(charge?.['billTo']), idIn(time?.['customer']));
    assert.equal(idIn(charge?.['projectTask']), idIn(time?.['caseTaskEvent']));
    assert.equal(idIn(charge?.['billingItem']), '13');
    assert.ok(String(charge?.['description']).startsWith(`CONSULTANT${posting.notes === '' ? '' : `: ${posting.notes}`}`));
  }

  describeLaborPort({
    name: 'Labor in NetSuite that is billed by charges',
    // What a job is answered says nothing that is not asked again: its lines are looked up by their keys.
    badAnswers: { find: { 'numbers-as-text': 'refused' }, post: { empty: 'taken', truncated: 'taken', 'wrong-schema': 'taken' }, totals: { 'numbers-as-text': 'refused' } },
    port: () => labor,
    place: () => PLACE,
    count: async (key) => (await stored('timeBill', key)).length,
    check,
    write: { method: 'POST', path: '/record/v1/timeBill$' },
    after: { method: 'POST', path: '/query/v1/suiteql$' },
    currencies: [{ currency: 'JPY', amount: '26000', rate: '26000' }, { currency: 'EUR', amount: '180.50', rate: '180.5' }],
    breakOff: { on: () => put('mode', { mode: 'async-partial' }, 'POST'), off: () => put('mode', { mode: 'default' }, 'POST') },
    hire,
  }, sandboxFaults(url));

  it('charges our rate, and what a daily rate or a reached cap comes to by the hour', async () => {
    const hourly = line({ hours: '7.5', billing: billed('1575.00', 'USD', '210') });
    const daily = line({ hours: '4', billing: { ...billed('800.00', 'USD', '1600'), rate: { laborCategory: 'CONSULTANT', unit: 'day', rate: '1600', currency: 'USD', from: '2026-01-01', to: null } } });
    const capped = line({ hours: '8', billing: { ...billed('1000.00', 'USD', '210'), writtenOff: { amount: '680.00', currency: 'USD' } } });
    await post([hourly, daily, capped]);
    const charges = await Promise.all([hourly, daily, capped].map(({ key }) => chargeOf(key)));
    assert.deepEqual(charges.map((charge) => [charge?.['quantity'], charge?.['rate'], charge?.['amount'], choiceIn(charge?.['stage'])]), [[7.5, 210, 1575, 'READY_FOR_BILLING'], [4, 200, 800, 'READY_FOR_BILLING'], [8, 125, 1000, 'READY_FOR_BILLING']]);
    assert.match(String(charges[2]?.['description']), /Beyond the cap, not billed: 680\.00 USD/);
  });

  it('keeps what is wholly beyond the cap as a charge that is not billable', async () => {
    const beyond = line({ billing: { ...billed('0.00', 'USD', '210'), writtenOff: { amount: '1575.00', currency: 'USD' } } });
    await post([beyond]);
    assert.deepEqual([choiceIn((await chargeOf(beyond.key))?.['stage']), (await chargeOf(beyond.key))?.['amount']], ['NON_BILLABLE', 0]);
  });

  it('makes no charge of what a fee covers or nobody pays', async () => {
    const lines = (['in_fee', 'none'] as const).map((status) => line({ billing: { ...billed('0', 'USD', '210'), status } }));
    assert.deepEqual(await post(lines), ['posted', 'posted']);
    for (const { key } of lines) assert.deepEqual([await chargeOf(key), (await timeOf(key))?.['isBillable']], [undefined, false]);
    assert.equal((await labor.find(lines, callContext())).size, 2);
  });

  it('bills a project that is not charge-based by its time bills, reversals included', async () => {
    const original = line({ projectNumber: BY_TIME, workDate: '2033-01-10' });
    await post([original]);
    assert.deepEqual([(await timeOf(original.key))?.['isBillable'], await chargeOf(original.key)], [true, undefined]);
    const charged = line({ workDate: '2033-01-10', billing: billed('0.10', 'USD', '210') });
    await post([charged]);
    assert.deepEqual(await totals('2033-01-10'), { legalEntity: 'US01', lines: 2, hours: '15', billed: [{ amount: '1575.10', currency: 'USD' }] });
    const reversal = reversalOf(original);
    await post([reversal]);
    assert.equal((await timeOf(reversal.key))?.['isBillable'], true);
    assert.deepEqual((await totals('2033-01-10')).billed, [{ amount: '0.10', currency: 'USD' }]);
  });

  it('takes back by the time bill what was billed by one before the project became charge-based', async () => {
    const number = `US01-TECH-L${crypto.randomUUID().slice(0, 6)}`;
    await admin.seed({ job: [{ externalId: number, entityId: number, companyName: 'Later', subsidiary: { id: '2' }, jobBillingType: { id: 'TM' } }] });
    const original = line({ projectNumber: number, task: null });
    await post([original]);
    await admin.seed({ job: [{ externalId: number, companyName: 'Later', subsidiary: { id: '2' }, jobBillingType: { id: 'CB' } }] });
    const reversal = reversalOf(original);
    assert.equal((await connect().post([reversal], callContext()))[0]?.outcome, 'posted');
    assert.deepEqual([(await timeOf(reversal.key))?.['isBillable'], await chargeOf(reversal.key)], [true, undefined]);
  });

  it('writes a negative charge against one that an invoice has', async () => {
    const original = line({ projectNumber: DOLLARS, workDate: '2033-02-10' });
    await post([original]);
    const billedBy = await invoice([original.key]);
    const reversal = reversalOf(original);
    assert.deepEqual(await post([reversal]), ['posted']);
    const charge = await chargeOf(reversal.key);
    assert.deepEqual([charge?.['quantity'], charge?.['rate'], charge?.['amount'], choiceIn(charge?.['stage'])], [-7.5, 210, -1575, 'READY_FOR_BILLING']);
    assert.match(String(charge?.['description']), new RegExp(`Takes back ${original.key}`));
    assert.deepEqual([idIn((await chargeOf(original.key))?.['invoice']), choiceIn((await chargeOf(original.key))?.['stage'])], [billedBy, 'PROCESSED']);
    assert.deepEqual(await totals('2033-02-10'), { legalEntity: 'US01', lines: 2, hours: '0', billed: [] });
    assert.deepEqual(await post([reversal]), ['posted'], 'again');
    assert.equal((await stored('charge', reversal.key)).length, 1);
  });

  it('never makes a charge anew that was taken back', async () => {
    const original = line({ workDate: '2033-03-10' });
    await post([original]);
    await post([reversalOf(original)]);
    assert.deepEqual(await post([original]), ['posted'], 'an attempt that comes late');
    assert.equal(choiceIn((await chargeOf(original.key))?.['stage']), 'NON_BILLABLE');
    assert.deepEqual(await totals('2033-03-10'), { legalEntity: 'US01', lines: 2, hours: '0', billed: [] });
  });

  it('writes the negative charge after all where an invoice comes between', async () => {
    const original = line({ projectNumber: DOLLARS });
    await post([original]);
    await put('faults', { kind: 'slow', delayMs: 400, method: 'PATCH', path: '/record/v1/charge/' }, 'POST');
    const reversal = reversalOf(original);
    const posting = post([reversal]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await invoice([original.key]);
    assert.deepEqual(await posting, ['posted']);
    assert.deepEqual([(await chargeOf(reversal.key))?.['amount'], choiceIn((await chargeOf(original.key))?.['stage'])], [-1575, 'PROCESSED']);
  });

  it('refuses a line whose charge is refused as a whole: its time bill goes again, and a retry has each once', async () => {
    const lines = [line({ projectNumber: DOLLARS, billing: billed('180.50', 'EUR', '180.5') }), line({ projectNumber: DOLLARS })];
    const answers = await labor.post(lines, callContext());
    assert.deepEqual(answers.map(({ outcome }) => outcome), ['refused', 'posted']);
    const [refusal] = answers;
    assert.ok(refusal?.outcome === 'refused');
    assert.deepEqual([refusal.failure.kind, refusal.failure.written], ['configuration', 'no']);
    assert.match(refusal.failure.message, /currency.*Its time bill was taken away again/);
    assert.equal((await stored('timeBill', lines[0]?.key ?? '')).length, 0);
    assert.equal((await labor.find(lines, callContext())).size, 1);
    await admin.seed({ customer: [{ externalId: 'contoso', companyName: 'Contoso in euros', subsidiary: { id: '2' }, currency: { id: '1' }, currencyList: { items: [{ currency: { id: '4' } }] } }] });
    await admin.seed({ job: [{ externalId: DOLLARS, companyName: 'Cloud migration', subsidiary: { id: '2' }, parent: { externalId: 'contoso' } }] });
    try {
      assert.deepEqual(await post(lines), ['posted', 'posted']);
      for (const each of lines) assert.deepEqual([(await stored('timeBill', each.key)).length, (await stored('charge', each.key)).length], [1, 1]);
    } finally {
      await admin.seed({ job: [{ externalId: DOLLARS, companyName: 'Cloud migration', subsidiary: { id: '2' }, parent: { id: client } }] });
    }
  });

  it('says so where the time bill stays without its charge, and adds the charge alone when it is retried', async () => {
    const late = line({ projectNumber: DOLLARS, billing: billed('180.50', 'EUR', '180.5') });
    await admin.fault({ kind: 'status', status: 403, method: 'DELETE', path: '/record/v1/timeBill/' });
    const [refusal] = await labor.post([late], callContext());
    assert.ok(refusal?.outcome === 'refused');
    const [time] = await stored('timeBill', late.key);
    assert.equal(refusal.failure.written, 'unknown');
    assert.match(refusal.failure.message, new RegExp(`stand in NetSuite as time bill ${time?.id}`));
    assert.equal((await labor.find([late], callContext())).size, 0, 'it is not complete');
    assert.deepEqual(await post([{ ...late, billing: billed('210.00', 'USD', '28') }]), ['posted']);
    assert.deepEqual([(await stored('timeBill', late.key)).map(({ id }) => id), (await chargeOf(late.key))?.['amount']], [[time?.id], 210]);
  });

  it('refuses an amount that NetSuite would round before anything is written', async () => {
    const [answer] = await labor.post([line({ billing: billed('65.125', 'KWD', '65.125') })], callContext());
    assert.ok(answer?.outcome === 'refused');
    assert.deepEqual([answer.failure.code, answer.failure.written, (await stored('timeBill', answer.key)).length], ['NETSUITE_PRECISION', 'no', 0]);
  });

  for (const kind of ['cut-before', 'cut-after', 'html'] as const) {
    it(`is in doubt, and complete once in the end, where the answer to the charges is lost (${kind})`, async () => {
      const lines = [line(), line()];
      await admin.fault({ kind, ...CHARGES });
      const failure = await failureOf(() => labor.post(lines, callContext()));
      assert.equal(failure.written, 'unknown');
      const found = await labor.find(lines, callContext());
      if (kind === 'cut-before') assert.equal(found.size, 0);
      const missing = lines.filter(({ key }) => !found.has(key));
      assert.deepEqual(await post(missing), missing.map(() => 'posted'));
      for (const each of lines) await check(each);
      assert.equal((await labor.find(lines, callContext())).size, 2);
    });
  }

  it('is in doubt where NetSuite is at its limit between the time and its charge, and complete a moment later', async () => {
    const lines = [line(), line()];
    await admin.fault({ kind: 'status', status: 429, retryAfterSeconds: 1, ...CHARGES });
    const failure = await failureOf(() => labor.post(lines, callContext()));
    assert.deepEqual([failure.kind, failure.written], ['transient', 'unknown']);
    assert.equal((await labor.find(lines, callContext())).size, 0);
    assert.deepEqual(await post(lines), ['posted', 'posted']);
    for (const each of lines) await check(each);
  });

  it('is in doubt where a single charge is put off, and complete a moment later', async () => {
    const lines = [line({ projectNumber: DOLLARS, billing: billed('180.50', 'EUR', '180.5') }), line()];
    await admin.fault({ kind: 'status', status: 429, retryAfterSeconds: 1, method: 'PUT', path: '/record/v1/charge/' });
    const failure = await failureOf(() => labor.post(lines, callContext()));
    assert.deepEqual([failure.kind, failure.written], ['transient', 'unknown']);
    assert.deepEqual([...(await labor.find(lines, callContext())).keys()], [lines[1]?.key]);
    assert.equal((await stored('timeBill', lines[0]?.key ?? '')).length, 1);
    assert.deepEqual(await post([line(), ...lines]), ['posted', 'refused', 'posted']);
    assert.equal((await stored('timeBill', lines[0]?.key ?? '')).length, 0, 'it is refused in the end, and its time bill is gone');
  });

  it('finds a reversal only once its original is taken back', async () => {
    const original = line();
    await post([original]);
    const reversal = reversalOf(original);
    await admin.fault({ kind: 'cut-before', method: 'PATCH', path: '/record/v1/charge/' });
    const failure = await failureOf(() => labor.post([reversal], callContext()));
    assert.equal(failure.written, 'unknown');
    assert.equal((await labor.find([reversal], callContext())).size, 0);
    assert.deepEqual(await post([reversal]), ['posted']);
    assert.equal((await labor.find([reversal], callContext())).size, 1);
    await check(reversal);
  });

  it('names the currency it cannot tell the total in', async () => {
    const inYen = line({ workDate: '2033-04-10', billing: billed('26000', 'JPY', '26000') });
    await post([inYen]);
    const failure = await failureOf(() => connect({ ...OPTIONS, currencies: { USD: '1' } }).totals({ legalEntity: 'US01', from: '2033-04-10', to: '2033-04-10' }, callContext()));
    assert.deepEqual([failure.kind, failure.code], ['configuration', 'NETSUITE_MAPPING_MISSING']);
  });

  it('needs four requests for a batch whose people and projects it knows', async () => {
    for (let tries = 0; tries < 4; tries += 1) await post([line()]);
    const before = (await admin.requests()).length;
    await post(Array.from({ length: 40 }, () => line()));
    const sent = (await admin.requests()).slice(before).map(({ method, url: path }) => `${method} ${path.split('?', 1)[0]}`).filter((each) => !each.includes('/async/v1/job/'));
    assert.deepEqual([...new Set(sent)], ['POST /services/rest/record/v1/timeBill', 'POST /services/rest/query/v1/suiteql', 'POST /services/rest/record/v1/charge']);
  });
});
