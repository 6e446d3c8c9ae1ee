import { addDays, type LocalDate } from '../../dates.ts';
import type { DealPlan } from '../../model/deal-plan.ts';
import type { Opportunity } from '../../model/opportunity.ts';
import type { Project } from '../../model/project.ts';
import type { FormerRate, ProjectRateCard } from '../../model/rate-card.ts';
import { localDateOf } from '../timesheet/hours.ts';

/** A project of an amended deal, with its rates as of the day from which the amendment holds: what was agreed before stands for the time before. */
export function withAmendedRates(project: Project, deal: Opportunity, inForce: DealPlan): Project {
  const before = inForce.projects.find(({ id }) => id === project.id);
  if (before === undefined) return project;
  return { ...project, rateCard: amendedCard(project.rateCard, before.rateCard, amendedOn(project, deal, inForce)) };
}

/** The first day of the contract that amends the former one, where the deal names another with its first day; else the day on which the deal was changed, where the project is. */
function amendedOn({ contractId, legalEntity }: Project, { contract, modifiedAt }: Opportunity, inForce: DealPlan): LocalDate {
  const former = inForce.contracts.find(({ id }) => id === contractId);
  if (contract?.startDate != null && former !== undefined && former.number !== contract.number) return contract.startDate;
  return localDateOf(modifiedAt, legalEntity.timeZone);
}

/**
 * A card with a rate for each labor category as agreed now: one that was changed or added holds from the day of the amendment on, one that was changed or
 * dropped ends the day before. What the amendment says nothing of stands as it was; where it begins before the card, all of the card is as agreed now.
 */
export function amendedCard(card: ProjectRateCard, before: ProjectRateCard, day: LocalDate): ProjectRateCard {
  const { former: known = [], lines: agreed } = before;
  const { former: _former, ...now } = card;
  // An amendment that begins after the last day holds on none.
  if (card.effectiveTo !== null && day > card.effectiveTo && before.currency === card.currency) return { ...now, lines: agreed, ...formerly(known) };
  const was = new Map(agreed.map((line) => [line.laborCategory, line]));
  const unchanged = new Map(card.lines.flatMap(({ laborCategory, unit, rate }) => {
    const line = was.get(laborCategory);
    return line?.unit === unit && line.rate === rate && before.currency === card.currency ? [[laborCategory, line] as const] : [];
  }));
  const ended = agreed.filter(({ laborCategory }) => !unchanged.has(laborCategory)).map(({ laborCategory, unit, rate, from = null }): FormerRate => ({ laborCategory, unit, rate, currency: before.currency, from, to: addDays(day, -1) }));
  const clipped = known.map((rate) => (unchanged.has(rate.laborCategory) || rate.to < day ? rate : { ...rate, to: addDays(day, -1) }));
  return {
    ...now,
    lines: card.lines.map(({ from: _from, ...line }) => unchanged.get(line.laborCategory) ?? (day > card.effectiveFrom ? { ...line, from: day } : line)),
    ...formerly([...clipped, ...ended].filter(({ from, to }) => to >= card.effectiveFrom && (from ?? card.effectiveFrom) <= to)),
  };
}

function formerly(former: readonly FormerRate[]): Pick<ProjectRateCard, 'former'> {
  return former.length === 0 ? {} : { former: [...former] };
}
