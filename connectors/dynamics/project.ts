import { z } from 'zod';
import type { Project, ProjectStatus, WbsElement } from '../../domain/model/project.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, RecordPort, WithReferences } from '../ports.ts';
import { isInUse } from './classify.ts';
import type { Dynamics } from './client.ts';
import type { ProjectEntities, Terms } from './entities.ts';
import { accountOf, isAccountOf } from './keys.ts';
import { matching, type EntityKey } from './odata.ts';
import type { DynamicsOptions } from './options.ts';
import { removeParts, writeParts, type Part, type PartSet } from './parts.ts';
import { cut, type DynamicsReferences } from './references.ts';

const companyRow = z.object({ dataAreaId: z.string() });
const TASK_NAME_LENGTH = 60;

export const projectLabel = (project: Project) => `project ${project.number}`;
/** Tasks are activities, whose numbers are unique in the company. */
export const taskIdOf = (project: Project, code: string): string => accountOf('T', project.id, code);
export const tasksOf = (company: string, number: string): PartSet => ({ set: 'ProjectTasks', of: { dataAreaId: company, ProjectId: number }, by: ['TaskId'], ours: (row) => isAccountOf('T', row['TaskId']) });

/** Projects under their own number, with one task per WBS element. */
export function createProjectPort(dynamics: Dynamics, references: DynamicsReferences, entities: ProjectEntities, options: DynamicsOptions): RecordPort<WithReferences<Project>> {
  const companyOf = (document: Project) => references.company(document.legalEntity.code, projectLabel(document));
  const keyOf = (company: string, number: string): EntityKey => ({ dataAreaId: company, [entities.projectKey]: number });
  const read = (company: string, number: string, object: string, context: CallContext) => dynamics.read(entities.projects, keyOf(company, number), companyRow, ['dataAreaId'], { object, context });

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const company = companyOf(document);
      const found = await read(company, document.number, projectLabel(document), context);
      return found === null ? null : references.found('ProjProjectsListPage', company, document.number);
    },
    async write({ document, references: known }, existing, context) {
      const object = projectLabel(document);
      const about = { object, context };
      const company = companyOf(document);
      const number = references.fitting(document.number, 'project number', object);
      const terms: Terms = {
        company,
        customerAccount: references.known(known.customers, document.customerId, 'customer', object),
        contractId: references.known(known.contracts, document.contractId, 'contract', object),
      };
      const before = await read(company, number, object, context);
      const body = entities.projectBody(document, terms);
      if (before === null) await dynamics.create(entities.projects, { ...keyOf(company, number), ...entities.projectStart(document), ...body }, about);
      else await dynamics.update(entities.projects, keyOf(company, number), body, before.etag, about);
      if (options.wbs === 'project_tasks') await afterFirstWrite(() => writeParts(dynamics, tasksOf(company, number), taskParts(document), about));
      return { ...references.found('ProjProjectsListPage', company, existing?.externalId ?? number), created: before === null };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const object = projectLabel(document);
      const about = { object, context };
      const company = companyOf(document);
      if (!created) return { how: 'kept', detail: `${object} stood before this deal` };
      if ((await read(company, externalId, object, context)) === null) return { how: 'not_found', detail: `${object} is not in Dynamics 365` };
      const cancel = async () => {
        await dynamics.update(entities.projects, keyOf(company, externalId), { ProjectStage: options.projectStages.cancelled }, undefined, about);
        return { how: 'cancelled' as const, detail: `${object} is used by other records in Dynamics 365; it was set to the stage ${options.projectStages.cancelled}` };
      };
      // Asked first, so that a project that stays keeps its tasks.
      if (await dynamics.any('JournalTrans', matching({ dataAreaId: company, ProjectID: externalId }), 'JournalId', about)) return cancel();
      try {
        const tasks = options.wbs === 'project_tasks' ? await removeParts(dynamics, tasksOf(company, externalId), about) : 0;
        await dynamics.remove(entities.projects, keyOf(company, externalId), about);
        return { how: 'deleted', detail: `${object} and its ${tasks} tasks were deleted from Dynamics 365` };
      } catch (error) {
        if (!isInUse(error)) throw error;
        return cancel();
      }
    },
  };
}

/** Sets a project's stage; which stages take hours is set up in Dynamics (Project management and accounting parameters > Project stages). */
export function createStatusSetter(dynamics: Dynamics, references: DynamicsReferences, entities: ProjectEntities, options: DynamicsOptions) {
  return async ({ document, externalId }: { readonly document: Project; readonly externalId: string }, status: ProjectStatus, context: CallContext): Promise<ProjectStatus> => {
    const object = projectLabel(document);
    const key = { dataAreaId: references.company(document.legalEntity.code, object), [entities.projectKey]: externalId };
    await dynamics.update(entities.projects, key, { ProjectStage: options.projectStages[status] }, undefined, { object, context });
    return status;
  };
}

function taskParts(project: Project): Part[] {
  const level = (element: WbsElement): number => {
    const parent = project.wbs.find((other) => other.code === element.parentCode);
    return parent === undefined ? 1 : level(parent) + 1;
  };
  const ordered = project.wbs.map((element, index) => ({ element, level: level(element), sequence: index + 1 })).toSorted((left, right) => left.level - right.level);
  return ordered.map(({ element, level: outline, sequence }) => ({
    key: { TaskId: taskIdOf(project, element.code) },
    body: {
      TaskElementId: element.code,
      TaskName: cut(`${element.code} ${element.name}`, TASK_NAME_LENGTH),
      ParentTaskElementId: element.parentCode ?? '',
      TaskOutlineLevel: outline,
      TaskDisplaySequence: sequence,
    },
  }));
}
