import type { RegionalRuleSet } from '../model/time/regional-rule-set.ts';
import { unknownReference } from './check-business.ts';
import type { ConfigPath, ConfigProblem } from './mistake.ts';
import type { Sections } from './sections.ts';

/** Pay codes, regional rules and closing terms: what they say of each other. */
export function checkTime(sections: Sections): ConfigProblem[] {
  return [...checkRegionalRules(sections), ...checkClosing(sections), ...checkPayCodes(sections)];
}

function checkPayCodes({ payCodes }: Sections): ConfigProblem[] {
  return payCodes.entries.flatMap(({ index, value }) => (Number(value.multiplier) >= 0 ? [] : [{ path: ['payCodes', index, 'multiplier'], expected: 'a multiplier that is not negative', found: value.multiplier }]));
}

function checkRegionalRules({ regionalRules, payCodes }: Sections): ConfigProblem[] {
  const defaults = new Map<string, string>();
  return regionalRules.entries.flatMap(({ index, value: rules }) => {
    const at = (...rest: ConfigPath) => ['regionalRules', index, ...rest];
    const problems = payCodesOf(rules).flatMap(({ path, code }) => unknownReference(at(...path), code, payCodes, 'pay code'));
    if (rules.defaultForCountry) {
      const before = defaults.get(rules.country);
      if (before !== undefined) problems.push({ path: at('defaultForCountry'), expected: 'one default rule set for a country', found: `${rules.code} beside ${before} for ${rules.country}` });
      defaults.set(rules.country, rules.code);
    }
    const limited = rules.pay.overtimeAfterDay !== null || rules.pay.overtimeAfterWeek !== null;
    if (limited !== rules.pay.overtime.length > 0) {
      problems.push({ path: at('pay', 'overtime'), expected: limited ? 'how overtime is paid, as there is a limit to regular hours' : 'none, as there is no limit to regular hours', found: `${rules.pay.overtime.length} tiers` });
    }
    return [...problems, ...checkHolidays(rules, at('holidays'))];
  });
}

function payCodesOf({ pay }: RegionalRuleSet): { readonly path: ConfigPath; readonly code: string }[] {
  return [
    { path: ['pay', 'regular'], code: pay.regular },
    ...pay.overtime.map(({ payCode }, position) => ({ path: ['pay', 'overtime', position, 'payCode'], code: payCode })),
    ...pay.specialDays.flatMap(({ tiers }, day) => tiers.map(({ payCode }, position) => ({ path: ['pay', 'specialDays', day, 'tiers', position, 'payCode'], code: payCode }))),
  ];
}

function checkHolidays({ holidays }: RegionalRuleSet, path: ConfigPath): ConfigProblem[] {
  const seen = new Set<string>();
  return holidays.days.flatMap(({ date }, position) => {
    const at = [...path, 'days', position, 'date'];
    const problems: ConfigProblem[] = [];
    if (!holidays.years.includes(Number(date.slice(0, 4)))) problems.push({ path: at, expected: `a day of the years ${holidays.years.join(', ')}`, found: date });
    if (seen.has(date)) problems.push({ path: at, expected: 'each day once', found: `${date} again` });
    seen.add(date);
    return problems;
  });
}

function checkClosing({ timeClosing, legalEntities }: Sections): ConfigProblem[] {
  const problems = timeClosing.entries.flatMap(({ index, value: closing }) => {
    const found = closing.legalEntity === '*' ? [] : unknownReference(['timeClosing', index, 'legalEntity'], closing.legalEntity, legalEntities, 'legal entity');
    if (closing.payFrequency === 'biweekly' && closing.payAnchor === null) {
      found.push({ path: ['timeClosing', index, 'payAnchor'], expected: 'the first day of a pay period, as pay is biweekly', found: 'nothing' });
    }
    return found;
  });
  if (timeClosing.complete && !timeClosing.keys.has('*')) {
    problems.push({ path: ['timeClosing'], expected: 'a line for legalEntity "*" for every entity that no other line names', found: 'none' });
  }
  return problems;
}
