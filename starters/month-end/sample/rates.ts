import { minorDigits, type DecimalText } from '../../../domain/money.ts';

export const CATEGORIES = ['PARTNER', 'PRINCIPAL', 'PROJECT_MANAGER', 'SENIOR_CONSULTANT', 'CONSULTANT', 'ENGINEER', 'ANALYST'] as const;
export type Category = (typeof CATEGORIES)[number];

/** How a time system calls them. */
export const ROLES: Readonly<Record<Category, string>> = {
  PARTNER: 'Partner',
  PRINCIPAL: 'Principal',
  PROJECT_MANAGER: 'Project lead',
  SENIOR_CONSULTANT: 'Senior consultant',
  CONSULTANT: 'Consultant',
  ENGINEER: 'Software engineer',
  ANALYST: 'Business analyst',
};

const HOURLY: Readonly<Record<Category, number>> = { PARTNER: 520, PRINCIPAL: 430, PROJECT_MANAGER: 290, SENIOR_CONSULTANT: 270, CONSULTANT: 210, ENGINEER: 220, ANALYST: 150 };

/** Price levels, not exchange rates. */
const LEVEL: Readonly<Record<string, number>> = { USD: 1, CAD: 1.3, GBP: 0.8, EUR: 0.9, CHF: 0.95, AUD: 1.5, NZD: 1.6, SGD: 1.25, JPY: 140, INR: 55 };

/** A rate in a currency: to five hundredths, to ten where the currency has no minor unit. */
export function rateOf(category: Category, currency: string, factor: number): DecimalText {
  const amount = HOURLY[category] * (LEVEL[currency] ?? 1) * factor;
  return minorDigits(currency) === 0 ? String(Math.round(amount / 10) * 10) : (Math.round(amount * 20) / 20).toFixed(2);
}
