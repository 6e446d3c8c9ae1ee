import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import { projectStatusSchema, type Project, type ProjectStatus, type WbsElement } from '../../domain/model/project.ts';
import { exactNumber } from '../exact-number.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, RecordPort, WithReferences } from '../ports.ts';
import { billingTypeOf } from './billing-type.ts';
import { hasDependents } from './classify.ts';
import type { About, NetSuite } from './client.ts';
import { externalIdOf, isPartOf } from './external-id.ts';
import type { NetSuiteOptions } from './options.ts';
import { cut, type NetSuiteReferences } from './references.ts';

const idRow = z.object({ id: z.string() });
const statusRow = z.object({ entityStatus: z.object({ id: z.string() }) });
const taskRow = z.object({ id: z.string(), externalid: z.string().optional(), parent: z.string().optional() });
const NAME_LENGTH = 83;
/** Tasks written at the same time: the account's concurrency is shared with everybody. */
const AT_ONCE = 3;

export const projectLabel = (project: Project) => `project ${project.number}`;
const taskEid = (project: Project, code: string) => externalIdOf(project.id, code);

/** Projects are jobs with one project task per WBS element, each found by its external ID. The billing type of one that stands changes with its billing schedule. */
export function createProjectPort(netSuite: NetSuite, references: NetSuiteReferences, options: NetSuiteOptions): RecordPort<WithReferences<Project>> {
  const eid = (project: Project) => externalIdOf(project.id);

  const tasksOf = (jobId: string, about: About) => netSuite.query(`SELECT id, externalid, parent FROM projecttask WHERE project = ${Number(jobId)}`, taskRow, about);

  const writeTasks = async (project: Project, jobId: string, about: About) => {
    const ids = new Map<string, string>();
    for (const level of levelsOf(project.wbs)) {
      await inTurns(level, AT_ONCE, async (element) => {
        const parent = element.parentCode === null ? undefined : ids.get(element.parentCode);
        const id = await netSuite.upsert('projectTask', taskEid(project, element.code), {
          title: cut(`${element.code} ${element.name}`, 256),
          project: { id: jobId },
          ...(parent === undefined ? {} : { parent: { id: parent } }),
          ...(element.plannedHours === null ? {} : { estimatedWork: exactNumber(element.plannedHours) }),
          nonBillableTask: !element.billable,
        }, about);
        ids.set(element.code, id);
      });
    }
    const wanted = new Set(project.wbs.map((element) => taskEid(project, element.code)));
    const dropped = (await tasksOf(jobId, about)).filter((task) => task.externalid === undefined || !wanted.has(task.externalid));
    // Only tasks this connector made before are taken away, and of those only the unused.
    const ours = dropped.filter((task) => isPartOf(task.externalid, project.id));
    await removeTasks(ours, about, 'keep the used');
  };

  /** Deletes tasks, children first. */
  const removeTasks = async (tasks: readonly z.infer<typeof taskRow>[], about: About, used: 'keep the used' | 'stop at the first used') => {
    for (const task of childrenFirst(tasks)) {
      try {
        await netSuite.remove('projectTask', task.id, about);
      } catch (error) {
        if (used === 'stop at the first used' || !hasDependents(error)) throw error;
      }
    }
  };

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await netSuite.read('job', `eid:${eid(document)}`, idRow, { object: projectLabel(document), context }, { fields: 'id' });
      return found === null ? null : references.found('job', found.id);
    },
    async write({ document, references: known }, existing, context) {
      const object = projectLabel(document);
      const about = { object, context };
      const body = {
        entityId: document.number,
        companyName: cut(document.name, NAME_LENGTH),
        startDate: document.startDate,
        projectedEndDate: document.endDate,
        jobPrice: references.amount(document.value, object),
        jobItem: references.item(document.serviceLine, object),
        comments: commentsOf(document),
        isInactive: false,
      };
      const fixed = {
        parent: references.known(known.customers, document.customerId, 'customer', object),
        subsidiary: references.subsidiary(document.legalEntity.code, object),
        currency: references.currency(document.value.currency, object),
      };
      if (existing !== null) {
        await netSuite.update('job', existing.externalId, { ...body, ...fixed, externalId: eid(document) }, about);
        await afterFirstWrite(() => writeTasks(document, existing.externalId, about));
        return { ...existing, created: false };
      }
      const id = await netSuite.upsert('job', eid(document), { ...body, ...fixed, jobBillingType: { id: billingTypeOf(document.billingMethod, options) }, entityStatus: references.status('pending'), allowTime: false }, about);
      await afterFirstWrite(() => writeTasks(document, id, about));
      return { ...references.found('job', id), created: true };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const object = projectLabel(document);
      const about = { object, context };
      if (!created) return { how: 'kept', detail: `${object} stood before this deal` };
      if ((await netSuite.read('job', externalId, idRow, about, { fields: 'id' })) === null) return { how: 'not_found', detail: `${object} is not in NetSuite` };
      try {
        const tasks = await tasksOf(externalId, about);
        await removeTasks(tasks, about, 'stop at the first used');
        await netSuite.remove('job', externalId, about);
        return { how: 'deleted', detail: `${object} and its ${tasks.length} tasks were deleted from NetSuite` };
      } catch (error) {
        if (!hasDependents(error)) throw error;
        await netSuite.update('job', externalId, { isInactive: true, allowTime: false, entityStatus: references.status('cancelled') }, about);
        return { how: 'cancelled', detail: `${object} is used by other records in NetSuite; it was cancelled and made inactive` };
      }
    },
  };
}

