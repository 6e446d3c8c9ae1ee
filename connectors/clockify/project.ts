import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import type { Customer } from '../../domain/model/customer.ts';
import type { Project, ProjectStatus } from '../../domain/model/project.ts';
import { addDecimal, compareDecimal } from '../../domain/money.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, RecordPort } from '../ports.ts';
import { madeAnswer, type About, type Clockify } from './client.ts';
import type { Clients } from './clients.ts';
import { projectName, projectNumberIn } from './names.ts';
import { noNotes, readNotes, writeNotes, type Notes } from './notes.ts';
import type { ClockifyOptions } from './options.ts';
import { ratesByHand } from './rates.ts';
import type { createTasks } from './tasks.ts';

type Document = { readonly project: Project; readonly customer: Customer };
const projectRow = z.object({ id: z.string(), name: z.string(), clientId: z.string(), archived: z.boolean(), public: z.boolean(), color: z.string(), note: z.string().nullish(), duration: z.string().nullish() });
type Row = z.infer<typeof projectRow>;

const projectLabel = (project: Project) => `project ${project.number}`;
const goneFailure = (clockify: Clockify, about: About, id: string) =>
  clockify.failure(about, { kind: 'business_rule', code: 'CLOCKIFY_NOT_FOUND', message: `${about.object} is no longer in Clockify (ID ${id}).`, mend: 'Find out who deleted it in Clockify; abort the deal, or retry to make it again.' });

/** An update replaces what it leaves out, so all of the record is sent. */
function put(clockify: Clockify, row: Row, changes: Partial<Row>, about: About) {
  const { id, name, clientId, archived, public: isPublic, color, note } = { ...row, ...changes };
  return clockify.send('PUT', `/projects/${id}`, { name, clientId, archived, isPublic, color, billable: true, note: note ?? '' }, madeAnswer, about);
}

/** Projects, found by the number their name begins with. Made private and archived: nobody can book time before `setProjectStatus` opens them. */
export function createProjectPort(clockify: Clockify, clients: Clients, tasks: ReturnType<typeof createTasks>): RecordPort<Document> {
  const find = async (project: Project, about: About): Promise<Row | null> => {
    const same = (await clockify.list('/projects', projectRow, about, { name: project.number })).filter(({ name }) => projectNumberIn(name) === project.number);
    if (same.length <= 1) return same[0] ?? null;
    throw clockify.failure(about, { kind: 'business_rule', code: 'CLOCKIFY_PROJECT_AMBIGUOUS', message: `Clockify has ${same.length} projects whose name begins with ${project.number} (IDs ${same.map(({ id }) => id).join(', ')}).`, mend: 'Rename those that are not ours in Clockify, then retry.' });
  };

  /** A client made for a project that Clockify then refuses goes again: nothing would lead back to it. */
  const orWithoutClient = async <Made>(make: () => Promise<Made>, clientId: string, about: About): Promise<Made> => {
    try {
      return await make();
    } catch (error) {
      if (isSystemFailure(error) && error.failure.written === 'no' && error.failure.kind !== 'transient') await clients.removeIfEmpty(clientId, about);
      throw error;
    }
  };

  const complete = async (project: Project, row: Row, about: About): Promise<void> => {
    await tasks.assign(project, row.id, about);
    const notes = readNotes(row.note ?? null);
    // A project half made by a call whose answer was lost was never open: it is archived now.
    await put(clockify, row, { name: projectName(project.number, project.name), note: notesOf(project, notes), ...(notes.unfinished ? { archived: true } : {}) }, about);
  };

  return {
    lookUp: 'key',
    async find({ project }, context) {
      const found = await find(project, { object: projectLabel(project), context });
      return found === null ? null : clockify.found(found.id);
    },

    async write({ project, customer }, existing, context) {
      const about = { object: projectLabel(project), context };
      if (existing !== null) {
        const now = await clockify.read(`/projects/${existing.externalId}`, projectRow, about);
        if (now === null) throw goneFailure(clockify, about, existing.externalId);
        await complete(project, now, about);
        return { ...clockify.found(now.id), created: false };
      }
      const client = await clients.ensure(customer, project.rateCard.currency, about);
      const values = { name: projectName(project.number, project.name), clientId: client.id, isPublic: false, billable: true, note: writeNotes({ ...noNotes, unfinished: true }) };
      const make = () => clockify.send('POST', '/projects', values, projectRow, about);
      const made = await (client.fresh ? afterFirstWrite(() => orWithoutClient(make, client.id, about)) : make());
      await afterFirstWrite(() => complete(project, made, about));
      return { ...clockify.found(made.id), created: true };
    },

    async undo({ document: { project }, externalId, created }, context) {
      const about = { object: projectLabel(project), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      const now = await clockify.read(`/projects/${externalId}`, projectRow, about);
      if (now === null) return { how: 'not_found', detail: `${about.object} is not in Clockify` };
      if (!now.archived) await put(clockify, now, { archived: true }, about);
      // Clockify would leave the project's time without a project.
      if (now.duration !== 'PT0S') {
        return { how: 'deactivated', detail: `${about.object} was archived in Clockify: ${now.duration == null ? 'Clockify does not tell whether time was booked on it' : `time is on it (${now.duration})`}` };
      }
      const gone = await afterFirstWrite(async () => {
        await clockify.remove(`/projects/${externalId}`, about);
        return clients.removeIfEmpty(now.clientId, about);
      });
      return { how: 'deleted', detail: `${about.object} was deleted from Clockify${gone ? ', with the client made for it' : ''}` };
    },
  };
}

/** An archived project takes no time: only active ones are open. */
export function createStatusSetter(clockify: Clockify, options: ClockifyOptions) {
  return async ({ document, externalId }: { readonly document: Project; readonly externalId: string }, status: ProjectStatus, context: CallContext): Promise<ProjectStatus> => {
    const about = { object: projectLabel(document), context };
    const now = await clockify.read(`/projects/${externalId}`, projectRow, about);
    if (now === null) throw goneFailure(clockify, about, externalId);
    const open = status === 'active';
    const wanted = { archived: !open, public: open ? options.access === 'public' : now.public };
    if (now.archived !== wanted.archived || now.public !== wanted.public) await put(clockify, now, wanted, about);
    return status;
  };
}

function notesOf(project: Project, before: Notes): string {
  const hours = project.wbs.reduce((sum, element) => (element.plannedHours === null ? sum : addDecimal(sum, element.plannedHours)), '0');
  const plan = [`${project.startDate} to ${project.endDate}`, ...(compareDecimal(hours, '0') > 0 ? [`${hours} hours`] : []), ...(project.cap === null ? [] : [`at most ${project.cap.amount} ${project.cap.currency}`])];
  return writeNotes({
    ...before,
    unfinished: false,
    about: `contract ${project.contractId}, ${project.billingMethod.replaceAll('_', ' ')}, cost center ${project.costCenter}${project.purchaseOrder === null ? '' : `, purchase order ${project.purchaseOrder}`}`,
    plan: plan.join(', '),
    ratesByHand: ratesByHand(project),
  });
}
