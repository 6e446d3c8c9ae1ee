import type { TimeClosing } from '../../../domain/model/time/regional-rule-set.ts';

export interface SampleEntity {
  readonly code: string;
  readonly country: string;
  readonly region: 'NA' | 'EMEA' | 'APAC';
  readonly timeZone: string;
  readonly functionalCurrency: string;
  readonly billingCurrencies: readonly string[];
  /** Of its people; null: the default one of the country. */
  readonly ruleSet: string | null;
  /** Share of the firm's people. */
  readonly weight: number;
  readonly closing: TimeClosing;
  /** False: its ERP values the hours. */
  readonly costRates: boolean;
}

type Closing = Omit<TimeClosing, 'legalEntity' | 'payAnchor'> & { readonly payAnchor?: string };
type Terms = Omit<SampleEntity, 'ruleSet' | 'closing' | 'costRates'> & { readonly closing: Closing; readonly ruleSet?: string; readonly costRates?: boolean };

function entity({ closing, ruleSet, costRates, ...terms }: Terms): SampleEntity {
  return { ...terms, ruleSet: ruleSet ?? null, costRates: costRates ?? true, closing: { payAnchor: null, ...closing, legalEntity: terms.code } };
}

const monthly = (closesOnWorkingDay: number, daysAfterEnd: number, payDaysAfterEnd: number): Closing => ({ closesOnWorkingDay, payFrequency: 'monthly', payrollCutoff: { daysAfterEnd, at: '17:00' }, payDaysAfterEnd, lateEntryDays: 60 });
const biweekly = (closesOnWorkingDay: number, payAnchor: string): Closing => ({ closesOnWorkingDay, payFrequency: 'biweekly', payAnchor, payrollCutoff: { daysAfterEnd: 2, at: '17:00' }, payDaysAfterEnd: 6, lateEntryDays: 60 });
const semiMonthly = (closesOnWorkingDay: number): Closing => ({ closesOnWorkingDay, payFrequency: 'semi_monthly', payrollCutoff: { daysAfterEnd: 2, at: '17:00' }, payDaysAfterEnd: 5, lateEntryDays: 60 });

/**
 * The legal entities of the sample firm, the largest small firm's first: the five that every size has, whose law or closing some timesheets need.
 * Those that the example firm has too are as in config/; it names no closing for IN01, JP01 and SG01. Until when late entries are taken is the configuration's to say.
 */
const ENTITIES: readonly SampleEntity[] = [
  entity({ code: 'US01', country: 'US', region: 'NA', timeZone: 'America/New_York', functionalCurrency: 'USD', billingCurrencies: ['USD', 'CAD'], weight: 22, closing: biweekly(3, '2026-01-04') }),
  entity({ code: 'GB01', country: 'GB', region: 'EMEA', timeZone: 'Europe/London', functionalCurrency: 'GBP', billingCurrencies: ['GBP', 'EUR', 'USD'], weight: 14, closing: { ...monthly(4, -10, -2), payrollCutoff: { daysAfterEnd: -10, at: '12:00' } } }),
  entity({ code: 'DE01', country: 'DE', region: 'EMEA', timeZone: 'Europe/Berlin', functionalCurrency: 'EUR', billingCurrencies: ['EUR', 'CHF', 'USD'], weight: 12, closing: { ...monthly(5, -8, 0), payrollCutoff: { daysAfterEnd: -8, at: '12:00' } } }),
  entity({ code: 'AU01', country: 'AU', region: 'APAC', timeZone: 'Australia/Sydney', functionalCurrency: 'AUD', billingCurrencies: ['AUD', 'NZD', 'USD'], weight: 7, closing: monthly(2, -6, 0) }),
  entity({ code: 'CA01', country: 'CA', region: 'NA', timeZone: 'America/Toronto', functionalCurrency: 'CAD', billingCurrencies: ['CAD', 'USD'], weight: 8, closing: semiMonthly(3), costRates: false }),
  entity({ code: 'IN01', country: 'IN', region: 'APAC', timeZone: 'Asia/Kolkata', functionalCurrency: 'INR', billingCurrencies: ['INR', 'USD'], weight: 14, closing: monthly(6, 0, 5) }),
  entity({ code: 'JP01', country: 'JP', region: 'APAC', timeZone: 'Asia/Tokyo', functionalCurrency: 'JPY', billingCurrencies: ['JPY', 'USD'], weight: 5, closing: monthly(4, -5, 5) }),
  entity({ code: 'SG01', country: 'SG', region: 'APAC', timeZone: 'Asia/Singapore', functionalCurrency: 'SGD', billingCurrencies: ['SGD', 'USD'], weight: 4, closing: monthly(5, 1, 5) }),
  entity({ code: 'US02', country: 'US', region: 'NA', timeZone: 'America/Los_Angeles', functionalCurrency: 'USD', billingCurrencies: ['USD'], weight: 6, closing: semiMonthly(4), ruleSet: 'US-CA' }),
  entity({ code: 'DE02', country: 'DE', region: 'EMEA', timeZone: 'Europe/Berlin', functionalCurrency: 'EUR', billingCurrencies: ['EUR', 'CHF'], weight: 4, closing: monthly(6, -7, 0) }),
  entity({ code: 'GB02', country: 'GB', region: 'EMEA', timeZone: 'Europe/London', functionalCurrency: 'GBP', billingCurrencies: ['GBP', 'EUR'], weight: 2, closing: monthly(5, -9, -1) }),
  entity({ code: 'AU02', country: 'AU', region: 'APAC', timeZone: 'Australia/Brisbane', functionalCurrency: 'AUD', billingCurrencies: ['AUD', 'NZD'], weight: 2, closing: biweekly(7, '2026-01-05') }),
];

export const FEWEST_ENTITIES = 5;

/** The first `count` of the firm's legal entities. */
export function entitiesOf(count: number): readonly SampleEntity[] {
  return ENTITIES.slice(0, Math.min(ENTITIES.length, Math.max(FEWEST_ENTITIES, count)));
}

export const SERVICE_LINES = ['STRA', 'TECH', 'DATA', 'CLOU', 'MANA', 'CHAN'] as const;

export function costCentersOf(code: string): string[] {
  return SERVICE_LINES.map((line) => `${code}-${line}`);
}
