import type { z } from 'zod';
import { expenseCategorySchema, expensePolicySchema, expenseTaxRuleSchema } from '../model/time/expense-policy.ts';
import { payrollTermsSchema } from '../model/time/payroll-terms.ts';
import { payCodeSchema, regionalRuleSetSchema, timeClosingSchema } from '../model/time/regional-rule-set.ts';
import { firmConfigSchema } from './schema.ts';

export interface Entry<T> {
  readonly index: number;
  readonly value: T;
}

/** One list of the configuration: its entries that follow the schema, and the keys of all of them, broken ones included. */
export interface Section<T> {
  readonly entries: readonly Entry<T>[];
  /** False where an entry breaks the schema: what the section lacks cannot be told then. */
  readonly complete: boolean;
  readonly keys: ReadonlySet<string>;
  /** False where the section or an entry's key cannot be read: a reference to it may be right then. */
  readonly keysKnown: boolean;
}

const shape = firmConfigSchema.shape;

/** Field by which an entry of each list is known; ownership lines are known by two. */
export const SECTION_KEYS = {
  legalEntities: ['code'],
  serviceLines: ['code'],
  billingMethods: ['code'],
  laborCategories: ['code'],
  projectTemplates: ['code'],
  rateCards: ['code'],
  taxRules: ['code'],
  systems: ['id'],
  routing: ['legalEntity'],
  ownership: ['object', 'attribute'],
  exceptionPolicies: ['code'],
  people: ['id'],
  payCodes: ['code'],
  regionalRules: ['code'],
  timeClosing: ['legalEntity'],
  payroll: ['legalEntity'],
  expenseCategories: ['code'],
  expenseTaxes: ['country'],
  expensePolicies: ['country'],
} as const satisfies Partial<Record<keyof typeof shape, readonly string[]>>;

export type SectionName = keyof typeof SECTION_KEYS;

export function isSectionName(name: string): name is SectionName {
  return Object.hasOwn(SECTION_KEYS, name);
}

/** The key of a list's entry: "US01", or "customer.name" for an ownership line; undefined where a part is missing. */
export function entryKey(section: SectionName, entry: unknown): string | undefined {
  if (!isRecord(entry)) return undefined;
  const parts = SECTION_KEYS[section].map((field) => entry[field]);
  return parts.every((part) => typeof part === 'string') ? parts.join('.') : undefined;
}

/** Takes apart a configuration that may be broken in places, so that the rest of it can still be checked. */
export function sectionsOf(raw: Readonly<Record<string, unknown>>) {
  function section<T>(name: SectionName, schema: z.ZodType<T>): Section<T> {
    const list = raw[name];
    if (!Array.isArray(list)) return { entries: [], complete: false, keys: new Set(), keysKnown: false };
    const entries: Entry<T>[] = [];
    for (const [index, item] of list.entries()) {
      const parsed = schema.safeParse(item);
      if (parsed.success) entries.push({ index, value: parsed.data });
    }
    const keys = list.map((item) => entryKey(name, item));
    return { entries, complete: entries.length === list.length, keys: new Set(keys.filter((key) => key !== undefined)), keysKnown: !keys.includes(undefined) };
  }
  const only = <T>(name: keyof typeof shape, schema: z.ZodType<T>): T | undefined => schema.safeParse(raw[name]).data;
  return {
    legalEntities: section('legalEntities', shape.legalEntities.element),
    serviceLines: section('serviceLines', shape.serviceLines.element),
    billingMethods: section('billingMethods', shape.billingMethods.element),
    laborCategories: section('laborCategories', shape.laborCategories.element),
    projectTemplates: section('projectTemplates', shape.projectTemplates.element),
    rateCards: section('rateCards', shape.rateCards.element),
    taxRules: section('taxRules', shape.taxRules.element),
    systems: section('systems', shape.systems.element),
    routing: section('routing', shape.routing.element),
    exceptionPolicies: section('exceptionPolicies', shape.exceptionPolicies.element),
    people: section('people', shape.people.element),
    payCodes: section('payCodes', payCodeSchema),
    regionalRules: section('regionalRules', regionalRuleSetSchema),
    timeClosing: section('timeClosing', timeClosingSchema),
    payroll: section('payroll', payrollTermsSchema),
    expenseCategories: section('expenseCategories', expenseCategorySchema),
    expenseTaxes: section('expenseTaxes', expenseTaxRuleSchema),
    expensePolicies: section('expensePolicies', expensePolicySchema),
    firm: only('firm', shape.firm),
    countryGroups: only('countryGroups', shape.countryGroups),
    thresholdRates: only('thresholdRates', shape.thresholdRates),
  };
}

export type Sections = ReturnType<typeof sectionsOf>;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
