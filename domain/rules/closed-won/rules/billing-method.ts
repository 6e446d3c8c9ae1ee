import { listed, mustChange, notConfigured, type DealRule } from '../rule.ts';

/** Every line is charged in a way we know and its service line offers. */
export const billingMethodRule: DealRule = ({ lines, config }) =>
  lines.flatMap(({ picked, billingMethod, serviceLine }) => {
    const { value, path } = picked.billingMethod;
    if (value === null) {
      return [mustChange('BILLING_METHOD_MISSING', path, { message: 'A line names no billing method, and neither does the deal.', mend: 'Pick the billing method at the line or at the deal.' })];
    }
    if (billingMethod === undefined) {
      return [
        notConfigured('BILLING_METHOD_UNKNOWN', path, {
          message: `The billing method "${value}" is not one of ours (${listed(config.billingMethods.map(({ code }) => code))}).`,
          mend: 'Pick one of ours in the CRM.',
        }),
      ];
    }
    if (serviceLine === undefined || serviceLine.billingMethods.includes(billingMethod.code)) return [];
    return [
      mustChange('BILLING_METHOD_NOT_OFFERED', path, {
        message: `${serviceLine.name} is not sold as ${billingMethod.name.toLowerCase()}, only as ${listed(serviceLine.billingMethods)}.`,
        mend: 'Pick a billing method of the service line in the CRM.',
      }),
    ];
  });
