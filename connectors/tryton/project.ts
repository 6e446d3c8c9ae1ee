import { z } from 'zod';
import type { Project, WbsElement } from '../../domain/model/project.ts';
import type { Found, RecordPort, WithReferences } from '../ports.ts';
import type { Tryton } from './client.ts';
import { isGone, referredId } from './failures.ts';
import type { Links } from './links.ts';
import type { TrytonReferences } from './references.ts';
import { wireHours } from './wire.ts';
import { below, BILLING, deleteWorks, findWork, isUsed, keyOf, RATES, readTree, type Work, type WorkQuery } from './works.ts';

export const projectLabel = (project: Project) => `project ${project.number}`;

/** A command of Tryton's One2Many fields: create, write, delete or add. */
type Command = readonly [string, ...unknown[]];

/** A project is a work of type project; its WBS elements are tasks below it, made with it in one transaction. */
export function createProjectPort(tryton: Tryton, references: TrytonReferences, links: Links): RecordPort<WithReferences<Project>> {
  const found = (id: number): Found => ({ externalId: String(id), url: links.to('project.work', id) });

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const object = projectLabel(document);
      const company = await references.company(document.legalEntity.code, object, context);
      const work = await findWork(tryton, document.number, null, { company: company.id, object, context });
      return work === null ? null : found(work.id);
    },

    async write({ document, references: known }, existing, context) {
      const object = projectLabel(document);
      const company = (await references.company(document.legalEntity.code, object, context)).id;
      const query: WorkQuery = { company, object, context };
      const party = referredId(tryton.system, object, known.customers, document.customerId, 'customer');
      const pending = await references.status('pending', object, context);
      const values = { name: `${document.number} ${document.name}`, party, comment: commentOf(document) };
      const id = existing === null ? ((await findWork(tryton, document.number, null, query))?.id ?? null) : Number(existing.externalId);
      const tree = id === null ? [] : await readTree(tryton, id, query);
      const root = tree.find((work) => work.id === id);

      if (root === undefined) {
        const commands = wbsCommands(document.wbs, null, [], { company, status: pending });
        const [created] = await tryton.call({ method: 'project.work.create', args: [[{ ...values, type: 'project', company, status: pending, children: commands }]], company, result: z.tuple([z.number().int()]), object, writes: true, context });
        return { ...found(created), created: true };
      }
      const elements = wbsWorks(tree, root.id);
      const codes = new Set(document.wbs.map((element) => element.code));
      const dropped = elements.filter((work) => !codes.has(keyOf(work)));
      const unused = dropped.filter((work) => !isUsed([work, ...below(tree, work.id)]) && below(tree, work.id).every((child) => dropped.includes(child)));
      const cancelled = await references.status('cancelled', object, context);
      const others = dropped.filter((work) => !unused.includes(work) && work.status !== cancelled);
      const commands = wbsCommands(document.wbs, null, elements, { company, status: root.status });
      await tryton.call({ method: 'project.work.write', args: [[root.id], { ...values, children: commands }, ...(others.length === 0 ? [] : [others.map((work) => work.id), { status: cancelled }])], company, result: z.null(), object, writes: true, context });
      if (unused.length > 0) await deleteWorks(tryton, unused, query);
      return { ...found(root.id), created: false };
    },

    async undo({ document: { document }, externalId, created }, context) {
      const object = projectLabel(document);
      if (!created) return { how: 'kept', detail: `${object} stood before this deal` };
      const company = (await references.company(document.legalEntity.code, object, context)).id;
      const query: WorkQuery = { company, object, context };
      const tree = await readTree(tryton, Number(externalId), query);
      if (tree.length === 0) return { how: 'not_found', detail: `${object} is not in Tryton` };
      if (!isUsed(tree)) {
        try {
          await deleteWorks(tryton, tree, query);
          return { how: 'deleted', detail: `${object} and its ${tree.length - 1} tasks were deleted from Tryton` };
        } catch (error) {
          if (isGone(error)) return { how: 'not_found', detail: `${object} is not in Tryton` };
          if (!links.isInUse(error)) throw error;
        }
      }
      const status = await references.status('cancelled', object, context);
      const idle = tree.filter((work) => work.timesheet_available && work.timesheet_duration === 0);
      await tryton.call({
        method: 'project.work.write',
        args: [tree.map((work) => work.id), { status }, ...(idle.length === 0 ? [] : [idle.map((work) => work.id), { timesheet_available: false }])],
        company, result: z.null(), object, writes: true, context,
      });
      return { how: 'cancelled', detail: `${object} is used in Tryton (time, invoices or other records) and was cancelled` };
    },
  };
}

/** The tasks of a project that stand for WBS elements: neither rates nor billing. */
export function wbsWorks(tree: readonly Work[], rootId: number): Work[] {
  const special = tree.filter((work) => work.parent === rootId && [RATES, BILLING].includes(keyOf(work)));
  const out = new Set([rootId, ...special.flatMap((work) => [work.id, ...below(tree, work.id).map((child) => child.id)])]);
  return tree.filter((work) => !out.has(work.id));
}

/** Makes one level of tasks, and those below, equal to the WBS; a task that stands elsewhere is moved. */
function wbsCommands(wbs: readonly WbsElement[], parentCode: string | null, existing: readonly Work[], fresh: { readonly company: number; readonly status: number }): Command[] {
  return wbs.flatMap((element, index): Command[] => {
    if (element.parentCode !== parentCode) return [];
    const children = wbsCommands(wbs, element.code, existing, fresh);
    const values = {
      name: `${element.code} ${element.name}`,
      sequence: index + 1,
      comment: element.billable ? 'Billable' : 'Not billable',
      effort_duration: element.plannedHours === null ? null : wireHours(element.plannedHours),
      ...(children.length === 0 ? {} : { children }),
    };
    const task = existing.find((work) => keyOf(work) === element.code);
    if (task === undefined) return [['create', [{ ...values, type: 'task', ...fresh }]]];
    return [['add', [task.id]], ['write', [task.id], values]];
  });
}

/** What Tryton has no field for, for the people who read the project there. */
function commentOf(project: Project): string {
  return [
    `Runs from ${project.startDate} to ${project.endDate}.`,
    `Billing method: ${project.billingMethod.replaceAll('_', ' ')}. Value: ${project.value.amount} ${project.value.currency}.${project.cap === null ? '' : ` Cap: ${project.cap.amount} ${project.cap.currency}.`}`,
    `Service line ${project.serviceLine}, cost center ${project.costCenter}.`,
    `Tax: ${project.tax.code}, ${project.tax.ratePercent} %${project.tax.reverseCharge ? ', reverse charge' : ''}.`,
    ...(project.purchaseOrder === null ? [] : [`Purchase order ${project.purchaseOrder}.`]),
    `Contract ${project.contractId}.`,
  ].join('\n');
}
