import assert from 'node:assert/strict';
import type { LaborPort } from '../../../connectors/labor-port.ts';
import { lineIdOf, purposesOf } from '../../../connectors/project-operations/labor-line.ts';
import { projectIdOf } from '../../../connectors/project-operations/project.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import { lineKeyOf } from '../../../connectors/dynamics/keys.ts';
import { callContext } from '../conformance/documents.ts';
import { describeLaborPort } from '../conformance/labor.ts';
import { billed, laborLine, reversalOf, type LaborPlace } from '../conformance/labor-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startEnvironment, type StoredRow, type TestEnvironment } from './environment.ts';

const PLACE: LaborPlace = {
  system: 'project-operations', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', task: '2-1',
  people: Array.from({ length: 12 }, (_, index) => `person-${index}@northwind-consulting.example`),
  projects: Array.from({ length: 5 }, (_, index) => `US01-TECH-P${index}`),
};
const BATCH = '/api/data/v9\\.2/\\$batch$';
const UNREADABLE = 'contract PROJECT_OPERATIONS_BATCH_ANSWER unknown';
const CONFIRM = 'msdyn_PostJournal$';
const NO_COST = { status: 'none' as const, rate: null, amount: { amount: '0', currency: 'EUR' as const }, writtenOff: { amount: '0', currency: 'EUR' as const } };

