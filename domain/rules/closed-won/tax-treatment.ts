import type { FirmConfig, TaxRule } from '../../config/schema.ts';
import type { Address } from '../../model/client-account.ts';

export type TaxDecision =
  | { readonly outcome: 'determined'; readonly rule: TaxRule }
  | { readonly outcome: 'country_missing' }
  /** The client's region decides, and the address names none that the rules know. */
  | { readonly outcome: 'region_unknown'; readonly regions: readonly string[] }
  | { readonly outcome: 'no_rule' };

/** The tax treatment of a seller's services to a client: by country, else by country group, else "*" (config/tax-rules.yaml). */
export function determineTax(seller: string, client: Address | undefined, config: Pick<FirmConfig, 'taxRules' | 'countryGroups'>): TaxDecision {
  const country = client?.country ?? null;
  if (country === null) return { outcome: 'country_missing' };
  const rules = config.taxRules.filter((rule) => rule.seller === seller);
  const ofCountry = rules.filter((rule) => rule.client === country);
  if (ofCountry.length === 0) {
    const rule = rules.find((candidate) => config.countryGroups[candidate.client]?.includes(country)) ?? rules.find((candidate) => candidate.client === '*');
    return rule === undefined ? { outcome: 'no_rule' } : { outcome: 'determined', rule };
  }
  const region = (client?.region ?? '').trim().toLowerCase();
  const rule = ofCountry.find((candidate) => candidate.regions.some((name) => name.toLowerCase() === region)) ?? ofCountry.find((candidate) => candidate.regions.length === 0);
  return rule === undefined ? { outcome: 'region_unknown', regions: ofCountry.flatMap((candidate) => candidate.regions) } : { outcome: 'determined', rule };
}
