import { z } from 'zod';
import { timeAssignmentSchema, timePersonSchema, timeProjectSchema } from '../../domain/model/time/context.ts';
import type { Db } from '../../store/database.ts';
import { putReference } from '../../store/time/reference.ts';
import type { ReferenceRow, SampleMonth } from './sample/index.ts';

const ROWS_AT_ONCE = 2_000;

/** Puts everything the month's time is judged by into the store. @returns how many rows were new or changed */
export async function loadReference(db: Db, month: SampleMonth): Promise<number> {
  let changed = 0;
  let rows: ReferenceRow[] = [];
  const put = async () => {
    changed += await putReference(db, 'sample month', rows);
    rows = [];
  };
  for (const row of month.reference()) {
    rows.push(row);
    if (rows.length >= ROWS_AT_ONCE) await put();
  }
  await put();
  return changed;
}

const idsSchema = z.record(z.string(), z.array(z.string()));

/** The people and projects of the month as an ERP has them already when its time comes. */
export interface ErpRoster {
  readonly people: readonly { readonly email: string; readonly legalEntity: string }[];
  /** Legal entities on whose projects a person works, their own included, by e-mail address. */
  readonly worksFor: ReadonlyMap<string, ReadonlySet<string>>;
  readonly projects: readonly { readonly number: string; readonly legalEntity: string; readonly tasks: readonly string[] }[];
}

export function rosterOf(month: SampleMonth): ErpRoster {
  const people: ErpRoster['people'][number][] = [];
  const projects: ErpRoster['projects'][number][] = [];
  const assigned: { readonly person: string; readonly projectNumber: string }[] = [];
  for (const { kind, document } of month.reference()) {
    if (kind === 'person') {
      const { email, legalEntity } = timePersonSchema.parse(document);
      people.push({ email, legalEntity });
    } else if (kind === 'project') {
      const { number, legalEntity, tasks } = timeProjectSchema.parse(document);
      projects.push({ number, legalEntity, tasks: tasks.map(({ code }) => code) });
    } else if (kind === 'assignment') assigned.push(timeAssignmentSchema.parse(document));
  }
  const entityOf = new Map(projects.map(({ number, legalEntity }) => [number, legalEntity]));
  const worksFor = new Map(people.map(({ email, legalEntity }) => [email, new Set([legalEntity])]));
  for (const { person, projectNumber } of assigned) {
    const legalEntity = entityOf.get(projectNumber);
    if (legalEntity !== undefined) worksFor.get(person)?.add(legalEntity);
  }
  return { people, worksFor, projects };
}

/** Gives the NetSuite sandbox the roster, unless it has one already. */
export async function seedNetSuite(url: string, roster: ErpRoster, subsidiaries: Readonly<Record<string, string>>): Promise<void> {
  // Some of the month's mistakes are people and projects of legal entities that nobody has: no ERP knows them.
  const known = ({ legalEntity }: { readonly legalEntity: string }) => subsidiaries[legalEntity] !== undefined;
  const subsidiary = (legalEntity: string) => ({ id: subsidiaries[legalEntity] ?? '' });
  const people = roster.people.filter(known);
  const projects = roster.projects.filter(known);
  async function seed(collection: string, records: readonly object[]): Promise<string[]> {
    const ids: string[] = [];
    for (let first = 0; first < records.length; first += ROWS_AT_ONCE) {
      const answer = await fetch(`${url}/__admin/seed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ [collection]: records.slice(first, first + ROWS_AT_ONCE) }) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`the NetSuite sandbox does not take the ${collection} records: ${answer.status} ${text.slice(0, 500)}`);
      ids.push(...(idsSchema.parse(JSON.parse(text))[collection] ?? []));
    }
    return ids;
  }
  await seed('employee', people.map(({ email, legalEntity }) => ({ entityId: email, email, subsidiary: subsidiary(legalEntity) })));
  const jobs = await seed('job', projects.map(({ number, legalEntity }) => ({ entityId: number, companyName: number, subsidiary: subsidiary(legalEntity), allowTime: true })));
  await seed('projectTask', projects.flatMap(({ tasks }, index) => tasks.map((code) => ({ title: `${code} Work`, project: { id: jobs[index] ?? '' } }))));
}
