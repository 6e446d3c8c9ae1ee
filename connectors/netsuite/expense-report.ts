import { z } from 'zod';
import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import type { ExpensePosting } from '../../domain/model/time/expense-posting.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort } from '../ports.ts';
import type { Charges } from './charges.ts';
import { hasDependents } from './classify.ts';
import type { About, NetSuite } from './client.ts';
import { expenseReportBody, reversingJournalBody } from './expense-body.ts';
import { createExpenseCharges } from './expense-charges.ts';
import { createExpenseDirectory } from './expense-directory.ts';
import type { LaborDirectory } from './labor-directory.ts';
import type { NetSuiteOptions } from './options.ts';
import type { NetSuiteReferences } from './references.ts';

const idRow = z.object({ id: z.string() });
const reportRow = z.object({
  id: z.string(),
  account: z.object({ id: z.string() }),
  expense: z.object({ items: z.array(z.object({ line: z.union([z.number(), z.string()]), isBillable: z.boolean().default(false) })).default([]) }).default({ items: [] }),
});

/**
 * Expense reports, approved as they come. What takes one back is a journal entry with the same amounts on the same accounts: a report's total
 * may not be negative, and NetSuite's void is in SuiteScript alone and would change a posted transaction. With `charges`, what charge-based projects bill on
 * are charges beside the report. See README.md.
 */
export function createExpensePort(netSuite: NetSuite, references: NetSuiteReferences, options: NetSuiteOptions, directory: LaborDirectory, charges: Charges | null): RecordPort<ExpensePosting> {
  const charged = charges === null ? null : createExpenseCharges(netSuite, references, options, directory, charges);
  const resolve = createExpenseDirectory(netSuite, options, directory);
  const label = ({ report, person, kind }: ExpensePosting) => `${kind === 'reversal' ? 'the reversal of ' : ''}expense report ${report.id} of ${person}`;
  const recordOf = ({ kind }: ExpensePosting) => (kind === 'reversal' ? 'journalEntry' : 'expenseReport');

  /** The client is not billed for what is taken back. Answers what is to be told where NetSuite no longer lets that be changed. */
  async function stopBilling(report: z.infer<typeof reportRow>, about: About): Promise<string> {
    const items = report.expense.items.filter((line) => line.isBillable).map(({ line }) => ({ line, isBillable: false }));
    if (items.length === 0) return '';
    try {
      await netSuite.update('expenseReport', report.id, { expense: { items } }, about);
      return '';
    } catch (error) {
      if (!isSystemFailure(error) || error.failure.kind !== 'business_rule') throw error;
      about.context.log.warn({ system: netSuite.system, report: report.id, code: error.failure.code }, `${about.object}: its expenses stay billable in NetSuite; credit the client where they were invoiced.`);
      return ' Its expenses stay billable in NetSuite: credit the client where they were invoiced.';
    }
  }

  async function reverse(posting: ExpensePosting, about: About): Promise<string> {
    const report = await netSuite.read('expenseReport', `eid:${posting.reverses ?? ''}`, reportRow, about, { expandSubResources: 'true' });
    if (report === null) {
      throw new SystemFailure({ kind: 'business_rule', code: 'NETSUITE_REVERSED_MISSING', system: netSuite.system, object: about.object, written: 'no', message: `NetSuite has no expense report ${posting.reverses ?? ''} that ${about.object} could take back.`, mend: 'Find out who deleted it in NetSuite, then abort this posting or retry.' });
    }
    const known = await resolve(posting, about);
    const toCharge = charged?.prepare(posting, about.object) ?? [];
    const note = await stopBilling(report, about);
    const id = await netSuite.upsert('journalEntry', posting.key, reversingJournalBody(posting, report.account.id, known, references, options.recoverableTaxCategory, about.object, note), about, ['line']);
    await afterFirstWrite(async () => charged?.write(posting, toCharge, about));
    return id;
  }

  return {
    lookUp: 'key',
    async find(document, context) {
      const about = { object: label(document), context };
      const found = await netSuite.read(recordOf(document), `eid:${document.key}`, idRow, about, { fields: 'id' });
      // What lacks a charge is written again, which adds it.
      const isThere = found !== null && (charged === null || (await charged.isComplete(document, about)));
      return isThere ? references.found(recordOf(document), found.id) : null;
    },
    async write(document, existing, context) {
      const object = label(document);
      const about = { object, context };
      if (document.kind === 'reversal') return { ...references.found('journalEntry', await reverse(document, about)), created: existing === null };
      const known = await resolve(document, about);
      const toCharge = charged?.prepare(document, object) ?? [];
      const isCharged = (line: ExpensePosting['lines'][number]): boolean => charged?.isCharged(line) ?? false;
      const id = await netSuite.upsert('expenseReport', document.key, expenseReportBody(document, known, references, options.recoverableTaxCategory, isCharged, object), about, ['expense']);
      await afterFirstWrite(async () => charged?.write(document, toCharge, about));
      return { ...references.found('expenseReport', id), created: existing === null };
    },
    async undo({ document, externalId, created }, context) {
      const object = label(document);
      const about = { object, context };
      if (!created) return { how: 'kept', detail: `${object} stood before` };
      if ((await netSuite.read(recordOf(document), externalId, idRow, about, { fields: 'id' })) === null) return { how: 'not_found', detail: `${object} is not in NetSuite` };
      if (charged !== null && !(await charged.undo(document, about))) return { how: 'kept', detail: `${object} is billed to the client in NetSuite and stays: take it back by a reversal` };
      try {
        await netSuite.remove(recordOf(document), externalId, about);
        return { how: 'deleted', detail: `${object} was deleted from NetSuite` };
      } catch (error) {
        if (!hasDependents(error)) throw error;
        await afterFirstWrite(async () => charged?.write(document, charged.prepare(document, object), about));
        return { how: 'kept', detail: `${object} has been paid or used in NetSuite and stays: take it back by a reversal` };
      }
    },
  };
}
