import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkConfig } from '../../domain/config/check.ts';
import { pathText } from '../../domain/config/mistake.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { ExpensePolicy } from '../../domain/model/time/expense-policy.ts';
import { policyFor } from '../../domain/rules/exceptions/policy.ts';
import { CONFIG_DIR, theFirm } from '../builders/firm.ts';
import { withExpensePolicies } from './policies.ts';

let config: FirmConfig;
before(async () => {
  ({ config } = await theFirm());
});

/** The mistakes in the configuration with one policy changed: where, and what was expected. */
function mistakesOf(country: string, change: (policy: ExpensePolicy) => ExpensePolicy, whole: (config: FirmConfig) => FirmConfig = (same) => same): string[] {
  const changed = whole({ ...config, expensePolicies: config.expensePolicies.map((policy) => (policy.country === country ? change(policy) : policy)) });
  const checked = checkConfig(JSON.parse(JSON.stringify(changed)) as Record<string, unknown>);
  return checked.ok ? [] : checked.problems.map(({ path, expected }) => `${pathText(path)}: ${expected}`);
}

describe('The expense policies of the firm', () => {
  it('cover the countries of its legal entities, each by its own line or by the one for all others', () => {
    assert.deepEqual(config.expensePolicies.map(({ country }) => country), ['US', 'DE', 'GB', 'AU', '*']);
    for (const { country, perDiems, mileage } of config.expensePolicies) {
      for (const { source } of [...perDiems, ...mileage]) assert.match(source, /^https:\/\/[\w.]*(gsa\.gov|irs\.gov|gesetze-im-internet\.de|gov\.uk|ato\.gov\.au)\//, `${country} names the authority`);
    }
  });

  it('are refused where they contradict themselves or the rest, each mistake named', () => {
    assert.deepEqual(mistakesOf('DE', (policy) => policy), []);
    assert.deepEqual(mistakesOf('DE', (policy) => ({ ...policy, currency: 'USD' })), ['expensePolicies[1].currency: EUR, the functional currency of DE01, or nothing']);
    assert.deepEqual(mistakesOf('DE', (policy) => ({ ...policy, receipt: { ...policy.receipt, above: '-1', always: ['YACHT'] } })).map((mistake) => mistake.split(':')[0]), ['expensePolicies[1].receipt.always[0]', 'expensePolicies[1].receipt.above']);
    assert.deepEqual(mistakesOf('DE', (policy) => ({ ...policy, categories: [...policy.categories, { code: 'RAIL', most: null, per: 'receipt' }] })), ['expensePolicies[1].categories[10].code: each category once']);
    assert.deepEqual(mistakesOf('DE', (policy) => ({ ...policy, perDiems: policy.perDiems.map((rule) => ({ ...rule, partialDay: '1.5', least: '30' })) })).length, 2);
  });

  it('have one rate for any day: periods of the same rate do not overlap', () => {
    const overlapping = mistakesOf('GB', (policy) => ({ ...policy, mileage: policy.mileage.map((rule) => ({ ...rule, to: null })) }));
    assert.deepEqual(overlapping, ['expensePolicies[2].mileage[1].from: a day outside 2011-04-06 to open end, for which there is a rate already']);
  });

  it('need the categories under which allowances are booked, and tax rates that can be', () => {
    assert.deepEqual(mistakesOf('DE', (policy) => policy, (whole) => ({ ...whole, expenseCategories: whole.expenseCategories.filter(({ code }) => code !== 'MILEAGE') })), ['expenseCategories: the category MILEAGE, under which allowances are booked']);
    assert.deepEqual(mistakesOf('DE', (policy) => policy, (whole) => ({ ...whole, expenseTaxes: whole.expenseTaxes.map((tax) => ({ ...tax, mostPercent: '15' })) })).length, 2);
  });
});

describe('Every finding that a rule about expenses can make', () => {
  it('has a policy of its own kind, which permits an override wherever the rule does', async () => {
    const folder = join(CONFIG_DIR, '..', 'domain', 'rules', 'expenses');
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    const codes = texts.flatMap((text) => [...text.matchAll(/(mustChange|mayPass|notConfigured|refused)\([^']*?'([A-Z_]+)'/g)].map((match) => ({ code: match[2] ?? '', mayPass: match[1] === 'mayPass' })));
    assert.ok(new Set(codes.map(({ code }) => code)).size > 60);
    for (const { code, mayPass } of codes) {
      const policy = policyFor(code, withExpensePolicies(config));
      assert.notEqual(policy.code, '*', `${code} has no policy`);
      if (mayPass) assert.ok(policy.actions.includes('override') && policy.override !== null, `${policy.code} does not permit the override of ${code}`);
    }
  });
});
