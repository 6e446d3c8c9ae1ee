import { sleep } from '@temporalio/workflow';
import type { DealOutcome, DealProcessInput } from '../../../domain/process/deal-process.ts';
import type { TimesheetInput, TimesheetOutcome } from '../../../domain/process/time-process.ts';
import { runDealProcess } from '../../../workflows/deal-process.ts';
import { timesheet as unchangedTimesheet } from '../../../workflows/timesheet.ts';

export { booksClose } from '../../../workflows/books-close.ts';
export { changeOrder } from '../../../workflows/change-order.ts';
export { exceptionCase } from '../../../workflows/exception-case.ts';
export { missedEventSweep } from '../../../workflows/missed-event-sweep.ts';
export { expenseReport } from '../../../workflows/expense-report.ts';
export { expenseSweep } from '../../../workflows/expense-source.ts';
export { payrollExport } from '../../../workflows/payroll-export.ts';
export { timesheetPage } from '../../../workflows/timesheet-page.ts';
export { timesheetEvent, timesheetSweep } from '../../../workflows/timesheet-source.ts';

/** As a careless change would have it: it waits before it begins, which no recorded run did. */
export async function closedWon(input: DealProcessInput): Promise<DealOutcome> {
  await sleep('1 second');
  return await runDealProcess(input);
}

export async function timesheet(input: TimesheetInput): Promise<TimesheetOutcome> {
  await sleep('1 second');
  return await unchangedTimesheet(input);
}
