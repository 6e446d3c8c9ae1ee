import type { Project } from '../../domain/model/project.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort } from '../ports.ts';
import type { About, Kantata } from './client.ts';
import type { People } from './people.ts';
import type { References } from './references.ts';
import type { Resources } from './resources.ts';
import type { Roles } from './roles.ts';
import { plannedResources } from './staffing.ts';
import type { Workspaces } from './workspaces.ts';

type Document = { readonly project: Project; readonly timeProjectId: string | null };

export interface AssignmentParts {
  readonly references: References;
  readonly workspaces: Workspaces;
  readonly resources: Resources;
  readonly people: People;
  readonly roles: Roles;
}

/**
 * The staffing of a project: a resource for each named person and open role, with its allocation. A reference of its own on the project tells that we staffed it; it
 * is written first, so that a staffing cut off half way is found, to be completed or undone.
 */
export function createAssignmentsPort(kantata: Kantata, { references, workspaces, resources, people, roles }: AssignmentParts): RecordPort<Document> {
  const aboutOf = ({ project }: Document, context: About['context']): About => ({ object: `assignments of ${project.number}`, context });

  const userIds = async (project: Project, about: About): Promise<Map<string, string>> => {
    const emails = [...new Set(project.assignments.flatMap(({ resourceEmail }) => (resourceEmail === null ? [] : [resourceEmail.toLowerCase()])))];
    const found = await people.idsOf(emails, about);
    const missing = emails.filter((email) => !found.has(email));
    if (missing.length === 0) return found;
    throw kantata.failure(about, { kind: 'configuration', code: 'KANTATA_USER_UNKNOWN', message: `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not on the Kantata account, but planned on ${about.object}.`, mend: `Add ${missing.join(', ')} in Kantata (Settings > Members), or plan somebody else in the deal, then retry.` });
  };

  return {
    lookUp: 'key',
    async find(document, context) {
      const found = await workspaces.byKey('staffing', document.project.number, aboutOf(document, context));
      return found === null ? null : kantata.found(found.id);
    },

    async write(document, existing, context) {
      const { project, timeProjectId } = document;
      const about = aboutOf(document, context);
      const workspace = timeProjectId === null ? null : await workspaces.show(timeProjectId, about);
      if (workspace === null) {
        throw kantata.failure(about, { kind: 'business_rule', code: 'KANTATA_NOT_FOUND', message: `Kantata has no project ${project.number} to assign people to.`, mend: 'Publish the project to Kantata first, then retry.' });
      }
      const { id } = workspace.row;
      const users = await userIds(project, about);
      const planned: { readonly line: ReturnType<typeof plannedResources>[number]; readonly userId: string | null; readonly roleId: string }[] = [];
      for (const line of plannedResources(project)) planned.push({ line, userId: line.email === null ? null : (users.get(line.email) ?? null), roleId: await roles.idOf(line.assignment.laborCategory, about) });

      await references.put('Workspace', id, 'staffing', project.number, { status: 'pending' }, about);
      await afterFirstWrite(async () => {
        const standing = await resources.of(id, about);
        const plan: { readonly resource: { readonly id: string; readonly userId: string | null }; readonly planned: (typeof planned)[number]['line'] }[] = [];
        for (const { line, userId, roleId } of planned) {
          // One that people added for the same person and role is used as it is, and stays theirs.
          const known = standing.find(({ key }) => key === line.key) ?? standing.find((resource) => userId !== null && resource.userId === userId && resource.roleId === roleId);
          const resourceId = known?.id ?? (await resources.add(id, { key: line.key, userId, roleId }, about));
          if (known === undefined) standing.push({ id: resourceId, userId, roleId, participationId: null, key: line.key });
          plan.push({ resource: { id: resourceId, userId }, planned: line });
        }
        await resources.allocate(plan, about);
        const used = new Set(plan.map(({ resource }) => resource.id));
        for (const resource of standing) if (resource.key !== null && !used.has(resource.id)) await resources.release(id, resource, about);
        await references.put('Workspace', id, 'staffing', project.number, { status: 'successful' }, about);
      });
      return { ...kantata.found(id), created: existing === null };
    },

    async undo({ document, externalId, created }, context) {
      const about = aboutOf(document, context);
      if (!created) return { how: 'kept', detail: `the ${about.object} stood before this deal` };
      const markers = await references.find('Workspace', 'staffing', document.project.number, about);
      const marker = markers.find(({ subject_id }) => subject_id === externalId);
      if (marker === undefined || (await workspaces.show(externalId, about)) === null) return { how: 'not_found', detail: `the ${about.object} are not in Kantata` };
      const kept: string[] = [];
      for (const resource of await resources.of(externalId, about)) {
        if (resource.key !== null && (await resources.release(externalId, resource, about)) === 'kept') kept.push(resource.id);
      }
      if (kept.length > 0) return { how: 'deactivated', detail: `${kept.length} of the ${about.object} have time in Kantata: they stay on the project without an allocation of ours` };
      await afterFirstWrite(() => references.remove(marker, about));
      return { how: 'deleted', detail: `the ${about.object} were deleted from Kantata` };
    },
  };
}
