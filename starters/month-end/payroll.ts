import type { Client } from '@temporalio/client';
import { payrollExportId } from '../../domain/process/time-process.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import type { Store } from '../../store/database.ts';
import { reconcilePayroll } from '../../store/payroll-reconciliation.ts';
import { exportNowUpdate, payrollProgressQuery } from '../../workflows/contracts/payroll-export.ts';
import { setTimeout as delay } from 'node:timers/promises';

const LIMIT_MS = 420_000;
const POLL_MS = 3_000;
const ASKED = { by: 'npm start -- --month-end', reason: 'the sample month is closed' };

/**
 * Has the hours of every pay period exported that has any, waits for the bureau, and says what became of them.
 * @returns whether every pay line is in an export or accounted for
 */
export async function runPayrolls({ store, client, tell }: { readonly store: Store; readonly client: Client; readonly tell: (line: string) => void }): Promise<boolean> {
  const runs = (await reconcilePayroll(store.db)).map(({ employer, payPeriod }) => ({ legalEntity: employer, payPeriod }));
  const started = performance.now();
  for (const run of runs) {
    const handle = await client.workflow.start('payrollExport', { workflowId: payrollExportId(run), taskQueue: LINE_QUEUE, args: [run], workflowIdConflictPolicy: 'USE_EXISTING', staticSummary: `Payroll of ${run.legalEntity} for ${run.payPeriod}` });
    // A cutoff of the sample month may still be ahead of the clock on the wall.
    await handle.executeUpdate(exportNowUpdate, { args: [ASKED] }).catch(() => undefined);
  }
  const end = Date.now() + LIMIT_MS;
  let payrolls = await reconcilePayroll(store.db);
  while (Date.now() < end && payrolls.some(({ waiting, underWay }) => waiting.payLines + underWay.payLines > 0)) {
    await delay(POLL_MS);
    payrolls = await reconcilePayroll(store.db);
  }
  tell('');
  tell(`Payroll: ${runs.length} pay periods exported to the bureau and answered after ${((performance.now() - started) / 1000).toFixed(1)} s (files in the data folder under payroll/).`);
  tell('');
  const rows = payrolls.map(({ employer, payPeriod, total, accepted, rejected, cancelledOut, waiting, underWay, balanced }) => [employer, payPeriod, String(total.payLines), total.hours, accepted.hours, rejected.hours, cancelledOut.hours, String(waiting.payLines + underWay.payLines), balanced ? 'balances' : 'DIFFERS']);
  const head = ['Employer', 'Pay period', 'Pay lines', 'Hours', 'Accepted', 'Rejected', 'Cancelled out', 'Not answered', ''];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => (column < 2 || column > 7 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd();
  tell([line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n'));
  for (const run of runs) {
    const progress = await client.workflow.getHandle(payrollExportId(run)).query(payrollProgressQuery).catch(() => undefined);
    for (const { code, message } of progress?.openCases ?? []) tell(`  ${run.legalEntity} ${run.payPeriod}: ${code}: ${message}`);
  }
  return payrolls.every(({ balanced, waiting, underWay }) => balanced && waiting.payLines + underWay.payLines === 0);
}