/** Sets a project's status; only an active project takes time. Read again afterwards: a script or workflow of the account may have set it otherwise. */
export function createStatusSetter(netSuite: NetSuite, references: NetSuiteReferences) {
  return async ({ document, externalId }: { readonly document: Project; readonly externalId: string }, status: ProjectStatus, context: CallContext): Promise<ProjectStatus> => {
    const about = { object: projectLabel(document), context };
    await netSuite.update('job', externalId, { entityStatus: references.status(status), allowTime: status === 'active', isInactive: status === 'cancelled' }, about);
    const now = await afterFirstWrite(() => netSuite.read('job', externalId, statusRow, about, { fields: 'entityStatus' }));
    const id = now?.entityStatus.id;
    // Several of ours may be one of NetSuite's.
    const reached = [status, ...projectStatusSchema.options].find((each) => references.status(each).id === id);
    if (reached !== undefined) return reached;
    throw new SystemFailure({
      kind: 'business_rule', code: 'NETSUITE_PROJECT_STATUS', system: netSuite.system, object: about.object, written: 'unknown',
      message: id === undefined ? `${about.object} is no longer in NetSuite (ID ${externalId}).` : `After it was made ${status}, ${about.object} has the status ${id} in NetSuite, which is none of projectStatuses in the options of ${netSuite.system}.`,
      mend: id === undefined ? 'Find out who deleted it in NetSuite; abort the deal, or retry to make it again.' : 'Find out which script or workflow sets it there, or name it in projectStatuses, then retry.',
    });
  };
}

/** WBS elements level by level, so that each parent is there before its children. */
function levelsOf(wbs: readonly WbsElement[]): WbsElement[][] {
  const levels: WbsElement[][] = [];
  let parents = new Set<string | null>([null]);
  for (;;) {
    const level = wbs.filter((element) => parents.has(element.parentCode));
    if (level.length === 0) return levels;
    levels.push(level);
    parents = new Set(level.map((element) => element.code));
  }
}

function childrenFirst<Task extends { readonly id: string; readonly parent?: string | undefined }>(tasks: readonly Task[]): Task[] {
  const depth = (task: Task): number => {
    const parent = tasks.find((other) => other.id === task.parent);
    return parent === undefined ? 0 : depth(parent) + 1;
  };
  return [...tasks].toSorted((left, right) => depth(right) - depth(left));
}

/** Works on items with so many at once; the first failure ends it once the others in flight have ended. */
async function inTurns<Item>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, queue.length) }, worker));
  const failed = ended.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function commentsOf(project: Project): string {
  return [
    ...(project.name.length > NAME_LENGTH ? [project.name] : []),
    `Contract ${project.contractId}. Service line ${project.serviceLine}, cost center ${project.costCenter}.`,
    `Value ${project.value.amount} ${project.value.currency}.${project.cap === null ? '' : ` Never more than ${project.cap.amount} ${project.cap.currency}.`}`,
    `Tax ${project.tax.code}: ${project.tax.ratePercent} %${project.tax.reverseCharge ? ', reverse charge' : ''}.`,
    ...(project.purchaseOrder === null ? [] : [`Purchase order ${project.purchaseOrder}.`]),
  ].join('\n');
}
