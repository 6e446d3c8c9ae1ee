import type { FirmConfig, RateCard } from '../../config/schema.ts';
import { isWithin, type LocalDate } from '../../dates.ts';
import type { RateLine } from '../../model/rate-card.ts';
import type { Opportunity } from '../../model/opportunity.ts';
import { trimmed, type ProjectGroup } from './lines.ts';

export interface RatePeriod {
  readonly from: LocalDate;
  readonly to: LocalDate | null;
  readonly lines: readonly RateLine[];
}

export type RateChoice =
  | { readonly outcome: 'in_force' | 'not_approved'; readonly card: RateCard; readonly period: RatePeriod }
  | { readonly outcome: 'not_in_force'; readonly card: RateCard }
  | { readonly outcome: 'none' };

/**
 * The rate card of a project: the one the deal names, where it fits; otherwise the approved one in force on the start date for the legal entity,
 * service line and currency, where a card for named service lines goes before one for all.
 */
export function chooseRates(group: ProjectGroup, deal: Opportunity, startDate: LocalDate, config: FirmConfig): RateChoice {
  const named = namedCard(deal, config);
  const candidates = named !== undefined && fits(named, group, deal) ? [named] : config.rateCards.filter((card) => fits(card, group, deal)).toSorted(moreExactFirst);
  const choices = candidates.map((card): Exclude<RateChoice, { outcome: 'none' }> => {
    const period = card.periods.find(({ from, to }) => isWithin(startDate, from, to));
    if (period === undefined) return { outcome: 'not_in_force', card };
    return { outcome: card.status === 'approved' ? 'in_force' : 'not_approved', card, period };
  });
  const first = (outcome: RateChoice['outcome'], status?: RateCard['status']) => choices.find((choice) => choice.outcome === outcome && (status === undefined || choice.card.status === status));
  return first('in_force') ?? first('not_approved', 'draft') ?? first('not_in_force', 'approved') ?? choices[0] ?? { outcome: 'none' };
}

export function namedCard(deal: Opportunity, config: FirmConfig): RateCard | undefined {
  const code = trimmed(deal.rateCard);
  return code === null ? undefined : config.rateCards.find((card) => card.code === code);
}

export function fits(card: RateCard, group: ProjectGroup, deal: Opportunity): boolean {
  return card.currency === deal.currency && card.legalEntities.includes(group.legalEntity.code) && (card.serviceLines === 'all' || card.serviceLines.includes(group.serviceLine.code));
}

function moreExactFirst(left: RateCard, right: RateCard): number {
  return Number(left.serviceLines === 'all') - Number(right.serviceLines === 'all');
}
