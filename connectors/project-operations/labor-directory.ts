import { z } from 'zod';
import { distinct, inGroups } from '../groups.ts';
import type { About, Dataverse } from './client.ts';
import { anyOf, quoted } from './odata.ts';
import { PROJECTS, projectIdOf } from './project.ts';

export interface Resource {
  readonly id: string;
  readonly organizationalUnit: string | null;
}

/** What journal lines need of Project Operations' own records, looked up in bulk and kept. */
export interface LaborDirectory {
  /** Looks up what is not known yet. Throws SystemFailure. */
  prepare(places: readonly Place[], about: About): Promise<void>;
  /** The active bookable resources of the users and contacts with this e-mail address. */
  resources(email: string): readonly Resource[];
  /** Task ID by WBS code, as far as people planned any; undefined where there is no such project. */
  tasks(project: string): ReadonlyMap<string, string> | undefined;
}

export interface Place {
  readonly person: string;
  readonly project: string;
  readonly task: string | null;
}

const userRow = z.object({ systemuserid: z.string(), internalemailaddress: z.string() });
const contactRow = z.object({ contactid: z.string(), emailaddress1: z.string() });
const resourceRow = z.object({ bookableresourceid: z.string(), _userid_value: z.string().nullish(), _contactid_value: z.string().nullish(), _msdyn_organizationalunit_value: z.string().nullish() });
const projectRow = z.object({ msdyn_projectid: z.string() });
const taskRow = z.object({ msdyn_projecttaskid: z.string(), _msdyn_project_value: z.string(), msdyn_subject: z.string().nullish(), msdyn_wbsid: z.string().nullish() });
const RESOURCE_COLUMNS = ['bookableresourceid', '_userid_value', '_contactid_value', '_msdyn_organizationalunit_value'];
/** GUIDs in one filter: a URL has at most 32 KB. */
const IDS_IN_FILTER = 40;
const KEPT_MS = 900_000;

export function createLaborDirectory(dataverse: Dataverse, now: () => number = Date.now): LaborDirectory {
  const people = new Map<string, { readonly resources: readonly Resource[]; readonly loadedAt: number }>();
  const projects = new Map<string, { readonly tasks: ReadonlyMap<string, string>; readonly loadedAt: number }>();

  async function loadPeople(emails: readonly string[], about: About): Promise<void> {
    const users = await dataverse.list('systemusers', { filter: `${anyOf('internalemailaddress', emails.map(quoted))} and isdisabled eq false`, select: ['systemuserid', 'internalemailaddress'] }, userRow, about);
    const contacts = await dataverse.list('contacts', { filter: `${anyOf('emailaddress1', emails.map(quoted))} and statecode eq 0`, select: ['contactid', 'emailaddress1'] }, contactRow, about);
    const owners = new Map([...users.map((row) => [row.systemuserid.toLowerCase(), row.internalemailaddress.toLowerCase()] as const), ...contacts.map((row) => [row.contactid.toLowerCase(), row.emailaddress1.toLowerCase()] as const)]);
    if (owners.size === 0) return;
    const owned = [...(users.length === 0 ? [] : [anyOf('_userid_value', users.map((row) => row.systemuserid))]), ...(contacts.length === 0 ? [] : [anyOf('_contactid_value', contacts.map((row) => row.contactid))])].join(' or ');
    const rows = await dataverse.list('bookableresources', { filter: `(${owned}) and statecode eq 0`, select: RESOURCE_COLUMNS }, resourceRow, about);
    for (const [email, found] of Map.groupBy(rows, (row) => owners.get((row._userid_value ?? row._contactid_value ?? '').toLowerCase()) ?? '')) {
      people.set(email, { resources: found.map((row) => ({ id: row.bookableresourceid, organizationalUnit: row._msdyn_organizationalunit_value ?? null })), loadedAt: now() });
    }
  }

  async function loadProjects(numbers: readonly string[], about: About): Promise<void> {
    const byId = new Map(numbers.map((number) => [projectIdOf(number), number]));
    const found = (await dataverse.list(PROJECTS, { filter: anyOf('msdyn_projectid', [...byId.keys()]), select: ['msdyn_projectid'] }, projectRow, about)).map((row) => row.msdyn_projectid.toLowerCase());
    if (found.length === 0) return;
    const tasks = await dataverse.list('msdyn_projecttasks', { filter: anyOf('_msdyn_project_value', found), select: ['msdyn_projecttaskid', '_msdyn_project_value', 'msdyn_subject', 'msdyn_wbsid'] }, taskRow, about);
    const byProject = Map.groupBy(tasks, (task) => task._msdyn_project_value.toLowerCase());
    for (const id of found) projects.set(byId.get(id) ?? '', { tasks: tasksByCode(byProject.get(id) ?? []), loadedAt: now() });
  }

  const isStranger = (email: string): boolean => now() - (people.get(email)?.loadedAt ?? Number.NEGATIVE_INFINITY) > KEPT_MS;
  const isUnknown = ({ project, task }: Place): boolean => {
    const entry = projects.get(project);
    // That a task is not there is never kept: it may have been planned since.
    return entry === undefined || now() - entry.loadedAt > KEPT_MS || (task !== null && !entry.tasks.has(task));
  };

  return {
    async prepare(places, about) {
      for (const some of inGroups(distinct(places.map((place) => place.person.toLowerCase())).filter(isStranger), IDS_IN_FILTER)) await loadPeople(some, about);
      for (const some of inGroups(distinct(places.filter(isUnknown).map((place) => place.project)), IDS_IN_FILTER)) await loadProjects(some, about);
    },
    resources: (email) => people.get(email.toLowerCase())?.resources ?? [],
    tasks: (project) => projects.get(project)?.tasks,
  };
}

/** The WBS code is the first word of the task's name, "2-1 Design", where people planned it from the project's note, or its outline number, "2.1". */
function tasksByCode(tasks: readonly z.infer<typeof taskRow>[]): Map<string, string> {
  const byOutline = tasks.map((task) => [task.msdyn_wbsid?.replaceAll('.', '-') ?? '', task.msdyn_projecttaskid] as const);
  const byName = tasks.map((task) => [task.msdyn_subject?.split(' ', 1)[0] ?? '', task.msdyn_projecttaskid] as const);
  return new Map([...byOutline, ...byName].filter(([code]) => code !== ''));
}
