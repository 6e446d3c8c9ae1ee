import assert from 'node:assert/strict';
import type { LaborPort } from '../../../connectors/labor-port.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import { projectIdOf } from '../../../connectors/project-operations/project.ts';
import { lineKeyOf } from '../../../connectors/dynamics/keys.ts';
import type { LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import { callContext } from '../conformance/documents.ts';
import { laborLine, type LaborPlace } from '../conformance/labor-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { startEnvironment, type TestEnvironment } from './environment.ts';

const PLACE: LaborPlace = { system: 'project-operations', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', task: '2-1', people: ['ada@northwind-consulting.example'], projects: ['US01-TECH-CONFIRM'] };
const CONFIRM = 'msdyn_PostJournal$';
const MINUTE_MS = 60_000;
const WAITS = ['transient', 'PROJECT_OPERATIONS_CONFIRMING', 'unknown'];

describe('Confirming journals in Project Operations where answers are lost', function () {
  this.timeout(30_000);
  let environment: TestEnvironment;
  let labor: LaborPort;
  /** By how much the environment's clock is ahead of ours. */
  let aheadMs = 0;

  const connect = (options: object = {}): LaborPort => {
    const { labor: port } = environment.connect({ confirmAgainAfterSeconds: 180, ...options });
    assert.ok(!isUnsupported(port));
    return port;
  };
  async function project(number: string): Promise<void> {
    await environment.admin.seed({ msdyn_projects: [{ msdyn_projectid: projectIdOf(number), msdyn_subject: number }] });
  }
  const line = (change: Partial<LaborPosting> = {}) => laborLine(PLACE, change);
  const post = (postings: readonly LaborPosting[], port = labor) => port.post(postings, callContext());
  const refusalOf = async (postings: readonly LaborPosting[], port = labor) => (({ kind, code, written }) => [kind, code, written])(await failureOf(() => post(postings, port)));
  const outcomes = async (postings: readonly LaborPosting[], port = labor) => (await post(postings, port)).map(({ outcome }) => outcome);
  const actualsOf = async ({ key }: LaborPosting) => (await environment.rows('msdyn_actuals', `startswith(msdyn_description,'${lineKeyOf(key).mark}')`)).length;
  /** A journal of this line that is written and whose confirmation never arrived. */
  async function leftUnconfirmed(posting: LaborPosting): Promise<void> {
    await environment.admin.fault({ kind: 'cut-before', method: 'POST', path: CONFIRM });
    assert.equal((await refusalOf([posting]))[0], 'in_doubt');
  }

  before(async () => {
    environment = await startEnvironment({}, () => new Date(Date.now() + aheadMs));
    const systemuserid = crypto.randomUUID();
    await environment.admin.seed({ systemusers: [{ systemuserid, fullname: 'Ada', internalemailaddress: PLACE.people[0] }] });
    await environment.admin.seed({ bookableresources: [{ name: 'Ada', resourcetype: 3, 'UserId@odata.bind': `/systemusers(${systemuserid})` }] });
    await project(PLACE.projects[0] ?? '');
  });
  beforeEach(async () => {
    aheadMs = 0;
    await environment.mode('default');
    labor = connect();
  });
  afterEach(async () => environment.admin.clearFaults());
  after(async () => environment?.close());

  it('waits as long after each lost answer, also after the second in a row', async () => {
    const posting = line();
    aheadMs = -10 * MINUTE_MS;
    await leftUnconfirmed(posting);
    await environment.mode('slow-confirmation');
    assert.deepEqual(await refusalOf([posting]), WAITS);
    aheadMs = 0;
    assert.equal((await refusalOf([posting]))[0], 'in_doubt', 'confirmed again, and the answer is lost again');
    assert.deepEqual(await refusalOf([posting]), WAITS, 'the second may be at work');
    aheadMs += 2 * MINUTE_MS;
    assert.deepEqual(await outcomes([posting]), ['posted']);
    assert.equal(await actualsOf(posting), 2, 'cost and sales, once each');
  });

  for (const [name, differsMs] of [['five minutes ahead of', -5 * MINUTE_MS], ['five minutes behind', 5 * MINUTE_MS]] as const) {
    it(`does not confirm beside an action that is at work, with our clock ${name} the environment's`, async () => {
      aheadMs = differsMs - 10 * MINUTE_MS;
      const [lost, held] = [line(), line()];
      await leftUnconfirmed(lost);
      aheadMs = differsMs;
      await environment.mode('slow-confirmation');
      assert.equal((await refusalOf([held]))[0], 'in_doubt');
      assert.deepEqual(await refusalOf([held]), WAITS);
      assert.equal((await refusalOf([lost]))[0], 'in_doubt', 'what lay for ten minutes is confirmed again');
      assert.deepEqual(await refusalOf([lost]), WAITS);
      aheadMs += 2 * MINUTE_MS;
      assert.deepEqual(await outcomes([held, lost]), ['posted', 'posted']);
      assert.deepEqual([await actualsOf(held), await actualsOf(lost)], [2, 2]);
    });
  }

  it('lets one of two workers confirm what was left behind, and the other wait', async () => {
    const posting = line();
    aheadMs = -4 * MINUTE_MS;
    await leftUnconfirmed(posting);
    aheadMs = 0;
    await environment.mode('slow-confirmation');
    const ports = [connect(), connect()];
    for (const port of ports) await port.find([posting], callContext());
    await environment.admin.fault({ kind: 'slow', method: 'POST', path: '\\$batch$', times: 2 });
    const kinds = await Promise.all(ports.map(async (port) => (await failureOf(() => post([posting], port))).kind));
    assert.deepEqual(kinds.toSorted(), ['in_doubt', 'transient']);
    aheadMs += 2 * MINUTE_MS;
    assert.deepEqual(await outcomes([posting]), ['posted']);
    assert.equal(await actualsOf(posting), 2);
  });

  it('takes nothing away for a refusal that may come of an action at work, and finds what that has made', async () => {
    await environment.mode('guarded-confirmation');
    const posting = line();
    const hasty = connect({ confirmAgainAfterSeconds: 0 });
    assert.equal((await refusalOf([posting], hasty))[0], 'in_doubt');
    const refused = await failureOf(() => post([posting], hasty));
    assert.deepEqual([refused.kind, refused.code, refused.written], ['in_doubt', 'PROJECT_OPERATIONS_NOT_CONFIRMED', 'unknown']);
    assert.match(refused.message, /The journal is being confirmed\./);
    assert.equal((await environment.rows('msdyn_journallines', `startswith(msdyn_description,'${lineKeyOf(posting.key).mark}')`)).length, 2);
    aheadMs += 2 * MINUTE_MS;
    assert.deepEqual(await outcomes([posting], hasty), ['posted']);
    assert.equal(await actualsOf(posting), 2);
  });

  it('takes a journal away whose confirmation is refused for one of its lines, and posts the others', async () => {
    const closing = `US01-C${crypto.randomUUID().slice(0, 6)}`;
    await project(closing);
    const postings = [line(), line({ projectNumber: closing, task: '2-1' }), line()];
    await environment.admin.fault({ kind: 'cut-before', method: 'POST', path: CONFIRM });
    assert.equal((await refusalOf(postings))[0], 'in_doubt');
    await environment.admin.seed({ msdyn_projects: [{ msdyn_projectid: projectIdOf(closing), statecode: 1, statuscode: 2 }] });
    aheadMs += 3 * MINUTE_MS;
    const answers = await post(postings, connect({ confirmAgainAfterSeconds: 0 }));
    assert.deepEqual(answers.map((answer) => (answer.outcome === 'refused' ? answer.failure.code : answer.outcome)), ['posted', 'PROJECT_OPERATIONS_PROJECT_CLOSED', 'posted']);
    assert.deepEqual(await Promise.all(postings.map(actualsOf)), [2, 0, 2]);
    assert.deepEqual(await environment.rows('msdyn_journals', 'msdyn_isposted ne true'), []);
  });
});
