import assert from 'node:assert/strict';
import { z } from 'zod';
import { lineKeyOf } from '../../../connectors/dynamics/keys.ts';
import type { LaborPort } from '../../../connectors/labor-port.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import { callContext } from '../conformance/documents.ts';
import { describeLaborPort } from '../conformance/labor.ts';
import { billed, laborLine, reversalOf, type LaborPlace } from '../conformance/labor-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startEnvironment, type StoredValues, type TestEnvironment } from './environment.ts';

const PLACE: LaborPlace = {
  system: 'dynamics', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', task: '2-1',
  people: Array.from({ length: 12 }, (_, index) => `person-${index}@northwind-consulting.example`),
  projects: Array.from({ length: 5 }, (_, index) => `US01-TECH-P${index}`),
};

for (const linesPerRequest of [100, 1]) describe(`Labor in Dynamics 365, ${linesPerRequest === 1 ? 'line by line' : 'in change sets'}`, function () {
  this.timeout(60_000);
  let environment: TestEnvironment;
  let labor: LaborPort;
  let hired = 0;

  const connect = (options: object = {}): LaborPort => {
    const { labor: port } = environment.connect({ linesPerRequest, ...options });
    assert.ok(!isUnsupported(port));
    return port;
  };
  const stored = async (key: string): Promise<StoredValues[]> => (await environment.rows('ProjJournalTrans')).filter((row) => String(row['description']).startsWith(lineKeyOf(key).mark));
  const line = (change: Partial<LaborPosting> = {}) => laborLine(PLACE, change);
  async function hire(email: string, companies: readonly string[] = ['us01']): Promise<void> {
    hired += 1;
    const PersonnelNumber = String(hired).padStart(6, '0');
    await environment.admin.seed({
      Workers: [{ PersonnelNumber, Name: email, PrimaryContactEmail: email }],
      ProjectResources: companies.map((company) => ({ ResourceId: `${PersonnelNumber}-${company}`, ResourceCompanyId: company, PersonnelNumber })),
    });
  }
  async function project(ProjectID: string, change: object = {}): Promise<void> {
    await environment.admin.seed({ Projects: [{ dataAreaId: 'us01', ProjectID, ProjectName: 'Cloud migration', ProjectGroup: 'TM', ProjectStage: 'InProcess', ...change }] });
    await environment.admin.seed({ ProjectTasks: [{ dataAreaId: 'us01', ProjectId: ProjectID, TaskId: `T-${ProjectID.slice(-12)}`, TaskElementId: '2-1', TaskName: '2-1 Design' }] });
  }

  before(async () => {
    environment = await startEnvironment({ pageSize: 25 });
    for (const email of PLACE.people) await hire(email);
    for (const number of PLACE.projects) await project(number);
    labor = connect();
  });
  after(async () => environment?.close());

  async function check(posting: LaborPosting): Promise<void> {
    const [row] = await stored(posting.key);
    assert.ok(row !== undefined, posting.key);
    assert.equal(String(row['projectdate']), `${posting.workDate}T12:00:00Z`);
    assert.equal(row['hours'], Number(posting.hours));
    assert.equal(row['description'], `${lineKeyOf(posting.key).mark} ${posting.notes}`.trimEnd());
    assert.equal(row['projectid'], posting.projectNumber);
    assert.equal(row['activitynumber'], `T-${posting.projectNumber.slice(-12)}`);
    assert.equal(row['currencyid'], posting.billing.amount.currency);
    assert.equal(row['lineproperty'], 'Billable');
    assert.ok(Math.abs(Number(row['salesprice']) * Number(posting.hours) - Number(posting.billing.amount.amount)) < 0.0001, `${row['salesprice']} times ${posting.hours}`);
    const [worker] = (await environment.rows('HcmWorker')).filter((each) => each['primarycontactemail'] === posting.person);
    assert.equal(String(row['resourceid']).split('-')[0], worker?.['personnelnumber']);
  }

  describeLaborPort({
    name: 'Labor in Dynamics 365',
    // A line's key is ours; a change set is answered in parts, whose type says where they end.
    badAnswers: linesPerRequest === 1 ? { post: { empty: 'taken', truncated: 'taken', 'wrong-schema': 'taken' } } : { post: Object.fromEntries(['empty', 'truncated', 'wrong-schema', 'wrong-type'].map((answer) => [answer, 'contract DYNAMICS_BATCH_ANSWER unknown' as const])) },
    port: () => labor,
    place: () => PLACE,
    count: async (key) => (await stored(key)).length,
    check,
    write: { method: 'POST', path: linesPerRequest === 1 ? '/data/JournalTrans$' : '/data/\\$batch$' },
    after: null,
    currencies: [{ currency: 'JPY', amount: '26000', rate: '26000' }, { currency: 'KWD', amount: '65.125', rate: '65.125' }, { currency: 'BHD', amount: '80.005', rate: '80.005' }, { currency: 'EUR', amount: '180.50', rate: '180.5' }],
    hire,
  }, sandboxFaults(() => environment.url()));

  describe('beyond what every labor port promises', () => {
    afterEach(async () => environment.admin.clearFaults());
    const post = (postings: readonly LaborPosting[], port = labor) => port.post(postings, callContext());
    const journals = async () => (await environment.rows('ProjJournalTable')).map((row) => [row['journalbatchnumber'], row['posted']]);

    it('keeps the weeks of work in journals of their own', async () => {
      await post([line({ workDate: '2026-10-05' }), line({ workDate: '2026-10-11' }), line({ workDate: '2026-10-12' })]);
      const named = (await journals()).map(([id]) => String(id));
      assert.ok(named.includes('Q2C-20261005-01') && named.includes('Q2C-20261012-01'), named.join());
      const [journal] = (await environment.rows('ProjJournalTable')).filter((row) => row['journalbatchnumber'] === 'Q2C-20261005-01');
      assert.deepEqual([journal?.['journalname'], journal?.['deletelinesafterposting'], journal?.['posted']], ['Hour', 'No', 'No']);
    });

    it('begins a second journal once finance has posted the first, and still finds the lines of the first', async () => {
      const early = line({ workDate: '2026-09-07' });
      await post([early]);
      await environment.admin.seed({ JournalTables: [{ dataAreaId: 'us01', JournalBatchNumber: 'Q2C-20260907-01', JournalName: 'Hour', Posted: 'Yes' }] });
      const late = line({ workDate: '2026-09-08' });
      const answers = await post([early, late]);
      assert.deepEqual(answers.map((answer) => answer.outcome === 'posted' && answer.externalId.split('/')[0]), ['Q2C-20260907-01', 'Q2C-20260907-02']);
      assert.deepEqual([(await stored(early.key)).length, (await stored(late.key)).length], [1, 1]);
    });

    it('goes on in the second journal where finance posts the first while lines are on their way', async () => {
      await post([line({ workDate: '2026-08-03' })]);
      await environment.admin.seed({ JournalTables: [{ dataAreaId: 'us01', JournalBatchNumber: 'Q2C-20260803-01', JournalName: 'Hour', Posted: 'Yes' }] });
      const late = [line({ workDate: '2026-08-04' }), line({ workDate: '2026-08-05' })];
      const answers = await post(late);
      assert.deepEqual(answers.map((answer) => answer.outcome === 'posted' && answer.externalId.split('/')[0]), ['Q2C-20260803-02', 'Q2C-20260803-02']);
      for (const each of late) assert.equal((await stored(each.key)).length, 1);
    });

    it('names the reason of each line Dynamics refuses, and posts the others', async () => {
      const closed = `US01-C${crypto.randomUUID().slice(0, 6)}`;
      await project(closed, { ProjectStage: 'Completed' });
      const lines = [line({ projectNumber: closed }), line(), line({ laborCategory: 'GARDENER' })];
      const answers = await post(lines);
      assert.deepEqual(answers.map((answer) => answer.outcome === 'refused' && [answer.failure.kind, answer.failure.code, answer.failure.written]), [['business_rule', 'DYNAMICS_WRITE_REFUSED', 'no'], false, ['configuration', 'DYNAMICS_VALUE_UNKNOWN', 'no']]);
      const [refusal] = answers;
      assert.ok(refusal?.outcome === 'refused');
      assert.match(refusal.failure.message, /in the stage Completed/);
      assert.match(refusal.failure.object, new RegExp(closed));
    });

    it('finds an earlier line on whichever page of the answer it stands', async () => {
      const lines = Array.from({ length: 60 }, () => line({ workDate: '2033-03-07', hours: '0.1' }));
      await post(lines);
      assert.equal((await labor.find(lines, callContext())).size, 60);
      const before = (await environment.admin.requests()).length;
      assert.deepEqual(await labor.totals({ legalEntity: 'US01', from: '2033-03-07', to: '2033-03-07' }, callContext()), { legalEntity: 'US01', lines: 60, hours: '6', billed: [] });
      assert.equal((await environment.admin.requests()).length - before, 3, 'three pages of 25');
    });

    it('counts only its own lines, not those that people enter by hand', async () => {
      await environment.admin.seed({ JournalTrans: [{ dataAreaId: 'us01', JournalId: 'BY-HAND', LineNumber: 1, ProjectID: PLACE.projects[0] ?? '', ProjectDate: '2034-01-03T12:00:00Z', Category: 'Hours', Hours: 8, Description: 'Typed in' }] });
      await post([line({ workDate: '2034-01-03', hours: '1.5' })]);
      const totals = await labor.totals({ legalEntity: 'US01', from: '2034-01-03', to: '2034-01-03' }, callContext());
      assert.deepEqual([totals.lines, totals.hours], [1, '1.5']);
    });

    it('writes a batch whose people and projects it knows in two requests, and finds the lines at fault by halves', async () => {
      if (linesPerRequest === 1) return;
      const closed = `US01-H${crypto.randomUUID().slice(0, 6)}`;
      await project(closed, { ProjectStage: 'Completed' });
      await post([line({ workDate: '2035-05-07', projectNumber: closed })]);
      await post([line({ workDate: '2035-05-07' })]);
      const asked = async () => (await environment.admin.requests()).map(({ method, url: path }) => `${method} ${path.split('?', 1)[0]}`);
      const before = (await asked()).length;
      const good = Array.from({ length: 15 }, () => line({ workDate: '2035-05-07' }));
      await post(good);
      assert.deepEqual((await asked()).slice(before), ['GET /data/JournalTrans', 'POST /data/$batch']);
      const mixed = Array.from({ length: 8 }, (_, index) => line({ workDate: '2035-05-08', ...(index === 5 ? { projectNumber: closed } : {}) }));
      const answers = await post(mixed);
      assert.deepEqual(answers.map((answer) => answer.outcome), mixed.map((_, index) => (index === 5 ? 'refused' : 'posted')));
      for (const [index, each] of mixed.entries()) assert.equal((await stored(each.key)).length, index === 5 ? 0 : 1);
    });

    for (const fault of [{ kind: 'status' as const, status: 403 }, { kind: 'html' as const, status: 403 }, { kind: 'status' as const, status: 404 }]) {
      it(`fails as a whole where it is not a line that is at fault, certain that nothing was written (${fault.kind} ${fault.status})`, async () => {
        const lines = Array.from({ length: 8 }, () => line({ workDate: '2035-06-04' }));
        await post([line({ workDate: '2035-06-04' })]);
        await environment.admin.fault({ ...fault, method: 'POST', path: linesPerRequest === 1 ? '/data/JournalTrans$' : '/data/\\$batch$', times: 100 });
        const posts = async () => (await environment.admin.requests()).filter(({ method }) => method === 'POST').length;
        const before = await posts();
        const failure = await failureOf(() => post(lines));
        assert.equal(failure.written, 'no');
        assert.equal((await posts()) - before, 1, 'not asked again for each line');
        await environment.admin.clearFaults();
        assert.deepEqual(new Set((await post(lines)).map(({ outcome }) => outcome)), new Set(['posted']));
      });
    }

    it('will not choose between two workers with one e-mail address, nor post for one who is no project resource', async () => {
      const [twin, plain] = ['twin', 'plain'].map((name) => `${name}-${crypto.randomUUID().slice(0, 6)}@northwind-consulting.example`);
      assert.ok(twin !== undefined && plain !== undefined);
      await hire(twin);
      await hire(twin);
      await hire(plain, []);
      const answers = await post([line({ person: twin }), line({ person: plain })]);
      assert.deepEqual(answers.map((answer) => answer.outcome === 'refused' && answer.failure.code), ['PERSON_AMBIGUOUS', 'PERSON_UNKNOWN']);
      assert.match(answers[1]?.outcome === 'refused' ? answers[1].failure.message : '', /no project resource/);
      const worker = (await environment.rows('HcmWorker')).find((row) => row['primarycontactemail'] === plain);
      await environment.admin.seed({ ProjectResources: [{ ResourceId: 'made-since', ResourceCompanyId: 'us01', PersonnelNumber: String(worker?.['personnelnumber']) }] });
      assert.deepEqual((await post([line({ person: plain })])).map((answer) => answer.outcome), ['posted'], 'once there is one');
    });

    it('books hours of another company\'s people on their resource there', async () => {
      const abroad = `abroad-${crypto.randomUUID().slice(0, 6)}@northwind-consulting.example`;
      await hire(abroad, ['us01', 'de01']);
      const lent = line({ person: abroad, employer: 'DE01' });
      await post([lent]);
      const [row] = await stored(lent.key);
      assert.deepEqual([row?.['resourcecompanyid'], row?.['dataareaid']], ['de01', 'us01']);
    });

    it('keeps the employer\'s cost of work for a project that another ERP has on a project for it, or says which is missing', async () => {
      const cost = { status: 'none' as const, rate: null, amount: { amount: '0', currency: 'EUR' as const }, writtenOff: { amount: '0', currency: 'EUR' as const } };
      const abroad = line({ purpose: 'labor', projectEntity: 'FR01', projectNumber: 'FR01-TECH-ELSEWHERE', billing: cost });
      const [refusal] = await post([abroad]);
      assert.equal(refusal?.outcome === 'refused' && refusal.failure.code, 'PROJECT_UNKNOWN');
      assert.match(refusal?.outcome === 'refused' ? refusal.failure.mend : '', /costProjects\.US01/);
      const [posted] = await post([abroad], connect({ costProjects: { US01: PLACE.projects[0] } }));
      assert.equal(posted?.outcome, 'posted');
      const [row] = await stored(abroad.key);
      assert.deepEqual([row?.['projectid'], row?.['lineproperty'], row?.['salesprice'], row?.['costprice']], [PLACE.projects[0], 'NonBill', 0, 80]);
    });

    it('bills a daily rate and a reached cap at what they come to by the hour, and takes them back at the same price', async () => {
      const daily = line({ hours: '4', billing: { ...billed('800.00', 'USD', '1600'), rate: { laborCategory: 'CONSULTANT', unit: 'day', rate: '1600', currency: 'USD', from: '2026-01-01', to: null } } });
      const capped = line({ hours: '8', billing: { ...billed('1000.00', 'USD', '210'), writtenOff: { amount: '680.00', currency: 'USD' } } });
      const back = reversalOf(daily);
      await post([daily, capped, back]);
      const [rows] = [await Promise.all([daily, capped, back].map(async (each) => (await stored(each.key))[0]))];
      assert.deepEqual(rows.map((row) => [row?.['hours'], row?.['salesprice']]), [[4, 200], [8, 125], [-4, 200]]);
    });

    it('posts on a task that was made since it last asked for those of the project', async () => {
      const number = `US01-N${crypto.randomUUID().slice(0, 6)}`;
      await project(number);
      await post([line({ projectNumber: number, task: '3-1' })]);
      await environment.admin.seed({ ProjectTasks: [{ dataAreaId: 'us01', ProjectId: number, TaskId: `T3-${number.slice(-8)}`, TaskElementId: '3-1', TaskName: '3-1 Build' }] });
      const late = line({ projectNumber: number, task: '3-1' });
      await post([late]);
      assert.deepEqual((await stored(late.key)).map((row) => row['activitynumber']), [`T3-${number.slice(-8)}`]);
    });

    it('cuts notes that are longer than a line\'s description, never its mark', async () => {
      const long = line({ notes: 'Überprüfung 設計 👩‍💻 '.repeat(10) });
      assert.equal((await post([long]))[0]?.outcome, 'posted');
      const [row] = await stored(long.key);
      assert.ok(String(row?.['description']).length <= 60 && String(row?.['description']).endsWith('…'));
    });

    it('refuses a line whose day Dynamics cannot read, and posts the line beside it', async () => {
      const answers = await post([{ ...line(), workDate: '2026-02-30' }, line({ key: 'k'.repeat(40) + crypto.randomUUID().slice(0, 8) })]);
      assert.deepEqual(answers.map((answer) => answer.outcome), ['refused', 'posted']);
      assert.match(answers[0]?.outcome === 'refused' ? answers[0].failure.message : '', /ProjectDate|VoucherDate/);
    });

    it('waits where Dynamics is at its resource limit, certain that nothing was written', async () => {
      const lines = [line()];
      await environment.put('mode', { mode: 'busy' }, 'POST');
      const failure = await failureOf(() => post(lines));
      await environment.put('mode', { mode: 'default' }, 'POST');
      assert.deepEqual([failure.kind, failure.code, failure.written, failure.retryAfterMs], ['transient', 'DYNAMICS_THROTTLED', 'no', 5000]);
    });

    it('says which company is missing in the options', async () => {
      const [answer] = await post([line()], connect({ companies: { DE01: 'de01' } }));
      assert.equal(answer?.outcome === 'refused' && answer.failure.code, 'DYNAMICS_MAPPING_MISSING');
      assert.match(answer?.outcome === 'refused' ? answer.failure.mend : '', /companies\.US01/);
    });

    it('tells lines of different postings apart by number and mark', () => {
      const keys = Array.from({ length: 20_000 }, (_, index) => lineKeyOf(`posting-${index}`));
      assert.equal(new Set(keys.map((key) => key.lineNumber)).size, keys.length);
      assert.equal(new Set(keys.map((key) => key.mark)).size, keys.length);
      for (const { lineNumber, mark } of keys) {
        assert.ok(z.coerce.number().max(2 ** 48).safeParse(lineNumber).success);
        assert.match(mark, /^\[[0-9A-HJKMNP-TV-Z]{12}\]$/);
      }
    });
  });
});
