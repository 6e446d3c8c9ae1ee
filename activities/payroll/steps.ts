import { z } from 'zod';
import type { PayrollAcknowledgement, PayrollPort } from '../../connectors/payroll-port.ts';
import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import { payrollTermsOf, payrollTermsSchema, type PayrollTerms } from '../../domain/model/time/payroll-terms.ts';
import type { PayPeriod } from '../../domain/model/time/periods.ts';
import type { PayrollRun } from '../../domain/process/payroll-process.ts';
import { appendAudit } from '../../store/audit-trail.ts';
import { activeConfig } from '../../store/config-versions.ts';
import { claimForExport, payrollDocument, payrollExportById, recordAcknowledged, recordSending, recordSent, rejectedLines, settleRejected, type PayrollExportRow } from '../../store/payroll.ts';
import { booksAtRisk, unpostedLabor } from '../../store/unposted-labor.ts';
import { duePayrolls, openForPayroll, payPeriodOf } from '../../store/payroll-periods.ts';
import { callContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { toTemporal } from '../failures.ts';
import type { AcknowledgementResult, ExportOutline, PayrollActivities } from './contract.ts';

export type PayrollDependencies = Pick<ActivityDependencies, 'store' | 'log' | 'withSlot' | 'now'> & { readonly systems: { payroll(id: string): PayrollPort } };

/** Of rejected lines in a case; the others are in the store. */
const EXAMPLES = 20;

const termsInForceSchema = z.looseObject({ payroll: z.array(payrollTermsSchema).default([]), transientSlaMinutes: z.number().positive().default(15) });

/** The steps of a payroll export. */
export function createPayrollSteps(deps: PayrollDependencies): PayrollActivities {
  const { db } = deps.store;

  async function configuration(): Promise<{ readonly hash: string | null; readonly terms: readonly PayrollTerms[]; readonly transientSlaMinutes: number }> {
    const active = await activeConfig(db);
    const { payroll, transientSlaMinutes } = termsInForceSchema.parse(active?.document ?? {});
    return { hash: active?.hash ?? null, terms: payroll, transientSlaMinutes };
  }

  async function periodOf(run: PayrollRun): Promise<PayPeriod> {
    const period = await payPeriodOf(db, run);
    if (period !== undefined) return period;
    throw new SystemFailure({ kind: 'configuration', code: 'PAYROLL_PERIOD_UNKNOWN', message: `${run.legalEntity} has no pay period ${run.payPeriod}.`, mend: 'Load its pay periods (reference data), or start the export with the code of one it has.', system: 'q2c', object: `payroll ${run.legalEntity} ${run.payPeriod}`, written: 'no' });
  }

  async function exportOf(exportId: string): Promise<PayrollExportRow> {
    const row = await payrollExportById(db, exportId);
    if (row !== undefined) return row;
    throw new SystemFailure({ kind: 'contract', code: 'PAYROLL_EXPORT_UNKNOWN', message: `the store has no payroll export ${exportId}.`, mend: 'Find out which store this worker uses.', system: 'q2c', object: `payroll export ${exportId}`, written: 'no' });
  }

  async function audit(process: string, actor: string, action: string, row: PayrollExportRow, message: string, details: Readonly<Record<string, unknown>>): Promise<void> {
    await appendAudit(db, [{ process, actor, action, object: `payroll export ${row.id}`, system: row.system, message, details }]);
  }

  /** Rejected lines go to people who mend them: whose, which day, why. */
  async function answerOf(row: PayrollExportRow, refused: boolean): Promise<AcknowledgementResult> {
    const lines = await rejectedLines(db, row.id, row.lines);
    if (lines.length === 0) return { state: 'accepted', lines: row.lines };
    const examples = lines.slice(0, EXAMPLES).map(({ line, person, workDate, payCode, hours, reason }) => `line ${line}: ${person}, ${workDate}, ${hours} h ${payCode}: ${reason}`);
    return { state: refused ? 'refused' : 'lines_rejected', rejected: lines.length, reason: row.reason, examples };
  }

  async function askBureau(row: PayrollExportRow, process: string): Promise<PayrollAcknowledgement | null> {
    const { id: exportId, checksum, lines, files, system } = row;
    if (checksum === null) return null;
    const context = callContext(deps.log, `${process}/acknowledgement/${exportId}`);
    return await deps.withSlot(system, context.signal, (signal) => deps.systems.payroll(system).acknowledgement({ exportId, checksum, lines, files }, { ...context, signal }));
  }

  return {
    async planPayroll(run) {
      try {
        const { from, to, cutoffAt, payDate } = await periodOf(run);
        const { hash, terms, transientSlaMinutes } = await configuration();
        const { legalEntity: _entity, ...own } = payrollTermsOf(run.legalEntity, terms);
        return { from, to, cutoffAt, payDate, ...own, transientSlaMinutes, configHash: hash };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async cutoffRisk({ told, toldUnposted, ...run }) {
      try {
        const open = await openForPayroll(db, await periodOf(run));
        const isAsTold = told === open.waiting + open.held + open.rejected > 0 && (toldUnposted === undefined || toldUnposted === open.unposted > 0);
        if (isAsTold) throw nothingNew(`what the payroll of ${run.legalEntity} for ${run.payPeriod} would miss`, `payroll ${run.legalEntity} ${run.payPeriod}`);
        return open;
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async claimHours({ process, system, by, reason, ...run }) {
      try {
        const claimed = await claimForExport(db, { period: await periodOf(run), system, process });
        if (claimed === null) return null;
        const { row, fresh } = claimed;
        if (fresh) await audit(process, by, 'payroll.planned', row, `${row.hours} hours of ${row.people} people in ${row.lines} lines are payroll export ${row.id}: ${reason}`, { payLines: row.pay_lines });
        return outlineOf(row);
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async sendHours({ exportId, process }) {
      try {
        const row = await exportOf(exportId);
        if (row.checksum !== null) return { files: row.files, checksum: row.checksum };
        const document = await payrollDocument(db, exportId);
        await recordSending(db, exportId);
        const context = callContext(deps.log, `${process}/send/${exportId}`);
        const sent = await deps.withSlot(row.system, context.signal, (signal) => deps.systems.payroll(row.system).send(document, { ...context, signal }));
        if (await recordSent(db, { id: exportId, ...sent })) await audit(process, 'q2c', 'payroll.sent', row, `payroll export ${exportId} is with ${row.system} as ${sent.files.join(' and ')}`, { ...sent, totals: document.totals });
        return sent;
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async awaitAcknowledgement({ exportId, process, told }) {
      try {
        const row = await exportOf(exportId);
        if (row.state === 'acknowledged' || row.state === 'rejected') return await answerOf(row, row.state === 'rejected');
        const answer = await askBureau(row, process);
        if (answer !== null) {
          const noted = await recordAcknowledged(db, { id: exportId, refused: answer.outcome === 'refused', rejected: answer.rejected, reason: answer.reason, reference: answer.reference });
          if (noted) await audit(process, row.system, `payroll.${answer.outcome}`, row, `${row.system} accepted ${answer.accepted} of ${row.lines} lines of payroll export ${exportId}${answer.reason === null ? '' : `: ${answer.reason}`}`, { ...answer });
          const now = await exportOf(exportId);
          return await answerOf(now, now.state === 'rejected');
        }
        if (told !== null) return { state: 'waiting' };
        throw notYet(row);
      } catch (error) {
        if (isSystemFailure(error) && `${error.failure.code} ${error.failure.message}` === told) throw toTemporal(new SystemFailure({ ...error.failure, kind: 'transient' }, { cause: error }));
        throw toTemporal(error);
      }
    },

    async acknowledgeByHand({ exportId, process, by, reason, reference }) {
      const row = await exportOf(exportId);
      const noted = await recordAcknowledged(db, { id: exportId, refused: false, rejected: [], reason: `${by}: ${reason}`, reference });
      if (noted) await audit(process, by, 'payroll.accepted_by_hand', row, `${by} has the word of ${row.system} for payroll export ${exportId}: ${reason}`, { reference });
    },

    async settleRejectedHours({ exportId, process, as, by, reason }) {
      const row = await exportOf(exportId);
      const lines = await settleRejected(db, { id: exportId, as, note: `${by}: ${reason}` });
      if (lines > 0) await audit(process, by, `payroll.lines_${as}`, row, as === 'released' ? `${lines} rejected lines of payroll export ${exportId} go into another export` : `${lines} rejected lines of payroll export ${exportId} are paid by hand`, { reason });
      return { lines };
    },

    async payrollsDue() {
      const { terms } = await configuration();
      const withinHours = Math.max(payrollTermsOf('*', terms).atRiskHoursBefore, ...terms.map(({ atRiskHoursBefore }) => atRiskHoursBefore));
      return await duePayrolls(db, { withinHours });
    },

    async booksDue() {
      const { terms } = await configuration();
      return await booksAtRisk(db, (legalEntity) => payrollTermsOf(legalEntity, terms).atRiskHoursBefore, deps.now());
    },

    async booksRisk({ told, ...run }) {
      try {
        const open = await unpostedLabor(db, run);
        const state = open === undefined || open.lines === 0 ? 'nothing' : open.past ? 'past' : 'near';
        if (state === told) throw nothingNew(`what the books of ${run.legalEntity} for ${run.accountingPeriod} lack`, `books ${run.legalEntity} ${run.accountingPeriod}`);
        const { closesAt = null, timesheets = 0, lines = 0, refused = 0, inDoubt = 0, systems = [] } = open ?? {};
        return { state, closesAt, timesheets, lines, refused, inDoubt, systems };
      } catch (error) {
        throw toTemporal(error);
      }
    },
  };
}

function nothingNew(what: string, object: string): SystemFailure {
  return new SystemFailure({ kind: 'transient', code: 'PAYROLL_RISK_UNCHANGED', message: `nothing has changed in ${what}.`, mend: 'It is counted again by itself.', system: 'q2c', object, written: 'no' });
}

function notYet({ id, system }: PayrollExportRow): SystemFailure {
  return new SystemFailure({ kind: 'transient', code: 'PAYROLL_NOT_ACKNOWLEDGED', message: `${system} has not acknowledged payroll export ${id} yet.`, mend: 'It is looked for again by itself.', system, object: `payroll export ${id}`, written: 'no' });
}

function outlineOf(row: PayrollExportRow): ExportOutline {
  return { exportId: row.id, number: row.number, state: row.state, system: row.system, payLines: row.pay_lines, lines: row.lines, people: row.people, hours: row.hours };
}
