import { z } from 'zod';
import type { Project } from '../../domain/model/project.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort } from '../ports.ts';
import { isRefused } from './classify.ts';
import { keptForAMinute } from '../kept-for-a-minute.ts';
import type { About, Harvest } from './client.ts';
import { projectRow } from './clients.ts';
import { readNotes, writeNotes } from './notes.ts';

type Document = { readonly project: Project; readonly timeProjectId: string | null };
const userRow = z.object({ id: z.number().int(), email: z.string(), is_active: z.boolean() });
const assignmentRow = z.object({ id: z.number().int(), is_active: z.boolean(), user: z.object({ id: z.number().int() }) });

/**
 * The people of a project as user assignments. Harvest assigns people only: open roles stand in the project's notes, next to the list of
 * those we assigned. That line is written last, so it tells that the assignments are complete.
 */
export function createAssignmentsPort(harvest: Harvest): RecordPort<Document> {
  const users = keptForAMinute((about: About) => harvest.list('/users', 'users', userRow, about));
  const aboutOf = ({ project }: Document, context: About['context']): About => ({ object: `assignments of ${project.number}`, context });
  const path = (projectId: string) => `/projects/${projectId}/user_assignments`;
  const wantedOf = ({ project }: Document) => ({
    people: [...new Set(project.assignments.flatMap(({ resourceEmail }) => (resourceEmail === null ? [] : [resourceEmail.toLowerCase()])))],
    openRoles: project.assignments.filter(({ resourceEmail }) => resourceEmail === null).map((role) => `${role.laborCategory} ${role.from} to ${role.to}${role.plannedHours === null ? '' : ` for ${role.plannedHours} hours`}`),
  });

  const userId = async (email: string, about: About): Promise<number> => {
    const user = (await users.get(about)).find((candidate) => candidate.email.toLowerCase() === email);
    if (user?.is_active === true) return user.id;
    users.forget();
    throw harvest.failure(about, { kind: 'configuration', code: 'HARVEST_USER_UNKNOWN', message: `${email} is ${user === undefined ? 'not' : 'archived'} in Harvest, but is planned on ${about.object}.`, mend: `Invite ${email} in Harvest (Team), or plan somebody else in the deal, then retry.` });
  };

  /** Deletes an assignment; one with time stays, out of use. */
  const release = async (projectId: string, assignmentId: number, about: About): Promise<'deleted' | 'deactivated'> => {
    try {
      await harvest.remove(`${path(projectId)}/${assignmentId}`, about);
      return 'deleted';
    } catch (error) {
      if (!isRefused(error)) throw error;
      await harvest.update(`${path(projectId)}/${assignmentId}`, { is_active: false }, about);
      return 'deactivated';
    }
  };

  /** Ours that are on the project: by the notes, and by who is still a user. */
  const releaseAll = async (projectId: string, emails: readonly string[], about: About): Promise<('deleted' | 'deactivated')[]> => {
    if (emails.length === 0) return [];
    const known = await users.get(about);
    const ids = new Set(known.filter((user) => emails.includes(user.email.toLowerCase())).map((user) => user.id));
    const released: ('deleted' | 'deactivated')[] = [];
    for (const assignment of await harvest.list(path(projectId), 'user_assignments', assignmentRow, about)) {
      if (ids.has(assignment.user.id)) released.push(await release(projectId, assignment.id, about));
    }
    return released;
  };

  return {
    lookUp: 'key',
    async find(document, context) {
      const { timeProjectId } = document;
      if (timeProjectId === null) return null;
      const now = await harvest.read(`/projects/${timeProjectId}`, projectRow, aboutOf(document, context));
      return now === null || readNotes(now.notes).staffing === null ? null : harvest.found(now.id);
    },

    async write(document, existing, context) {
      const about = aboutOf(document, context);
      const { timeProjectId } = document;
      const now = timeProjectId === null ? null : await harvest.read(`/projects/${timeProjectId}`, projectRow, about);
      if (timeProjectId === null || now === null) {
        throw harvest.failure(about, { kind: 'business_rule', code: 'HARVEST_NOT_FOUND', message: `Harvest has no project ${document.project.number} to assign people to.`, mend: 'Publish the project to Harvest first, then retry.' });
      }
      const wanted = wantedOf(document);
      const ids: number[] = [];
      for (const email of wanted.people) ids.push(await userId(email, about));
      const assigned = await harvest.list(path(timeProjectId), 'user_assignments', assignmentRow, about);
      const notes = readNotes(now.notes);
      const changes = ids.flatMap((id) => {
        const assignment = assigned.find((candidate) => candidate.user.id === id);
        if (assignment === undefined) return [async () => void (await harvest.create(path(timeProjectId), { user_id: id, is_active: true }, assignmentRow, about))];
        return assignment.is_active ? [] : [() => harvest.update(`${path(timeProjectId)}/${assignment.id}`, { is_active: true }, about)];
      });
      for (const [position, change] of changes.entries()) await (position === 0 ? change() : afterFirstWrite(change));
      await afterFirstWrite(async () => {
        await releaseAll(timeProjectId, (notes.staffing?.people ?? []).filter((email) => !wanted.people.includes(email)), about);
        await harvest.update(`/projects/${timeProjectId}`, { notes: writeNotes({ ...notes, staffing: wanted }) }, about);
      });
      return { ...harvest.found(now.id), created: existing === null };
    },

    async undo({ document, externalId, created }, context) {
      const about = aboutOf(document, context);
      if (!created) return { how: 'kept', detail: `the ${about.object} stood before this deal` };
      const now = await harvest.read(`/projects/${externalId}`, projectRow, about);
      const notes = readNotes(now?.notes ?? null);
      if (notes.staffing === null) return { how: 'not_found', detail: `the ${about.object} are not in Harvest` };
      const released = await releaseAll(externalId, notes.staffing.people, about);
      const kept = released.filter((how) => how === 'deactivated').length;
      if (kept > 0) return { how: 'deactivated', detail: `${kept} of the ${about.object} have time in Harvest and were put out of use` };
      await afterFirstWrite(() => harvest.update(`/projects/${externalId}`, { notes: writeNotes({ ...notes, staffing: null }) }, about));
      return { how: 'deleted', detail: `the ${about.object} were deleted from Harvest` };
    },
  };
}
