import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, proxyActivities, setWorkflowOptions, startChild } from '@temporalio/workflow';
import type { PayrollActivities } from '../activities/payroll/contract.ts';
import type { PayrollRun } from '../domain/process/payroll-process.ts';
import { booksCloseId, type BooksRun } from '../domain/process/books-close.ts';
import { payrollExportId } from '../domain/process/time-process.ts';
import { onStore } from './activity-options.ts';
import type { booksClose } from './books-close.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import type { payrollExport } from './payroll-export.ts';
import { onDeployment } from './versioning.ts';

/**
 * Starts the payroll of every pay period that comes near its cutoff, and of those past it with hours that no export has; and what tells of labor that
 * is in no ERP while its books close. Started by a schedule; a run that is under way is joined.
 */
export async function payrollCalendar(): Promise<{ readonly started: readonly PayrollRun[]; readonly underWay: readonly PayrollRun[]; readonly books: readonly BooksRun[] }> {
  const { payrollsDue, booksDue } = proxyActivities<PayrollActivities>(onStore('payrolls that are due'));
  const started: PayrollRun[] = [];
  const underWay: PayrollRun[] = [];
  for (const run of await payrollsDue()) {
    try {
      await startChild<typeof payrollExport>('payrollExport', {
        workflowId: payrollExportId(run),
        args: [run],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `Payroll of ${run.legalEntity} for ${run.payPeriod}`,
        typedSearchAttributes: [
          { key: SearchAttribute.process, value: 'payrollExport' },
          { key: SearchAttribute.legalEntity, value: run.legalEntity },
        ],
      });
      started.push(run);
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      underWay.push(run);
    }
  }
  const books = await booksDue();
  for (const run of books) {
    try {
      await startChild<typeof booksClose>('booksClose', {
        workflowId: booksCloseId(run),
        args: [run],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `Labor of ${run.legalEntity} for ${run.accountingPeriod} that is in no ERP`,
        typedSearchAttributes: [
          { key: SearchAttribute.process, value: 'booksClose' },
          { key: SearchAttribute.legalEntity, value: run.legalEntity },
        ],
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
  return { started, underWay, books };
}

// Short: it ends on the build it began with.
setWorkflowOptions(onDeployment('PINNED'), payrollCalendar);
