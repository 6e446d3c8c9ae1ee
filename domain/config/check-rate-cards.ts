import { addDays } from '../dates.ts';
import { unknownReference } from './check-business.ts';
import type { ConfigPath, ConfigProblem } from './mistake.ts';
import type { RateCard } from './schema.ts';
import type { Entry, Sections } from './sections.ts';

/** Rate cards: whom and what they are for, their periods, and that each entity can price what it sells in its own currency. */
export function checkRateCards(sections: Sections): ConfigProblem[] {
  return [...sections.rateCards.entries.flatMap((entry) => checkCard(entry, sections)), ...checkAmbiguity(sections), ...checkCoverage(sections)];
}

function checkCard({ index, value: card }: Entry<RateCard>, { legalEntities, serviceLines, laborCategories }: Sections): ConfigProblem[] {
  const at = (...rest: ConfigPath) => ['rateCards', index, ...rest];
  const problems: ConfigProblem[] = [];
  for (const [position, code] of card.legalEntities.entries()) {
    problems.push(...unknownReference(at('legalEntities', position), code, legalEntities, 'legal entity'));
    const entity = legalEntities.entries.find(({ value }) => value.code === code)?.value;
    if (entity !== undefined && !entity.billingCurrencies.includes(card.currency)) {
      problems.push({ path: at('currency'), expected: `a currency that ${code} bills in (${entity.billingCurrencies.join(', ')})`, found: card.currency });
    }
  }
  if (card.serviceLines !== 'all') problems.push(...card.serviceLines.flatMap((line, position) => unknownReference(at('serviceLines', position), line, serviceLines, 'service line')));
  if (card.status === 'approved' && card.approvedBy === null) problems.push({ path: at('approvedBy'), expected: 'who approved the card', found: 'nobody' });

  for (const [position, period] of card.periods.entries()) {
    if (period.to !== null && period.to < period.from) problems.push({ path: at('periods', position, 'to'), expected: `a day not before ${period.from}`, found: period.to });
    const next = card.periods[position + 1];
    if (next !== undefined) {
      const expected = period.to === null ? null : addDays(period.to, 1);
      if (expected === null) problems.push({ path: at('periods', position, 'to'), expected: `an end before ${next.from}, where the next period begins`, found: 'an open end' });
      else if (next.from < expected) problems.push({ path: at('periods', position + 1, 'from'), expected: `${expected}, the day after the period before ends`, found: `${next.from}: the periods overlap` });
      else if (next.from > expected) problems.push({ path: at('periods', position + 1, 'from'), expected: `${expected}, the day after the period before ends`, found: `${next.from}: days between have no rates` });
    }
    const seen = new Set<string>();
    for (const [row, line] of period.lines.entries()) {
      const path = at('periods', position, 'lines', row, 'laborCategory');
      problems.push(...unknownReference(path, line.laborCategory, laborCategories, 'labor category'));
      if (seen.has(line.laborCategory)) problems.push({ path, expected: 'one rate for each labor category', found: `${line.laborCategory} again` });
      seen.add(line.laborCategory);
      if (line.rate.startsWith('-')) problems.push({ path: at('periods', position, 'lines', row, 'rate'), expected: 'a rate that is not negative', found: line.rate });
    }
  }
  return problems;
}

/** Two approved cards for the same entity, currency, days and equally exact service lines: nobody could say which one applies. */
function checkAmbiguity({ rateCards }: Sections): ConfigProblem[] {
  const approved = rateCards.entries.filter(({ value }) => value.status === 'approved');
  return approved.flatMap((later, position) =>
    approved.slice(0, position).flatMap((earlier): ConfigProblem[] => {
      const [left, right] = [earlier.value, later.value];
      const entity = left.legalEntities.find((code) => right.legalEntities.includes(code));
      if (entity === undefined || left.currency !== right.currency || !sameScope(left, right) || !overlap(left, right)) return [];
      return [{ path: ['rateCards', later.index, 'code'], expected: `one approved card for ${entity} in ${left.currency} on any day`, found: `"${right.code}" beside "${left.code}"` }];
    }),
  );
}

function sameScope(left: RateCard, right: RateCard): boolean {
  if (left.serviceLines === 'all' || right.serviceLines === 'all') return left.serviceLines === right.serviceLines;
  return left.serviceLines.some((line) => right.serviceLines.includes(line));
}

function overlap(left: RateCard, right: RateCard): boolean {
  return left.periods.some((one) => right.periods.some((other) => (one.to === null || other.from <= one.to) && (other.to === null || one.from <= other.to)));
}

function checkCoverage({ legalEntities, serviceLines, rateCards }: Sections): ConfigProblem[] {
  if (!rateCards.complete) return [];
  return legalEntities.entries.flatMap(({ index, value: entity }) =>
    [...serviceLines.keys].flatMap((line): ConfigProblem[] => {
      const priced = rateCards.entries.some(
        ({ value: card }) =>
          card.status === 'approved' && card.currency === entity.functionalCurrency && card.legalEntities.includes(entity.code) && (card.serviceLines === 'all' || card.serviceLines.includes(line)),
      );
      return priced ? [] : [{ path: ['legalEntities', index, 'code'], expected: `an approved rate card for ${entity.code} and ${line} in ${entity.functionalCurrency}`, found: 'none in rateCards' }];
    }),
  );
}
