import { Decimal } from 'decimal.js';
import type { TimesheetContext } from '../../model/time/context.ts';
import type { EnrichedEntry, PayPart, PostedEntry } from '../../model/time/enriched-entry.ts';
import type { LaborPosting } from '../../model/time/labor-posting.ts';
import type { PayLine } from '../../model/time/pay-line.ts';
import type { Timesheet } from '../../model/time/timesheet.ts';
import { decimalText, money, type DecimalText, type Money } from '../../money.ts';
import { planAdjustment, planDropped, planWithdrawal, type AdjustmentLine } from './adjust.ts';
import type { BillingChange } from './cap-true-up.ts';
import { indexOf } from './index-context.ts';
import { byVersion, placeOf } from './place.ts';
import type { TimesheetDecision } from './validate.ts';

/** An accepted version of an entry, and how often it was booked. */
export interface BookedEntry {
  readonly labor: EnrichedEntry;
  readonly generation: number;
  /** The generation its ERP lines stand under. */
  readonly postedGeneration: number;
}

/** What stands in the books for an entry now. */
export interface Standing {
  readonly posted: PostedEntry;
  readonly generation: number;
  readonly postedGeneration: number;
  /** Its original postings as they stand. */
  readonly lines: readonly LaborPosting[];
}

export interface Books {
  /** The ERP that keeps the books of a legal entity; of a project, the one it was made in. */
  readonly erpOf: (legalEntity: string, projectNumber?: string) => string;
  /** A short key for these parts: the same parts always give the same key. */
  readonly keyOf: (...parts: readonly string[]) => string;
  readonly standing: (entry: { readonly system: string; readonly id: string; readonly version: number }) => Standing | undefined;
}

export interface Booking {
  readonly entries: readonly BookedEntry[];
  /** Entries no longer in force. */
  readonly ended: readonly { readonly posted: PostedEntry; readonly state: 'superseded' | 'reversed' }[];
  readonly postings: readonly LaborPosting[];
  readonly payLines: readonly PayLine[];
}

type EntryRef = { readonly system: string; readonly id: string; readonly version: number };

/**
 * What a decision means for the books: postings for each ERP concerned and pay lines for payroll. What was posted is never changed; a correction
 * reverses it to the cent and posts the new beside it, a withdrawn approval reverses it. Pure; the same decision gives the same keys.
 * @param sheet with all its entries, also those not up for this decision
 * @throws RangeError where no period is open to book an adjustment in
 */
