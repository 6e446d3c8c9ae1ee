import assert from 'node:assert/strict';
import { createHarvest, createHarvestAssignments } from '../../../connectors/harvest/index.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { harvest } from '../../../sandbox/harvest/sandbox.ts';
import { startSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { recordExchanges, type Exchange } from '../conformance/exchanges.ts';

const NOW = Date.parse('2026-06-10T08:00:00Z');
const PERSON = 'elise.tremblay@northwind-consulting.example';

/** Lets the connector do all that it can do once, and tells every request and answer. */
export async function everything(): Promise<readonly Exchange[]> {
  const credentials = generateCredentials().harvest;
  const sandbox = await startSandbox(harvest, { port: 0, options: { ...credentials, requestsPerWindow: null }, now: () => new Date(NOW) });
  const recorder = await recordExchanges(sandbox.url);
  try {
    const admin = sandboxAdmin(() => sandbox.url);
    const settings = { system: 'harvest', baseUrl: recorder.url, credentials, options: { approver: 'approvals@northwind-consulting.example' }, log: silent, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 } };
    const time = createHarvest(settings, () => NOW);
    const { assignments } = createHarvestAssignments(settings);
    assert.ok(!isUnsupported(time.timesheets) && !isUnsupported(time.expenses));

    const { project, customer } = dealOf(uniqueTag());
    await time.project.find({ project, customer }, callContext());
    const made = await time.project.write({ project, customer }, null, callContext());
    const [line, ...others] = project.rateCard.lines;
    assert.ok(line !== undefined);
    await time.project.write({ project: { ...project, purchaseOrder: 'PO-78', rateCard: { ...project.rateCard, lines: [{ ...line, rate: '181.25' }, { ...line, laborCategory: 'PARTNER' }, ...others.slice(1)] } }, customer }, made, callContext());
    await time.setProjectStatus({ document: project, externalId: made.externalId }, 'active', callContext());
    const [first] = project.assignments;
    assert.ok(first !== undefined);
    const staffing = { timeProjectId: made.externalId, project: { ...project, assignments: [{ ...first, resourceEmail: PERSON }, { ...first, resourceEmail: 'jonas.weber@northwind-consulting.example' }] } };
    await assignments.find(staffing, callContext());
    const staffed = await assignments.write(staffing, null, callContext());
    await assignments.write({ ...staffing, project: { ...project, assignments: [{ ...first, resourceEmail: PERSON }] } }, staffed, callContext());

    const state = await admin.state();
    const idOf = (collection: string, name: string, value: unknown) => Number(state[collection]?.find((row) => row[name] === value)?.['id']);
    const user_id = idOf('users', 'email', PERSON);
    const task_id = Number(state['task_assignments']?.find((row) => row['project_id'] === Number(made.externalId))?.['task_id']);
    await admin.seed({ time_entries: [{ project_id: Number(made.externalId), task_id, user_id, spent_date: '2026-06-01', hours: 7.5, notes: 'Workshop' }] });
    await admin.seed({ expenses: [{ user_id, project_id: Number(made.externalId), expense_category_id: idOf('expense_categories', 'name', 'Meals'), spent_date: '2026-06-01', total_cost: 33.35, notes: 'Dinner', receipt: { file_name: 'dinner.pdf', file_size: 1000, content_type: 'application/pdf' } }] });
    await admin.seed({ timesheet_approvals: [{ user_id, from: '2026-06-01', to: '2026-06-07', approval_status: 'approved' }] });
    let told = 0;
    for await (const change of time.timesheets.changed('2026-01-01T00:00:00.000Z', callContext())) {
      if (!('sheet' in change)) continue;
      assert.ok((await time.timesheets.load(change.sheet.id, callContext())) !== null);
      told += 1;
    }
    const reports: string[] = [];
    for await (const change of time.expenses.changed('2026-01-01T00:00:00.000Z', callContext())) if ('report' in change) reports.push(change.report.id);
    for await (const change of time.expenses.current(reports, callContext())) if ('report' in change) told += 1;
    assert.ok(told >= 2 && reports.length === 1);

    await assignments.undo({ document: staffing, externalId: staffed.externalId, created: true }, callContext());
    await time.project.undo({ document: { project, customer }, externalId: made.externalId, created: true }, callContext());
    const unused = dealOf(uniqueTag());
    const gone = await time.project.write(unused, null, callContext());
    await time.project.undo({ document: unused, externalId: gone.externalId, created: true }, callContext());
    return recorder.exchanges;
  } finally {
    recorder.close();
    await sandbox.close();
  }
}
