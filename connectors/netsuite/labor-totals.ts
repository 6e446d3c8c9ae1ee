import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import { addDecimal, addMoney, decimalText, money, type Money } from '../../domain/money.ts';
import type { LaborPort } from '../labor-port.ts';
import { ACTUAL, STAGE } from './charges.ts';
import type { About, NetSuite } from './client.ts';
import { listOf } from './labor-directory.ts';
import type { NetSuiteOptions } from './options.ts';

const totalRow = z.object({ currency: z.string().optional(), lines: z.coerce.number().int(), hours: z.string().default('0'), billed: z.string().default('0') });
const chargeRow = z.object({ currency: z.string(), billed: z.string().default('0') });

/** Hours are those of the time bills; what is billed is what the time bills that have no charge bill, and the charges of the others that are not taken back. */
export function createLaborTotals(netSuite: NetSuite, options: NetSuiteOptions): LaborPort['totals'] {
  const codes = new Map(Object.entries(options.currencies).map(([code, id]) => [id, code]));

  async function charged(scope: string, about: About): Promise<Money[]> {
    const rows = await netSuite.query(
      `SELECT currency, SUM(amount) AS billed FROM charge WHERE BUILTIN.DF(use) = '${ACTUAL}' AND stage <> '${STAGE.notBillable}' AND timerecord IN (SELECT id FROM timebill WHERE ${scope}) GROUP BY currency`,
      chargeRow,
      about,
    );
    return rows.map(({ currency, billed }) => {
      const code = codes.get(currency);
      if (code !== undefined) return money(billed, code);
      throw new SystemFailure({ kind: 'configuration', code: 'NETSUITE_MAPPING_MISSING', system: netSuite.system, object: about.object, written: 'no', message: `The options of ${netSuite.system} name no currency for NetSuite's currency ${currency}, in which ${about.object} is charged.`, mend: `Add it to currencies in the options of ${netSuite.system} in config/systems.yaml, then retry.` });
    });
  }

  return async ({ legalEntity, from, to }, context) => {
    const about: About = { object: `the time of ${legalEntity} from ${from} to ${to}`, context };
    const scope = `custcol_q2c_legal_entity = ${listOf([legalEntity])} AND trandate BETWEEN TO_DATE(${listOf([from])}, 'YYYY-MM-DD') AND TO_DATE(${listOf([to])}, 'YYYY-MM-DD')`;
    const rows = await netSuite.query(
      `SELECT custcol_q2c_currency AS currency, COUNT(*) AS lines, SUM(custcol_q2c_hours) AS hours, SUM(custcol_q2c_amount) AS billed FROM timebill WHERE ${scope} GROUP BY custcol_q2c_currency`,
      totalRow,
      about,
    );
    const billed = rows.flatMap(({ currency, billed: amount }) => (currency === undefined ? [] : [money(amount, currency)]));
    if (options.billableLines === 'charges') billed.push(...(await charged(scope, about)));
    return {
      legalEntity,
      lines: rows.reduce((sum, row) => sum + row.lines, 0),
      hours: rows.map((row) => row.hours).reduce(addDecimal, '0'),
      billed: sumsOf(billed),
    };
  };
}

/** One amount for each currency that does not come to nothing. */
function sumsOf(amounts: readonly Money[]): Money[] {
  const sums = new Map<string, Money>();
  for (const amount of amounts) {
    const before = sums.get(amount.currency);
    sums.set(amount.currency, before === undefined ? amount : addMoney(before, amount));
  }
  return [...sums.values()].filter(({ amount }) => decimalText(amount) !== '0').sort((left, right) => left.currency.localeCompare(right.currency));
}
