import type { z } from 'zod';
import { checkBusiness } from './check-business.ts';
import { checkExpenses } from './check-expenses.ts';
import { checkRateCards } from './check-rate-cards.ts';
import { checkSystems } from './check-systems.ts';
import { checkTax } from './check-tax.ts';
import { checkTime } from './check-time.ts';
import { quoted, type ConfigPath, type ConfigProblem } from './mistake.ts';
import { firmConfigSchema, type FirmConfig } from './schema.ts';
import { entryKey, isSectionName, sectionsOf, SECTION_KEYS } from './sections.ts';

export type CheckedConfig = { readonly ok: true; readonly config: FirmConfig } | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Checks a whole configuration: its schema and everything in it that refers to something else. Names every problem, not just the first. */
export function checkConfig(raw: Readonly<Record<string, unknown>>): CheckedConfig {
  const parsed = firmConfigSchema.safeParse(raw);
  const sections = sectionsOf(raw);
  const problems = [
    ...(parsed.success ? [] : schemaProblems(parsed.error, raw)),
    ...checkDuplicates(raw),
    ...checkBusiness(sections),
    ...checkRateCards(sections),
    ...checkTax(sections),
    ...checkSystems(sections),
    ...checkTime(sections),
    ...checkExpenses(sections),
  ];
  return parsed.success && problems.length === 0 ? { ok: true, config: parsed.data } : { ok: false, problems };
}

/** What a schema found, each with what it expected and what stands there. */
export function schemaProblems(error: z.ZodError, raw: unknown, at: ConfigPath = []): ConfigProblem[] {
  return error.issues.flatMap((issue): ConfigProblem[] => {
    const local = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    const path = [...at, ...local];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key], expected: 'no such key (see docs/configuration.md)', found: `the unknown key "${key}"`, atKey: true }));
    }
    return [{ path, expected: expectation(issue), found: quoted(valueAt(raw, local)) }];
  });
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'record' || issue.expected === 'object' ? 'a mapping' : issue.expected === 'array' ? 'a list' : `a ${issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1 ? quoted(issue.values[0]) : `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.origin === 'array' ? `at least ${issue.minimum} of them` : issue.origin === 'string' ? 'a text that is not empty' : `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'invalid_format':
      return issue.format === 'date' ? 'a date such as "2026-01-31"' : issue.message;
    case 'invalid_union':
      return issue.errors.map((branch) => branch.map(expectation).join(' and ')).join(', or ') || issue.message;
    default:
      return issue.message;
  }
}

function checkDuplicates(raw: Readonly<Record<string, unknown>>): ConfigProblem[] {
  return Object.entries(raw).flatMap(([name, list]) => {
    if (!isSectionName(name) || !Array.isArray(list)) return [];
    const first = new Map<string, number>();
    return list.flatMap((entry, index): ConfigProblem[] => {
      const key = entryKey(name, entry);
      if (key === undefined) return [];
      const before = first.get(key);
      if (before === undefined) first.set(key, index);
      const field = SECTION_KEYS[name].at(-1) ?? 'code';
      return before === undefined ? [] : [{ path: [name, index, field], expected: `each ${SECTION_KEYS[name].join(' and ')} once`, found: `"${key}" again, after ${name}[${before}]` }];
    });
  });
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  let current: unknown = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Reflect.get(current, part);
  }
  return current;
}
