import { z } from 'zod';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { distinct, inGroups } from '../groups.ts';
import type { About, Dynamics } from './client.ts';
import type { ProjectEntities } from './entities.ts';
import { anyOf, matching } from './odata.ts';
import type { DynamicsOptions } from './options.ts';

export interface Resource {
  readonly id: string;
  readonly company: string;
}

/** What hour lines need of Dynamics' own records, looked up in bulk and kept. */
export interface LaborDirectory {
  /** Looks up what is not known yet. Throws SystemFailure. */
  prepare(postings: readonly Place[], about: About): Promise<void>;
  /** The project resources of the workers with this e-mail address: one entry for each worker, with the worker's resources. */
  workers(email: string): readonly (readonly Resource[])[];
  /** Activity number by WBS code; undefined where the company has no such project. */
  activities(company: string, project: string): ReadonlyMap<string, string> | undefined;
  /** Dynamics no longer takes what was found: it is looked up again next time. */
  forget(place: Place): void;
}

export interface Place {
  readonly person: LaborPosting['person'];
  readonly company: string;
  readonly project: string;
  readonly task: string | null;
}

const workerRow = z.object({ PersonnelNumber: z.string(), PrimaryContactEmail: z.string() });
const resourceRow = z.object({ ResourceId: z.string(), ResourceCompanyId: z.string(), PersonnelNumber: z.string() });
const taskRow = z.object({ ProjectId: z.string(), TaskId: z.string(), TaskElementId: z.string().nullish(), TaskName: z.string().nullish() });
/** Values in one filter: a URL of IIS has about 2,000 characters of query. */
const VALUES_IN_FILTER = 15;
/** E-mail addresses pass from one worker to another, resources end. */
const KEPT_MS = 900_000;

export function createLaborDirectory(dynamics: Dynamics, entities: ProjectEntities, options: DynamicsOptions, now: () => number = Date.now): LaborDirectory {
  const people = new Map<string, { readonly workers: readonly (readonly Resource[])[]; readonly loadedAt: number }>();
  const projects = new Map<string, { readonly activities: ReadonlyMap<string, string>; readonly loadedAt: number }>();
  const idOf = (company: string, project: string) => `${company}/${project.toUpperCase()}`;

  async function loadPeople(emails: readonly string[], about: About): Promise<void> {
    const workers = await dynamics.list('Workers', { filter: anyOf('PrimaryContactEmail', emails), select: ['PersonnelNumber', 'PrimaryContactEmail'] }, workerRow, about);
    if (workers.length === 0) return;
    const resources = await dynamics.list('ProjectResources', { filter: anyOf('PersonnelNumber', workers.map((worker) => worker.PersonnelNumber)), select: ['ResourceId', 'ResourceCompanyId', 'PersonnelNumber'] }, resourceRow, about);
    for (const [email, found] of Map.groupBy(workers, (worker) => worker.PrimaryContactEmail.toLowerCase())) {
      const resourcesOf = (personnelNumber: string) => resources.filter((row) => row.PersonnelNumber === personnelNumber).map((row) => ({ id: row.ResourceId, company: row.ResourceCompanyId.toLowerCase() }));
      people.set(email, { workers: found.map((worker) => resourcesOf(worker.PersonnelNumber)), loadedAt: now() });
    }
  }

  async function loadProjects(company: string, numbers: readonly string[], about: About): Promise<void> {
    const projectRow = z.object({ [entities.projectKey]: z.string() });
    const found = await dynamics.list(entities.projects, { filter: `${matching({ dataAreaId: company })} and ${anyOf(entities.projectKey, numbers)}`, select: [entities.projectKey] }, projectRow, about);
    const names = found.map((row) => row[entities.projectKey] ?? '');
    if (names.length === 0) return;
    const tasks = options.wbs === 'none' ? [] : await dynamics.list('ProjectTasks', { filter: `${matching({ dataAreaId: company })} and ${anyOf('ProjectId', names)}`, select: ['ProjectId', 'TaskId', 'TaskElementId', 'TaskName'] }, taskRow, about);
    const byProject = Map.groupBy(tasks, (task) => task.ProjectId.toUpperCase());
    for (const name of names) projects.set(idOf(company, name), { activities: activitiesByCode(byProject.get(name.toUpperCase()) ?? []), loadedAt: now() });
  }

  const isUnknown = ({ company, project, task }: Place): boolean => {
    const entry = projects.get(idOf(company, project));
    if (entry === undefined || now() - entry.loadedAt > KEPT_MS) return true;
    // That one is not there is never kept: it may have been made since.
    return options.wbs !== 'none' && task !== null && !entry.activities.has(task);
  };

  const isStranger = (email: string): boolean => now() - (people.get(email)?.loadedAt ?? Number.NEGATIVE_INFINITY) > KEPT_MS;

  return {
    async prepare(places, about) {
      const emails = distinct(places.map((place) => place.person.toLowerCase())).filter(isStranger);
      for (const some of inGroups(emails, VALUES_IN_FILTER)) await loadPeople(some, about);
      for (const [company, unknown] of Map.groupBy(places.filter(isUnknown), (place) => place.company)) {
        for (const some of inGroups(distinct(unknown.map((place) => place.project)), VALUES_IN_FILTER)) await loadProjects(company, some, about);
      }
    },
    workers: (email) => people.get(email.toLowerCase())?.workers ?? [],
    activities: (company, project) => projects.get(idOf(company, project))?.activities,
    forget({ person, company, project }) {
      people.delete(person.toLowerCase());
      projects.delete(idOf(company, project));
    },
  };
}

/** The WBS code is the first word of the name, "2-1 Design", and the element ID where Dynamics kept it as it was given. */
function activitiesByCode(tasks: readonly z.infer<typeof taskRow>[]): Map<string, string> {
  const byElement = tasks.map((task) => [task.TaskElementId ?? '', task.TaskId] as const);
  const byName = tasks.map((task) => [task.TaskName?.split(' ', 1)[0] ?? '', task.TaskId] as const);
  return new Map([...byElement, ...byName].filter(([code]) => code !== ''));
}
