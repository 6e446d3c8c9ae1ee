import { z } from 'zod';
import type { LocalDate } from '../../domain/dates.ts';
import type { CallContext } from '../ports.ts';
import type { Tryton } from './client.ts';
import { keyInDescription, OUR_LINES } from './labor-line.ts';
import { wireDate } from './wire.ts';

/** A TimeDelta in microseconds. */
const microsecondsField = z.object({ __class__: z.literal('timedelta'), seconds: z.number() }).transform(({ seconds }) => BigInt(Math.round(seconds * 1_000_000)));

const lineRow = z.object({
  id: z.number().int(),
  work: z.number().int(),
  duration: microsecondsField,
  description: z.string().nullable().transform((text) => text ?? ''),
  invoice_line: z.number().int().nullable(),
});
export type TimesheetLine = z.infer<typeof lineRow>;

interface Query {
  readonly company: number;
  readonly object: string;
  readonly context: CallContext;
}

const PAGE = 2_000;

/** Reads lines in pages by ID, so that one added meanwhile shifts none. */
async function readLines<T extends { readonly id: number }>(tryton: Tryton, domain: readonly unknown[], fields: readonly string[], row: z.ZodType<T>, { company, object, context }: Query, each: (row: T) => void): Promise<void> {
  let last = 0;
  for (;;) {
    const rows: T[] = await tryton.call({
      method: 'timesheet.line.search_read', args: [[['company', '=', company], ['id', '>', last], OUR_LINES, ...domain], 0, PAGE, [['id', 'ASC']], fields],
      company, result: z.array(row), object, writes: false, context,
    });
    rows.forEach(each);
    const end = rows.at(-1);
    if (end === undefined || rows.length < PAGE) return;
    last = end.id;
  }
}

/** The lines we posted for these employees between two days, by posting key. */
export async function readPosted(tryton: Tryton, of: { readonly employees: readonly number[]; readonly from: LocalDate; readonly to: LocalDate }, query: Query): Promise<Map<string, TimesheetLine>> {
  const found = new Map<string, TimesheetLine>();
  if (of.employees.length === 0) return found;
  const domain = [['date', '>=', wireDate(of.from)], ['date', '<=', wireDate(of.to)], ['employee', 'in', [...of.employees]]];
  await readLines(tryton, domain, ['work', 'duration', 'description', 'invoice_line'], lineRow, query, (line) => {
    const key = keyInDescription(line.description);
    if (key !== null && !found.has(key)) found.set(key, line);
  });
  return found;
}

const sumRow = z.object({ id: z.number().int(), duration: microsecondsField });

/** How many lines of ours a company has between two days, and how long they are in all (microseconds). */
export async function sumPosted(tryton: Tryton, range: { readonly from: LocalDate; readonly to: LocalDate }, query: Query): Promise<{ readonly lines: number; readonly microseconds: bigint }> {
  let lines = 0;
  let microseconds = 0n;
  await readLines(tryton, [['date', '>=', wireDate(range.from)], ['date', '<=', wireDate(range.to)]], ['duration'], sumRow, query, ({ duration }) => {
    lines += 1;
    microseconds += duration;
  });
  return { lines, microseconds };
}

const stampRow = z.object({ id: z.number().int(), _timestamp: z.string() });

/** When each work was last changed, in the form in which Tryton checks it at the next write. */
export async function readTimestamps(tryton: Tryton, works: readonly number[], { company, object, context }: Query): Promise<Record<string, string>> {
  const rows = await tryton.call({ method: 'timesheet.work.read', args: [[...works], ['_timestamp']], company, result: z.array(stampRow), object, writes: false, context });
  return Object.fromEntries(rows.map((row) => [`timesheet.work,${row.id}`, row._timestamp]));
}
