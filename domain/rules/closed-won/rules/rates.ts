import type { Finding } from '../../../findings.ts';
import { chooseRates, fits, namedCard, type RateChoice } from '../rate-choice.ts';
import { trimmed, type ProjectGroup } from '../lines.ts';
import { hourlyRate, lowestPrice } from '../quantities.ts';
import { listed, mayPass, mustChange, notConfigured, type DealInReview, type DealRule } from '../rule.ts';

/** Every project has an approved rate card in force on its start date that prices each labor category sold, and no price is too far below it. */
export const ratesRule: DealRule = (review) => {
  const { deal, config, groups } = review;
  return [
    ...namedCardFindings(review),
    ...groups.flatMap((group) => [
      ...pricedTwice(group, config.firm.hoursPerDay),
      ...(deal.currency === null || deal.startDate === null || !group.legalEntity.billingCurrencies.includes(deal.currency) ? [] : cardFindings(group, deal.startDate, review)),
    ]),
  ];
};

/** Lines sold by the hour or day say by which labor category, and it is one of ours. */
export const laborCategoryRule: DealRule = ({ lines, config }) =>
  lines.flatMap(({ index, line }) => {
    const path = `lines[${index}].laborCategory`;
    const category = trimmed(line.laborCategory);
    if (category === null) {
      if (line.unit !== 'hour' && line.unit !== 'day') return [];
      return [mustChange('LABOR_CATEGORY_MISSING', path, { message: `"${line.description}" is sold by the ${line.unit} but names no labor category.`, mend: 'Pick the labor category of the line.' })];
    }
    if (config.laborCategories.some(({ code }) => code === category)) return [];
    return [
      notConfigured('LABOR_CATEGORY_UNKNOWN', path, {
        message: `The labor category "${category}" is not one of ours (${listed(config.laborCategories.map(({ code }) => code))}).`,
        mend: `Pick one of ours in the CRM, or add ${category} to config/labor-categories.yaml and the rate cards.`,
      }),
    ];
  });

function namedCardFindings({ deal, config, groups }: DealInReview): Finding[] {
  const code = trimmed(deal.rateCard);
  if (code === null) return [];
  const card = namedCard(deal, config);
  if (card === undefined) {
    return [notConfigured('RATE_CARD_UNKNOWN', 'rateCard', { message: `The rate card "${code}" does not exist.`, mend: 'Name one that does, leave it empty to take the standard card, or add it to config/rate-cards.yaml.' })];
  }
  if (groups.length === 0 || groups.some((group) => fits(card, group, deal))) return [];
  return [
    mustChange('RATE_CARD_DOES_NOT_FIT', 'rateCard', {
      message: `The rate card ${code} is for ${listed(card.legalEntities)}, ${card.serviceLines === 'all' ? 'all service lines' : listed(card.serviceLines)}, in ${card.currency}: it fits no line of the deal.`,
      mend: 'Name another rate card, or leave it empty to take the standard card.',
    }),
  ];
}

function cardFindings(group: ProjectGroup, startDate: string, { deal, config }: DealInReview): Finding[] {
  const choice = chooseRates(group, deal, startDate, config);
  const scope = `${group.serviceLine.name} by ${group.legalEntity.code} in ${deal.currency ?? ''}`;
  switch (choice.outcome) {
    case 'none':
      return [notConfigured('RATE_CARD_MISSING', 'rateCard', { message: `There is no rate card for ${scope}.`, mend: 'Add one to config/rate-cards.yaml and have it approved.' })];
    case 'not_in_force':
      return [
        mustChange('RATES_NOT_IN_FORCE', 'startDate', {
          message: `Rate card ${choice.card.code} for ${scope} has no rates for ${startDate}.`,
          mend: "Correct the project's start date, or have rates for that day added and approved.",
        }),
      ];
    case 'not_approved':
      return [
        mayPass('RATES_NOT_APPROVED', 'rateCard', {
          message: `Rate card ${choice.card.code} for ${scope} is ${choice.card.status === 'draft' ? 'a draft that nobody approved' : 'retired'}.`,
          mend: 'Have the rates approved (config/rate-cards.yaml), or name an approved rate card.',
        }),
        ...priceFindings(group, choice, config.firm.hoursPerDay),
      ];
    case 'in_force':
      return priceFindings(group, choice, config.firm.hoursPerDay);
  }
}

function priceFindings(group: ProjectGroup, { card, period }: Extract<RateChoice, { outcome: 'in_force' | 'not_approved' }>, hoursPerDay: number): Finding[] {
  return group.lines.flatMap(({ index, line }): Finding[] => {
    const category = trimmed(line.laborCategory);
    if (category === null) return [];
    const price = hourlyRate(line.unit, line.unitPrice, hoursPerDay);
    const rate = period.lines.find(({ laborCategory }) => laborCategory === category);
    if (rate === undefined) {
      const words = {
        message: `Rate card ${card.code} has no rate for ${category}.`,
        mend: 'Pick another labor category, or have a rate for it added and approved.',
      };
      return [price === undefined ? mustChange('LABOR_CATEGORY_NOT_PRICED', `lines[${index}].laborCategory`, words) : mayPass('LABOR_CATEGORY_NOT_PRICED', `lines[${index}].laborCategory`, words)];
    }
    const listPrice = hourlyRate(rate.unit, rate.rate, hoursPerDay);
    if (price === undefined || listPrice === undefined || price.greaterThanOrEqualTo(lowestPrice(listPrice, card.maxDiscountPercent))) return [];
    return [
      mayPass('RATE_BELOW_CARD', `lines[${index}].unitPrice`, {
        message: `${category} is sold at ${line.unitPrice} ${card.currency} a ${line.unit}; rate card ${card.code} says ${rate.rate} a ${rate.unit}, of which ${card.maxDiscountPercent} % may be given as discount.`,
        mend: 'Raise the unit price, or let the discount be approved.',
      }),
    ];
  });
}

/** A project has one rate for a labor category: timesheets could not tell two apart. */
function pricedTwice(group: ProjectGroup, hoursPerDay: number): Finding[] {
  const byCategory = Map.groupBy(group.lines.filter(({ line }) => hourlyRate(line.unit, line.unitPrice, hoursPerDay) !== undefined && trimmed(line.laborCategory) !== null), ({ line }) => trimmed(line.laborCategory) ?? '');
  return [...byCategory].flatMap(([category, lines]) => {
    const rates = new Set(lines.map(({ line }) => hourlyRate(line.unit, line.unitPrice, hoursPerDay)?.toFixed()));
    const first = lines[0];
    if (rates.size < 2 || first === undefined) return [];
    return [
      mustChange('LABOR_CATEGORY_PRICED_TWICE', `lines[${first.index}].unitPrice`, {
        message: `${category} is sold at different prices in one project (${group.serviceLine.name} by ${group.legalEntity.code}): ${listed(lines.map(({ line }) => `${line.unitPrice} a ${line.unit}`))}.`,
        mend: 'Give all lines of the labor category the same price, or sell them under different project templates.',
      }),
    ];
  });
}
