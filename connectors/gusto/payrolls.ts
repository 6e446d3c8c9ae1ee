import { z } from 'zod';
import type { PayrollExport } from '../../domain/model/time/payroll-export.ts';
import { itemsOf, pagesOf } from '../http/pages.ts';
import { PAGE_SIZE, type About, type Gusto } from './client.ts';
import { gustoError } from './classify.ts';

const hourly = z.object({ name: z.string(), hours: z.string(), job_uuid: z.string(), compensation_multiplier: z.coerce.number().optional() });
export const compensationRow = z.object({ employee_uuid: z.string(), version: z.coerce.string(), excluded: z.boolean().default(false), hourly_compensations: z.array(hourly).default([]) });
export type Compensation = z.infer<typeof compensationRow>;

const PROCESSING = ['calculating', 'calculate_success', 'submitting', 'submit_success', 'processing_failed'] as const;
const payrollHead = z.object({
  payroll_uuid: z.string().min(1),
  processed: z.boolean(),
  off_cycle: z.boolean().default(false),
  calculated_at: z.string().nullish(),
  pay_period: z.object({ start_date: z.string(), end_date: z.string() }),
  processing_request: z.object({ status: z.enum(PROCESSING), errors: z.array(gustoError).default([]) }).nullish(),
});
export type Payroll = z.infer<typeof payrollHead>;

const employeeRow = z.object({ uuid: z.string(), email: z.string().nullish(), work_email: z.string().nullish(), terminated: z.boolean().default(false), jobs: z.array(z.object({ uuid: z.string(), primary: z.boolean().default(true) })).default([]) });
export type Employee = z.infer<typeof employeeRow>;

export const employeesOf = (gusto: Gusto, about: About): Promise<Employee[]> => gusto.list('/employees', employeeRow, about);

export const payrollById = (gusto: Gusto, payroll: string, about: About): Promise<Payroll> => gusto.read(`/payrolls/${payroll}`, payrollHead, about);

/** The regular payroll of exactly these days; undefined where the company's pay schedule has none. */
export async function regularPayroll(gusto: Gusto, { from, to }: PayrollExport['payPeriod'], about: About): Promise<Payroll | undefined> {
  const payrolls = await gusto.list('/payrolls', payrollHead, about, { start_date: from, end_date: to, processing_statuses: 'unprocessed,processed', payroll_types: 'regular' });
  return payrolls.find(({ pay_period: period, off_cycle: offCycle }) => !offCycle && period.start_date === from && period.end_date === to);
}

/** Makes the payroll ready for these employees. @returns their hours as they are now, with the versions that an update must name */
export async function prepared(gusto: Gusto, payroll: string, employees: readonly string[], about: About): Promise<Compensation[]> {
  const answer = z.object({ employee_compensations: z.array(compensationRow) });
  const { employee_compensations } = await gusto.put(`/payrolls/${payroll}/prepare`, { employee_uuids: employees }, answer, about, { page: '1', per: String(employees.length) });
  return employee_compensations;
}

/** The hours of a payroll that was calculated or processed; places without hours may be missing. */
export async function hoursIn(gusto: Gusto, payroll: string, about: About): Promise<Omit<Compensation, 'version'>[]> {
  const answer = z.object({ employee_compensations: z.array(compensationRow.omit({ version: true })) });
  return await itemsOf(pagesOf({ system: gusto.system, object: about.object }, 1, async (page) => {
    const { employee_compensations: items } = await gusto.read(`/payrolls/${payroll}?page=${page}&per=${PAGE_SIZE}`, answer, about);
    return { items, next: items.length < PAGE_SIZE ? null : page + 1 };
  }));
}

export interface HoursChange {
  readonly employee_uuid: string;
  readonly version: string;
  readonly hourly_compensations: readonly { readonly name: string; readonly hours: string; readonly job_uuid: string }[];
}

/** @returns the hours as Gusto has them after it */
export async function setHours(gusto: Gusto, payroll: string, changes: readonly HoursChange[], about: About): Promise<Omit<Compensation, 'version'>[]> {
  const answer = z.object({ employee_compensations: z.array(compensationRow.omit({ version: true })) });
  const { employee_compensations } = await gusto.put(`/payrolls/${payroll}`, { employee_compensations: changes }, answer, about);
  return employee_compensations;
}
