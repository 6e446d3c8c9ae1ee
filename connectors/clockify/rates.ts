import type { Project } from '../../domain/model/project.ts';
import { decimalText } from '../../domain/money.ts';

type RateLine = Project['rateCard']['lines'][number];
const MOST = 2_147_483_647;

/** An hourly rate in hundredths, as Clockify keeps it (a 32-bit integer); null where it cannot hold the rate exactly, or rates are by day or month. */
export function rateOf({ unit, rate }: RateLine): number | null {
  if (unit !== 'hour') return null;
  const [whole = '0', fraction = ''] = decimalText(rate).split('.');
  if (fraction.length > 2) return null;
  const amount = Number(`${whole}${fraction.padEnd(2, '0')}`);
  return amount >= 0 && amount <= MOST ? amount : null;
}

/** The rates that only a person can invoice by, for the project's note. */
export function ratesByHand(project: Project): string[] {
  return project.rateCard.lines.filter((line) => rateOf(line) === null).map((line) => `${line.laborCategory} ${line.rate} ${project.rateCard.currency} per ${line.unit}`);
}
