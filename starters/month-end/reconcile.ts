import { addDecimal, compareDecimal, decimalSchema, decimalText, type Currency, type DecimalText } from '../../domain/money.ts';

export const SIDES = ['received', 'posted', 'rejected', 'held', 'repeated', 'unbooked', 'unreadable'] as const;
/**
 * received: everything that came, repeats too · posted: accepted, and in the ERP by the lines of the labor ledger · repeated: came before, with the
 * same content · unbooked: accepted, and rightly in no ERP, being of no hours or taken back before it was there · unreadable: refused at the door
 */
export type Side = (typeof SIDES)[number];

/** What one side has of a legal entity in a currency. Several of the same side add up. */
export interface SideSum {
  readonly legalEntity: string;
  readonly currency: Currency;
  readonly side: Side;
  readonly entries: number;
  readonly hours: DecimalText;
  /** In the currency; may be negative where corrections took back more than came. */
  readonly money: DecimalText;
}

export const MEASURES = ['entries', 'hours', 'money'] as const;
export type Measure = (typeof MEASURES)[number];

/** received is what all the others add up to, or there is a difference. */
export interface ReconciledLine {
  readonly legalEntity: string;
  readonly currency: Currency;
  readonly measure: Measure;
  readonly sides: Readonly<Record<Side, DecimalText>>;
  /** Received less everything it became: positive what is lost, negative what came from nowhere. */
  readonly difference: DecimalText;
}

export interface Reconciliation {
  readonly reconciles: boolean;
  /** By legal entity, currency and measure. */
  readonly lines: readonly ReconciledLine[];
  /** Of all legal entities: entries and hours over all currencies, money by currency. */
  readonly totals: readonly Omit<ReconciledLine, 'legalEntity'>[];
  /** One sentence for each line that does not reconcile, and one for each of the first entries that are accepted and not as they should be in their ERP. */
  readonly differences: readonly string[];
}

const ALL_CURRENCIES = '*';
/** Entries that are named; the others are counted. */
const MOST_NAMED = 20;
/** The sides that everything received becomes. */
const BECOME = SIDES.filter((side) => side !== 'received');

/**
 * Holds what was received against what became of it, exactly: no rounding and no tolerance.
 * @param amiss entries that are accepted and not as they should be in their ERP, in words: nothing reconciles with one
 * @throws RangeError for sums that are no numbers, which would reconcile by accident
 */
export function reconcile(sums: readonly SideSum[], amiss: readonly string[] = []): Reconciliation {
  for (const sum of sums) check(sum);
  const groups = Map.groupBy(sums.toSorted(byEntityAndCurrency), ({ legalEntity, currency }) => JSON.stringify([legalEntity, currency]));
  const lines = [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : MEASURES.map((measure) => ({ legalEntity: first.legalEntity, currency: first.currency, ...lineOf(group, measure) }));
  });
  const currencies = [...new Set(sums.map(({ currency }) => currency))].toSorted();
  const totals = [
    { currency: ALL_CURRENCIES, ...lineOf(sums, 'entries') },
    { currency: ALL_CURRENCIES, ...lineOf(sums, 'hours') },
    ...currencies.map((currency) => ({ currency, ...lineOf(sums.filter((sum) => sum.currency === currency), 'money') })),
  ];
  const more = amiss.length > MOST_NAMED ? [`${amiss.length - MOST_NAMED} more entries are not in their ERP as they were accepted.`] : [];
  const differences = [...lines.filter(({ difference }) => difference !== '0').map(sentenceOf), ...amiss.slice(0, MOST_NAMED), ...more];
  return { reconciles: differences.length === 0, lines, totals, differences };
}

function lineOf(sums: readonly SideSum[], measure: Measure): Pick<ReconciledLine, 'measure' | 'sides' | 'difference'> {
  const of = (side: Side) => sums.filter((sum) => sum.side === side).reduce((total, sum) => addDecimal(total, String(sum[measure])), '0');
  const sides = { received: of('received'), posted: of('posted'), rejected: of('rejected'), held: of('held'), repeated: of('repeated'), unbooked: of('unbooked'), unreadable: of('unreadable') };
  const accounted = BECOME.map((side) => sides[side]).reduce(addDecimal);
  return { measure, sides, difference: addDecimal(sides.received, negated(accounted)) };
}

function sentenceOf({ legalEntity, currency, measure, sides, difference }: ReconciledLine): string {
  const unit = measure === 'money' ? currency : measure;
  const size = difference.replace('-', '');
  const where = measure === 'money' ? legalEntity : `${legalEntity} (${currency})`;
  const became = BECOME.map((side) => `${side} ${sides[side]}`).join(' + ');
  return compareDecimal(difference, '0') > 0
    ? `${where}: ${size} ${unit} of the ${sides.received} received became nothing (${became}).`
    : `${where}: ${size} ${unit} more than the ${sides.received} received became something (${became}).`;
}

function check({ legalEntity, currency, side, entries, hours, money }: SideSum): void {
  const name = `${legalEntity} ${currency} ${side}`;
  if (!Number.isSafeInteger(entries) || entries < 0) throw new RangeError(`${name}: ${entries} is no number of entries`);
  for (const [measure, value] of [['hours', hours], ['money', money]] as const) {
    if (!decimalSchema.safeParse(value).success) throw new RangeError(`${name}: "${value}" is no exact decimal number of ${measure}`);
  }
}

function byEntityAndCurrency(left: SideSum, right: SideSum): number {
  const [one, other] = [left, right].map(({ legalEntity, currency }) => `${legalEntity} ${currency}`);
  return one === other ? 0 : (one ?? '') < (other ?? '') ? -1 : 1;
}

function negated(value: DecimalText): DecimalText {
  return value.startsWith('-') ? decimalText(value.slice(1)) : decimalText(`-${value}`);
}
