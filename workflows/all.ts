export { closedWon } from './closed-won.ts';
export { changeOrder } from './change-order.ts';
export { exceptionCase } from './exception-case.ts';
export { missedEventSweep } from './missed-event-sweep.ts';
export { timesheet } from './timesheet.ts';
export { timesheetPage } from './timesheet-page.ts';
export { timesheetEvent, timesheetSweep } from './timesheet-source.ts';
export { expenseReport } from './expense-report.ts';
