import assert from 'node:assert/strict';
import { isUnsupported } from '../../../connectors/ports.ts';
import { emailOf, PEOPLE } from '../../../sandbox/kantata/reference-data.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { throughRelay, type Exchange, type KantataAccount } from './support.ts';

/** Lets the connector do all that it can do once, and tells every request and answer. */
export async function everythingSaid(account: KantataAccount): Promise<readonly Exchange[]> {
  const since = new Date(Date.now() - 60_000).toISOString();
  return throughRelay(account, async (baseUrl) => {
    const time = account.time({ statusKeys: { active: 310 } }, { baseUrl });
    const resources = account.resources({}, { baseUrl });
    const { timesheets } = time;
    assert.ok(!isUnsupported(timesheets) && !isUnsupported(timesheets.reject));

    const { project, customer } = dealOf(uniqueTag());
    const [first, open] = project.assignments;
    assert.ok(first !== undefined && open !== undefined);
    assert.equal(await time.project.find({ project, customer }, callContext()), null);
    const made = await time.project.write({ project, customer }, null, callContext());
    const changed = { ...project, purchaseOrder: 'PO-78', wbs: project.wbs.slice(0, 2), rateCard: { ...project.rateCard, lines: project.rateCard.lines.map((line) => ({ ...line, rate: '181.25' })) } };
    await time.project.write({ project: changed, customer }, made, callContext());
    await time.setProjectStatus({ document: project, externalId: made.externalId }, 'active', callContext());

    const [named = '', other = ''] = PEOPLE.slice(1).map(emailOf);
    const staffing = { timeProjectId: made.externalId, project: { ...project, assignments: [{ ...first, resourceEmail: named }, { ...first, resourceEmail: other }, open] } };
    const staffed = await resources.assignments.write(staffing, null, callContext());
    await resources.assignments.write({ ...staffing, project: { ...project, assignments: [{ ...first, resourceEmail: named, plannedHours: '12.25' }] } }, staffed, callContext());

    const person = String((await account.rows(`/users?by_email_address=${named}`))[0]?.['id']);
    const [task] = await account.rows(`/stories?workspace_id=${made.externalId}`);
    const role = (await account.rows('/roles')).find(({ name }) => name === 'Consultant');
    await account.call('POST', '/time_entries', { time_entry: { workspace_id: Number(made.externalId), user_id: Number(person), story_id: Number(task?.['id']), role_id: Number(role?.['id']), date_performed: '2026-12-02', time_in_minutes: 450, notes: 'Workshop' } });
    await account.seedOne('timesheet_submissions', { user_id: person, workspace_id: made.externalId, week_start: '2026-11-30', status: 'approved' });
    for await (const change of timesheets.changed(since, callContext())) {
      assert.ok('sheet' in change);
      const { sheet } = change;
      assert.deepEqual(await timesheets.load(sheet.id, callContext()), sheet);
      const entries = sheet.entries.map(({ id, version }) => ({ id, version, findings: [{ code: 'PROJECT_UNKNOWN', message: 'There is no such project.', mend: 'Pick the project again.' }] }));
      await timesheets.reject({ timesheetId: sheet.id, version: sheet.version, person: sheet.person, reason: 'Pick the project again.', entries }, callContext());
    }

    await resources.assignments.undo({ document: staffing, externalId: staffed.externalId, created: true }, callContext());
    await time.project.undo({ document: { project, customer }, externalId: made.externalId, created: true }, callContext());
    const unused = dealOf(uniqueTag());
    const gone = await time.project.write(unused, null, callContext());
    await time.project.undo({ document: unused, externalId: gone.externalId, created: true }, callContext());
  });
}
