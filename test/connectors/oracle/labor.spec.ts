import assert from 'node:assert/strict';
import type { LaborPort } from '../../../connectors/labor-port.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import { callContext } from '../conformance/documents.ts';
import { describeLaborPort } from '../conformance/labor.ts';
import { laborLine, reversalOf, type LaborPlace } from '../conformance/labor-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startEnvironment, type StoredRow, type TestEnvironment } from './environment.ts';

const PLACE: LaborPlace = {
  system: 'oracle', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', task: '2-1',
  people: Array.from({ length: 12 }, (_, index) => `person-${index}@northwind-consulting.example`),
  projects: Array.from({ length: 5 }, (_, index) => `US01-TECH-P${index}`),
};
const referenceOf = (key: string) => `US01:${key}`;

describe('Labor in Oracle Fusion', function () {
  this.timeout(60_000);
  let environment: TestEnvironment;
  let labor: LaborPort;

  const connect = (options: object = {}): LaborPort => {
    const { labor: port } = environment.connect(options);
    assert.ok(!isUnsupported(port));
    return port;
  };
  const unprocessed = (key: string): Promise<StoredRow[]> => environment.rowsWith('unprocessedProjectCosts', 'OriginalTransactionReference', referenceOf(key));
  const processed = (key: string): Promise<StoredRow[]> => environment.rowsWith('projectCosts', 'OriginalTransactionReference', referenceOf(key));
  const stored = async (key: string): Promise<StoredRow[]> => (await environment.rows('unprocessedProjectCosts', 'projectCosts')).filter((row) => row.values['OriginalTransactionReference'] === referenceOf(key));
  const line = (change: Partial<LaborPosting> = {}) => laborLine(PLACE, change);
  const hire = async (email: string) => void (await environment.admin.seed({ projectEnterpriseResources: [{ ResourceEmail: email, ResourceDisplayName: email, ResourceType: 'NAMED_PERSON' }] }));
  async function project(number: string, change: object = {}): Promise<void> {
    const task = { TaskStartDate: '2020-01-01', ChargeableFlag: true, BillableFlag: true };
    await environment.admin.seed({
      projects: [{
        ProjectNumber: number, ProjectName: `${number} Cloud migration`, ProjectStartDate: '2020-01-01', ProjectStatusCode: 'ACTIVE', BusinessUnitName: 'Northwind US01', ...change,
        Tasks: [{ ...task, TaskNumber: '2', TaskName: 'Delivery', ChargeableFlag: false }, { ...task, TaskNumber: '10', TaskName: 'Later' }, { ...task, TaskNumber: '2-1', TaskName: 'Design' }],
      }],
    });
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
    const { values } = row;
    assert.deepEqual([values['ExpenditureItemDate'], values['Quantity'], values['ProjectNumber'], values['TaskNumber']], [posting.workDate, Number(posting.hours), posting.projectNumber, posting.task]);
    assert.deepEqual([values['Email'], values['ProjectRoleName'], values['BusinessUnit'] ?? values['ExpenditureBusinessUnit'], values['ExpenditureOrganization']], [posting.person, posting.laborCategory, 'Northwind US01', 'Northwind US01']);
    assert.deepEqual([values['Comment'] ?? null, values['TransactionCurrencyCode']], [posting.notes === '' ? null : posting.notes, posting.cost?.currency ?? posting.billing.amount.currency]);
    assert.equal(values['ReversedOriginalTransactionReference'] ?? null, posting.reverses === null ? null : referenceOf(posting.reverses));
  }

  describeLaborPort({
    name: 'Labor in Oracle Fusion, in batches',
    badAnswers: { find: { 'unknown-values': 'refused' }, totals: { 'unknown-values': 'refused' }, post: { empty: 'contract ORACLE_BATCH_ANSWER unknown', truncated: 'contract ORACLE_BATCH_ANSWER unknown', 'wrong-schema': 'contract ORACLE_BATCH_ANSWER unknown' } },
    port: () => labor,
    place: () => PLACE,
    count: async (key) => (await stored(key)).length,
    check,
    write: { method: 'POST', path: '/fscmRestApi/resources/11\\.13\\.18\\.05$' },
    after: null,
    currencies: [{ currency: 'JPY', amount: '26000', rate: '26000' }, { currency: 'KWD', amount: '65.125', rate: '65.125' }, { currency: 'BHD', amount: '80.005', rate: '80.005' }, { currency: 'EUR', amount: '180.50', rate: '180.5' }],
    hire,
  }, sandboxFaults(() => environment.url()));

  describe('beyond what every labor port promises', () => {
    afterEach(async () => environment.admin.clearFaults());
    const post = (postings: readonly LaborPosting[], port = labor) => port.post(postings, callContext());
    const outcomes = async (postings: readonly LaborPosting[], port = labor) => (await post(postings, port)).map((answer) => (answer.outcome === 'posted' ? 'posted' : [answer.failure.kind, answer.failure.code, answer.failure.written]));

    it('is found under the same ID, and not posted again, once Import Costs has taken it over', async () => {
      const lines = [line({ workDate: '2033-03-07' }), line({ workDate: '2033-03-08' })];
      const first = await post(lines);
      await environment.importCosts();
      assert.deepEqual(await Promise.all(lines.map(async ({ key }) => [(await unprocessed(key)).length, (await processed(key)).length])), [[0, 1], [0, 1]]);
      assert.deepEqual(await post([...lines]), first);
      for (const each of lines) assert.equal((await stored(each.key)).length, 1);
      const late = line({ workDate: '2033-03-09', hours: '0.25' });
      await post([late, reversalOf(lines[0] ?? late)]);
      assert.deepEqual(await labor.totals({ legalEntity: 'US01', from: '2033-03-07', to: '2033-03-09' }, callContext()), { legalEntity: 'US01', lines: 4, hours: '7.75', billed: [] }, 'before and after the import');
    });

    it('names the reason of each line Oracle refuses, and posts the others', async () => {
      const closed = `US01-C${crypto.randomUUID().slice(0, 6)}`;
      await project(closed, { ProjectStatusCode: 'CLOSED' });
      const lines = [line({ projectNumber: closed }), line(), line({ laborCategory: 'GARDENER' }), { ...line(), workDate: '2026-02-30' }];
      assert.deepEqual(await outcomes(lines), [['business_rule', 'ORACLE_REFUSED', 'no'], 'posted', ['configuration', 'ORACLE_VALUE_UNKNOWN', 'no'], ['business_rule', 'ORACLE_REFUSED', 'no']]);
      const [refusal] = await post(lines.slice(0, 1));
      assert.ok(refusal?.outcome === 'refused');
      assert.match(refusal.failure.message, /in the status CLOSED/);
      assert.match(refusal.failure.object, new RegExp(closed));
    });

    it('refuses a task that takes no costs, and takes the first that does for hours without one', async () => {
      const nowhere = line({ task: null });
      assert.deepEqual(await outcomes([line({ task: '2' }), line({ task: '7' }), nowhere]), [['configuration', 'TASK_UNKNOWN', 'no'], ['configuration', 'TASK_UNKNOWN', 'no'], 'posted']);
      assert.equal((await stored(nowhere.key))[0]?.values['TaskNumber'], '2-1', 'before 10');
    });

    it('will not choose between two people with one e-mail address, and finds one whatever its case', async () => {
      const [twin, loud] = ['twin', 'loud'].map((name) => `${name}-${crypto.randomUUID().slice(0, 6)}@northwind-consulting.example`);
      assert.ok(twin !== undefined && loud !== undefined);
      await hire(twin);
      await hire(twin);
      await hire(loud);
      const capitals = line({ person: loud.replace('loud', 'Loud') });
      assert.deepEqual(await outcomes([line({ person: twin }), capitals]), [['configuration', 'PERSON_AMBIGUOUS', 'no'], 'posted']);
      assert.equal((await stored(capitals.key))[0]?.values['Email'], loud);
    });

    it('writes a batch whose people and projects it knows in three requests, and finds the lines at fault by halves', async () => {
      const closed = `US01-H${crypto.randomUUID().slice(0, 6)}`;
      await project(closed, { ProjectStatusCode: 'CLOSED' });
      await post([line({ projectNumber: closed })]);
      await post([line()]);
      const asked = async () => (await environment.admin.requests()).map(({ method, url: path }) => `${method} ${path.split('?', 1)[0]?.replace('/fscmRestApi/resources/11.13.18.05', '')}`);
      const before = (await asked()).length;
      await post(Array.from({ length: 15 }, () => line()));
      assert.deepEqual((await asked()).slice(before), ['GET /unprocessedProjectCosts', 'GET /projectCosts', 'POST ']);
      const mixed = Array.from({ length: 8 }, (_, index) => line(index === 5 ? { projectNumber: closed } : {}));
      const answers = await post(mixed);
      assert.deepEqual(answers.map((answer) => answer.outcome), mixed.map((_, index) => (index === 5 ? 'refused' : 'posted')));
      for (const [index, each] of mixed.entries()) assert.equal((await stored(each.key)).length, index === 5 ? 0 : 1);
    });

    for (const fault of [{ kind: 'status' as const, status: 403 }, { kind: 'html' as const, status: 403 }, { kind: 'status' as const, status: 404 }]) {
      it(`fails as a whole where it is not a line that is at fault, certain that nothing was written (${fault.kind} ${fault.status})`, async () => {
        const lines = Array.from({ length: 8 }, () => line());
        await post([line()]);
        await environment.admin.fault({ ...fault, method: 'POST', path: '/fscmRestApi/resources/11\\.13\\.18\\.05$', times: 100 });
        const posts = async () => (await environment.admin.requests()).filter(({ method }) => method === 'POST').length;
        const before = await posts();
        const failure = await failureOf(() => post(lines));
        assert.equal(failure.written, 'no');
        assert.equal((await posts()) - before, 1, 'not asked again for each half');
        await environment.admin.clearFaults();
        assert.deepEqual(new Set(await outcomes(lines)), new Set(['posted']));
      });
    }

    it('writes line by line where the options say so', async () => {
      const single = connect({ linesPerRequest: 1 });
      const lines = [line(), line({ laborCategory: 'GARDENER' }), line()];
      assert.deepEqual(await outcomes(lines, single), ['posted', ['configuration', 'ORACLE_VALUE_UNKNOWN', 'no'], 'posted']);
      const [lost, fine] = [line(), line()];
      await post([line()], single);
      await environment.admin.fault({ kind: 'cut-after', method: 'POST', path: '/fscmRestApi/resources/11\\.13\\.18\\.05$' });
      const failure = await failureOf(() => post([lost, fine], single));
      assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
      assert.deepEqual(await outcomes([lost, fine], single), ['posted', 'posted']);
      assert.deepEqual([(await stored(lost.key)).length, (await stored(fine.key)).length], [1, 1]);
    });

    it('counts the lines of one legal entity only, though another shares the business unit', async () => {
      const shared = connect({ businessUnits: { US01: 'Northwind US01', US02: 'Northwind US01' } });
      const [mine, theirs] = [line({ workDate: '2034-01-03', hours: '1.5' }), line({ workDate: '2034-01-03', hours: '4', legalEntity: 'US02', projectEntity: 'US02', employer: 'US02' })];
      assert.deepEqual(await outcomes([mine, theirs], shared), ['posted', 'posted']);
      for (const [legalEntity, hours] of [['US01', '1.5'], ['US02', '4']] as const) assert.deepEqual(await shared.totals({ legalEntity, from: '2034-01-03', to: '2034-01-03' }, callContext()), { legalEntity, lines: 1, hours, billed: [] });
    });

    it('reads all its lines, on however many pages Oracle answers', async () => {
      const lines = Array.from({ length: 60 }, () => line({ workDate: '2035-05-07', hours: '0.1' }));
      await post(lines);
      assert.equal((await labor.find(lines, callContext())).size, 60);
      const before = (await environment.admin.requests()).length;
      assert.deepEqual(await labor.totals({ legalEntity: 'US01', from: '2035-05-07', to: '2035-05-07' }, callContext()), { legalEntity: 'US01', lines: 60, hours: '6', billed: [] });
      assert.equal((await environment.admin.requests()).length - before, 7, 'three pages of 25 before and after, and one of costs');
    });

    describe('are totalled while costs are imported', () => {
      const asked = /unprocessedProjectCosts\?.*offset=0/;
      const day = (workDate: string) => ({ legalEntity: 'US01', from: workDate, to: workDate });
      const total = async (workDate: string) => labor.totals(day(workDate), callContext());
      beforeEach(async () => void (await environment.importCosts()));
      afterEach(() => environment.during(null));

      it('to what there is, though the pages move under the reading', async () => {
        await post(Array.from({ length: 60 }, () => line({ workDate: '2036-03-03', hours: '0.1' })));
        let runs = 0;
        environment.during(asked, async () => {
          runs += 1;
          if (runs === 1) await environment.importCosts(25);
        });
        assert.deepEqual(await total('2036-03-03'), { legalEntity: 'US01', lines: 60, hours: '6', billed: [] });
        assert.ok(runs > 2, 'it was read again');
      });

      it('to nothing that would pass for final, where the import goes on', async () => {
        await post(Array.from({ length: 100 }, () => line({ workDate: '2036-03-04', hours: '0.1' })));
        environment.during(asked, () => environment.importCosts(10));
        const failure = await failureOf(() => total('2036-03-04'));
        assert.deepEqual([failure.kind, failure.code, failure.written], ['transient', 'ORACLE_IMPORT_RUNS', 'no']);
        assert.ok((failure.retryAfterMs ?? 0) > 0);
        environment.during(null);
        assert.equal((await total('2036-03-04')).lines, 100, 'once it has ended');
      });

      it('to nothing either while a cost is on its way, and to all where one was rejected', async () => {
        const [first, second] = [line({ workDate: '2036-03-05' }), line({ workDate: '2036-03-05' })];
        await post([first, second]);
        const becomes = (StatusCode: string) => environment.admin.seed({ unprocessedProjectCosts: [{ TransactionSource: 'Q2C', OriginalTransactionReference: referenceOf(first.key), StatusCode }] });
        await becomes('I');
        const failure = await failureOf(() => total('2036-03-05'));
        assert.deepEqual([failure.kind, failure.code], ['transient', 'ORACLE_IMPORT_RUNS']);
        assert.match(failure.message, /status I/);
        await becomes('R');
        assert.equal((await total('2036-03-05')).lines, 2);
      });
    });

    it('posts on a task that was made since it last asked for those of the project', async () => {
      const number = `US01-N${crypto.randomUUID().slice(0, 6)}`;
      await project(number);
      await post([line({ projectNumber: number })]);
      await environment.admin.seed({ projects: [{ ProjectNumber: number, Tasks: [{ TaskNumber: '3-1', TaskName: 'Build', TaskStartDate: '2020-01-01', ChargeableFlag: true, BillableFlag: true }] }] });
      assert.deepEqual(await outcomes([line({ projectNumber: number, task: '3-1' })]), ['posted']);
    });

    it('sends raw costs only where the document takes them, and asks for the cost that is missing', async () => {
      const costed = connect({ labor: { costed: true, documentEntry: 'Costed labor' } });
      const [withCost, without] = [line(), line({ cost: null })];
      assert.deepEqual(await outcomes([withCost, without], costed), ['posted', ['configuration', 'ORACLE_COST_MISSING', 'no']]);
      assert.equal((await stored(withCost.key))[0]?.values['RawCostInTransactionCurrency'], 600);
      assert.deepEqual(await outcomes([line()], connect({ labor: { documentEntry: 'Costed labor' } })), [['business_rule', 'ORACLE_REFUSED', 'no']]);
    });

    it('tells billable hours by the work type, where the firm uses them', async () => {
      const typed = connect({ labor: { workTypes: { billable: '10020', nonBillable: '10021' } } });
      const [billable, free] = [line(), line({ billing: { status: 'none', rate: null, amount: { amount: '0', currency: 'USD' }, writtenOff: { amount: '0', currency: 'USD' } } })];
      await post([billable, free], typed);
      assert.deepEqual([(await stored(billable.key))[0]?.values['WorkTypeId'], (await stored(free.key))[0]?.values['WorkTypeId']], [10020, 10021]);
    });

    it('keeps the employer\'s cost of work for a project that another ERP has on a project for it, or says which is missing', async () => {
      const none = { status: 'none' as const, rate: null, amount: { amount: '0', currency: 'EUR' as const }, writtenOff: { amount: '0', currency: 'EUR' as const } };
      const abroad = line({ purpose: 'labor', projectEntity: 'FR01', projectNumber: 'FR01-TECH-ELSEWHERE', billing: none });
      const [refusal] = await post([abroad]);
      assert.match(refusal?.outcome === 'refused' ? refusal.failure.mend : '', /costProjects\.US01/);
      assert.deepEqual(await outcomes([abroad], connect({ costProjects: { US01: PLACE.projects[0] } })), ['posted']);
      assert.equal((await stored(abroad.key))[0]?.values['ProjectNumber'], PLACE.projects[0]);
    });

    it('cuts notes that are longer than a comment', async () => {
      const long = line({ notes: 'Überprüfung 設計 👩‍💻 '.repeat(20) });
      await post([long]);
      const comment = String((await stored(long.key))[0]?.values['Comment']);
      assert.ok(comment.length <= 240 && comment.endsWith('…') && comment.isWellFormed());
    });

    it('waits as long as Oracle says where it takes no more requests, certain that nothing was written', async () => {
      await environment.admin.fault({ kind: 'status', status: 429, retryAfterSeconds: 2, method: 'GET', path: 'unprocessedProjectCosts' });
      const failure = await failureOf(() => post([line()], connect()));
      assert.deepEqual([failure.kind, failure.code, failure.written, failure.retryAfterMs], ['transient', 'ORACLE_THROTTLED', 'no', 2000]);
    });

    it('says which business unit is missing in the options', async () => {
      const [answer] = await post([line()], connect({ businessUnits: { DE01: 'Northwind DE01' } }));
      assert.equal(answer?.outcome === 'refused' && answer.failure.code, 'ORACLE_MAPPING_MISSING');
      assert.match(answer?.outcome === 'refused' ? answer.failure.mend : '', /businessUnits\.US01/);
    });
  });
});
