import { z } from 'zod';
import type { Project, ProjectStatus } from '../../domain/model/project.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, RecordPort, WithReferences } from '../ports.ts';
import type { Change } from './batch.ts';
import { isInUse } from './classify.ts';
import type { About, Dataverse } from './client.ts';
import { CONTRACT_LINES, contractLineIdOf } from './contract.ts';
import { idOf } from './ids.ts';
import type { Names } from './names.ts';
import { cut, noon, reference } from './odata.ts';

export const PROJECTS = 'msdyn_projects';
const NOTES = 'annotations';
const ACTIVE = { statecode: 0, statuscode: 1 };
/** Read-only from then on, and future bookings are cancelled. */
const CLOSED = { statecode: 1, statuscode: 192_350_000 };
const NOTE_LENGTH = 100_000;
const projectRow = z.object({ msdyn_projectid: z.string() });
const lineRow = z.object({ salesorderdetailid: z.string(), _msdyn_project_value: z.string().nullish() });
const stateRow = z.object({ statecode: z.coerce.number() });
const idRow = z.object({ annotationid: z.string() });
/** Records that say a project has been worked on. */
const TRACES = [['msdyn_actuals', 'msdyn_actualid'], ['msdyn_journallines', 'msdyn_journallineid']] as const;

export const projectLabel = (project: Project) => `project ${project.number}`;
/** By its number, which is what time is told with. */
export const projectIdOf = (number: string): string => idOf('project', number.toUpperCase());

/**
 * Projects without tasks: the schedule engine takes those from licensed users alone (README.md). The WBS stands in a note of the project, for whoever plans it.
 * The line of the contract that bills the project is made to name it.
 */
export function createProjectPort(dataverse: Dataverse, names: Names): RecordPort<WithReferences<Project>> {
  const read = (id: string, about: About) => dataverse.read(PROJECTS, id, projectRow, ['msdyn_projectid'], about);

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const id = projectIdOf(document.number);
      return (await read(id, { object: projectLabel(document), context })) === null ? null : names.found('msdyn_project', id);
    },
    async write({ document, references: known }, existing, context) {
      const about: About = { object: projectLabel(document), context };
      const id = existing?.externalId ?? projectIdOf(document.number);
      const noteId = idOf('project-note', document.number);
      const customer = names.known(known.customers, document.customerId, 'customer', about.object);
      const contract = names.known(known.contracts, document.contractId, 'contract', about.object);
      const lineId = contractLineIdOf(document.contractId, document.number);
      const before = await read(id, about);
      const note = before === null ? null : await dataverse.read(NOTES, noteId, idRow, ['annotationid'], about);
      const line = await dataverse.read(CONTRACT_LINES, lineId, lineRow, ['_msdyn_project_value'], about);
      const body = {
        msdyn_subject: cut(`${document.number} ${document.name}`, 200),
        msdyn_description: cut(factsOf(document).join('\n'), 2000),
        'msdyn_customer@odata.bind': reference('accounts', customer),
        'msdyn_salesorderid@odata.bind': reference('salesorders', contract),
      };
      const noteBody = { subject: 'What was sold', notetext: cut([...factsOf(document), ...planOf(document)].join('\n'), NOTE_LENGTH) };
      const changes: Change[] = [
        before === null ? { kind: 'create', set: PROJECTS, id, body: { ...body, ...(await firstOf(document, about)) } } : { kind: 'update', set: PROJECTS, id, body, version: before.etag },
        note === null ? { kind: 'create', set: NOTES, id: noteId, body: { ...noteBody, 'objectid_msdyn_project@odata.bind': reference(PROJECTS, id) } } : { kind: 'update', set: NOTES, id: noteId, body: noteBody },
        ...(line === null || line._msdyn_project_value?.toLowerCase() === id ? [] : [{ kind: 'update' as const, set: CONTRACT_LINES, id: lineId, body: { 'msdyn_Project@odata.bind': reference(PROJECTS, id) } }]),
      ];
      await dataverse.change(changes, about);
      return { ...names.found('msdyn_project', id), created: before === null };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: projectLabel(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      if ((await read(externalId, about)) === null) return { how: 'not_found', detail: `${about.object} is not in Project Operations` };
      const cancel = async () => {
        await dataverse.change([{ kind: 'update', set: PROJECTS, id: externalId, body: CLOSED }], about);
        return { how: 'cancelled' as const, detail: `${about.object} has transactions in Project Operations; it was closed` };
      };
      for (const [set, column] of TRACES) if (await dataverse.any(set, `_msdyn_project_value eq ${externalId}`, column, about)) return cancel();
      try {
        await dataverse.change([...(await freedLine(document, externalId, about)), { kind: 'delete', set: PROJECTS, id: externalId }], about);
        return { how: 'deleted', detail: `${about.object} was deleted from Project Operations` };
      } catch (error) {
        if (!isInUse(error)) throw error;
        return cancel();
      }
    },
  };

  async function freedLine(document: Project, projectId: string, about: About): Promise<Change[]> {
    const id = contractLineIdOf(document.contractId, document.number);
    const line = await dataverse.read(CONTRACT_LINES, id, lineRow, ['_msdyn_project_value'], about);
    return line?._msdyn_project_value?.toLowerCase() === projectId.toLowerCase() ? [{ kind: 'update', set: CONTRACT_LINES, id, body: { 'msdyn_Project@odata.bind': null } }] : [];
  }

  /** Set once: the schedule engine keeps the dates from then on, the currency follows from the unit. */
  async function firstOf(document: Project, about: About): Promise<object> {
    return {
      msdyn_scheduledstart: noon(document.startDate),
      'msdyn_ContractOrganizationalUnitId@odata.bind': reference('msdyn_organizationalunits', await names.organizationalUnit(document.legalEntity.code, about)),
    };
  }
}

