import { timesheetSchema } from '../../domain/model/time/timesheet.ts';
import { addDecimal, addMoney, decimalText, type Money } from '../../domain/money.ts';
import type { Db } from '../../store/database.ts';
import { outcomesAfter, refusedAtDoor } from '../../store/time/month.ts';
import { acceptedTotals } from '../../store/time/posted.ts';
import { worthAtDoor } from './at-the-door.ts';
import type { Side, SideSum } from './reconcile.ts';
import type { createWorth } from './worth.ts';

const RECORDS_AT_ONCE = 500;
const SIDE_OF: Readonly<Record<string, Side>> = { rejected: 'rejected', returned: 'rejected', held: 'held', repeat: 'repeated' };

/** What is accepted and not in its ERP is on no side: what was received of it became nothing. */
const SIDE_OF_FATE = { posted: 'posted', not_booked: 'unbooked', unposted: undefined } as const;

/**
 * Adds up what was received from the received documents themselves, and what became of it from the decisions and the labor ledger: independent ways
 * to the same money. A notice that an approval was withdrawn brings no work and is left out.
 * @param employerOf the legal entity of a person; for timesheets that were refused at the door
 */
export async function sideSums(db: Db, worthOf: ReturnType<typeof createWorth>, employerOf: (person: string) => string | undefined): Promise<readonly SideSum[]> {
  const sums = new Map<string, { legalEntity: string; side: Side; entries: number; hours: string; money: Money }>();
  const add = (side: Side, legalEntity: string, hours: string, money: Money): void => {
    const key = `${side} ${legalEntity} ${money.currency}`;
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? { legalEntity, side, entries: 1, hours, money } : { ...sum, entries: sum.entries + 1, hours: addDecimal(sum.hours, hours), money: addMoney(sum.money, money) });
  };
  for (let after = 0; ; ) {
    const records = await outcomesAfter(db, after, RECORDS_AT_ONCE);
    for (const { record, legalEntity, document, outcomes } of records) {
      after = record;
      const sheet = timesheetSchema.parse(document);
      if (sheet.approval.status === 'withdrawn') continue;
      for (const [position, { hours, worth }] of worthOf(sheet, legalEntity).entries()) {
        add('received', legalEntity, hours, worth);
        const side = SIDE_OF[outcomes[position] ?? ''];
        if (side !== undefined) add(side, legalEntity, hours, worth);
      }
    }
    if (records.length < RECORDS_AT_ONCE) break;
  }
  for (const { raw } of await refusedAtDoor(db)) {
    const { legalEntity, entries } = worthAtDoor(raw, worthOf, employerOf);
    for (const { hours, worth } of entries) for (const side of ['received', 'unreadable'] as const) add(side, legalEntity, hours, worth);
  }
  const accepted = (await acceptedTotals(db)).flatMap(({ legalEntity, currency, fate, entries, hours, worth }): SideSum[] => {
    const side = SIDE_OF_FATE[fate];
    return side === undefined ? [] : [{ legalEntity, currency, side, entries, hours: decimalText(hours), money: decimalText(worth) }];
  });
  return [...[...sums.values()].map(({ legalEntity, side, entries, hours, money }): SideSum => ({ legalEntity, currency: money.currency, side, entries, hours: decimalText(hours), money: decimalText(money.amount) })), ...accepted];
}
