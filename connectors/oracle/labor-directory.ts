import { z } from 'zod';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { distinct, inGroups } from '../groups.ts';
import { FSCM, type About, type Oracle } from './client.ts';
import { oneOf } from './query.ts';
import { idValue } from './rows.ts';
import { tasksOf } from './tasks.ts';

/** Who worked on what, as lines name it. */
export interface Place {
  readonly person: LaborPosting['person'];
  readonly project: string;
  readonly task: string | null;
}

/** What lines need of Oracle's own records, looked up in bulk and kept. */
export interface LaborDirectory {
  /** Looks up what is not known yet. Throws SystemFailure. */
  prepare(places: readonly Place[], about: About): Promise<void>;
  /** E-mail addresses of the project resources that have this one, as Oracle spells it: more than one where the set-up is not clean. */
  people(email: string): readonly string[];
  /** Numbers of the tasks that take costs, in their order; undefined where Oracle has no such project. */
  tasks(project: string): readonly string[] | undefined;
  /** Oracle no longer takes what was found: it is looked up again next time. */
  forget(place: Place): void;
}

const resourceRow = z.object({ ResourceId: idValue, ResourceEmail: z.string() });
const projectRow = z.object({ ProjectNumber: z.string() });
/** Values in one query: the address stays below 4,000 characters. */
export const VALUES_IN_QUERY = 25;
/** E-mail addresses pass from one person to another. */
const KEPT_MS = 900_000;

export function createLaborDirectory(oracle: Oracle, now: () => number = Date.now): LaborDirectory {
  const people = new Map<string, { readonly emails: readonly string[]; readonly loadedAt: number }>();
  const projects = new Map<string, { readonly tasks: readonly string[]; readonly loadedAt: number }>();

  async function loadPeople(emails: readonly string[], about: About): Promise<void> {
    const asked = distinct(emails.flatMap((email) => [email, email.toLowerCase()]));
    const found = await oracle.list(`${FSCM}/projectEnterpriseResources`, { where: oneOf('ResourceEmail', asked), fields: ['ResourceId', 'ResourceEmail'] }, resourceRow, about);
    for (const [email, rows] of Map.groupBy(found, (row) => row.ResourceEmail.toLowerCase())) people.set(email, { emails: rows.map((row) => row.ResourceEmail), loadedAt: now() });
  }

  async function loadProjects(numbers: readonly string[], about: About): Promise<void> {
    const found = await oracle.list(`${FSCM}/projects`, { where: oneOf('ProjectNumber', numbers), fields: ['ProjectNumber'] }, projectRow, about);
    for (const project of found) {
      const { path, fields, row } = tasksOf(project.self);
      const tasks = await oracle.list(path, { fields }, row, about);
      projects.set(project.ProjectNumber, { tasks: tasks.filter((task) => task.ChargeableFlag === true).map((task) => task.TaskNumber).toSorted(inOrder), loadedAt: now() });
    }
  }

  const isStranger = (email: string): boolean => now() - (people.get(email)?.loadedAt ?? Number.NEGATIVE_INFINITY) > KEPT_MS;
  const isUnknown = ({ project, task }: Place): boolean => {
    const entry = projects.get(project);
    if (entry === undefined || now() - entry.loadedAt > KEPT_MS) return true;
    // That one is not there is never kept: it may have been made since.
    return task !== null && !entry.tasks.includes(task);
  };

  return {
    async prepare(places, about) {
      const emails = distinct(places.map((place) => place.person).filter((email) => isStranger(email.toLowerCase())));
      for (const some of inGroups(emails, Math.ceil(VALUES_IN_QUERY / 2))) await loadPeople(some, about);
      for (const some of inGroups(distinct(places.filter(isUnknown).map((place) => place.project)), VALUES_IN_QUERY)) await loadProjects(some, about);
    },
    people: (email) => people.get(email.toLowerCase())?.emails ?? [],
    tasks: (project) => projects.get(project)?.tasks,
    forget({ person, project }) {
      people.delete(person.toLowerCase());
      projects.delete(project);
    },
  };
}

/** "2" before "2-1" before "10". */
function inOrder(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true });
}
