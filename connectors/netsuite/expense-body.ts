import type { ExpensePosting } from '../../domain/model/time/expense-posting.ts';
import { addMoney, money, subtractMoney, type Money } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import type { ExpenseReferences } from './expense-directory.ts';
import { cut, type NetSuiteReferences } from './references.ts';

type Line = ExpensePosting['lines'][number];
const MEMO_LENGTH = 999;

/** One amount on one account: a line of the posting is one of its category and, where tax comes back from the state, one of that. */
interface Part {
  readonly line: Line;
  readonly category: string;
  readonly amount: Money;
  /** Billed on with this part; the tax is not. */
  readonly bears: boolean;
}

/** NetSuite's REST takes no tax fields, so recoverable tax is a line of its own on its own account: the parts add up to the report. */
function partsOf(posting: ExpensePosting, taxCategory: string): Part[] {
  return posting.lines.flatMap((line) => {
    const net = { line, category: line.category, amount: subtractMoney(line.amount, line.recoverableTax), bears: true };
    return isZero(line.recoverableTax) ? [net] : [net, { line, category: taxCategory, amount: line.recoverableTax, bears: false }];
  });
}

/** @param isCharged lines that a charge of their own bills on, so that the report's line does not */
export function expenseReportBody(posting: ExpensePosting, known: ExpenseReferences, references: NetSuiteReferences, taxCategory: string, isCharged: (line: Line) => boolean, object: string): object {
  return {
    entity: { id: known.employee },
    subsidiary: references.subsidiary(posting.employer, object),
    expensereportcurrency: references.currency(posting.currency, object),
    tranDate: dateIn(posting.accountingPeriod, posting.submittedOn),
    memo: cut(`${posting.report.system} ${posting.report.id} version ${posting.report.version}`, MEMO_LENGTH),
    complete: true,
    supervisorapproval: true,
    accountingapproval: true,
    ...headOf(posting),
    expense: {
      items: partsOf(posting, taxCategory).map(({ line, category, amount, bears }) => {
        const job = known.job(line.projectNumber);
        const billed = bears && job !== null && !isCharged(line) ? line.billed : null;
        return {
          expensedate: line.incurredOn,
          category: { id: known.category(category).id },
          amount: references.amount(amount, object),
          ...(line.description === '' ? {} : { memo: cut(line.description, MEMO_LENGTH) }),
          ...(job === null ? { custcol_q2c_project: line.projectNumber } : { customer: { id: job } }),
          isBillable: billed !== null,
          receipt: line.receipt !== null,
          custcol_q2c_line: line.id,
          custcol_q2c_legal_entity: line.legalEntity,
          custcol_q2c_cost_center: line.costCenter,
          ...(line.receipt === null ? {} : { custcol_q2c_receipt: line.receipt }),
          ...(billed === null ? {} : { custcol_q2c_amount: exactNumber(billed.amount), custcol_q2c_currency: billed.currency }),
        };
      }),
    },
  };
}

/** What takes a report back: the same amounts on the same accounts, from the person's debt to the expenses. */
export function reversingJournalBody(posting: ExpensePosting, payable: string, known: ExpenseReferences, references: NetSuiteReferences, taxCategory: string, object: string, note: string): object {
  const parts = partsOf(posting, taxCategory).filter((part) => !isZero(part.amount));
  const total = parts.reduce((sum, part) => addMoney(sum, part.amount), money('0', posting.currency));
  return {
    subsidiary: references.subsidiary(posting.employer, object),
    currency: references.currency(posting.currency, object),
    tranDate: dateIn(posting.accountingPeriod, posting.submittedOn),
    memo: cut(`Takes back ${posting.reverses}: ${posting.report.system} ${posting.report.id} version ${posting.report.version}.${note}`, MEMO_LENGTH),
    ...headOf(posting),
    custbody_q2c_reverses: posting.reverses,
    line: {
      items: [
        // The amounts of a reversal are negative: a negative debit is a credit.
        ...(isZero(total) ? [] : [{ account: { id: payable }, ...side(negated(total), references, object), entity: { id: known.employee } }]),
        ...parts.map(({ line, category, amount }) => {
          const job = known.job(line.projectNumber);
          return {
            account: { id: known.category(category).account },
            ...side(amount, references, object),
            ...(line.description === '' ? {} : { memo: cut(line.description, MEMO_LENGTH) }),
            ...(job === null ? { custcol_q2c_project: line.projectNumber } : { entity: { id: job } }),
            custcol_q2c_line: line.id,
            custcol_q2c_cost_center: line.costCenter,
          };
        }),
      ],
    },
  };
}

function headOf(posting: ExpensePosting): object {
  return { custbody_q2c_report: `${posting.report.system}/${posting.report.id}/${posting.report.version}`, custbody_q2c_period: posting.accountingPeriod };
}

function side(amount: Money, references: NetSuiteReferences, object: string): object {
  return amount.amount.startsWith('-') ? { credit: references.amount(negated(amount), object) } : { debit: references.amount(amount, object) };
}

function negated(value: Money): Money {
  return subtractMoney(money('0', value.currency), value);
}

function isZero(value: Money): boolean {
  return /^-?0(\.0*)?$/.test(value.amount);
}

/** NetSuite finds the posting period by the date: where that lies outside a period named by its month, the nearest day in it. */
export function dateIn(period: string, date: string): string {
  const month = /^(\d{4})-(\d{2})$/.exec(period);
  if (month === null || date.startsWith(period)) return date;
  if (date < period) return `${period}-01`;
  return new Date(Date.UTC(Number(month[1]), Number(month[2]), 0)).toISOString().slice(0, 10);
}
