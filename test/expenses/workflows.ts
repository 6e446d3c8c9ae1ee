export { exceptionCase } from '../../workflows/exception-case.ts';
export { expenseReport } from '../../workflows/expense-report.ts';
