import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LaborPort } from '../../../connectors/labor-port.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import { callContext } from '../conformance/documents.ts';
import { laborLine, reversalOf, type LaborPlace } from '../conformance/labor-documents.ts';
import { describeLaborPort } from '../conformance/labor.ts';
import { failureOf, LIMIT_MS } from '../conformance/records.ts';
import { startErp, type Entry, type TestErp } from './environment.ts';

const PLACE: LaborPlace = {
  system: 'legacy', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', task: '2-1',
  people: ['mei.tan@northwind-consulting.example', 'jonas.weber@northwind-consulting.example', 'ananya.iyer@northwind-consulting.example'],
  projects: ['US01-TECH-LEGACY1', 'US01-TECH-LEGACY2'],
};

describe('Labor in a legacy ERP that takes files', function () {
  this.timeout(60_000);
  let ledger: TestErp;
  let labor: LaborPort;
  const faults = { next: (fault: Parameters<TestErp['faults']['next']>[0]) => ledger.faults.next(fault), clear: () => ledger.faults.clear() };

  const connect = (options: object = {}): LaborPort => {
    const { labor: port } = ledger.connect(options);
    assert.ok(!isUnsupported(port));
    return port;
  };
  const stored = async (key: string): Promise<Entry[]> => (await ledger.entries('labor')).filter(({ id }) => id === key);
  const project = (number: string, status = 'ACTIVE') => ledger.admin.seed({ projects: [{ id: `by-hand/${number}`, status, fields: { project_number: number, company: 'US01' } }] });
  const line = (change: Partial<LaborPosting> = {}) => laborLine(PLACE, change);
  const post = (postings: readonly LaborPosting[], port = labor, idempotencyKey: string = crypto.randomUUID()) => port.post(postings, { ...callContext(), idempotencyKey });

  before(async () => {
    ledger = await startErp();
    for (const number of PLACE.projects) await project(number);
    labor = connect();
  });
  after(() => ledger?.close());

  async function check(posting: LaborPosting): Promise<void> {
    const [entry, ...more] = await stored(posting.key);
    assert.ok(entry !== undefined && more.length === 0, posting.key);
    const { fields } = entry;
    assert.deepEqual(
      [fields['work_date'], fields['person'], fields['project_number'], fields['task'], fields['company'], fields['notes'], fields['kind'], fields['reverses']],
      [posting.workDate, posting.person, posting.projectNumber, posting.task, posting.legalEntity, posting.notes, posting.kind === 'reversal' ? 'R' : 'O', posting.reverses ?? ''],
    );
    assert.deepEqual([fields['hours'], fields['bill_amount']].map(plain), [posting.hours, posting.billing.amount.amount].map(plain));
    assert.deepEqual([fields['bill_currency'], fields['cost_currency']], [posting.billing.amount.currency, posting.cost?.currency ?? '']);
  }
  const plain = (amount: string | undefined) => (amount ?? '').replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');

  describeLaborPort({
    name: 'Labor in a legacy ERP',
    badAnswers: null,
    port: () => labor,
    place: () => PLACE,
    count: async (key) => (await stored(key)).length,
    check,
    write: { method: 'POST', path: '' },
    after: { method: 'GET', path: '' },
    currencies: [{ currency: 'JPY', amount: '26000', rate: '26000' }, { currency: 'KWD', amount: '65.125', rate: '65.125' }, { currency: 'BHD', amount: '80.005', rate: '80.005' }, { currency: 'EUR', amount: '180.50', rate: '180.5' }],
    breakOff: { on: () => ledger.order('break-off'), off: () => Promise.resolve() },
    hire: async (email) => void (await ledger.admin.seed({ employees: [{ id: email }] })),
  }, faults);

  describe('beyond what every labor port promises', () => {
    afterEach(async () => {
      await ledger.faults.clear();
      await ledger.mode('default');
    });

    it('sends a batch as one file with its control total, and the manifest last', async () => {
      ledger.wire.published();
      const lines = [line({ hours: '7.5' }), line({ hours: '0.25' }), line({ hours: '-1', kind: 'original' })];
      await post(lines);
      const [file = '', manifest = '', ...more] = ledger.wire.published();
      assert.deepEqual(more, []);
      assert.match(file, /^in\/labor\.lines\.[0-9a-f]{16}\.1\.labor\.csv$/);
      assert.equal(manifest, file.replace('.labor.csv', '.manifest.csv'));
      const [, told = ''] = (await ledger.text(manifest.replace('in/', 'done/'))).split('\r\n');
      assert.deepEqual(told.split(',').slice(1, 6), ['labor', file.slice(3), 'utf-8', '3', '6.75']);
    });

    it('names the reason of each refused line, and posts the lines beside it', async () => {
      await project('US01-TECH-CLOSED', 'CLOSED');
      await ledger.admin.seed({ closed_periods: [{ id: 'US01/2026-09' }] });
      const original = line({ projectNumber: 'US01-TECH-CLOSED' });
      const lines = [original, line(), line({ accountingPeriod: '2026-09' }), line({ laborCategory: 'GARDENER' }), reversalOf(line())];
      const answers = await post(lines);
      assert.deepEqual(answers.map((answer) => answer.outcome === 'refused' && [answer.failure.kind, answer.failure.code, answer.failure.written]), [
        ['business_rule', 'LEGACY_PROJECT_CLOSED', 'no'], false, ['business_rule', 'LEGACY_PERIOD_CLOSED', 'no'], ['configuration', 'LEGACY_CATEGORY_UNKNOWN', 'no'], ['business_rule', 'LEGACY_REVERSED_UNKNOWN', 'no'],
      ]);
      assert.match(answers[2]?.outcome === 'refused' ? answers[2].failure.message : '', /the period 2026-09 is closed/);
    });

    it('refuses by itself a line that no file can carry, and sends the others', async () => {
      const long = line({ hours: '1', billing: { ...line().billing, amount: { amount: '1234567890123456', currency: 'USD' } } });
      const answers = await post([long, line()]);
      assert.deepEqual(answers.map((answer) => answer.outcome), ['refused', 'posted']);
      assert.match(answers[0]?.outcome === 'refused' ? answers[0].failure.message : '', /15 digits before the point/);
      assert.equal((await stored(long.key)).length, 0);
    });

    it('never sends a batch twice whose answer it did not wait for: the next call takes its acknowledgement', async () => {
      await ledger.mode('stopped');
      const lines = [line(), line()];
      const impatient = connect({ waitSeconds: 0.02 });
      ledger.wire.published();
      const failure = await failureOf(() => post(lines, impatient, 'post/week-1'));
      assert.deepEqual([failure.kind, failure.code, failure.written, failure.retryAfterMs], ['transient', 'LEGACY_NOT_ACKNOWLEDGED', 'unknown', LIMIT_MS]);
      const looked = await failureOf(() => impatient.find(lines, callContext()));
      assert.deepEqual([looked.code, looked.written], ['LEGACY_NOT_ACKNOWLEDGED', 'no'], 'nobody can say yet whether they are there');
      assert.equal((await failureOf(() => post(lines, impatient, 'post/week-1'))).code, 'LEGACY_NOT_ACKNOWLEDGED');
      await ledger.mode('default');
      assert.equal((await labor.find(lines, callContext())).size, 2);
      assert.deepEqual((await post(lines, labor, 'post/week-1')).map((answer) => answer.outcome), ['posted', 'posted']);
      assert.equal(ledger.wire.published().filter((path) => path.endsWith('.labor.csv')).length, 1);
    });

    it('posts a refused line with the same call once the reason is mended', async () => {
      const email = `late-${crypto.randomUUID().slice(0, 8)}@northwind-consulting.example`;
      const late = [line({ person: email })];
      assert.equal((await post(late, labor, 'post/late'))[0]?.outcome, 'refused');
      await ledger.admin.seed({ employees: [{ id: email }] });
      assert.equal((await post(late, labor, 'post/late'))[0]?.outcome, 'posted');
    });

    it('tells a refusal that came while nobody waited, before it sends again', async () => {
      const email = `later-${crypto.randomUUID().slice(0, 8)}@northwind-consulting.example`;
      const late = [line({ person: email })];
      await ledger.mode('stopped');
      const impatient = connect({ waitSeconds: 0.02 });
      await failureOf(() => post(late, impatient, 'post/later'));
      await ledger.mode('default');
      await labor.find(late, callContext());
      ledger.wire.published();
      assert.equal((await post(late, impatient, 'post/later'))[0]?.outcome, 'refused');
      assert.deepEqual(ledger.wire.published(), []);
    });

    it('takes no answer for a posted line that says something else of it', async () => {
      for (const outcome of ['NOT_FOUND', 'KEPT', 'CANCELLED']) {
        const lines = [line(), line()];
        ledger.wire.published();
        await post(lines, labor, `post/${outcome}`);
        const ack = (ledger.wire.published().at(-1) ?? '').replace('in/', 'out/').replace('.manifest.csv', '.ack.csv');
        await writeFile(join(ledger.folder, ack), (await ledger.text(ack)).replace('CREATED', outcome));
        const failure = await failureOf(() => post(lines, connect(), `post/${outcome}`));
        assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'LEGACY_ACK_OUTCOME', 'unknown'], outcome);
      }
    });

    it('finds lines in the extract long after their acknowledgements were put away', async () => {
      const lines = [line(), line()];
      const answers = await post(lines);
      for (let extract = 0; extract < 2; extract += 1) await labor.totals({ legalEntity: 'US01', from: '2026-11-16', to: '2026-11-16' }, callContext());
      assert.ok((await ledger.files('out/old')).length > 0);
      const found = await connect().find([...lines, line()], callContext());
      assert.deepEqual(lines.map(({ key }) => found.get(key)?.externalId), answers.map((answer) => answer.outcome === 'posted' && answer.externalId));
      assert.equal(found.size, 2);
    });

    it('counts lines of other hands as well: the totals are the ERP\'s own', async () => {
      const scope = { legalEntity: 'US01', from: '2034-01-03', to: '2034-01-03' };
      await ledger.admin.seed({ labor: [{ id: 'typed-in', fields: { company: 'US01', work_date: '2034-01-03', hours: '8', bill_amount: '0.5', bill_currency: 'USD', project_number: PLACE.projects[0] } }] });
      await post([line({ workDate: '2034-01-03', hours: '1.5' })]);
      const totals = await labor.totals(scope, callContext());
      assert.deepEqual(totals, { legalEntity: 'US01', lines: 2, hours: '9.5', billed: [{ amount: '1575.5', currency: 'USD' }] });
    });

    it('takes the extract that an earlier call asked for and could not wait for', async () => {
      const scope = { legalEntity: 'US01', from: '2034-02-03', to: '2034-02-03' };
      const impatient = connect({ waitSeconds: 0.02 });
      await ledger.mode('stopped');
      assert.equal((await failureOf(() => impatient.totals(scope, callContext()))).code, 'LEGACY_NOT_ACKNOWLEDGED');
      await ledger.mode('default');
      await post([line({ workDate: '2034-02-03' })]);
      ledger.wire.published();
      await impatient.totals(scope, callContext());
      assert.deepEqual(ledger.wire.published(), [], 'no second request');
    });

    it('cuts notes that are too long, between characters', async () => {
      const long = line({ notes: `${'設計レビュー👩‍💻\\\n'.repeat(40)}` });
      assert.equal((await post([long]))[0]?.outcome, 'posted');
      const notes = (await stored(long.key))[0]?.fields['notes'] ?? '';
      assert.ok(notes.endsWith('...') && Array.from(notes).length <= 250 && long.notes.startsWith(notes.slice(0, -3)), notes);
    });
  });
});