export function bookTimesheet(sheet: Timesheet, decision: TimesheetDecision, context: TimesheetContext, books: Books): Booking {
  const entries: BookedEntry[] = [];
  const ended: Booking['ended'][number][] = [];
  const postings: LaborPosting[] = [];
  const payLines: PayLine[] = [];
  const repeats = new Set(decision.repeats.map(({ id, version }) => `${id}@${version}`));
  const gone = new Set<string>();
  const inSheet = byVersion(sheet.entries);

  function reverse(posted: PostedEntry, line: AdjustmentLine, what: 'all' | 'pay' = 'all'): void {
    const { entry } = posted.labor;
    const standing = books.standing(entry);
    if (standing === undefined) return;
    if (what === 'all') {
      for (const original of standing.lines) postings.push(reversalOf(original, original.purpose === 'labor' ? line.employerPeriod : line.accountingPeriod, books));
    }
    payLines.push(...payLinesOf('reversal', posted.labor, line.payPeriod, line.pay, standing.generation, books));
  }

  function end(posted: PostedEntry, state: 'superseded' | 'reversed'): void {
    gone.add(keyOfEntry(posted.labor.entry));
    ended.push({ posted, state });
  }

  for (const labor of decision.accepted) {
    if (repeats.has(`${labor.entry.id}@${labor.entry.version}`)) continue;
    const generation = (books.standing(labor.entry)?.generation ?? 0) + 1;
    const original = labor.outcome === 'correction' ? placeOf(labor.entry, indexOf(context), inSheet).original : undefined;
    const [reversal, replacement] = original === undefined ? [] : planAdjustment(labor, original, context).lines;
    const booked = replacement === undefined ? labor : { ...labor, accountingPeriod: replacement.accountingPeriod, employerPeriod: replacement.employerPeriod, payPeriod: replacement.payPeriod };
    if (original !== undefined && reversal !== undefined && !gone.has(keyOfEntry(original.labor.entry))) {
      reverse(original, reversal);
      end(original, 'superseded');
    }
    entries.push({ labor: booked, generation, postedGeneration: generation });
    postings.push(...postingsOf(booked, generation, books));
    payLines.push(...payLinesOf('original', booked, booked.payPeriod, booked.pay, generation, books));
  }

  for (const change of decision.payChanges) {
    const { entry } = change.posted.labor;
    const standing = books.standing(entry);
    if (standing === undefined || gone.has(keyOfEntry(entry))) continue;
    const [reversal, replacement] = planAdjustment(change.labor, change.posted, context).lines;
    if (reversal === undefined || replacement === undefined) continue;
    const booked = { ...change.labor, accountingPeriod: replacement.accountingPeriod, employerPeriod: replacement.employerPeriod, payPeriod: replacement.payPeriod };
    const costs = !sameMoney(change.labor.cost, change.posted.labor.cost);
    // Only what the pay codes touch is booked anew: without a cost kept here the ERP's lines stand as they are.
    const generation = standing.generation + 1;
    reverse(change.posted, reversal, costs ? 'all' : 'pay');
    entries.push({ labor: costs ? booked : { ...booked, accountingPeriod: change.posted.labor.accountingPeriod, employerPeriod: change.posted.labor.employerPeriod }, generation, postedGeneration: costs ? generation : standing.postedGeneration });
    if (costs) postings.push(...postingsOf(booked, generation, books));
    payLines.push(...payLinesOf('original', booked, booked.payPeriod, booked.pay, generation, books));
  }

  const takenBack = sheet.approval.status === 'withdrawn' ? planWithdrawal({ system: sheet.system, id: sheet.id, version: sheet.version }, context) : planDropped(sheet, context);
  for (const { lines } of takenBack) {
    for (const line of lines) {
      const posted = context.posted.find(({ state, labor }) => state === 'in_force' && labor.entry.system === line.of.system && labor.entry.id === line.of.id && labor.entry.version === line.of.version && labor.timesheet.id === sheet.id);
      if (posted === undefined || gone.has(keyOfEntry(posted.labor.entry))) continue;
      reverse(posted, line);
      end(posted, 'reversed');
    }
  }
  return { entries, ended, postings, payLines };
}

/**
 * Posted entries of which more or less is billed than before, and nothing else: their lines are reversed to the cent and posted anew beside it, in the
 * periods of a correction. Their hours are paid as they were.
 * @throws RangeError where no period is open to book in
 */
export function bookBillingChanges(changes: readonly BillingChange[], context: TimesheetContext, books: Books): Booking {
  const entries: BookedEntry[] = [];
  const postings: LaborPosting[] = [];
  for (const { posted, labor } of changes) {
    const standing = books.standing(posted.labor.entry);
    const [reversal, replacement] = planAdjustment({ ...labor, payPeriod: null }, { ...posted, labor: { ...posted.labor, payPeriod: null } }, context).lines;
    if (standing === undefined || reversal === undefined || replacement === undefined) continue;
    const generation = standing.generation + 1;
    const booked = { ...labor, accountingPeriod: replacement.accountingPeriod, employerPeriod: replacement.employerPeriod };
    postings.push(...standing.lines.map((line) => reversalOf(line, line.purpose === 'labor' ? reversal.employerPeriod : reversal.accountingPeriod, books)), ...postingsOf(booked, generation, books));
    entries.push({ labor: booked, generation, postedGeneration: generation });
  }
  return { entries, ended: [], postings, payLines: [] };
}

