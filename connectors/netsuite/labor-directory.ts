import { z } from 'zod';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { About, NetSuite } from './client.ts';

/** What a line of labor needs of NetSuite's own records. */
export interface JobEntry {
  readonly id: string;
  /** The service item that its time is booked on; null where the job names none. */
  readonly item: string | null;
  /** Project task by WBS code. */
  readonly tasks: ReadonlyMap<string, string>;
  readonly loadedAt: number;
}

export interface LaborDirectory {
  /** Looks up what is not known yet of these lines, in bulk. Throws SystemFailure. */
  prepare(postings: readonly LaborPosting[], about: About): Promise<void>;
  /** Active employees with this e-mail address: one, none, or several where the account is not clean. */
  employees(email: string): readonly string[];
  job(number: string): JobEntry | undefined;
  /** NetSuite no longer takes what was found: it is looked up again next time. */
  forget(posting: LaborPosting): void;
}

const employeeRow = z.object({ id: z.string(), email: z.string() });
const jobRow = z.object({ id: z.string(), entityid: z.string(), jobitem: z.string().optional() });
const taskRow = z.object({ id: z.string(), title: z.string(), project: z.string() });
/** A task that is missing may have been made since. */
const RELOAD_TASKS_MS = 300_000;

export function createLaborDirectory(netSuite: NetSuite, now: () => number = Date.now): LaborDirectory {
  const people = new Map<string, string[]>();
  const jobs = new Map<string, JobEntry>();
  let turn: Promise<void> = Promise.resolve();

  const isStale = (posting: LaborPosting, entry: JobEntry): boolean => posting.task !== null && !entry.tasks.has(posting.task) && now() - entry.loadedAt > RELOAD_TASKS_MS;
  const unknownPeople = (postings: readonly LaborPosting[]) => distinct(postings.map((posting) => posting.person.toLowerCase()).filter((email) => !people.has(email)));
  const unknownJobs = (postings: readonly LaborPosting[]) =>
    distinct(
      postings
        .filter((posting) => {
          const entry = jobs.get(posting.projectNumber);
          return entry === undefined || isStale(posting, entry);
        })
        .map((posting) => posting.projectNumber),
    );

  async function loadPeople(emails: readonly string[], about: About): Promise<void> {
    const rows = await netSuite.query(`SELECT id, email FROM employee WHERE isinactive = 'F' AND LOWER(email) IN (${listOf(emails)})`, employeeRow, about);
    for (const [email, ids] of Map.groupBy(rows, (row) => row.email.toLowerCase())) people.set(email, ids.map((row) => row.id));
  }

  async function loadJobs(numbers: readonly string[], about: About): Promise<void> {
    const rows = await netSuite.query(`SELECT id, entityid, jobitem FROM job WHERE entityid IN (${listOf(numbers)})`, jobRow, about);
    if (rows.length === 0) return;
    const tasks = await netSuite.query(`SELECT id, title, project FROM projecttask WHERE project IN (${rows.map((row) => Number(row.id)).join(', ')})`, taskRow, about);
    const byProject = Map.groupBy(tasks, (task) => task.project);
    for (const row of rows) jobs.set(row.entityid, { id: row.id, item: row.jobitem ?? null, tasks: tasksByCode(byProject.get(row.id) ?? []), loadedAt: now() });
  }

  return {
    async prepare(postings, about) {
      if (unknownPeople(postings).length === 0 && unknownJobs(postings).length === 0) return;
      // One look-up at a time: batches that start together need much the same.
      const before = turn;
      const work = async (): Promise<void> => {
        await before;
        const emails = unknownPeople(postings);
        if (emails.length > 0) await loadPeople(emails, about);
        const numbers = unknownJobs(postings);
        if (numbers.length > 0) await loadJobs(numbers, about);
      };
      const done = work();
      turn = done.catch(() => undefined);
      await done;
    },
    employees: (email) => people.get(email.toLowerCase()) ?? [],
    job: (number) => jobs.get(number),
    forget(posting) {
      people.delete(posting.person.toLowerCase());
      jobs.delete(posting.projectNumber);
    },
  };
}

/** Titles are "2-1 Design": the code, then the name. */
function tasksByCode(tasks: readonly z.infer<typeof taskRow>[]): Map<string, string> {
  const byCode = new Map(tasks.map((task) => [task.title, task.id]));
  for (const task of tasks) byCode.set(task.title.split(' ', 1)[0] ?? task.title, task.id);
  return byCode;
}

export function listOf(values: readonly string[]): string {
  return values.map((value) => `'${value.replaceAll("'", "''")}'`).join(', ');
}

const distinct = (values: readonly string[]): string[] => [...new Set(values)];
