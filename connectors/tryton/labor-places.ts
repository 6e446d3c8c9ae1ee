import { z } from 'zod';
import type { LocalDate } from '../../domain/dates.ts';
import { compareMoney, extendPrice, type DecimalText } from '../../domain/money.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { CallContext } from '../ports.ts';
import { searchRead, startsWith, type Tryton } from './client.ts';
import { bounded } from './kept.ts';
import type { Company } from './references.ts';
import { dateField, decimalField } from './wire.ts';
import { BILLING, RATES } from './works.ts';

const taskRow = z.object({
  id: z.number().int(),
  name: z.string(),
  parent: z.number().int().nullable(),
  comment: z.string().nullable(),
  list_price: decimalField,
  project_invoice_method: z.string().nullable(),
  timesheet_works: z.array(z.number().int()),
  timesheet_start_date: dateField,
  timesheet_end_date: dateField,
});
type Task = z.infer<typeof taskRow>;
const plainRow = taskRow.pick({ id: true, timesheet_start_date: true, timesheet_end_date: true }).extend({ name: z.string().nullable() });

/** What a line is booked on: a timesheet.work, and the work dates it takes (null is open). */
interface Work {
  readonly work: number;
  readonly from: LocalDate | null;
  readonly to: LocalDate | null;
}

/** A task; `open` is null while it is shut for time. */
interface Spot {
  readonly code: string;
  readonly name: string;
  readonly open: Work | null;
  readonly billable: boolean;
}

/** What the labor of one project can be booked on in one company. */
export interface TimeProject {
  readonly top: Spot;
  /** Bottom of the work breakdown. */
  readonly elements: readonly Spot[];
  /** By labor category. Tryton invoices time on them at the price, where the project is invoiced on timesheet. */
  readonly rates: ReadonlyMap<string, { readonly open: Work | null; readonly price: DecimalText | null }>;
  readonly invoicedOnTimesheet: boolean;
}

export interface Places {
  /** Project number → where its labor goes; those the company does not have are left out. */
  find(numbers: readonly string[], company: number, object: string, context: CallContext): Promise<ReadonlyMap<string, TimeProject>>;
  forget(number: string, company: number): void;
}

/** Projects by their number with the tasks below them, each read once and kept for a while. */
export function createPlaces(tryton: Tryton): Places {
  const kept = bounded<TimeProject>({ entries: 5_000 });
  const keyOf = (number: string, company: number) => `${company} ${number}`;

  const load = async (numbers: readonly string[], company: number, object: string, context: CallContext): Promise<void> => {
    const named = ['OR', ...numbers.map((number) => ['name', 'like', startsWith(`${number} `)])];
    const fields = ['name', 'parent', 'comment', 'list_price', 'project_invoice_method', 'timesheet_works', 'timesheet_start_date', 'timesheet_end_date'];
    const read = (domain: readonly unknown[]) => searchRead(tryton, { model: 'project.work', domain: [['company', '=', company], ...domain], fields, row: taskRow, company, object, context });
    const tops = await read([['parent', '=', null], named]);
    const below = tops.length === 0 ? [] : await read([['parent', 'child_of', tops.map(({ id }) => id)], ['parent', '!=', null]]);
    const children = Map.groupBy(below, ({ parent }) => parent);
    // The oldest of several with one number.
    for (const top of tops.toReversed()) kept.set(keyOf(codeOf(top.name), company), projectOf(top, children));
    const left = numbers.filter((number) => kept.get(keyOf(number, company)) === undefined);
    if (left.length === 0) return;
    // Another legal entity's project, on which people of this one work: a work for time alone.
    const plain = await searchRead(tryton, { model: 'timesheet.work', domain: [['company', '=', company], ['OR', ...left.map((number) => ['name', 'like', startsWith(`${number} `)])]], fields: ['name', 'timesheet_start_date', 'timesheet_end_date'], row: plainRow, company, object, context });
    for (const { id, name, timesheet_start_date: from, timesheet_end_date: to } of plain.toReversed()) {
      const code = codeOf(name ?? '');
      kept.set(keyOf(code, company), { top: { code, name: name ?? '', open: { work: id, from, to }, billable: false }, elements: [], rates: new Map(), invoicedOnTimesheet: false });
    }
  };

  return {
    async find(numbers, company, object, context) {
      const wanted = [...new Set(numbers)];
      const missing = wanted.filter((number) => kept.get(keyOf(number, company)) === undefined);
      for (let start = 0; start < missing.length; start += 100) await load(missing.slice(start, start + 100), company, object, context);
      return new Map(wanted.flatMap((number) => {
        const found = kept.get(keyOf(number, company));
        return found === undefined ? [] : [[number, found] as const];
      }));
    },
    forget: (number, company) => kept.delete(keyOf(number, company)),
  };
}

