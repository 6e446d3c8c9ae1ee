import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { ExportNow, PayrollProgress } from '../../domain/process/payroll-process.ts';

/** Validated before it is accepted; answers at once. */
export const exportNowUpdate = defineUpdate<string, [ExportNow]>('exportNow');
export const payrollProgressQuery = defineQuery<PayrollProgress>('progress');
