/** Subunits of a whole unit (ISO 4217). */
const OTHER_THAN_HUNDREDTHS: Readonly<Record<string, number>> = { JPY: 1, KRW: 1, KWD: 1000, BHD: 1000, TND: 1000 };

export function subunitsOf(currency: string): number {
  return OTHER_THAN_HUNDREDTHS[currency] ?? 100;
}
