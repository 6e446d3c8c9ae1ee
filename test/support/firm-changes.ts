import type { FirmConfig } from '../../domain/config/schema.ts';

/** The firm with one more legal entity: the US one under another code, with its routing, rates and taxes. */
export function withEntity(config: FirmConfig, code: string): FirmConfig {
  const also = (codes: readonly string[]) => (codes.includes('US01') ? [...codes, code] : [...codes]);
  return {
    ...config,
    legalEntities: config.legalEntities.flatMap((entity) => (entity.code === 'US01' ? [entity, { ...entity, code }] : [entity])),
    routing: config.routing.flatMap((route) => (route.legalEntity === 'US01' ? [route, { ...route, legalEntity: code }] : [route])),
    rateCards: config.rateCards.map((card) => ({ ...card, legalEntities: also(card.legalEntities) })),
    taxRules: config.taxRules.flatMap((rule) => (rule.seller === 'US01' ? [rule, { ...rule, seller: code }] : [rule])),
  };
}
