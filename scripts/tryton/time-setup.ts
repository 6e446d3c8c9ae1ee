import { z } from 'zod';
import { decimal, openTryton, type TrytonLogin, type TrytonSession } from './rpc.ts';

export interface TrytonTimeSetup {
  /** A person once for each company in whose books it has time: its employer's, and those whose projects it works on. `costPrice`: of an hour, in the company's currency. */
  readonly people: readonly { readonly email: string; readonly name: string; readonly legalEntity: string; readonly costPrice?: string }[];
  /** `borrowedBy`: other companies whose people work on the project; each gets a work for their time alone. */
  readonly projects: readonly { readonly number: string; readonly name: string; readonly legalEntity: string; readonly borrowedBy?: readonly string[] }[];
}

export interface TrytonTimeSetupResult {
  readonly employeesMade: number;
  readonly projectsMade: number;
}

/** Most records made or looked for in one call (Tryton's own limit is 2,000 for a request). */
const AT_ONCE = 200;

/**
 * What an administrator enters before time is posted: an employee for each person and company, found by e-mail address, and an open project for each project
 * number. What is there stays as it is, so it can be run again. @throws Error where a legal entity has no company yet (setUpTryton makes them)
 */
export async function prepareTrytonForTime(address: TrytonLogin, setup: TrytonTimeSetup): Promise<TrytonTimeSetupResult> {
  const tryton = await openTryton(address);
  const companies = await companiesOf(tryton);
  const companyOf = (legalEntity: string): number => {
    const id = companies.get(legalEntity);
    if (id === undefined) throw new Error(`Tryton has no company whose party has the code ${legalEntity}; run setUpTryton with the firm's legal entities first`);
    return id;
  };
  const parties = await ensureParties(tryton, setup.people);
  let employeesMade = 0;
  for (const [legalEntity, people] of Map.groupBy(setup.people, (person) => person.legalEntity)) employeesMade += await ensureEmployees(tryton, companyOf(legalEntity), people, parties);

  const homes = Map.groupBy(setup.projects, (project) => project.legalEntity);
  let projectsMade = 0;
  for (const [legalEntity, projects] of homes) projectsMade += await ensureProjects(tryton, companyOf(legalEntity), projects);
  const borrowed = setup.projects.flatMap((project) => (project.borrowedBy ?? []).filter((entity) => entity !== project.legalEntity).map((entity) => ({ entity, project })));
  for (const [entity, loans] of Map.groupBy(borrowed, (loan) => loan.entity)) await ensureBorrowed(tryton, companyOf(entity), loans.map(({ project }) => project));
  return { employeesMade, projectsMade };
}

const idRow = z.object({ id: z.int() });

async function search<T>(tryton: TrytonSession, model: string, domain: readonly unknown[], fields: readonly string[], row: z.ZodType<T>, company?: number): Promise<T[]> {
  return z.array(row).parse(await tryton.call(`${model}.search_read`, [domain, 0, null, [['id', 'ASC']], fields], company, { active_test: false }));
}

async function createAll(tryton: TrytonSession, model: string, values: readonly object[], company?: number): Promise<number[]> {
  const made: number[] = [];
  for (const chunk of chunks(values)) made.push(...z.array(z.int()).parse(await tryton.call(`${model}.create`, [chunk], company)));
  return made;
}

function chunks<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, index) => items.slice(index * AT_ONCE, (index + 1) * AT_ONCE));
}

async function companiesOf(tryton: TrytonSession): Promise<Map<string, number>> {
  const rows = await search(tryton, 'company.company', [], ['party.code'], idRow.extend({ 'party.': z.object({ code: z.string().nullable() }) }));
  return new Map(rows.map((row) => [row['party.'].code ?? '', row.id]));
}

/** Lower-case e-mail address → party. */
async function ensureParties(tryton: TrytonSession, people: TrytonTimeSetup['people']): Promise<Map<string, number>> {
  const names = new Map(people.map(({ email, name }) => [email.toLowerCase(), name]));
  const found = new Map<string, number>();
  const row = z.object({ value: z.string(), party: z.int() });
  for (const emails of chunks([...names.keys()])) {
    for (const { value, party } of await search(tryton, 'party.contact_mechanism', [['type', '=', 'email'], ['value', 'in', emails]], ['value', 'party'], row)) found.set(value.toLowerCase(), party);
  }
  const missing = [...names].filter(([email]) => !found.has(email));
  const made = await createAll(tryton, 'party.party', missing.map(([email, name]) => ({ name, contact_mechanisms: [['create', [{ type: 'email', value: email }]]] })));
  missing.forEach(([email], index) => found.set(email, made[index] ?? 0));
  return found;
}

async function ensureEmployees(tryton: TrytonSession, company: number, people: TrytonTimeSetup['people'], parties: ReadonlyMap<string, number>): Promise<number> {
  const wanted = new Map(people.map((person) => [parties.get(person.email.toLowerCase()) ?? 0, person]));
  const known = new Set<number>();
  for (const ids of chunks([...wanted.keys()])) {
    for (const { party } of await search(tryton, 'company.employee', [['company', '=', company], ['party', 'in', ids]], ['party'], z.object({ party: z.int() }), company)) known.add(party);
  }
  const since = { __class__: 'date', year: 2000, month: 1, day: 1 };
  const fresh = [...wanted].filter(([party]) => !known.has(party)).map(([party, { costPrice }]) => ({ party, company, ...(costPrice === undefined ? {} : { cost_prices: [['create', [{ date: since, cost_price: decimal(costPrice) }]]] }) }));
  return (await createAll(tryton, 'company.employee', fresh, company)).length;
}

const namedRow = z.object({ name: z.string().nullable() });
const numbersOf = (rows: readonly { readonly name: string | null }[]) => new Set(rows.map(({ name }) => name?.split(' ', 1)[0] ?? ''));

async function ensureProjects(tryton: TrytonSession, company: number, projects: TrytonTimeSetup['projects']): Promise<number> {
  const [open] = await search(tryton, 'project.work.status', [['name', '=', 'Open']], ['name'], idRow);
  const known = numbersOf(await search(tryton, 'project.work', [['company', '=', company], ['parent', '=', null], ['type', '=', 'project']], ['name'], namedRow, company));
  const fresh = [...new Map(projects.map((project) => [project.number, project])).values()].filter(({ number }) => !known.has(number));
  return (await createAll(tryton, 'project.work', fresh.map(({ number, name }) => ({ name: `${number} ${name}`, type: 'project', company, status: open?.id ?? null, timesheet_available: true })), company)).length;
}

async function ensureBorrowed(tryton: TrytonSession, company: number, projects: TrytonTimeSetup['projects']): Promise<void> {
  const known = numbersOf(await search(tryton, 'timesheet.work', [['company', '=', company], ['name', '!=', null]], ['name'], namedRow, company));
  await createAll(tryton, 'timesheet.work', projects.filter(({ number }) => !known.has(number)).map(({ number, name, legalEntity }) => ({ name: `${number} ${name} (${legalEntity})`, company })), company);
}
