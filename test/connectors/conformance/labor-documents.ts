import { laborPostingSchema, type LaborPosting } from '../../../domain/model/time/labor-posting.ts';

/** Where an ERP under test keeps its labor: a legal entity of its books, with people and projects that are there before the first line. */
export interface LaborPlace {
  readonly system: string;
  readonly legalEntity: string;
  readonly currency: string;
  readonly costCenter: string;
  /** E-mail addresses of employees. */
  readonly people: readonly string[];
  /** Project numbers. */
  readonly projects: readonly string[];
  /** A WBS code that every project has. */
  readonly task: string;
}

export type LaborChange = { readonly [Field in keyof LaborPosting]?: LaborPosting[Field] | undefined };

let counter = 0;

/** A key nobody has used, in this run or an earlier one. */
export function freshKey(): string {
  counter += 1;
  return `p-${crypto.randomUUID().replaceAll('-', '').slice(0, 20)}-${counter}`;
}

/** One line of labor, complete; a test changes what it is about. */
export function laborLine(place: LaborPlace, change: LaborChange = {}): LaborPosting {
  const key = change.key ?? freshKey();
  return laborPostingSchema.parse({
    key, kind: 'original', reverses: null, purpose: 'labor_and_billing', system: place.system,
    legalEntity: place.legalEntity, projectEntity: place.legalEntity, employer: place.legalEntity,
    entry: { system: 'harvest', id: key, version: 1 }, timesheet: { id: `sheet-${key}`, version: 1 },
    person: place.people[0], workDate: '2026-11-16', hours: '7.5', projectNumber: place.projects[0], task: place.task,
    laborCategory: 'CONSULTANT', costCenter: place.costCenter, accountingPeriod: '2026-11',
    billing: billed('1575.00', place.currency, '210'), cost: { amount: '600.00', currency: place.currency }, transfer: null, notes: 'Design workshop',
    ...change,
  });
}

export function billed(amount: string, currency: string, rate: string): LaborPosting['billing'] {
  return { status: 'actuals', rate: { laborCategory: 'CONSULTANT', unit: 'hour', rate, currency, from: '2026-01-01', to: null }, amount: { amount, currency }, writtenOff: { amount: '0', currency } };
}

/** What takes a line back: the same with a minus, under a key of its own. */
export function reversalOf(original: LaborPosting): LaborPosting {
  const minus = (amount: string) => (/^-?0(\.0+)?$/.test(amount) ? amount : `-${amount}`);
  const money = <M extends { amount: string }>(value: M): M => ({ ...value, amount: minus(value.amount) });
  return laborPostingSchema.parse({
    ...original, key: freshKey(), kind: 'reversal', reverses: original.key, hours: minus(original.hours),
    billing: { ...original.billing, amount: money(original.billing.amount), writtenOff: money(original.billing.writtenOff) },
    cost: original.cost === null ? null : money(original.cost), transfer: original.transfer === null ? null : money(original.transfer),
  });
}