/** One posting where one ERP keeps both the project's and the employer's books, else one in each. Nothing is posted for no hours. */
export function postingsOf(labor: EnrichedEntry, generation: number, books: Books): LaborPosting[] {
  if (isZero(labor.entry.hours)) return [];
  const projectErp = books.erpOf(labor.legalEntity, labor.projectNumber);
  const employerErp = books.erpOf(labor.employer);
  if (projectErp === employerErp) return [postingOf(labor, 'labor_and_billing', projectErp, generation, books)];
  return [postingOf(labor, 'billing', projectErp, generation, books), postingOf(labor, 'labor', employerErp, generation, books)];
}

function postingOf(labor: EnrichedEntry, purpose: LaborPosting['purpose'], system: string, generation: number, books: Books): LaborPosting {
  const { entry, timesheet, projectNumber, laborCategory, costCenter, billing, cost, transfer } = labor;
  const none = money('0', billing.amount.currency);
  return {
    key: books.keyOf('posting', entry.system, entry.id, String(entry.version), String(generation), purpose),
    kind: 'original',
    reverses: null,
    purpose,
    system,
    legalEntity: purpose === 'labor' ? labor.employer : labor.legalEntity,
    projectEntity: labor.legalEntity,
    employer: labor.employer,
    entry: { system: entry.system, id: entry.id, version: entry.version },
    timesheet,
    person: entry.person,
    workDate: entry.workDate,
    hours: entry.hours,
    projectNumber,
    task: entry.task,
    laborCategory,
    costCenter,
    accountingPeriod: purpose === 'labor' ? labor.employerPeriod : labor.accountingPeriod,
    billing: purpose === 'labor' ? { status: 'none', rate: null, amount: none, writtenOff: none } : billing,
    cost: purpose === 'billing' ? null : cost,
    transfer: transfer?.amount ?? null,
    notes: entry.notes,
  };
}

function reversalOf(original: LaborPosting, accountingPeriod: string, books: Books): LaborPosting {
  return {
    ...original,
    key: books.keyOf('reversal', original.key),
    kind: 'reversal',
    reverses: original.key,
    accountingPeriod,
    hours: negated(original.hours),
    billing: { ...original.billing, amount: negatedMoney(original.billing.amount), writtenOff: negatedMoney(original.billing.writtenOff) },
    cost: original.cost === null ? null : negatedMoney(original.cost),
    transfer: original.transfer === null ? null : negatedMoney(original.transfer),
  };
}

/** @param parts with the sign they are booked with */
function payLinesOf(kind: PayLine['kind'], labor: EnrichedEntry, payPeriod: string | null, parts: readonly PayPart[], generation: number, books: Books): PayLine[] {
  if (payPeriod === null) return [];
  const { entry, employer, costCenter, projectNumber } = labor;
  return parts
    .filter(({ hours }) => !isZero(hours))
    .map(({ payCode, multiplier, hours }, position) => ({
      key: books.keyOf('pay', kind, entry.system, entry.id, String(entry.version), String(generation), String(position)),
      kind,
      employer,
      payPeriod,
      person: entry.person,
      workDate: entry.workDate,
      payCode,
      multiplier,
      hours,
      costCenter,
      projectNumber,
      entry: { system: entry.system, id: entry.id, version: entry.version },
    }));
}

function keyOfEntry({ system, id, version }: EntryRef): string {
  return `${system} ${id}@${version}`;
}

function isZero(value: DecimalText): boolean {
  return new Decimal(value).isZero();
}

function negated(value: DecimalText): DecimalText {
  return decimalText(new Decimal(value).negated());
}

function negatedMoney({ amount, currency }: Money): Money {
  return money(negated(amount), currency);
}

function sameMoney(left: Money | null, right: Money | null): boolean {
  return left === null || right === null ? left === right : left.currency === right.currency && left.amount === right.amount;
}

/** The keys an entry's original postings can have in a generation. */
export function postingKeysOf(entry: EntryRef, generation: number, keyOf: Books['keyOf']): string[] {
  return (['labor_and_billing', 'billing', 'labor'] as const).map((purpose) => keyOf('posting', entry.system, entry.id, String(entry.version), String(generation), purpose));
}
