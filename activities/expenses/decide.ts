import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import { findingSchema } from '../../domain/findings.ts';
import { expenseReportSchema, type ExpenseReport } from '../../domain/model/time/expense-report.ts';
import { expenseReportProcessId } from '../../domain/process/time-process.ts';
import { validateExpenseReport, type ExpenseDecision } from '../../domain/rules/expenses/validate.ts';
import type { Db } from '../../store/database.ts';
import { acceptReport, approvedAgain, cancelledBy, endReport, outcomeOf, recordWithdrawal, supersede, supersededBy, waitingFor, writeOutcome, type OpenProcess, type OutcomeRow } from '../../store/expenses/decision.ts';
import { expenseRecord } from '../../store/expenses/known.ts';
import { postingsOfRecord } from '../../store/expenses/postings.ts';
import { lockForDecision } from '../../store/time/decide.ts';
import type { Reference } from '../time/reference.ts';
import { contextOf } from './context.ts';
import type { ExpenseDecisionView } from './contract.ts';

/**
 * Decides about a received report in one transaction: outcome, report in force, planned postings stand together or not at all. Decisions about
 * the same report, person or receipt wait for each other.
 * @throws SystemFailure where there is no such record
 */
export async function decideRecord(db: Db, reference: Reference, terms: { readonly record: number; readonly asOf: string }): Promise<ExpenseDecisionView> {
  const { record, asOf } = terms;
  return await db.transaction().execute(async (transaction) => {
    const stored = await expenseRecord(transaction, record);
    if (stored === undefined) throw new SystemFailure({ kind: 'contract', code: 'EXPENSE_RECORD_MISSING', message: `there is no received expense report ${record}.`, mend: 'This is a defect in the process: report it to integration support.', system: 'q2c', object: `record ${record}`, written: 'no' });
    const report = expenseReportSchema.parse(stored.document);
    await lockForDecision(transaction, locksOf(report));
    const before = await outcomeOf(transaction, record);
    if (before !== undefined && before.outcome !== 'rejected' && before.outcome !== 'held') return await view(transaction, record, report);
    const decision = validateExpenseReport(report, await contextOf(transaction, reference, report, asOf));
    await carryOut(transaction, record, report, decision);
    await writeOutcome(transaction, record, report, outcomeRow(decision, reference.configHash));
    if (decision.outcome !== 'held') await supersede(transaction, record, report);
    return await view(transaction, record, report);
  });
}

function locksOf({ person, system, id, replaces, lines }: ExpenseReport): string[] {
  const receipts = lines.flatMap((line) => (line.kind === 'receipt' && line.receipt !== null ? [`receipt ${line.receipt.sha256}`] : []));
  return [`expenses of ${person}`, `expense report ${system} ${id}`, ...(replaces === null ? [] : [`expense report ${system} ${replaces.id}`]), ...receipts];
}

async function carryOut(db: Db, record: number, report: ExpenseReport, decision: ExpenseDecision): Promise<void> {
  switch (decision.outcome) {
    case 'accepted':
      if (decision.reversal !== null) await endReport(db, record, decision.reversal, 'superseded');
      await acceptReport(db, record, report, decision.posting);
      break;
    case 'withdrawn':
      if (decision.reversal !== null) await endReport(db, record, decision.reversal, 'reversed');
      await recordWithdrawal(db, record, report, decision.at);
      break;
    case 'repeat':
      if (decision.approval !== null) await approvedAgain(db, report);
      break;
    default:
      break;
  }
}

function outcomeRow(decision: ExpenseDecision, configHash: string): OutcomeRow {
  const row: OutcomeRow = { outcome: decision.outcome, codes: [], findings: [], waitsFor: null, holdMessage: null, remarks: [], configHash };
  switch (decision.outcome) {
    case 'accepted':
      return { ...row, remarks: decision.remarks };
    case 'rejected':
      return { ...row, codes: [...new Set(decision.findings.map(({ code }) => code))], findings: decision.findings };
    case 'held':
      return { ...row, codes: [decision.reason.code], waitsFor: decision.reason.waitsFor, holdMessage: decision.reason.message };
    default:
      return row;
  }
}

async function view(db: Db, record: number, report: ExpenseReport): Promise<ExpenseDecisionView> {
  const outcome = await outcomeOf(db, record);
  if (outcome === undefined) throw new Error(`expense report ${report.id} version ${report.version} was decided, but its outcome is not there`);
  return {
    outcome: outcome.outcome,
    findings: z.array(findingSchema).parse(outcome.findings),
    waits: outcome.outcome === 'held' ? { code: outcome.codes[0] ?? '', message: outcome.holdMessage ?? '' } : null,
    remarks: outcome.remarks,
    total: report.total,
    lines: report.lines.length,
    postings: (await postingsOfRecord(db, record)).map(({ key, system, kind, state }) => ({ key, system, kind, state })),
    superseded: [...(await supersededBy(db, record, report)), ...(await cancelledBy(db, record))].map(processOf),
    released: outcome.outcome === 'held' ? [] : (await waitingFor(db, report.system, `expense report ${report.id} version ${report.version}`)).map(processOf),
    configHash: outcome.configHash,
  };
}

/** As the starter names it: documents of one version after the first have processes numbered by their record. */
function processOf({ record, contested, ...report }: OpenProcess): string {
  const id = expenseReportProcessId(report);
  return contested ? `${id}/${record}` : id;
}
