import type { ExpensePosting } from '../../domain/model/time/expense-posting.ts';
import { decimalText, type Money } from '../../domain/money.ts';
import { inGroups } from '../groups.ts';
import { BATCH_SIZE, type Item } from './batch.ts';
import { ACTUAL, STAGE, type Charges, type StandingCharge } from './charges.ts';
import type { About, NetSuite } from './client.ts';
import { externalIdOf } from './external-id.ts';
import type { LaborDirectory } from './labor-directory.ts';
import type { NetSuiteOptions } from './options.ts';
import { cut, type NetSuiteReferences } from './references.ts';

const DESCRIPTION_LENGTH = 999;

type Line = ExpensePosting['lines'][number];
interface ChargedLine {
  readonly line: Line;
  readonly own: Item;
  /** Of a reversal: the charge it takes back. */
  readonly original: string | null;
}

/** Charges of the expenses that a charge-based project bills on, beside the report that pays them back. All throw SystemFailure. */
export interface ExpenseCharges {
  isCharged(line: Line): boolean;
  /** What is to be charged, made ready before anything is written. The directory must know the projects. */
  prepare(posting: ExpensePosting, object: string): readonly ChargedLine[];
  /** Makes what is missing; of a reversal, takes back what no invoice has. */
  write(posting: ExpensePosting, lines: readonly ChargedLine[], about: About): Promise<void>;
  /** Nothing of it is missing. */
  isComplete(posting: ExpensePosting, about: About): Promise<boolean>;
  /** As if the posting had never been: false where an invoice has one of its charges, and then nothing is changed. */
  undo(posting: ExpensePosting, about: About): Promise<boolean>;
}

/** The external ID of the charge of one line: what an invoice's line names as its posting key. */
export function expenseChargeKey(postingKey: string, lineId: string): string {
  return externalIdOf(postingKey, lineId);
}

export function createExpenseCharges(netSuite: NetSuite, references: NetSuiteReferences, options: NetSuiteOptions, directory: LaborDirectory, charges: Charges): ExpenseCharges {
  const itemOf = (item: string | null, object: string): string => options.invoiceItems.expense ?? item ?? options.timeItem ?? references.item(Object.keys(options.items)[0] ?? 'expenses', object).id;
  const isCharged = ({ billed, projectNumber }: Line): boolean => billed !== null && directory.job(projectNumber)?.chargeBased === true;

  function prepare(posting: ExpensePosting, object: string): ChargedLine[] {
    return posting.lines.flatMap((line) => {
      const job = directory.job(line.projectNumber);
      if (line.billed === null || job?.chargeBased !== true) return [];
      const key = expenseChargeKey(posting.key, line.id);
      const body = {
        externalId: key,
        billTo: { id: job.id },
        stage: isZero(line.billed) ? STAGE.notBillable : STAGE.ready,
        use: ACTUAL,
        chargeDate: line.incurredOn,
        chargeType: { id: options.chargeTypes.expense },
        billingItem: { id: itemOf(job.item, object) },
        description: describe(posting, line),
        quantity: line.billed.amount.startsWith('-') ? -1 : 1,
        rate: references.amount({ ...line.billed, amount: line.billed.amount.replace('-', '') }, object),
        amount: references.amount(line.billed, object),
        currency: references.currency(line.billed.currency, object),
      };
      return [{ line, own: { key, body }, original: posting.reverses === null ? null : expenseChargeKey(posting.reverses, line.id) }];
    });
  }

  const standingOf = (lines: readonly ChargedLine[], about: About) => charges.standing(lines.flatMap(({ own, original }) => (original === null ? [own.key] : [own.key, original])), about);

  /** Its own charge is to be made, the one it takes back is to be taken out of billing, or nothing is left to do. */
  function leftOf({ own, original }: ChargedLine, standing: ReadonlyMap<string, StandingCharge>): 'make' | 'take back' | 'nothing' {
    if (standing.has(own.key)) return 'nothing';
    if (original === null) return 'make';
    const charge = standing.get(original);
    if (charge === undefined || (charge.invoice === null && charge.stage === STAGE.notBillable)) return 'nothing';
    return charge.invoice === null ? 'take back' : 'make';
  }

  return {
    isCharged,
    prepare,
    async write(posting, lines, about) {
      if (lines.length === 0) return;
      const standing = await standingOf(lines, about);
      const toMake: Item[] = [];
      for (const each of lines) {
        const left = leftOf(each, standing);
        const charge = standing.get(each.original ?? '');
        const isTaken = left === 'take back' && charge !== undefined && (await charges.takeBack(each.original ?? '', charge, describe(posting, each.line, `Taken back by ${each.own.key}.`), about));
        if (left === 'make' || (left === 'take back' && !isTaken)) toMake.push(each.own);
      }
      for (const group of inGroups(toMake, BATCH_SIZE)) {
        for (const made of (await charges.make(group, about)).values()) if (typeof made !== 'string') throw made;
      }
    },
    async isComplete(posting, about) {
      await directory.prepare(posting.lines.map((line) => ({ person: posting.person, projectNumber: line.projectNumber, task: null })), about);
      const lines = prepare(posting, about.object);
      if (lines.length === 0) return true;
      const standing = await standingOf(lines, about);
      return lines.every((each) => leftOf(each, standing) === 'nothing');
    },
    async undo(posting, about) {
      await directory.prepare(posting.lines.map((line) => ({ person: posting.person, projectNumber: line.projectNumber, task: null })), about);
      const lines = prepare(posting, about.object);
      if (lines.length === 0) return true;
      const standing = await standingOf(lines, about);
      const own = lines.flatMap((each) => standing.get(each.own.key) ?? []);
      if (own.some(({ invoice }) => invoice !== null)) return false;
      for (const { id } of own) await netSuite.remove('charge', id, about);
      for (const { line, original } of lines) {
        const charge = standing.get(original ?? '');
        const isTakenBack = charge !== undefined && charge.invoice === null && charge.stage === STAGE.notBillable && line.billed !== null && !isZero(line.billed);
        if (isTakenBack) await netSuite.update('charge', charge.id, { stage: STAGE.ready, description: describe(posting, line) }, about);
      }
      return true;
    },
  };
}

function describe({ report }: ExpensePosting, { category, description }: Line, ...remarks: readonly string[]): string {
  return cut([`${category}${description === '' ? '' : `: ${description}`} (${report.system} ${report.id})`, ...remarks].join('\n'), DESCRIPTION_LENGTH);
}

function isZero({ amount }: Money): boolean {
  return decimalText(amount) === '0';
}
