import { z } from 'zod';
import type { LocalDate } from '../../domain/dates.ts';
import type { CallContext } from '../ports.ts';
import type { Tryton } from './client.ts';
import { keyInDescription, OUR_LINES } from './labor-line.ts';
import { wireDate } from './wire.ts';

/** A TimeDelta in microseconds. */
const microsecondsField = z.object({ __class__: z.literal('timedelta'), seconds: z.number() }).transform(({ seconds }) => BigInt(Math.round(seconds * 1_000_000)));

const lineRow = z.object({ id: z.number().int(), work: z.number().int(), duration: microsecondsField, description: z.string().nullable().transform((text) => text ?? ''), invoice_line: z.number().int().nullable(), _timestamp: z.string() });
export type TimesheetLine = z.infer<typeof lineRow>;

const keyRow = lineRow.pick({ id: true, description: true });

interface Range {
  readonly from: LocalDate;
  readonly to: LocalDate;
}

interface Query {
  readonly company: number;
  readonly object: string;
  readonly context: CallContext;
}

const PAGE = 2_000;

type Read<T> = Query & { readonly domain: readonly unknown[]; readonly fields: readonly string[]; readonly row: z.ZodType<T> };

/** As few fields as will do: Tryton sends an uncompressed answer in a packet for each name and each value, which costs it more than to find them. */
async function readPage<T>(tryton: Tryton, { company, object, context, domain, fields, row }: Read<T>, order: readonly unknown[] | null): Promise<T[]> {
  const args = [[['company', '=', company], ...domain], 0, PAGE, order, fields];
  return tryton.call({ method: 'timesheet.line.search_read', args, company, result: z.array(row), object, writes: false, context });
}

/** Reads lines in pages by ID, so that one added meanwhile shifts none. */
async function readAll<T extends { readonly id: number }>(tryton: Tryton, read: Read<T>, each: (row: T) => void): Promise<void> {
  let last = 0;
  for (;;) {
    const rows: T[] = await readPage(tryton, { ...read, domain: [...read.domain, ['id', '>', last]] }, [['id', 'ASC']]);
    rows.forEach(each);
    const end = rows.at(-1);
    if (end === undefined || rows.length < PAGE) return;
    last = end.id;
  }
}

const between = ({ from, to }: Range) => [['date', '>=', wireDate(from)], ['date', '<=', wireDate(to)]];

/** The lines we posted for these employees between two days: posting key → ID. */
export async function readPosted(tryton: Tryton, of: Range & { readonly employees: readonly number[] }, query: Query): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  if (of.employees.length === 0) return found;
  const keep = ({ id, description }: z.infer<typeof keyRow>) => {
    const key = keyInDescription(description);
    if (key !== null) found.set(key, id);
  };
  const read: Read<z.infer<typeof keyRow>> = { ...query, domain: [...between(of), ['employee', 'in', [...of.employees]]], fields: ['description'], row: keyRow };
  // In the order of their date, for which there is an index; by ID the database would go through all lines there are.
  const rows = await readPage(tryton, read, null);
  if (rows.length < PAGE) rows.forEach(keep);
  else await readAll(tryton, read, keep);
  return found;
}

/** Lines as they stand, by ID. */
export async function readLines(tryton: Tryton, ids: readonly number[], { company, object, context }: Query): Promise<Map<number, TimesheetLine>> {
  if (ids.length === 0) return new Map();
  const rows = await tryton.call({ method: 'timesheet.line.read', args: [[...ids], ['work', 'duration', 'description', 'invoice_line', '_timestamp']], company, result: z.array(lineRow), object, writes: false, context });
  return new Map(rows.map((line) => [line.id, line]));
}

const sumRow = lineRow.pick({ id: true, duration: true, description: true });
const employeeRow = z.object({ duration: microsecondsField });

/**
 * How many lines of ours a company has between two days, and how long they are in all (microseconds). Where all lines there are ours, Tryton adds them up
 * (its report of hours by employee); where people entered some themselves, each is read.
 */
export async function sumPosted(tryton: Tryton, range: Range, query: Query): Promise<{ readonly lines: number; readonly microseconds: bigint }> {
  const { company, object, context } = query;
  const count = (domain: readonly unknown[]) => tryton.call({ method: 'timesheet.line.search_count', args: [[['company', '=', company], ...between(range), ...domain]], company, result: z.number().int(), object, writes: false, context });
  const [ours, all] = [await count([OUR_LINES]), await count([])];
  const sum = { lines: 0, microseconds: 0n };
  if (ours === all && ours > 0) {
    const rows = await tryton.call({
      method: 'timesheet.hours_employee.search_read', args: [[['employee.company', '=', company]], 0, null, null, ['duration']],
      company, with: { start_date: wireDate(range.from), end_date: wireDate(range.to) }, result: z.array(employeeRow), object, writes: false, context,
    });
    return { lines: ours, microseconds: rows.reduce((total, { duration }) => total + duration, 0n) };
  }
  if (ours > 0) {
    await readAll(tryton, { ...query, domain: [...between(range), OUR_LINES], fields: ['duration', 'description'], row: sumRow }, ({ duration, description }) => {
      if (keyInDescription(description) === null) return;
      sum.lines += 1;
      sum.microseconds += duration;
    });
  }
  return sum;
}

const stampRow = z.object({ id: z.number().int(), _timestamp: z.string() });

/** When each work was last changed, in the form in which Tryton checks it at the next write. */
export async function readTimestamps(tryton: Tryton, works: readonly number[], { company, object, context }: Query): Promise<Record<string, string>> {
  const rows = await tryton.call({ method: 'timesheet.work.read', args: [[...works], ['_timestamp']], company, result: z.array(stampRow), object, writes: false, context });
  return Object.fromEntries(rows.map((row) => [`timesheet.work,${row.id}`, row._timestamp]));
}
