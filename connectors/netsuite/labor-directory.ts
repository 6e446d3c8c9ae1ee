import { z } from 'zod';
import type { About, NetSuite } from './client.ts';

/** Who did something, and for what. */
export interface Work {
  readonly person: string;
  readonly projectNumber: string;
  readonly task: string | null;
}

/** What a line of labor or an expense needs of NetSuite's own records. */
export interface JobEntry {
  readonly id: string;
  /** The service item that its time is booked on; null where the job names none. */
  readonly item: string | null;
  /** Project task by WBS code. */
  readonly tasks: ReadonlyMap<string, string>;
  /** Billed by charges; told only where the directory was asked to find that out. */
  readonly chargeBased: boolean;
  readonly loadedAt: number;
}

export interface LaborDirectory {
  /** Looks up what is not known yet, in bulk. Throws SystemFailure. */
  prepare(works: readonly Work[], about: About): Promise<void>;
  /** Active employees with this e-mail address: one, none, or several where the account is not clean. */
  employees(email: string): readonly string[];
  job(number: string): JobEntry | undefined;
  /** NetSuite no longer takes what was found: it is looked up again next time. */
  forget(work: Work): void;
}

const employeeRow = z.object({ id: z.string(), email: z.string() });
const jobRow = z.object({ id: z.string(), entityid: z.string(), jobitem: z.string().optional(), jobbillingtype: z.string().optional() });
const taskRow = z.object({ id: z.string(), title: z.string(), project: z.string() });
const EMPLOYEES = "SELECT id, email FROM employee WHERE isinactive = 'F'";
const CHARGE_BASED = 'CB';
const TASKS = 'SELECT id, title, project FROM projecttask';
/** An account with more employees, projects or tasks is asked for those of each batch alone. */
const FILL_ROWS = 20_000;
const HEARTBEAT_MS = 2_000;
/** A task that is missing may have been made since. */
const RELOAD_TASKS_MS = 300_000;

export function createLaborDirectory(netSuite: NetSuite, { billingTypes = false }: { readonly billingTypes?: boolean } = {}, now: () => number = Date.now): LaborDirectory {
  const allJobs = `SELECT id, entityid, jobitem${billingTypes ? ', jobbillingtype' : ''} FROM job`;
  const people = new Map<string, string[]>();
  const jobs = new Map<string, JobEntry>();
  let filling: Promise<void> | undefined;
  let filled = false;

  const isStale = (work: Work, entry: JobEntry): boolean => work.task !== null && !entry.tasks.has(work.task) && now() - entry.loadedAt > RELOAD_TASKS_MS;
  /** Also whoever was found more than once: somebody may have put that right since. */
  const unknownPeople = (works: readonly Work[]) => distinct(works.map((work) => work.person.toLowerCase()).filter((email) => people.get(email)?.length !== 1));
  const unknownJobs = (works: readonly Work[]) =>
    distinct(
      works
        .filter((work) => {
          const entry = jobs.get(work.projectNumber);
          return entry === undefined || isStale(work, entry);
        })
        .map((work) => work.projectNumber),
    );

  const keepPeople = (rows: readonly z.infer<typeof employeeRow>[]): void => {
    for (const [email, ids] of Map.groupBy(rows, (row) => row.email.toLowerCase())) people.set(email, ids.map((row) => row.id));
  };
  const keepJobs = (rows: readonly z.infer<typeof jobRow>[], tasks: readonly z.infer<typeof taskRow>[]): void => {
    const byProject = Map.groupBy(tasks, (task) => task.project);
    for (const row of rows) jobs.set(row.entityid, { id: row.id, item: row.jobitem ?? null, tasks: tasksByCode(byProject.get(row.id) ?? []), chargeBased: row.jobbillingtype === CHARGE_BASED, loadedAt: now() });
  };

  /** All of them at once where the account is not too large for it: a few requests instead of one or two for nearly every batch. */
  async function fill(about: About): Promise<void> {
    const everyone = await netSuite.queryUpTo(FILL_ROWS, `${EMPLOYEES} AND email IS NOT NULL`, employeeRow, about);
    if (everyone !== null) keepPeople(everyone);
    const projects = await netSuite.queryUpTo(FILL_ROWS, `${allJobs} WHERE isinactive = 'F'`, jobRow, about);
    const tasks = projects === null ? null : await netSuite.queryUpTo(FILL_ROWS, TASKS, taskRow, about);
    if (projects !== null && tasks !== null) keepJobs(projects, tasks);
    filled = true;
  }

  /** Whoever comes first asks; the others wait for the answers, and ask themselves where none came. */
  async function filledOnce(about: About): Promise<void> {
    while (!filled) {
      if (filling === undefined) {
        filling = fill(about).finally(() => (filling = undefined));
        await filling;
      } else {
        const beat = setInterval(() => about.context.heartbeat('waiting for the employees and projects of NetSuite'), HEARTBEAT_MS);
        await filling.catch(() => undefined).finally(() => clearInterval(beat));
        about.context.signal.throwIfAborted();
      }
    }
  }

  async function loadPeople(emails: readonly string[], about: About): Promise<void> {
    const found = await netSuite.query(`${EMPLOYEES} AND LOWER(email) IN (${listOf(emails)})`, employeeRow, about);
    for (const email of emails) people.delete(email);
    keepPeople(found);
  }

  async function loadJobs(numbers: readonly string[], about: About): Promise<void> {
    const rows = await netSuite.query(`${allJobs} WHERE entityid IN (${listOf(numbers)})`, jobRow, about);
    if (rows.length === 0) return;
    keepJobs(rows, await netSuite.query(`${TASKS} WHERE project IN (${rows.map((row) => Number(row.id)).join(', ')})`, taskRow, about));
  }

  return {
    async prepare(works, about) {
      if (unknownPeople(works).length === 0 && unknownJobs(works).length === 0) return;
      await filledOnce(about);
      const emails = unknownPeople(works);
      if (emails.length > 0) await loadPeople(emails, about);
      const numbers = unknownJobs(works);
      if (numbers.length > 0) await loadJobs(numbers, about);
    },
    employees: (email) => people.get(email.toLowerCase()) ?? [],
    job: (number) => jobs.get(number),
    forget(work) {
      people.delete(work.person.toLowerCase());
      jobs.delete(work.projectNumber);
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
