import assert from 'node:assert/strict';
import type { ResourcePort, TimePort } from '../../../connectors/ports.ts';
import type { Project } from '../../../domain/model/project.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { others } from '../conformance/record-content.ts';
import { describeRecordPort, failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { startAccount, type KantataAccount } from './support.ts';

type Staffing = { readonly project: Project; readonly timeProjectId: string | null };
const ELISE = 'Elise.Tremblay@northwind-consulting.example';
const JONAS = 'jonas.weber@northwind-consulting.example';

describe('Kantata resources', function () {
  this.timeout(60_000);
  let account: KantataAccount;
  let time: TimePort;
  let resources: ResourcePort;
  const faults = sandboxFaults(() => account.sandbox.url);

  before(async () => {
    account = await startAccount();
    time = account.time({ rateCards: 'none' });
    resources = account.resources();
  });
  after(async () => account?.sandbox.close());

  const staffed = async (): Promise<Staffing> => {
    const { project, customer } = dealOf(uniqueTag());
    const { externalId } = await time.project.write({ project, customer }, null, callContext());
    const [first, open] = project.assignments;
    assert.ok(first !== undefined && open !== undefined);
    return { timeProjectId: externalId, project: { ...project, assignments: [{ ...first, resourceEmail: ELISE }, { ...first, resourceEmail: JONAS, plannedHours: '12.25' }, open, open] } };
  };
  const resourcesOf = (id: string | null) => account.rows(`/workspace_resources?workspace_id=${id ?? ''}&include_unnamed=true&include=user,role&per_page=200`);
  const allocationsOf = (id: string | null) => account.rows(`/workspace_allocations?workspace_ids=${id ?? ''}&include=workspace_resource&per_page=200`);
  const idOf = async (email: string) => String((await account.rows(`/users?by_email_address=${email}`))[0]?.['id']);
  const bookTime = async (id: string, email: string) => void (await account.seedOne('time_entries', { workspace_id: Number(id), user_id: Number(await idOf(email)), date_performed: '2026-12-02', time_in_minutes: 60 }));

  describeRecordPort<Staffing>({
    name: 'The staffing of a project in Kantata',
    port: () => resources.assignments,
    fresh: staffed,
    amended: ({ project, timeProjectId }) => ({ timeProjectId, project: { ...project, assignments: project.assignments.slice(0, 1).map((line) => ({ ...line, to: '2027-06-30', plannedHours: '90' })) } }),
    count: async ({ timeProjectId }) => ((await resourcesOf(timeProjectId)).length > 0 ? 1 : 0),
    check: async ({ project, timeProjectId }) => {
      const made = await resourcesOf(timeProjectId);
      const wanted = await Promise.all(project.assignments.map(async ({ resourceEmail, laborCategory }) => [resourceEmail === null ? null : await idOf(resourceEmail), laborCategory === 'CONSULTANT' ? 'Consultant' : 'Senior Consultant']));
      const sorted = (list: unknown[][]) => list.map((each) => JSON.stringify(each)).toSorted();
      assert.deepEqual(sorted(made.map((resource) => [resource['user_id'], resource['role_name']])), sorted(wanted));
      const allocated = (await allocationsOf(timeProjectId)).map((each) => [each['start_date'], each['end_date'], each['minutes'], each['hard']]);
      assert.deepEqual(sorted(allocated), sorted(project.assignments.map(({ from, to, plannedHours }) => [from, to, Number(plannedHours) * 60, false])));
    },
    use: (_document, externalId) => bookTime(externalId, ELISE),
    writeMethod: 'POST',
    unknownId: '41999999',
    badAnswers: { every: { 'numbers-as-text': 'refused', 'unknown-values': 'refused' } },
    content: { stored: () => account.admin.state(), textless: true, seedOthers: async (count) => void (await account.admin.seed({ users: others(count, () => ({ full_name: 'Somebody Else', email_address: `by-hand-${uniqueTag()}@northwind-consulting.example` })) })) },
  }, faults);

  it('keeps who has time on the project, without the allocation, and takes everybody else off', async () => {
    const document = await staffed();
    const { externalId } = await resources.assignments.write(document, null, callContext());
    await bookTime(externalId, ELISE);
    const undone = await resources.assignments.undo({ document, externalId, created: true }, callContext());
    assert.equal(undone.how, 'deactivated');
    assert.deepEqual([(await resourcesOf(externalId)).map((each) => each['full_name']), await allocationsOf(externalId)], [['Elise Tremblay'], []]);
    assert.equal((await account.rows(`/time_entries?workspace_id=${externalId}`)).length, 1, 'the time is still there');
  });

  it('uses whom people have put on the project already, and leaves them there', async () => {
    const document = await staffed();
    const id = document.timeProjectId ?? '';
    const [role] = (await account.rows('/roles?per_page=200')).filter(({ name }) => name === 'Senior Consultant');
    const theirs = await account.seedOne('workspace_resources', { workspace_id: Number(id), user_id: Number(await idOf(ELISE)), role_id: Number(role?.['id']) });
    await resources.assignments.write(document, null, callContext());
    assert.equal((await resourcesOf(id)).length, 4);
    assert.ok((await allocationsOf(id)).some((each) => each['workspace_resource_id'] === theirs));
    await resources.assignments.undo({ document, externalId: id, created: true }, callContext());
    assert.deepEqual((await resourcesOf(id)).map((each) => each['id']), [theirs]);
  });

  it('allocates firmly where the options say so, roles without a name only softly, and nothing where they say that', async () => {
    const document = await staffed();
    await account.resources({ allocations: 'hard' }).assignments.write(document, null, callContext());
    assert.deepEqual((await allocationsOf(document.timeProjectId)).map((each) => each['hard']).toSorted(), [false, false, true, true]);
    const plain = await staffed();
    await account.resources({ allocations: 'none' }).assignments.write(plain, null, callContext());
    assert.deepEqual([(await resourcesOf(plain.timeProjectId)).length, await allocationsOf(plain.timeProjectId)], [4, []]);
  });

  it('goes with the project: what only the reference remembers is not found', async () => {
    const document = await staffed();
    await resources.assignments.write(document, null, callContext());
    await account.call('DELETE', `/workspaces/${document.timeProjectId ?? ''}`);
    assert.equal(await resources.assignments.find(document, callContext()), null);
    assert.equal((await resources.assignments.undo({ document, externalId: document.timeProjectId ?? '', created: true }, callContext())).how, 'not_found');
  });

  it('names the person, role or project that is missing, and writes nothing', async () => {
    const document = await staffed();
    const [first] = document.project.assignments;
    assert.ok(first !== undefined);
    const nobody = await failureOf(() => resources.assignments.write({ ...document, project: { ...document.project, assignments: [{ ...first, resourceEmail: 'ada@northwind-consulting.example' }] } }, null, callContext()));
    assert.deepEqual([nobody.kind, nobody.code, nobody.written], ['configuration', 'KANTATA_USER_UNKNOWN', 'no']);
    assert.match(nobody.mend, /ada@northwind-consulting\.example/);
    const role = await failureOf(() => resources.assignments.write({ ...document, project: { ...document.project, assignments: [{ ...first, laborCategory: 'ASTRONAUT' }] } }, null, callContext()));
    assert.deepEqual([role.kind, role.code, role.written], ['configuration', 'KANTATA_ROLE_UNKNOWN', 'no']);
    const project = await failureOf(() => resources.assignments.write({ ...document, timeProjectId: null }, null, callContext()));
    assert.deepEqual([project.kind, project.code, project.written], ['business_rule', 'KANTATA_NOT_FOUND', 'no']);
    assert.deepEqual(await resourcesOf(document.timeProjectId), []);
    assert.equal(await resources.assignments.find(document, callContext()), null);
  });
});
