import { unknownReference } from './check-business.ts';
import type { ConfigProblem } from './mistake.ts';
import type { Sections } from './sections.ts';

/** Tax rules: known sellers and clients, no two for the same case, and one for "everybody else" for each legal entity. */
export function checkTax({ taxRules, legalEntities, countryGroups }: Sections): ConfigProblem[] {
  const groups = countryGroups ?? {};
  const decided = new Map<string, number>();
  const problems = taxRules.entries.flatMap(({ index, value: rule }) => {
    const found = unknownReference(['taxRules', index, 'seller'], rule.seller, legalEntities, 'legal entity');
    const isCountry = /^[A-Z]{2}$/.test(rule.client);
    if (!isCountry && rule.client !== '*' && countryGroups !== undefined && groups[rule.client] === undefined) {
      found.push({ path: ['taxRules', index, 'client'], expected: `a country code, "*" or a group of countryGroups (${Object.keys(groups).join(', ')})`, found: `"${rule.client}"` });
    }
    if (rule.regions.length > 0 && !isCountry) found.push({ path: ['taxRules', index, 'regions'], expected: 'regions only with one country as client', found: `regions for "${rule.client}"` });
    for (const region of rule.regions.length === 0 ? [''] : rule.regions) {
      const key = `${rule.seller}/${rule.client}/${region.toLowerCase()}`;
      const before = decided.get(key);
      if (before !== undefined) found.push({ path: ['taxRules', index, 'client'], expected: 'one rule for a seller, client and region', found: `${rule.seller} to ${rule.client}${region && ` (${region})`} again, after taxRules[${before}]` });
      decided.set(key, before ?? index);
    }
    return found;
  });
  if (!taxRules.complete) return problems;
  const uncovered = legalEntities.entries.filter(({ value: entity }) => !decided.has(`${entity.code}/*/`));
  return [...problems, ...uncovered.map(({ index, value: entity }) => ({ path: ['legalEntities', index, 'code'], expected: `a tax rule of ${entity.code} for client "*"`, found: 'none in taxRules' }))];
}
