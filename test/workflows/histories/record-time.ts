import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Resolution } from '../../../domain/process/exception-case.ts';
import { LINE_QUEUE } from '../../../domain/process/task-queues.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { payrollExportId, timesheetPageId, timesheetProcessId } from '../../../domain/process/time-process.ts';
import { casesOf, openCases } from '../../../store/cases.ts';
import { returnReport } from '../../../store/expenses/decision.ts';
import type { Client } from '@temporalio/client';
import { aReceipt, aReport, aTaxi } from '../../builders/expenses.ts';
import { anApproval, anEntry, aTimesheet } from '../../builders/time.ts';
import { startExpenseLine } from '../../expenses/line.ts';
import { planLabor, putAccountingPeriod, receive } from '../../payroll/builders.ts';
import { createFakeBureau } from '../../payroll/bureau.ts';
import { runOf, startPayrollLine } from '../../payroll/line.ts';
import { HISTORIES, historyText } from '../../support/histories.ts';
import { stopTemporalServer } from '../../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../../support/time-line.ts';

// Run by scripts/record-histories.ts time; no test of anything. With Q2C_RECORD_SUFFIX runs of a newer version stand beside those of an older one:
// Q2C_RECORD_SUFFIX=-begun-at-its-case mocha test/workflows/histories/record-time.ts -g 'a page of which'
const SUFFIX = process.env['Q2C_RECORD_SUFFIX'] ?? '';
describe('Histories of representative runs of time are recorded:', function () {
  this.timeout(120_000);
  let line: TimeLine;
  const run = randomUUID().slice(0, 8);
  const named = (id: string) => `${id}-${run}`;

  before(async () => {
    line = await startTimeLine();
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  async function record(client: Client, name: string, workflowId: string): Promise<void> {
    const handle = client.workflow.getHandle(workflowId);
    await handle.result();
    await writeFile(join(HISTORIES, `${name}${SUFFIX}.json`), await historyText(handle));
  }
  const idOf = (id: string, version = 1) => timesheetProcessId({ system: 'harvest', id: named(id), version });
  const sheet = (id: string, day: number, parts: Partial<Timesheet> = {}, entry: Parameters<typeof anEntry>[0] = {}) =>
    aTimesheet([anEntry({ id: `${named(id)}-1`, workDate: `2026-11-${String(day).padStart(2, '0')}`, ...entry })], { id: named(id), ...parts, approval: anApproval({ of: { id: named(id), version: parts.version ?? 1 }, ...parts.approval }) });
  const answer = async (subject: string, resolution: Resolution) => {
    const open = await line.until(`a case about ${subject} is open`, async () => (await openCases(line.store.db)).find((row) => row.subject.includes(named(subject))));
    await line.resolve(open.case_id, resolution);
  };

  it('a page of which a timesheet is refused, corrected by its next version', async () => {
    const wrong = sheet('TS-2', 10, {}, { projectNumber: 'US01-NOPE' });
    const batch = await line.submit(sheet('TS-1', 9), wrong);
    await record(line.client, 'timesheet-page', timesheetPageId({ batch, page: 1 }));
    const open = await line.until('its case is open', async () => (await openCases(line.store.db))[0]);
    await line.submit(sheet('TS-2', 10, { version: 2, replaces: { id: named('TS-2'), version: 1 } }, { version: 2, replaces: { id: wrong.entries[0]?.id ?? '', version: 1 } }));
    await record(line.client, 'timesheet-refused-and-corrected', idOf('TS-2'));
    await record(line.client, 'timesheet', idOf('TS-2', 2));
    await record(line.client, 'exception-case-of-timesheet', open.case_id);
  });

  it('a timesheet given back, and one let pass', async () => {
    await line.submit(sheet('TS-3', 11, {}, { projectNumber: 'US01-NOPE' }));
    await answer('TS-3', { action: 'return_to_submitter', by: 'priya', reason: 'no such project' });
    await record(line.client, 'timesheet-returned', idOf('TS-3'));
    await line.submit(sheet('TS-4', 11, { approval: anApproval({ of: { id: named('TS-4'), version: 1 }, approver: 'carl@northwind-consulting.example' }) }));
    await answer('TS-4', { action: 'override', by: 'priya', role: 'project_management_office', reason: 'Carl stood in for Grace' });
    await record(line.client, 'timesheet-overridden', idOf('TS-4'));
  });

  it('a withdrawn approval', async () => {
    await line.submit(sheet('TS-5', 12));
    await line.posted();
    const batch = await line.submit(sheet('TS-5', 12, { approval: anApproval({ status: 'withdrawn', decidedAt: '2026-11-16T10:00:00.000Z', of: { id: named('TS-5'), version: 1 } }) }));
    await record(line.client, 'timesheet-withdrawn', timesheetPageId({ batch, page: 1 }));
  });

  it('lines the ERP refused, and lines of which nobody knows', async () => {
    line.fakes.refusedLines.set(`${named('TS-6')}-1`, { kind: 'business_rule', code: 'PERIOD_LOCKED_IN_ERP', message: 'The period is locked.', mend: 'Open it.', system: 'netsuite', object: 'labor', written: 'no' });
    await line.submit(sheet('TS-6', 13));
    await line.until('its case is open', async () => (await openCases(line.store.db)).find(({ code }) => code === 'PERIOD_LOCKED_IN_ERP'));
    line.fakes.refusedLines.clear();
    await answer('TS-6', { action: 'retry', by: 'priya', reason: 'the period is open' });
    await record(line.client, 'timesheet-refused-by-erp', idOf('TS-6'));
    line.fakes.lookUps.set('netsuite.labor', 'none');
    line.fakes.fail('netsuite.labor', { kind: 'in_doubt', after: true, times: 1 });
    await line.submit(sheet('TS-7', 14));
    await answer('TS-7', { action: 'confirm_done', by: 'fiona', reason: 'it is there', externalId: 'seen' });
    await record(line.client, 'timesheet-in-doubt', idOf('TS-7'));
    line.fakes.mendAll();
  });

  it('a timesheet told by an event, and a sweep', async () => {
    line.fakes.putTimesheet(sheet('TS-8', 14, {}, { hours: '1' }), '2026-11-16T09:30:00.000Z');
    const start = (type: string, input: object, name = run) => line.client.workflow.start(type, { workflowId: `${type}/${name}`, taskQueue: LINE_QUEUE, args: [input] });
    await start('timesheetEvent', { system: 'harvest', timesheetId: named('TS-8'), event: run });
    await record(line.client, 'timesheet-event', `timesheetEvent/${run}`);
    line.fakes.fail('timesheets harvest', { kind: 'contract', times: 1 });
    const failed = await start('timesheetSweep', { system: 'harvest' }, `${run}-failed`);
    await failed.result().catch(() => undefined);
    await writeFile(join(HISTORIES, 'timesheet-sweep-failed.json'), await historyText(failed));
    await line.until('its case is open', async () => (await openCases(line.store.db)).find(({ code }) => code === 'ORDERED_FAILURE'));
    await start('timesheetSweep', { system: 'harvest' });
    await record(line.client, 'timesheet-sweep', `timesheetSweep/${run}`);
  });
});

describe('Histories of expense reports and payroll are recorded:', function () {
  this.timeout(120_000);
  after(stopTemporalServer);

  async function record(client: Client, name: string, workflowId: string): Promise<void> {
    const handle = client.workflow.getHandle(workflowId);
    await handle.result();
    await writeFile(join(HISTORIES, `${name}${SUFFIX}.json`), await historyText(handle));
  }

  it('a report that is posted, and one the ERP refused first', async () => {
    const line = await startExpenseLine();
    try {
      const own = (name: string) => aReport([aTaxi({ merchant: `Cab of ${name}`, receipt: aReceipt(name) })], { id: name });
      const [plain = '', unknown = ''] = await line.submit(own('R-1'), aReport([aTaxi({ merchant: 'Cab', receipt: aReceipt('R-2'), projectNumber: 'US01-NOPE' })], { id: 'R-2' }));
      await record(line.client, 'expense-report', plain);
      const open = await line.until('a case is open', async () => (await line.cases(unknown)).find(({ state }) => state === 'open'));
      await line.resolve(open, { action: 'return_to_submitter' });
      await record(line.client, 'expense-report-returned', unknown);
    } finally {
      await line.stop();
    }
  });

  it('a held report that is given back', async () => {
    const line = await startExpenseLine();
    const own = `R-3${SUFFIX}`;
    try {
      const [id = ''] = await line.submit(aReport([aTaxi({ merchant: 'Cab', receipt: aReceipt('R-3') })], { id: own, approval: anApproval({ of: { id: own, version: 1 }, status: 'submitted', approver: null, decidedAt: null }) }));
      await line.until('it is held', async () => (await line.progress(id)).stage === 'held');
      const { rows } = await sql<{ id: number }>`select id from time_record where record_id = ${own}`.execute(line.store.db);
      await returnReport(line.store.db, Number(rows[0]?.id));
      await line.client.workflow.getHandle(id).signal('lookAgain', { reason: 'released' });
      await record(line.client, 'expense-report-held-and-returned', id);
    } finally {
      await line.stop();
    }
  });

  it('a pay period that is exported', async () => {
    const bureau = createFakeBureau('payroll');
    const line = await startPayrollLine(() => bureau.port);
    try {
      const period = await line.period();
      await line.plan(period, [{ hours: '8' }, { payCode: 'OT15', multiplier: '1.5', hours: '2' }]);
      await line.start(period);
      await record(line.client, 'payroll-export', payrollExportId(runOf(period)));
    } finally {
      await line.stop();
    }
  });

  it('a pay period and books that come near while labor is in no ERP', async () => {
    const line = await startPayrollLine(() => createFakeBureau('payroll').port);
    const { db } = line.store;
    const ahead = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
    async function recordOpen(name: string, workflowId: string, code: string): Promise<void> {
      await line.until(`a case ${code} is open`, async () => (await casesOf(db, workflowId)).find((row) => row.code === code && row.state === 'open'));
      const handle = line.client.workflow.getHandle(workflowId);
      await handle.terminate('it is recorded');
      await writeFile(join(HISTORIES, `${name}${SUFFIX}.json`), await historyText(handle));
    }
    try {
      const period = await line.period({ cutoffAt: ahead(2) });
      await putAccountingPeriod(db, { legalEntity: 'US01', code: '2026-11', closesAt: ahead(3) });
      await receive(db, { id: 'TS-1', state: 'decided', outcomes: ['accepted'] });
      await planLabor(db, { timesheet: 'TS-1', state: 'refused' });
      await line.client.workflow.execute('payrollCalendar', { workflowId: 'payroll-calendar', taskQueue: LINE_QUEUE });
      await recordOpen('payroll-export-unposted', payrollExportId(runOf(period)), 'LABOR_UNPOSTED_AT_CUTOFF');
      await recordOpen('books-close', 'books/US01/2026-11', 'LABOR_UNPOSTED_AT_CLOSE');
    } finally {
      await line.stop();
    }
  });
});

describe('Histories of the sweep of expenses are recorded:', function () {
  this.timeout(120_000);
  after(stopTemporalServer);

  it('one that failed, and one that went well', async () => {
    const line = await startTimeLine();
    try {
      line.fakes.putExpenseReport(aReport([aTaxi()], { system: 'harvest' }), '2026-11-16T09:30:00.000Z');
      const run = randomUUID().slice(0, 8);
      const start = (name: string) => line.client.workflow.start('expenseSweep', { workflowId: `expenseSweep/${name}`, taskQueue: LINE_QUEUE, args: [{ system: 'harvest' }] });
      line.fakes.fail('expenses harvest', { kind: 'contract', times: 1 });
      const failed = await start(`${run}-failed`);
      await failed.result().catch(() => undefined);
      await writeFile(join(HISTORIES, 'expense-sweep-failed.json'), await historyText(failed));
      await line.until('its case is open', async () => (await openCases(line.store.db)).find(({ code }) => code === 'ORDERED_FAILURE'));
      const whole = await start(run);
      await whole.result();
      await writeFile(join(HISTORIES, 'expense-sweep.json'), await historyText(whole));
    } finally {
      await line.stop();
    }
  });
});
