import { listed, mustChange, type DealRule } from '../rule.ts';

/** The deal is in one currency, and each legal entity that sells a part of it bills in that currency. */
export const currencyRule: DealRule = ({ deal, lines }) => {
  const { currency } = deal;
  if (currency === null) return [mustChange('CURRENCY_MISSING', 'currency', { message: 'The deal has no currency.', mend: 'Pick the currency of the opportunity in the CRM.' })];
  const findings = [];
  if (deal.amount !== null && deal.amount.currency !== currency) {
    findings.push(
      mustChange('AMOUNT_CURRENCY_DIFFERS', 'amount', { message: `The deal is in ${currency}, but its amount in ${deal.amount.currency}.`, mend: 'Bring the amount into the currency of the deal.' }),
    );
  }
  for (const { index, line } of lines) {
    for (const [field, value] of [['amount', line.amount], ['cap', line.cap]] as const) {
      if (value === null || value.currency === currency) continue;
      findings.push(
        mustChange('LINE_CURRENCY_DIFFERS', `lines[${index}].${field}`, {
          message: `The deal is in ${currency}, but the ${field} of "${line.description}" in ${value.currency}.`,
          mend: 'Sell what is billed in another currency as a deal of its own.',
        }),
      );
    }
  }
  for (const entity of new Set(lines.map((sold) => sold.legalEntity))) {
    if (entity === undefined || entity.billingCurrencies.includes(currency)) continue;
    findings.push(
      mustChange('CURRENCY_NOT_BILLED', 'currency', {
        message: `${entity.code} does not bill in ${currency}, only in ${listed(entity.billingCurrencies)}.`,
        mend: `Sell the lines of ${entity.code} in one of its currencies, or through another legal entity.`,
      }),
    );
  }
  return findings;
};
