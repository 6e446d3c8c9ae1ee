import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { Project, ProjectStatus } from '../../domain/model/project.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, RecordPort, WithReferences } from '../ports.ts';
import { isInUse } from './classify.ts';
import { ANY_VERSION, SERVICES, type About, type Sap, type Stored } from './client.ts';
import { entityPath, guid, jsonDate, matching } from './odata.ts';
import type { SapOptions } from './options.ts';
import { cut, type SapReferences } from './references.ts';
import { elementId, projectId, topElements, writeElements } from './wbs.ts';

const SERVICE = SERVICES.project;
const ID_LENGTH = 24;
const DESCRIPTION_LENGTH = 60;
const projectRow = z.object({ ProjectUUID: z.string().min(1), ProcessingStatus: z.string() });
type ProjectRow = Stored<z.infer<typeof projectRow>>;
export const projectLabel = (project: Project) => `project ${project.number}`;

/**
 * Enterprise projects under our own number, with one element per WBS element. Changes carry `If-Match: *`, as the service fails with a version
 * (SAP note 2962502).
 */
export function createProjectPort(sap: Sap, references: SapReferences, options: SapOptions): RecordPort<WithReferences<Project>> {
  const bodyOf = (document: Project) => ({
    ProjectDescription: cut(document.name, DESCRIPTION_LENGTH),
    ProjectStartDate: jsonDate(document.startDate),
    ProjectEndDate: jsonDate(document.endDate),
  });

  const create = async (document: Project, about: About): Promise<string> => {
    const profitCenter = options.profitCenters[document.legalEntity.code];
    const { ProjectUUID } = await sap.create(SERVICE, 'A_EnterpriseProject', {
      Project: projectId(document.number),
      ...bodyOf(document),
      ProjectProfileCode: options.projectProfile,
      ProjectCurrency: document.value.currency,
      EntProjectIsConfidential: false,
      IsBillingRelevant: true,
      ResponsibleCostCenter: references.costCenter(document.costCenter, about.object),
      ...(profitCenter === undefined ? {} : { ProfitCenter: profitCenter }),
      to_EnterpriseProjectElement: topElements(document),
    }, z.object({ ProjectUUID: z.string().min(1) }), about);
    return ProjectUUID;
  };

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await projectOf(sap, document.number, { object: projectLabel(document), context });
      return found === null ? null : references.found('project', projectId(document.number));
    },
    async write({ document }, _existing, context) {
      const about: About = { object: projectLabel(document), context };
      references.fitting(projectId(document.number), ID_LENGTH, 'project number', about.object);
      for (const { code } of document.wbs) references.fitting(elementId(document.number, code), ID_LENGTH, 'WBS element', about.object);
      const before = await projectOf(sap, document.number, about);
      const uuid = before?.ProjectUUID ?? (await create(document, about));
      if (before !== null) await sap.update(SERVICE, entityPath('A_EnterpriseProject', guid(uuid)), bodyOf(document), ANY_VERSION, about);
      await afterFirstWrite(() => writeElements(sap, uuid, document, about));
      return { ...references.found('project', projectId(document.number)), created: before === null };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: projectLabel(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      const project = await projectOf(sap, externalId, about);
      if (project === null) return { how: 'not_found', detail: `${about.object} is not in SAP` };
      try {
        await sap.remove(SERVICE, entityPath('A_EnterpriseProject', guid(project.ProjectUUID)), ANY_VERSION, about);
        return { how: 'deleted', detail: `${about.object} and its WBS were deleted from SAP` };
      } catch (error) {
        if (!isInUse(error)) throw error;
        await setStatus(sap, project, options.processingStatuses.cancelled, about);
        return { how: 'cancelled', detail: `${about.object} is used by other records in SAP; it was set to the processing status ${options.processingStatuses.cancelled}` };
      }
    },
  };
}

/** Sets a project's processing status: hours are taken while it is released. */
export function createStatusSetter(sap: Sap, options: SapOptions) {
  return async ({ document, externalId }: { readonly document: Project; readonly externalId: string }, status: ProjectStatus, context: CallContext): Promise<ProjectStatus> => {
    const about: About = { object: projectLabel(document), context };
    const project = await projectOf(sap, externalId, about);
    if (project === null) throw gone(sap.system, about.object);
    await setStatus(sap, project, options.processingStatuses[status], about);
    return status;
  };
}

function gone(system: string, object: string): SystemFailure {
  return new SystemFailure({ kind: 'business_rule', code: 'SAP_NOT_FOUND', system, object, written: 'no', message: `SAP has no ${object}.`, mend: 'Find out who deleted it in SAP; abort the deal, or retry to make it again.' });
}

async function setStatus(sap: Sap, project: ProjectRow, status: string, about: About): Promise<void> {
  if (project.ProcessingStatus === status) return;
  await sap.call(SERVICE, 'ChangeEntProjProcgStatus', { ProjectUUID: guid(project.ProjectUUID), ProcessingStatus: status }, about);
}

async function projectOf(sap: Sap, number: string, about: About): Promise<ProjectRow | null> {
  const [found] = await sap.list(SERVICE, 'A_EnterpriseProject', { filter: matching({ Project: projectId(number) }), select: ['ProjectUUID', 'ProcessingStatus'] }, projectRow, about);
  return found ?? null;
}