describe('Labor in Dynamics 365 Project Operations', function () {
  this.timeout(60_000);
  let environment: TestEnvironment;
  let labor: LaborPort;

  const connect = (options: object = {}): LaborPort => {
    const { labor: port } = environment.connect(options);
    assert.ok(!isUnsupported(port));
    return port;
  };
  const line = (change: Partial<LaborPosting> = {}) => laborLine(PLACE, change);
  const of = async (set: string, key: string): Promise<StoredRow[]> => await environment.rows(set, `startswith(msdyn_description,'${lineKeyOf(key).mark}')`);
  async function hire(email: string): Promise<void> {
    const systemuserid = crypto.randomUUID();
    await environment.admin.seed({ systemusers: [{ systemuserid, fullname: email, internalemailaddress: email }] });
    await environment.admin.seed({ bookableresources: [{ name: email, resourcetype: 3, 'UserId@odata.bind': `/systemusers(${systemuserid})` }] });
  }
  async function project(number: string, change: object = {}): Promise<void> {
    const id = projectIdOf(number);
    await environment.admin.seed({ msdyn_projects: [{ msdyn_projectid: id, msdyn_subject: `${number} Cloud migration`, ...change }] });
    await environment.admin.seed({ msdyn_projecttasks: [{ msdyn_subject: '2-1 Design', 'msdyn_project@odata.bind': `/msdyn_projects(${id})` }] });
  }

  before(async () => {
    environment = await startEnvironment({ pageSize: 25 });
    for (const email of PLACE.people) await hire(email);
    for (const number of PLACE.projects) await project(number);
    labor = connect();
  });
  after(async () => environment?.close());

  async function check(posting: LaborPosting): Promise<void> {
    const lines = await of('msdyn_journallines', posting.key);
    const actuals = await of('msdyn_actuals', posting.key);
    assert.deepEqual(new Set(lines.map((each) => each.id)), new Set(purposesOf(posting).map((purpose) => lineIdOf(posting.key, purpose))));
    assert.deepEqual(new Set(actuals.map((each) => each['msdyn_externalreferenceid'])), new Set(lines.map((each) => each.id)), 'each line became an actual');
    const [currencies, tasks, users, resources] = await Promise.all(['transactioncurrencies', 'msdyn_projecttasks', 'systemusers', 'bookableresources'].map((set) => environment.rows(set)));
    for (const row of [...lines, ...actuals]) {
      assert.deepEqual([String(row['msdyn_startdatetime']).slice(0, 10), row['msdyn_quantity'], row['msdyn_description'], row['_msdyn_project_value']], [posting.workDate, Number(posting.hours), `${lineKeyOf(posting.key).mark} ${posting.notes}`.trimEnd(), projectIdOf(posting.projectNumber)]);
      assert.equal(tasks?.find((task) => task.id === row['_msdyn_task_value'])?.['_msdyn_project_value'], row['_msdyn_project_value']);
      const user = resources?.find((resource) => resource.id === row['_msdyn_bookableresource_value'])?.['_userid_value'];
      assert.equal(users?.find((each) => each.id === user)?.['internalemailaddress'], posting.person);
    }
    const sales = actuals.find((row) => row['msdyn_transactiontypecode'] === 192_350_005);
    assert.equal(sales?.['msdyn_amount'], Number(posting.billing.amount.amount), 'what is billed, to the last digit');
    assert.equal(currencies?.find((row) => row.id === sales?.['_transactioncurrencyid_value'])?.['isocurrencycode'], posting.billing.amount.currency);
    const cost = actuals.find((row) => row['msdyn_transactiontypecode'] === 192_350_000);
    if (posting.cost !== null) assert.equal(cost?.['msdyn_amount'], Number(posting.cost.amount));
  }

  describeLaborPort({
    name: 'Labor in Project Operations',
    port: () => labor,
    place: () => PLACE,
    count: async (key) => Math.max((await of('msdyn_journallines', key)).length, (await of('msdyn_actuals', key)).length) / 2,
    check,
    write: { method: 'POST', path: BATCH },
    after: { method: 'POST', path: CONFIRM },
    currencies: [{ currency: 'JPY', amount: '26000', rate: '26000' }, { currency: 'KWD', amount: '65.125', rate: '65.125' }, { currency: 'BHD', amount: '80.005', rate: '80.005' }, { currency: 'EUR', amount: '180.50', rate: '180.5' }],
    hire,
    badAnswers: { post: { empty: UNREADABLE, truncated: UNREADABLE, 'wrong-schema': UNREADABLE } },
  }, sandboxFaults(() => environment.url()));

  describe('beyond what every labor port promises', () => {
    afterEach(async () => environment.admin.clearFaults());
    const post = (postings: readonly LaborPosting[], port = labor) => port.post(postings, callContext());
    const asked = () => environment.exchanges.map(({ method, url: path }) => `${method} ${path.split('?', 1)[0]?.replace(/\(.*?\)/, '').replace('/api/data/v9.2/', '')}`);

    it('writes a journal in one change set and confirms it, whatever the number of lines', async () => {
      await post([line()]);
      const before = asked().length;
      await post(Array.from({ length: 15 }, () => line()));
      assert.deepEqual(asked().slice(before), ['GET msdyn_journallines', 'POST $batch', 'POST msdyn_journals/Microsoft.Dynamics.CRM.msdyn_PostJournal', 'GET msdyn_journals']);
    });

    it('posts the lines beside one that Project Operations refuses, and leaves no journal of it behind', async () => {
      const closed = `US01-C${crypto.randomUUID().slice(0, 6)}`;
      await project(closed, { statecode: 1, statuscode: 2 });
      const mixed = Array.from({ length: 8 }, (_, index) => line(index === 5 ? { projectNumber: closed } : {}));
      const answers = await post(mixed);
      assert.deepEqual(answers.map(({ outcome }) => outcome), mixed.map((_, index) => (index === 5 ? 'refused' : 'posted')));
      assert.equal(answers[5]?.outcome === 'refused' && answers[5].failure.code, 'PROJECT_OPERATIONS_PROJECT_CLOSED');
      assert.deepEqual(await environment.rows('msdyn_journals', 'msdyn_isposted ne true'), []);
    });

    it('books fee-covered work at its cost alone, and billing without the employer\'s books as sales alone', async () => {
      const covered = line({ billing: { ...billed('1575.00', 'USD', '210'), status: 'in_fee' } });
      const billing = line({ purpose: 'billing' });
      await post([covered, billing]);
      const typesOf = async (posting: LaborPosting) => (await of('msdyn_actuals', posting.key)).map((row) => [row['msdyn_transactiontypecode'], row['msdyn_billingtype']]);
      assert.deepEqual([await typesOf(covered), await typesOf(billing)], [[[192_350_000, 192_350_000]], [[192_350_005, 192_350_001]]]);
    });

    it('sends no price where the cost is the ERP\'s own to know', async () => {
      const unknown = line({ cost: null });
      await post([unknown]);
      const rows = await of('msdyn_journallines', unknown.key);
      assert.deepEqual(rows.map((row) => row['msdyn_price']).toSorted(), [0, 210], 'the sandbox has no cost price list');
    });

    it('bills a reached cap by its amount, where no price of four decimals comes to it, and takes it back alike', async () => {
      const capped = line({ hours: '7', billing: { ...billed('1000.00', 'USD', '210'), writtenOff: { amount: '470.00', currency: 'USD' } } });
      const back = reversalOf(capped);
      await post([capped, back]);
      const sales = async (posting: LaborPosting) => (await of('msdyn_actuals', posting.key)).filter((row) => row['msdyn_transactiontypecode'] === 192_350_005).map((row) => [row['msdyn_quantity'], row['msdyn_amount'], row['msdyn_amountmethod']]);
      assert.deepEqual([await sales(capped), await sales(back)], [[[7, 1000, 192_350_001]], [[-7, -1000, 192_350_001]]]);
    });

    it('will not choose between two resources with one e-mail address', async () => {
      const twin = `twin-${crypto.randomUUID().slice(0, 6)}@northwind-consulting.example`;
      await hire(twin);
      await hire(twin);
      const [answer] = await post([line({ person: twin })]);
      assert.equal(answer?.outcome === 'refused' && answer.failure.code, 'PERSON_AMBIGUOUS');
    });

    it('finds subcontractors by their contact', async () => {
      const email = `sub-${crypto.randomUUID().slice(0, 6)}@partner.example`;
      const contactid = crypto.randomUUID();
      await environment.admin.seed({ contacts: [{ contactid, fullname: 'Sub', emailaddress1: email }] });
      await environment.admin.seed({ bookableresources: [{ name: 'Sub', resourcetype: 2, 'ContactId@odata.bind': `/contacts(${contactid})` }] });
      assert.deepEqual((await post([line({ person: email })])).map(({ outcome }) => outcome), ['posted']);
    });

    it('keeps the employer\'s cost of work for a project that another ERP has on a project for it, or says which is missing', async () => {
      const abroad = line({ purpose: 'labor', projectEntity: 'FR01', projectNumber: 'FR01-TECH-ELSEWHERE', billing: NO_COST });
      const [refusal] = await post([abroad]);
      assert.match(refusal?.outcome === 'refused' ? refusal.failure.mend : '', /costProjects\.US01/);
      const [posted] = await post([abroad], connect({ costProjects: { US01: PLACE.projects[0] } }));
      assert.equal(posted?.outcome, 'posted');
      assert.deepEqual((await of('msdyn_actuals', abroad.key)).map((row) => [row['_msdyn_project_value'], row['msdyn_transactiontypecode'], row['msdyn_amount']]), [[projectIdOf(PLACE.projects[0] ?? ''), 192_350_000, 600]]);
    });

    it('refuses the line whose role is missing, and posts the one beside it', async () => {
      const answers = await post([line({ laborCategory: 'ASTRONAUT' }), line()]);
      assert.deepEqual(answers.map((answer) => (answer.outcome === 'refused' ? answer.failure.code : answer.outcome)), ['PROJECT_OPERATIONS_VALUE_UNKNOWN', 'posted']);
    });

    it('leaves journals to people where it is told to, and counts their lines all the same', async () => {
      const port = connect({ confirmJournals: false });
      const lines = [line({ workDate: '2032-03-01' }), line({ workDate: '2032-03-01' })];
      assert.deepEqual((await post(lines, port)).map(({ outcome }) => outcome), ['posted', 'posted']);
      assert.equal((await of('msdyn_actuals', lines[0]?.key ?? '')).length, 0);
      assert.equal((await port.find(lines, callContext())).size, 2);
      assert.deepEqual(await port.totals({ legalEntity: 'US01', from: '2032-03-01', to: '2032-03-01' }, callContext()), { legalEntity: 'US01', lines: 2, hours: '15', billed: [{ currency: 'USD', amount: '3150' }] });
      assert.equal((await labor.totals({ legalEntity: 'US01', from: '2032-03-01', to: '2032-03-01' }, callContext())).lines, 0, 'what is not confirmed is no actual');
    });

    it('waits with a journal that may still be confirmed, and confirms it when that can no longer be', async () => {
      const careful = connect({ confirmAgainAfterSeconds: 180 });
      const lines = [line()];
      await post([line()], careful);
      await environment.admin.fault({ kind: 'cut-before', method: 'POST', path: CONFIRM });
      assert.equal((await failureOf(() => post(lines, careful))).kind, 'in_doubt');
      const waiting = await failureOf(() => post(lines, careful));
      assert.deepEqual([waiting.kind, waiting.code, waiting.written], ['transient', 'PROJECT_OPERATIONS_CONFIRMING', 'unknown']);
      assert.equal((await careful.find(lines, callContext())).size, 0);
      assert.deepEqual((await post(lines)).map(({ outcome }) => outcome), ['posted']);
      assert.equal((await of('msdyn_actuals', lines[0]?.key ?? '')).length, 2);
    });

    it('fails as a whole where it is not a line that is at fault, and goes through once that is mended', async () => {
      const lines = Array.from({ length: 8 }, () => line());
      await environment.admin.fault({ kind: 'status', status: 403, method: 'POST', path: BATCH, times: 100 });
      const failure = await failureOf(() => post(lines));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'PROJECT_OPERATIONS_PERMISSION', 'no']);
      await environment.admin.clearFaults();
      assert.deepEqual(new Set((await post(lines)).map(({ outcome }) => outcome)), new Set(['posted']));
    });

    it('waits where Dataverse is at the limit of execution time, certain that nothing was written', async () => {
      await environment.mode('busy');
      const failure = await failureOf(() => post([line()]));
      await environment.mode('default');
      assert.deepEqual([failure.kind, failure.code, failure.written, failure.retryAfterMs], ['transient', 'PROJECT_OPERATIONS_THROTTLED', 'no', 5000]);
    });
  });
});
