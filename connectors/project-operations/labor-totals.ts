import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import { addDecimal, decimalText } from '../../domain/money.ts';
import type { LaborTotal } from '../labor-port.ts';
import type { About, Dataverse } from './client.ts';
import { journalPrefix, LINES } from './journals.ts';
import { anyOf, noon, quoted } from './odata.ts';

const UNBILLED_SALES = 192_350_005;
const amount = z.union([z.number(), z.string()]).nullish().transform((value) => decimalText(value ?? 0));
const lineRow = z.object({ msdyn_description: z.string().nullish(), msdyn_transactiontypecode: z.coerce.number().nullish(), msdyn_quantity: amount, msdyn_amount: amount, _transactioncurrencyid_value: z.string().nullish() });
const currencyRow = z.object({ transactioncurrencyid: z.string(), isocurrencycode: z.string() });
const MARKED = /^\[[0-9A-HJKMNP-TV-Z]{12}\]/;
const COLUMNS = ['msdyn_description', 'msdyn_transactiontypecode', 'msdyn_quantity', 'msdyn_amount', '_transactioncurrencyid_value'];

/** Counted from the lines of our journals, confirmed ones where we confirm them: a posting with cost and sales counts once, and so do its hours. */
export async function laborTotals(dataverse: Dataverse, { legalEntity, from, to }: { readonly legalEntity: string; readonly from: string; readonly to: string }, confirmed: boolean, about: About): Promise<LaborTotal> {
  const filter = `msdyn_startdatetime ge ${noon(from)} and msdyn_startdatetime le ${noon(to)} and startswith(msdyn_Journal/msdyn_description,${quoted(journalPrefix(legalEntity))})${confirmed ? ' and msdyn_isposted eq true' : ''}`;
  const seen = new Set<string>();
  const billed = new Map<string, string>();
  let hours = '0';
  for await (const page of dataverse.pages(LINES, { filter, select: COLUMNS }, lineRow, about)) {
    for (const line of page) {
      const mark = MARKED.exec(line.msdyn_description ?? '')?.[0];
      if (mark === undefined) continue;
      if (!seen.has(mark)) hours = addDecimal(hours, line.msdyn_quantity);
      seen.add(mark);
      const currency = line._transactioncurrencyid_value;
      if (line.msdyn_transactiontypecode === UNBILLED_SALES && currency != null) billed.set(currency.toLowerCase(), addDecimal(billed.get(currency.toLowerCase()) ?? '0', line.msdyn_amount));
    }
  }
  // Also a currency that was made inactive since has amounts.
  const rows = billed.size === 0 ? [] : await dataverse.list('transactioncurrencies', { filter: anyOf('transactioncurrencyid', [...billed.keys()]), select: ['transactioncurrencyid', 'isocurrencycode'] }, currencyRow, about);
  const codes = new Map(rows.map((row) => [row.transactioncurrencyid.toLowerCase(), row.isocurrencycode]));
  const sums = new Map<string, string>();
  for (const [id, sum] of billed) {
    const code = codes.get(id);
    if (code === undefined) throw unknownCurrency(dataverse.system, about.object, id);
    sums.set(code, addDecimal(sums.get(code) ?? '0', sum));
  }
  return { legalEntity, lines: seen.size, hours, billed: [...sums].map(([currency, sum]) => ({ currency, amount: sum })) };
}

function unknownCurrency(system: string, object: string, id: string): SystemFailure {
  return new SystemFailure({ kind: 'contract', code: 'PROJECT_OPERATIONS_CURRENCY', system, object, written: 'no', message: `Lines of ${object} are in a currency (ID ${id}) that Project Operations does not have.`, mend: 'Find out in Project Operations (Settings > Currencies) what became of it, then retry.' });
}
