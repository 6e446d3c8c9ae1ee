import assert from 'node:assert/strict';
import { markIn, noteOf } from '../../../connectors/sap/keys.ts';
import type { LaborPort } from '../../../connectors/labor-port.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import { callContext } from '../conformance/documents.ts';
import { describeLaborPort } from '../conformance/labor.ts';
import { laborLine, reversalOf, type LaborPlace } from '../conformance/labor-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startSystem, type StoredValues, type TestSystem } from './environment.ts';

const PLACE: LaborPlace = {
  system: 'sap', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', task: '2-1',
  people: Array.from({ length: 12 }, (_, index) => `person-${index}@northwind-consulting.example`),
  projects: Array.from({ length: 5 }, (_, index) => `US01-TECH-P${index}`),
};
const fieldsOf = (row: StoredValues | undefined): StoredValues => Object(row?.['TimeSheetDataFields']);

for (const linesPerRequest of [100, 1]) describe(`Labor in SAP, ${linesPerRequest === 1 ? 'entry by entry' : 'in batches'}`, function () {
  this.timeout(30_000);
  let system: TestSystem;
  let labor: LaborPort;
  let hired = 0;
  /** By the key of a reversal: what it takes back. SAP keeps no record of its own for it, but cancels the entry. */
  const reversed = new Map<string, string>();

  const connect = (options: object = {}, credentials?: unknown): LaborPort => {
    const { labor: port } = system.connect({ linesPerRequest, ...options }, credentials);
    assert.ok(!isUnsupported(port));
    return {
      ...port,
      post: (postings, context) => {
        for (const { key, reverses } of postings) if (reverses !== null) reversed.set(key, reverses);
        return port.post(postings, context);
      },
    };
  };
  const stored = async (key: string): Promise<StoredValues[]> => {
    const original = reversed.get(key);
    const rows = (await system.rows('TimeSheetEntryCollection')).filter((row) => markIn(String(fieldsOf(row)['TimeSheetNote']))?.key === (original ?? key));
    return original === undefined ? rows : rows.filter((row) => row['TimeSheetStatus'] === '60');
  };
  const line = (change: Partial<LaborPosting> = {}) => laborLine(PLACE, change);
  async function hire(email: string, companies: readonly string[] = ['1710']): Promise<string> {
    hired += 1;
    const id = `EMP${String(hired).padStart(5, '0')}`;
    await system.admin.seed({ YY1_Q2CPEOPLE: companies.map((CompanyCode) => ({ PersonWorkAgreementExternalID: id, CompanyCode, DefaultEmailAddress: email })) });
    return id;
  }
  async function project(Project: string, ProcessingStatus = '10'): Promise<void> {
    const ProjectUUID = crypto.randomUUID();
    const element = { ProjectUUID, ProcessingStatus, ProjectElementDescription: 'Cloud migration' };
    await system.admin.seed({
      A_EnterpriseProject: [{ ProjectUUID, Project, ProjectDescription: 'Cloud migration', ProcessingStatus }],
      A_EnterpriseProjectElement: [{ ...element, ProjectElementUUID: ProjectUUID, ProjectElement: Project }, { ...element, ProjectElementUUID: crypto.randomUUID(), ParentObjectUUID: ProjectUUID, ProjectElement: `${Project}.2-1` }],
    });
  }

  async function setMode(mode: string): Promise<void> {
    const answer = await fetch(`${system.url()}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode }) });
    assert.ok(answer.ok, await answer.text());
  }

  before(async () => {
    system = await startSystem({ pageSize: 25 });
    for (const email of PLACE.people) await hire(email);
    for (const number of PLACE.projects) await project(number);
    labor = connect();
  });
  after(async () => system?.close());

  async function check(posting: LaborPosting): Promise<void> {
    if (posting.kind === 'reversal') return;
    const [row] = await stored(posting.key);
    assert.ok(row !== undefined, posting.key);
    const fields = fieldsOf(row);
    assert.deepEqual([row['TimeSheetDate'], Number(fields['RecordedHours']), fields['HoursUnitOfMeasure'], fields['WBSElement'], fields['ActivityType'], fields['BillingControlCategory']], [posting.workDate, Number(posting.hours), 'H', `${posting.projectNumber}.${posting.task}`, 'T001', '']);
    assert.equal(fields['TimeSheetNote'], `[q2c ${posting.key} US01] ${posting.notes}`.trimEnd());
    const [person] = (await system.rows('YY1_Q2CPEOPLE')).filter((each) => each['DefaultEmailAddress'] === posting.person);
    assert.deepEqual([row['PersonWorkAgreementExternalID'], row['CompanyCode']], [person?.['PersonWorkAgreementExternalID'], '1710']);
  }

  describeLaborPort({
    name: 'Labor in SAP',
    // A batch is answered in parts, whose type says where they end.
    badAnswers: linesPerRequest === 1 ? {} : { post: Object.fromEntries(['empty', 'truncated', 'wrong-schema', 'wrong-type'].map((answer) => [answer, 'contract SAP_BATCH_ANSWER unknown' as const])) },
    port: () => labor,
    place: () => PLACE,
    count: async (key) => (await stored(key)).length,
    check,
    write: { method: 'POST', path: linesPerRequest === 1 ? 'TimeSheetEntryCollection$' : 'TIMESHEET/\\$batch$' },
    after: null,
    currencies: [{ currency: 'JPY', amount: '26000', rate: '26000' }, { currency: 'KWD', amount: '65.125', rate: '65.125' }, { currency: 'BHD', amount: '80.005', rate: '80.005' }, { currency: 'EUR', amount: '180.50', rate: '180.5' }],
    breakOff: linesPerRequest === 1 ? null : { on: () => setMode('break-off'), off: () => setMode('default') },
    hire: async (email) => void (await hire(email)),
  }, sandboxFaults(() => system.url()));

  describe('beyond what every labor port promises', () => {
    afterEach(async () => system.admin.clearFaults());
    const post = (postings: readonly LaborPosting[], port = labor) => port.post(postings, callContext());
    const statusOf = async (key: string) => (await stored(key)).map((row) => row['TimeSheetStatus']);

    it('cancels an entry to take it back, also in the batch that makes it, and only once', async () => {
      const original = line({ workDate: '2026-10-05' });
      const back = reversalOf(original);
      const answers = await post([back, original]);
      const [reversal, made] = answers;
      assert.ok(reversal?.outcome === 'posted' && made?.outcome === 'posted');
      assert.equal(reversal.externalId, `${made.externalId}/cancelled`);
      assert.deepEqual(await statusOf(original.key), ['60']);
      assert.deepEqual((await post([back])).map((answer) => answer.outcome === 'posted' && answer.externalId), [reversal.externalId]);
      assert.deepEqual([...(await labor.find([back, original], callContext())).keys()], [back.key, original.key]);
    });

    it('is in doubt about a reversal whose answer was lost, and finds it done', async () => {
      const original = line({ workDate: '2026-10-06' });
      await post([original]);
      const back = reversalOf(original);
      assert.equal((await labor.find([back], callContext())).size, 0);
      await system.admin.fault({ kind: 'cut-after', method: 'POST', path: 'TIMESHEET', times: 1 });
      const failure = await failureOf(() => post([back]));
      assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
      assert.equal((await labor.find([back], callContext())).size, 1);
      assert.deepEqual(await statusOf(original.key), ['60']);
    });

    it('asks a person where the entry to be taken back is no longer there', async () => {
      const [answer] = await post([reversalOf(line({ workDate: '2026-10-07' }))]);
      assert.ok(answer?.outcome === 'refused');
      assert.deepEqual([answer.failure.kind, answer.failure.code, answer.failure.written], ['business_rule', 'SAP_ORIGINAL_MISSING', 'no']);
    });

    it('does not say that an entry is gone where it is the person that SAP no longer knows', async () => {
      const leaver = `leaver-${crypto.randomUUID().slice(0, 8)}@northwind-consulting.example`;
      const id = await hire(leaver);
      const original = line({ person: leaver, workDate: '2026-10-08' });
      await post([original]);
      await system.admin.seed({ YY1_Q2CPEOPLE: [{ PersonWorkAgreementExternalID: id, CompanyCode: '1710', DefaultEmailAddress: '' }] });
      const [answer] = await post([reversalOf(original)], connect());
      assert.ok(answer?.outcome === 'refused');
      assert.deepEqual([answer.failure.kind, answer.failure.code], ['configuration', 'PERSON_UNKNOWN']);
      assert.deepEqual(await statusOf(original.key), ['30']);
    });

    it('knows a person whose address SAP keeps with capitals, as the time system does', async () => {
      const loud = `Loud-${crypto.randomUUID().slice(0, 8)}@Northwind-Consulting.example`;
      await hire(loud);
      const said = line({ person: loud });
      assert.deepEqual((await post([said])).map((answer) => answer.outcome), ['posted']);
      assert.equal((await connect().find([said], callContext())).size, 1);
    });

    it('names the reason of each entry SAP refuses, and posts the others', async () => {
      const closed = `US01-C${crypto.randomUUID().slice(0, 6).toUpperCase()}`;
      await project(closed, '42');
      const lines = [line({ projectNumber: closed }), line(), line({ laborCategory: 'GARDENER' }), line({ hours: '0.125' }), line({ hours: '25' })];
      const answers = await post(lines, connect({ activityTypes: { GARDENER: 'T999' } }));
      assert.deepEqual(answers.map((answer) => answer.outcome === 'refused' && [answer.failure.kind, answer.failure.code, answer.failure.written]), [
        ['business_rule', 'SAP_REFUSED', 'no'], false, ['configuration', 'SAP_VALUE_UNKNOWN', 'no'], ['business_rule', 'SAP_HOURS', 'no'], ['business_rule', 'SAP_HOURS', 'no'],
      ]);
      const [refusal] = answers;
      assert.ok(refusal?.outcome === 'refused');
      assert.match(refusal.failure.message, /not allowed .* status 42/);
      assert.match(refusal.failure.object, new RegExp(closed));
    });

    it('finds earlier entries on whichever page of the answer they stand, and counts only its own', async () => {
      const lines = Array.from({ length: 60 }, (_, index) => line({ workDate: '2033-03-07', hours: '0.1', person: PLACE.people[index % 3] ?? '' }));
      await system.admin.seed({ TimeSheetEntryCollection: [{ PersonWorkAgreementExternalID: 'EMP00001', CompanyCode: '1710', TimeSheetRecord: 'BYHAND', TimeSheetDate: '2033-03-07T00:00:00', TimeSheetStatus: '30', TimeSheetDataFields: { RecordedHours: '8', TimeSheetNote: 'Typed in' } }] });
      await post(lines);
      assert.equal((await labor.find(lines, callContext())).size, 60);
      assert.deepEqual(await labor.totals({ legalEntity: 'US01', from: '2033-03-07', to: '2033-03-07' }, callContext()), { legalEntity: 'US01', lines: 60, hours: '6', billed: [] });
      assert.equal((await labor.totals({ legalEntity: 'DE01', from: '2033-03-07', to: '2033-03-07' }, callContext())).lines, 0);
    });

    it('posts a batch whose people and projects it knows with one look-up for each fifteen people', async () => {
      if (linesPerRequest === 1) return;
      const lines = PLACE.people.map((person) => line({ person, workDate: '2035-05-07' }));
      await post(lines);
      const before = (await system.admin.requests()).length;
      await post(PLACE.people.map((person) => line({ person, workDate: '2035-05-08' })));
      const asked = (await system.admin.requests()).slice(before).map(({ method, url }) => `${method} ${url.split('?', 1)[0]?.split('/').at(-1) ?? ''}`);
      assert.deepEqual(asked, ['GET TimeSheetEntryCollection', 'POST $batch']);
    });

    it('books hours of another company\'s people in that company, and counts them where the books are', async () => {
      const email = `lent-${crypto.randomUUID().slice(0, 8)}@northwind-consulting.example`;
      await hire(email, ['1010', '1710']);
      const lent = line({ person: email, employer: 'DE01', workDate: '2034-01-03', hours: '3' });
      await post([lent]);
      assert.deepEqual((await stored(lent.key)).map((row) => row['CompanyCode']), ['1010']);
      const hoursOf = async (legalEntity: string) => (await labor.totals({ legalEntity, from: '2034-01-03', to: '2034-01-03' }, callContext())).hours;
      assert.deepEqual([await hoursOf('US01'), await hoursOf('DE01')], ['3', '0']);
    });

    it('will not choose between two employments in one company', async () => {
      const twin = `twin-${crypto.randomUUID().slice(0, 8)}@northwind-consulting.example`;
      await hire(twin);
      await hire(twin);
      const [answer] = await post([line({ person: twin })]);
      assert.equal(answer?.outcome === 'refused' && answer.failure.code, 'PERSON_AMBIGUOUS');
    });

    it('keeps the employer\'s cost of work for a project that another ERP has on a project for it, or says which is missing', async () => {
      const cost = { status: 'none' as const, rate: null, amount: { amount: '0', currency: 'EUR' as const }, writtenOff: { amount: '0', currency: 'EUR' as const } };
      const abroad = line({ purpose: 'labor', projectEntity: 'FR01', projectNumber: 'FR01-TECH-ELSEWHERE', billing: cost });
      const [refusal] = await post([abroad]);
      assert.match(refusal?.outcome === 'refused' ? refusal.failure.mend : '', /costProjects\.US01/);
      await post([abroad], connect({ costProjects: { US01: PLACE.projects[0] } }));
      const [row] = await stored(abroad.key);
      assert.deepEqual([fieldsOf(row)['WBSElement'], fieldsOf(row)['BillingControlCategory']], [PLACE.projects[0], 'NB']);
    });

    it('posts on the project itself where SAP has no element for the task', async () => {
      const lines = [line({ task: 'unheard-of' }), line({ task: null })];
      await post(lines);
      for (const { key } of lines) assert.deepEqual((await stored(key)).map((row) => fieldsOf(row)['WBSElement']), [PLACE.projects[0]]);
    });

    it('posts on an element that was made since it last asked for those of the project', async () => {
      const [ProjectUUID, number] = [crypto.randomUUID(), `US01-N${crypto.randomUUID().slice(0, 6).toUpperCase()}`];
      const element = { ProjectUUID, ProcessingStatus: '10', ProjectElementDescription: 'Cloud migration' };
      await system.admin.seed({ A_EnterpriseProject: [{ ProjectUUID, Project: number, ProjectDescription: 'Cloud migration', ProcessingStatus: '10' }], A_EnterpriseProjectElement: [{ ...element, ProjectElementUUID: ProjectUUID, ProjectElement: number }] });
      await post([line({ projectNumber: number, task: '3-1' })]);
      await system.admin.seed({ A_EnterpriseProjectElement: [{ ...element, ProjectElementUUID: crypto.randomUUID(), ParentObjectUUID: ProjectUUID, ProjectElement: `${number}.3-1` }] });
      const late = line({ projectNumber: number, task: '3-1' });
      await post([late]);
      assert.deepEqual((await stored(late.key)).map((row) => fieldsOf(row)['WBSElement']), [`${number}.3-1`]);
    });

    it('works with an OAuth 2.0 client as well as with a user', async () => {
      const { clientId, clientSecret } = system.credentials;
      const mine = line();
      assert.deepEqual((await post([mine], connect({}, { clientId, clientSecret }))).map((answer) => answer.outcome), ['posted']);
    });

    it('says which organization is missing in the options', async () => {
      const [answer] = await post([line()], connect({ organizations: {} }));
      assert.equal(answer?.outcome === 'refused' && answer.failure.code, 'SAP_MAPPING_MISSING');
    });

    it('knows its own notes from those of people', () => {
      const mark = { key: 'p-0123456789', legalEntity: 'US01' };
      assert.deepEqual(markIn(noteOf(mark, '[q2c p-other DE01] said somebody')), mark);
      for (const note of ['Design workshop', '[q2c ] x', '[q2c short US01]', 'x [q2c p-0123456789 US01]', '']) assert.equal(markIn(note), null, note);
    });
  });
});
