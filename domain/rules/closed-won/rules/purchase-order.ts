import { sumMoney } from '../../../money.ts';
import { isAbove } from '../../thresholds.ts';
import { trimmed } from '../lines.ts';
import { mayPass, type DealRule } from '../rule.ts';

/** Above a value set for each billing method, the client's purchase order is needed before work begins. */
export const purchaseOrderRule: DealRule = ({ deal, config, groups }) => {
  if (trimmed(deal.purchaseOrder) !== null) return [];
  return groups.flatMap(({ legalEntity, serviceLine, billingMethod, lines }) => {
    const { currency } = deal;
    if (billingMethod.requiresPurchaseOrderAbove === null || currency === null || lines.some(({ line }) => line.amount.currency !== currency)) return [];
    const value = sumMoney(lines.map(({ line }) => line.amount), currency);
    const limit = { amount: billingMethod.requiresPurchaseOrderAbove, currency: config.firm.reportingCurrency };
    if (!isAbove(value, limit, config)) return [];
    return [
      mayPass('PURCHASE_ORDER_MISSING', 'purchaseOrder', {
        message: `${serviceLine.name} by ${legalEntity.code} is worth ${value.amount} ${currency}; above ${limit.amount} ${limit.currency} the client's purchase order is needed.`,
        mend: "Enter the client's purchase order number at the opportunity.",
      }),
    ];
  });
};
