import { z } from 'zod';
import { addDecimal, extendPrice, addMoney, money, type Money } from '../../domain/money.ts';
import { openTryton, type TrytonLogin } from './rpc.ts';

export interface TrytonTotal {
  readonly legalEntity: string;
  /** Posted by the line, reversals among them; and lines that people entered in Tryton themselves. */
  readonly lines: number;
  readonly hours: string;
  readonly otherLines: number;
  readonly otherHours: string;
  /** Hours times the cost price Tryton put on each line by itself, in the company's currency. */
  readonly cost: Money;
}

const row = z.object({
  id: z.int(),
  duration: z.object({ seconds: z.number() }),
  cost_price: z.object({ decimal: z.string() }),
  description: z.string().nullable(),
});
const companyRow = z.object({ id: z.int(), 'party.': z.object({ code: z.string().nullable() }), 'currency.': z.object({ code: z.string() }) });
const PAGE = 2_000;

/**
 * What Tryton itself has of a range of work dates, by legal entity: its lines, read again through its own API apart from the connector. For the month-end check.
 * Hours are summed in seconds. @throws Error with Tryton's own message
 */
export async function trytonTotals(address: TrytonLogin, range: { readonly legalEntities: readonly string[]; readonly from: string; readonly to: string }): Promise<TrytonTotal[]> {
  const tryton = await openTryton(address);
  const companies = z.array(companyRow).parse(await tryton.call('company.company.search_read', [[['party.code', 'in', [...range.legalEntities]]], 0, null, null, ['party.code', 'currency.code']]));
  const totals: TrytonTotal[] = [];
  for (const legalEntity of range.legalEntities) {
    const company = companies.find((candidate) => candidate['party.'].code === legalEntity);
    if (company === undefined) throw new Error(`Tryton has no company whose party has the code ${legalEntity}`);
    const currency = company['currency.'].code;
    const [ours, others] = [{ lines: 0, seconds: 0 }, { lines: 0, seconds: 0 }];
    let cost = money('0', currency);
    for (let last = 0; ;) {
      const domain = [['company', '=', company.id], ['date', '>=', wireDate(range.from)], ['date', '<=', wireDate(range.to)], ['id', '>', last]];
      const rows = z.array(row).parse(await tryton.call('timesheet.line.search_read', [domain, 0, PAGE, [['id', 'ASC']], ['duration', 'cost_price', 'description']], company.id));
      for (const { duration, cost_price: price, description } of rows) {
        const side = /\[q2c [A-Za-z0-9_-]{8,64}\]\s*$/.test(description ?? '') ? ours : others;
        side.lines += 1;
        side.seconds += duration.seconds;
        if (side === ours && duration.seconds > 0) cost = addMoney(cost, extendPrice(hoursOf(duration.seconds), addDecimal(price.decimal, '0'), currency));
      }
      const end = rows.at(-1);
      if (end === undefined || rows.length < PAGE) break;
      last = end.id;
    }
    totals.push({ legalEntity, lines: ours.lines, hours: hoursOf(ours.seconds), otherLines: others.lines, otherHours: hoursOf(others.seconds), cost });
  }
  return totals;
}

function wireDate(date: string) {
  const [year, month, day] = date.split('-').map(Number);
  return { __class__: 'date', year, month, day } as const;
}

/** Seconds in hours, to six decimals. */
function hoursOf(seconds: number): string {
  return addDecimal((Math.round((seconds / 3600) * 1e6) / 1e6).toFixed(6), '0');
}
