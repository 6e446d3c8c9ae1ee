import type { Finding } from '../../../findings.ts';
import { compareMoney, fitsCurrency, isNegative, minorDigits, money, sumMoney, type Money } from '../../../money.ts';
import { isTooLarge, priceExplains } from '../quantities.ts';
import { mayPass, mustChange, type DealRule } from '../rule.ts';

/** Lines add up to the deal to the cent, each amount follows from its quantity and price, and nothing is negative or beyond the currency's minor unit. */
export const amountsRule: DealRule = ({ deal, lines }) => {
  const findings: Finding[] = [];
  if (lines.length === 0) findings.push(mustChange('LINES_MISSING', 'lines', { message: 'The deal has no lines.', mend: 'Add what was sold as products of the opportunity.' }));
  if (deal.amount === null) findings.push(mustChange('AMOUNT_MISSING', 'amount', { message: 'The deal has no amount.', mend: 'Enter the amount of the opportunity.' }));
  else findings.push(...saneAmount('The amount of the deal', 'amount', deal.amount));
  if (deal.amount !== null && compareMoney(deal.amount, money('0', deal.amount.currency)) === 0) {
    findings.push(mayPass('AMOUNT_ZERO', 'amount', { message: 'The deal is worth nothing.', mend: 'Enter the amount, or have the controller allow work free of charge.' }));
  }

  for (const { index, line } of lines) {
    const what = `"${line.description}"`;
    const path = `lines[${index}]`;
    findings.push(...saneAmount(`The amount of ${what}`, `${path}.amount`, line.amount));
    if (line.cap !== null) findings.push(...saneAmount(`The cap of ${what}`, `${path}.cap`, line.cap));
    for (const field of ['quantity', 'unitPrice'] as const) {
      const name = field === 'quantity' ? 'quantity' : 'unit price';
      if (isNegative(line[field])) findings.push(negative(`The ${name} of ${what}`, `${path}.${field}`, line[field]));
      if (isTooLarge(line[field])) findings.push(tooLarge(`The ${name} of ${what}`, `${path}.${field}`, line[field]));
    }
    if (!priceExplains(line, line.amount.currency)) {
      findings.push(
        mustChange('LINE_AMOUNT_DIFFERS', `${path}.amount`, {
          message: `${what} is ${line.amount.amount} ${line.amount.currency}, but ${line.quantity} × ${line.unitPrice} is something else.`,
          mend: 'Correct quantity, unit price or amount of the line; give a discount in the unit price.',
        }),
      );
    }
  }

  const { amount } = deal;
  if (amount !== null && lines.length > 0 && lines.every(({ line }) => line.amount.currency === amount.currency)) {
    const sum = sumMoney(lines.map(({ line }) => line.amount), amount.currency);
    if (compareMoney(sum, amount) !== 0) {
      findings.push(
        mustChange('AMOUNT_DOES_NOT_ADD_UP', 'amount', {
          message: `The lines add up to ${sum.amount} ${sum.currency}, but the deal says ${amount.amount} ${amount.currency}.`,
          mend: 'Correct the lines or the amount of the opportunity.',
        }),
      );
    }
  }
  return findings;
};

function saneAmount(what: string, path: string, value: Money): Finding[] {
  return [
    ...(isNegative(value.amount) ? [negative(what, path, `${value.amount} ${value.currency}`)] : []),
    ...(isTooLarge(value.amount) ? [tooLarge(what, path, `${value.amount} ${value.currency}`)] : []),
    ...(fitsCurrency(value)
      ? []
      : [
          mustChange('AMOUNT_NOT_IN_MINOR_UNITS', path, {
            message: `${what} is ${value.amount} ${value.currency}; ${value.currency} has ${minorDigits(value.currency)} decimal places.`,
            mend: 'Round it to what can be billed.',
          }),
        ]),
  ];
}

function negative(what: string, path: string, value: string): Finding {
  return mustChange('AMOUNT_NEGATIVE', path, { message: `${what} is negative: ${value}.`, mend: 'Give a discount in the unit price; credits are a matter for the ERP.' });
}

function tooLarge(what: string, path: string, value: string): Finding {
  return mustChange('AMOUNT_TOO_LARGE', path, { message: `${what} is larger than anything we sell: ${value}.`, mend: 'Correct it in the CRM.' });
}