/**
 * Project Operations tells active from closed; before its activation a project is active too, without anybody in its team who could enter time. Read again
 * afterwards: a workflow of the firm's may have set it otherwise.
 */
export function createStatusSetter(dataverse: Dataverse) {
  return async ({ document, externalId }: { readonly document: Project; readonly externalId: string }, status: ProjectStatus, context: CallContext): Promise<ProjectStatus> => {
    const about: About = { object: projectLabel(document), context };
    const isOpen = status === 'active' || status === 'pending';
    await dataverse.change([{ kind: 'update', set: PROJECTS, id: externalId, body: isOpen ? ACTIVE : CLOSED }], about);
    const now = await afterFirstWrite(() => dataverse.read(PROJECTS, externalId, stateRow, ['statecode'], about));
    if (now === null) throw new SystemFailure({ kind: 'business_rule', code: 'PROJECT_OPERATIONS_NOT_FOUND', system: dataverse.system, object: about.object, written: 'unknown', message: `${about.object} is no longer in Project Operations (ID ${externalId}).`, mend: 'Find out who deleted it in Project Operations; abort the deal, or retry to make it again.' });
    if ((now.statecode === ACTIVE.statecode) === isOpen) return status;
    return isOpen ? 'closed' : 'active';
  };
}

/** What a project has no column for. */
function factsOf(project: Project): string[] {
  return [
    `From ${project.startDate} to ${project.endDate}. Service line ${project.serviceLine}, cost center ${project.costCenter}.`,
    `Value ${project.value.amount} ${project.value.currency}.${project.cap === null ? '' : ` Never more than ${project.cap.amount} ${project.cap.currency}.`}`,
    `Tax ${project.tax.code}: ${project.tax.ratePercent} %${project.tax.reverseCharge ? ', reverse charge' : ''}.`,
    ...(project.purchaseOrder === null ? [] : [`Purchase order ${project.purchaseOrder}.`]),
  ];
}

function planOf({ name, wbs, assignments }: Project): string[] {
  return [
    name,
    ...wbs.map((element) => `WBS ${element.code} ${element.name}${element.billable ? '' : ', not billable'}${element.plannedHours === null ? '' : `, ${element.plannedHours} hours planned`}.`),
    ...assignments.map((each) => `${each.resourceEmail ?? `${each.laborCategory}, not staffed yet`}: ${each.plannedHours ?? 'no'} hours planned from ${each.from} to ${each.to}.`),
  ];
}
