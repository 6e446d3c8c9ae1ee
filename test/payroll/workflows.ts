// The workflows of these tests, bundled by themselves.
export { exceptionCase } from '../../workflows/exception-case.ts';
export { payrollCalendar } from '../../workflows/payroll-calendar.ts';
export { payrollExport } from '../../workflows/payroll-export.ts';
