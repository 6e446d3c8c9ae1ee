import type { Project, ProjectStatus } from '../domain/model/project.ts';
import { datedRates } from '../domain/model/rate-card.ts';
import { timeProjectSchema, type TimeProject } from '../domain/model/time/context.ts';
import { assignmentKeys, projectRateKey } from '../domain/model/time/reference.ts';
import { localDateOf } from '../domain/rules/timesheet/hours.ts';
import type { Db } from '../store/database.ts';
import { dropReferenceExcept, putReference, referenceRows, type ReferenceRow } from '../store/time/reference.ts';

/** Whose rows a deal's project brings: an amended deal takes back what it no longer asks for, and nobody else's. */
function sourceOf(projectId: string): string {
  return `deal project ${projectId}`;
}

/** Time that comes for a project before its activation is held for it. A project that is at work stays as it is until its change is activated. */
export async function announceProject(db: Db, project: Project): Promise<void> {
  const before = await knownProject(db, project.number);
  if (before !== undefined && before.status !== 'cancelled' && before.status !== 'pending') return;
  await put(db, project, { ...timeProject(project, before), status: 'pending', inactiveFrom: null });
}

/** From now on time is judged by this version of the project: its dates, tasks, rates and people, and the status it has in the ERP. */
export async function activateProject(db: Db, project: Project, status: ProjectStatus): Promise<void> {
  const before = await knownProject(db, project.number);
  await put(db, project, { ...timeProject(project, before), status, inactiveFrom: before?.status === status ? before.inactiveFrom : null });
}

/** No more time is taken. What was posted before can still be corrected: rates and assignments stay. */
export async function cancelProject(db: Db, project: Project, at: Date): Promise<void> {
  const before = await knownProject(db, project.number);
  if (before?.status === 'cancelled') return;
  await put(db, project, { ...timeProject(project, before), status: 'cancelled', inactiveFrom: localDateOf(at.toISOString(), project.legalEntity.timeZone) });
}

/** The same for a project that was announced and then never begun in any system, so that no plan of it is at hand. */
export async function cancelAnnounced(db: Db, projectId: string, at: Date): Promise<void> {
  const source = sourceOf(projectId);
  for (const { kind, key, scope, document } of await referenceRows(db, { kind: 'project', source })) {
    const project = timeProjectSchema.parse(document);
    if (project.status !== 'pending') continue;
    await putReference(db, source, [{ kind, key, scope, document: { ...project, status: 'cancelled', inactiveFrom: localDateOf(at.toISOString(), 'UTC') } }]);
  }
}

async function knownProject(db: Db, number: string): Promise<TimeProject | undefined> {
  const [row] = await referenceRows(db, { kind: 'project', key: number });
  return row === undefined ? undefined : timeProjectSchema.parse(row.document);
}

/** What a deal says of a project; what it does not say (who else may approve, what happens beyond the cap, the code that follows) stays as somebody gave it. */
function timeProject(project: Project, before: TimeProject | undefined): TimeProject {
  const { number, legalEntity, startDate, endDate, billingMethod, value, costCenter, wbs, cap } = project;
  return {
    number,
    legalEntity: legalEntity.code,
    kind: 'client',
    absencePayCode: null,
    status: before?.status ?? 'pending',
    inactiveFrom: before?.inactiveFrom ?? null,
    startDate,
    endDate,
    billingMethod,
    currency: value.currency,
    costCenter,
    tasks: wbs.map(({ code, billable }) => ({ code, billable })),
    approvers: before?.approvers ?? [],
    cap: cap === null ? null : { limit: cap, used: { amount: '0', currency: cap.currency }, beyond: before?.cap?.beyond ?? 'refuse' },
    changedTo: before?.changedTo ?? null,
    erp: project.targets.erp,
  };
}

async function put(db: Db, project: Project, document: TimeProject): Promise<void> {
  const { number, rateCard } = project;
  const rates = datedRates(rateCard).map((rate): ReferenceRow => {
    const document = { projectNumber: number, ...rate };
    return { kind: 'rate', key: projectRateKey(document), scope: number, document };
  });
  const assignments = new Map<string, ReferenceRow>();
  for (const { resourceEmail, laborCategory, from, to } of project.assignments) {
    if (resourceEmail === null) continue;
    const assignment = { person: resourceEmail.toLowerCase(), projectNumber: number, laborCategory, from, to };
    const [key, keyWithCategory] = assignmentKeys(assignment);
    const row = { kind: 'assignment', scope: assignment.person, document: assignment };
    const free = assignments.has(key) ? keyWithCategory : key;
    assignments.set(free, { ...row, key: free });
  }
  const source = sourceOf(project.id);
  await db.transaction().execute(async (transaction) => {
    await putReference(transaction, source, [{ kind: 'project', key: number, scope: number, document }, ...rates, ...assignments.values()]);
    await dropReferenceExcept(transaction, source, 'rate', rates.map(({ key }) => key));
    await dropReferenceExcept(transaction, source, 'assignment', [...assignments.keys()]);
  });
}
