import { compareDecimal, isNegative, type DecimalText } from '../money.ts';
import { MILEAGE, PER_DIEM, type ExpensePolicy, type PerDiemRule } from '../model/time/expense-policy.ts';
import { unknownReference } from './check-business.ts';
import type { ConfigPath, ConfigProblem } from './mistake.ts';
import type { Sections } from './sections.ts';

/** Expense categories, tax on receipts and policies by country: what they say of each other. */
export function checkExpenses(sections: Sections): ConfigProblem[] {
  return [...checkCategories(sections), ...checkTaxes(sections), ...sections.expensePolicies.entries.flatMap(({ index, value }) => checkPolicy(value, ['expensePolicies', index], sections))];
}

function checkCategories({ expenseCategories, expensePolicies }: Sections): ConfigProblem[] {
  if (expensePolicies.entries.length === 0 || !expenseCategories.keysKnown) return [];
  return [PER_DIEM, MILEAGE].flatMap((code) => (expenseCategories.keys.has(code) ? [] : [{ path: ['expenseCategories'], expected: `the category ${code}, under which allowances are booked`, found: 'none' }]));
}

function checkTaxes({ expenseTaxes }: Sections): ConfigProblem[] {
  return expenseTaxes.entries.flatMap(({ index, value }) =>
    [...(value.ratesPercent ?? []), value.mostPercent].flatMap((rate) => (isNegative(rate) || compareDecimal(rate, value.mostPercent) > 0 ? [{ path: ['expenseTaxes', index, 'ratesPercent'], expected: `rates from 0 to mostPercent (${value.mostPercent})`, found: rate }] : [])),
  );
}

function checkPolicy(policy: ExpensePolicy, path: ConfigPath, { expenseCategories, legalEntities }: Sections): ConfigProblem[] {
  const at = (...rest: ConfigPath) => [...path, ...rest];
  const problems = [
    ...policy.categories.flatMap(({ code }, position) => unknownReference(at('categories', position, 'code'), code, expenseCategories, 'expense category')),
    ...policy.receipt.always.flatMap((code, position) => unknownReference(at('receipt', 'always', position), code, expenseCategories, 'expense category')),
    ...repeated(policy.categories.map(({ code }) => code), (position) => at('categories', position, 'code')),
    ...overlaps(policy.mileage.map((rule) => ({ ...rule, name: 'mileage' })), (position) => at('mileage', position, 'from')),
    ...overlaps(policy.perDiems.map((rule) => ({ ...rule, name: rule.destination })), (position) => at('perDiems', position, 'from')),
    ...policy.perDiems.flatMap((rule, position) => checkPerDiem(rule, at('perDiems', position))),
  ];
  if (policy.country === '*' && (policy.perDiems.length > 0 || policy.mileage.length > 0) && policy.currency === null) {
    problems.push({ path: at('currency'), expected: 'the currency of the allowances', found: 'nothing' });
  }
  for (const { value: entity } of legalEntities.entries) {
    if (entity.country === policy.country && policy.currency !== null && policy.currency !== entity.functionalCurrency) {
      problems.push({ path: at('currency'), expected: `${entity.functionalCurrency}, the functional currency of ${entity.code}, or nothing`, found: policy.currency });
    }
  }
  const amounts: readonly (readonly [ConfigPath, DecimalText])[] = [
    [at('receipt', 'above'), policy.receipt.above],
    [at('mostPerLine'), policy.mostPerLine],
    [at('markupPercent'), policy.markupPercent],
    [at('exchange', 'tolerancePercent'), policy.exchange.tolerancePercent],
    ...policy.mileage.map(({ rate }, position) => [at('mileage', position, 'rate'), rate] as const),
  ];
  return [...problems, ...amounts.flatMap(([where, amount]) => (isNegative(amount) ? [{ path: where, expected: 'no negative number', found: amount }] : []))];
}

function checkPerDiem({ perDay, partialDay, least }: PerDiemRule, path: ConfigPath): ConfigProblem[] {
  const problems: ConfigProblem[] = perDay.flatMap(({ amount }, position) => (compareDecimal(amount, least) > 0 ? [] : [{ path: [...path, 'perDay', position, 'amount'], expected: `more than what is left with all meals provided (${least})`, found: amount }]));
  if (partialDay !== null && (compareDecimal(partialDay, '0') <= 0 || compareDecimal(partialDay, '1') >= 0)) {
    problems.push({ path: [...path, 'partialDay'], expected: 'a part of a day between 0 and 1', found: partialDay });
  }
  return problems;
}

function repeated(codes: readonly string[], at: (position: number) => ConfigPath): ConfigProblem[] {
  return codes.flatMap((code, position) => (codes.indexOf(code) === position ? [] : [{ path: at(position), expected: 'each category once', found: `"${code}" again` }]));
}

/** Of several rates for the same thing only one is in force on any day. */
function overlaps(rules: readonly { readonly name: string; readonly from: string; readonly to: string | null }[], at: (position: number) => ConfigPath): ConfigProblem[] {
  return rules.flatMap((rule, position) => {
    const before = rules.slice(0, position).find((other) => other.name === rule.name && rule.from <= (other.to ?? '9999-12-31') && other.from <= (rule.to ?? '9999-12-31'));
    return before === undefined ? [] : [{ path: at(position), expected: `a day outside ${before.from} to ${before.to ?? 'open end'}, for which there is a rate already`, found: rule.from }];
  });
}
