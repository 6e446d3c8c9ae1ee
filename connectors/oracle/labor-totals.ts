import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import { addDecimal } from '../../domain/money.ts';
import type { LaborPort } from '../labor-port.ts';
import { FSCM, type About, type Oracle, type Query } from './client.ts';
import { UNPROCESSED } from './labor-writer.ts';
import { between, both, equal } from './query.ts';
import type { OracleReferences } from './references.ts';
import { numberValue } from './rows.ts';

const costRow = z.object({ OriginalTransactionReference: z.string(), Quantity: numberValue });
const waitingRow = costRow.extend({ StatusCode: z.string().nullish() });
const FIELDS = ['OriginalTransactionReference', 'Quantity'];
/** Pending and rejected: what is in another status is being taken over. */
const AT_REST = new Set(['P', 'R']);
/** Readings before an import that goes on is told: each takes as long as its pages. */
const MOST_READINGS = 3;
const LOOK_AGAIN_MS = 60_000;

/**
 * The hours Oracle has of a legal entity, before and after the import of costs. While *Import Costs* runs, lines leave the unprocessed ones: pages read by
 * offset then pass some over. So a reading of several pages counts only if nothing had left by its end, and no total is told while costs are on their way.
 */
export function createLaborTotals(oracle: Oracle, references: OracleReferences, transactionSource: string): LaborPort['totals'] {
  return async ({ legalEntity, from, to }, context) => {
    const about: About = { object: `the time of ${legalEntity} from ${from} to ${to}`, context };
    const unit = references.businessUnit(legalEntity, about.object);
    const queryOf = (businessUnit: string, orderBy: string, fields: readonly string[]): Query => ({ where: both(equal('TransactionSource', transactionSource), equal(businessUnit, unit), between('ExpenditureItemDate', from, to)), fields, orderBy });

    async function read<Row extends z.infer<typeof costRow>>(path: string, query: Query, row: z.ZodType<Row>) {
      const rows: Row[] = [];
      let pages = 0;
      for await (const page of oracle.pages(path, query, row, about)) {
        pages += 1;
        rows.push(...page.filter((each) => each.OriginalTransactionReference.startsWith(`${legalEntity}:`)));
      }
      return { rows, pages };
    }
    const waiting = () => read(`${FSCM}/${UNPROCESSED}`, queryOf('BusinessUnit', 'UnprocessedTransactionReferenceId', [...FIELDS, 'StatusCode']), waitingRow);
    const imported = () => read(`${FSCM}/projectCosts`, queryOf('ExpenditureBusinessUnit', 'TransactionNumber', FIELDS), costRow);

    for (let reading = 1; reading <= MOST_READINGS; reading += 1) {
      const before = await waiting();
      const underWay = before.rows.find(({ StatusCode: status }) => status != null && !AT_REST.has(status));
      if (underWay !== undefined) throw importing(oracle.system, about, `costs of it are in the status ${underWay.StatusCode ?? ''}, neither pending nor rejected`);
      const known = new Set(before.rows.map((row) => row.OriginalTransactionReference));
      // In this order: what is imported in between is in both, and counts once. Adjustments in Oracle have the reference of what they adjust, and count.
      const costs = (await imported()).rows.filter((row) => !known.has(row.OriginalTransactionReference));
      if (before.pages > 1) {
        const left = new Set((await waiting()).rows.map((row) => row.OriginalTransactionReference));
        if ([...known].some((reference) => !left.has(reference))) continue;
      }
      const hours = [...before.rows, ...costs].map((row) => row.Quantity).reduce(addDecimal, '0');
      // Oracle prices hours when it bills them: a cost has no amount to bill.
      return { legalEntity, lines: new Set([...known, ...costs.map((row) => row.OriginalTransactionReference)]).size, hours, billed: [] };
    }
    throw importing(oracle.system, about, `costs of it were taken over during each of ${MOST_READINGS} readings`);
  };
}

function importing(system: string, { object }: About, what: string): SystemFailure {
  return new SystemFailure({
    kind: 'transient', code: 'ORACLE_IMPORT_RUNS', system, object, written: 'no', retryAfterMs: LOOK_AGAIN_MS, message: `Oracle is importing costs: ${what}. A total now would not be final.`,
    mend: 'Ask again once Import Costs has ended (Scheduled Processes); where it has, look at the costs in Manage Unprocessed Costs.',
  });
}
