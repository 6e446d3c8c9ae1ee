import type { PayrollExport } from '../../domain/model/time/payroll-export.ts';
import { addDecimal, compareDecimal } from '../../domain/money.ts';
import type { GustoOptions } from './options.ts';

/** One person's hours of one pay code in a pay period, as Gusto holds them. */
export interface CodeHours {
  readonly payCode: string;
  /** Name of Gusto's hourly compensation. */
  readonly name: string;
  /** Exact, without trailing zeros. */
  readonly hours: string;
  readonly multiplier: string;
}

export interface Problem {
  readonly code: 'GUSTO_PAY_CODE_UNKNOWN' | 'GUSTO_HOURS_NOT_TAKEN';
  readonly message: string;
}

/** Thousandths of an hour are the finest Gusto keeps. */
const FINEST = /^\d+(\.\d{1,3})?$/;

/** The hours of an export by person, and what Gusto could not take of them. Sums that come to nothing are left out. */
export function hoursByPerson(document: PayrollExport, options: Pick<GustoOptions, 'payCodes'>): { readonly people: ReadonlyMap<string, readonly CodeHours[]>; readonly problems: readonly Problem[] } {
  const sums = new Map<string, Map<string, CodeHours>>();
  const problems: Problem[] = [];
  for (const { person, payCode, hours, multiplier } of document.lines) {
    const name = options.payCodes[payCode];
    if (name === undefined) {
      problems.push({ code: 'GUSTO_PAY_CODE_UNKNOWN', message: `the pay code ${payCode} stands for no hourly compensation` });
      continue;
    }
    const own = sums.get(person) ?? new Map<string, CodeHours>();
    own.set(name, { payCode, name, multiplier, hours: addDecimal(own.get(name)?.hours ?? '0', hours) });
    sums.set(person, own);
  }
  const people = new Map<string, CodeHours[]>();
  for (const [person, own] of sums) {
    const kept = [...own.values()].filter(({ hours }) => compareDecimal(hours, '0') !== 0);
    for (const { hours, payCode } of kept) {
      if (!FINEST.test(hours)) problems.push({ code: 'GUSTO_HOURS_NOT_TAKEN', message: `${hours} hours ${payCode} of ${person} are ${hours.startsWith('-') ? 'negative' : 'finer than thousandths'}` });
    }
    if (kept.length > 0) people.set(person, kept);
  }
  return { people, problems: problems.filter((problem, index) => problems.findIndex(({ message }) => message === problem.message) === index) };
}

/** The same hours, however many zeros are written. */
export function sameHours(left: string, right: string): boolean {
  return compareDecimal(trimmed(left), trimmed(right)) === 0;
}

function trimmed(hours: string): string {
  return hours.includes('.') ? hours.replace(/0+$/, '').replace(/\.$/, '') : hours;
}