const codeOf = (name: string): string => name.split(' ', 1)[0] ?? '';

function openOf({ timesheet_works: [work], timesheet_start_date: from, timesheet_end_date: to }: Task): Work | null {
  return work === undefined ? null : { work, from, to };
}

function projectOf(top: Task, children: ReadonlyMap<number | null, readonly Task[]>): TimeProject {
  const spotOf = (task: Task): Spot => ({ code: codeOf(task.name), name: task.name.slice(codeOf(task.name).length + 1), open: openOf(task), billable: task.comment !== 'Not billable' });
  const leavesOf = (task: Task): Task[] => {
    const below = children.get(task.id) ?? [];
    return below.length === 0 ? [task] : below.flatMap(leavesOf);
  };
  const parts = children.get(top.id) ?? [];
  const rates = parts.filter(({ name }) => codeOf(name) === RATES).flatMap(({ id }) => children.get(id) ?? []);
  return {
    top: spotOf(top),
    elements: parts.filter(({ name }) => ![RATES, BILLING].includes(codeOf(name))).flatMap(leavesOf).map(spotOf),
    rates: new Map(rates.map((rate) => [codeOf(rate.name), { open: openOf(rate), price: rate.list_price }])),
    invoicedOnTimesheet: top.project_invoice_method === 'timesheet',
  };
}

/** `byHand`: what is to be billed and Tryton will not invoice by itself. */
export interface Place extends Work {
  readonly byHand: string | null;
}

/**
 * Where a posting is booked; null where nothing of the project is open for time. It goes on its rate only where Tryton then invoices exactly the
 * amount that was decided: at another rate, in another currency or beyond a cap it goes on the work breakdown, which has no price, with the amount in words.
 */
export function placeOf(posting: LaborPosting, project: TimeProject, company: Company): Place | null {
  const { billing, hours } = posting;
  const billed = posting.purpose !== 'labor' && billing.status === 'actuals' && Number(billing.amount.amount) !== 0;
  const rate = project.rates.get(posting.laborCategory);
  if (billed && project.invoicedOnTimesheet && rate?.price != null && rate.open !== null && billing.amount.currency === company.currency) {
    if (compareMoney(extendPrice(hours, rate.price, company.currency), billing.amount) === 0) return { ...rate.open, byHand: null };
  }
  const spots = [...project.elements, project.top].filter(({ open }) => open !== null);
  const task = folded(posting.task ?? '');
  const chosen = spots.find(({ code, name }) => task !== '' && [code, name, `${code} ${name}`].some((text) => folded(text) === task))
    ?? spots.find((spot) => spot === project.top)
    ?? spots.find(({ billable }) => billable === (billing.status !== 'none'))
    ?? spots[0];
  if (chosen === undefined || chosen.open === null) return null;
  return { ...chosen.open, byHand: billed ? `${billing.amount.amount} ${billing.amount.currency}` : null };
}

const folded = (text: string): string => text.normalize('NFKC').trim().toLowerCase();
