/**
 * One company's employees and payrolls. A payroll is prepared (employees get an item with a version), updated, calculated, submitted; calculating and
 * submitting are finished when it is next asked about. https://docs.gusto.com/embedded-payroll/docs/complete-a-regular-payroll
 */
import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import { invalidOperation, invalidValue, notFound, refused, versionConflict } from './errors.ts';

const Day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
export const Employee = z.strictObject({
  uuid: z.guid().default(() => randomUUID()),
  first_name: z.string().default('Ada'),
  last_name: z.string().default('Lovelace'),
  email: z.string().nullable().default(null),
  work_email: z.string().nullable().default(null),
  terminated: z.boolean().default(false),
  flsa_status: z.enum(['Nonexempt', 'Salaried Nonexempt', 'Exempt']).default('Nonexempt'),
  jobs: z.array(z.strictObject({ uuid: z.guid().default(() => randomUUID()), title: z.string().default('Consultant'), primary: z.boolean().default(true) })).default(() => [{ uuid: randomUUID(), title: 'Consultant', primary: true }]),
});
export type Employee = z.infer<typeof Employee>;

export const Payroll = z.strictObject({
  uuid: z.guid().default(() => randomUUID()),
  start_date: Day,
  end_date: Day,
  check_date: Day,
  off_cycle: z.boolean().default(false),
  processed: z.boolean().default(false),
  calculated_at: z.string().nullable().default(null),
  status: z.enum(['none', 'calculating', 'calculate_success', 'submitting', 'submit_success', 'processing_failed']).default('none'),
  errors: z.array(z.looseObject({})).default([]),
  /** What the next calculation complains of. */
  fails_with: z.string().nullable().default(null),
});
export type Payroll = z.infer<typeof Payroll>;

/** One employee's part of a payroll. */
interface Item {
  readonly payroll: string;
  readonly employee: string;
  readonly excluded: boolean;
  readonly hours: readonly { readonly name: string; readonly hours: string; readonly job_uuid: string; readonly compensation_multiplier: number }[];
}

const KINDS = [['Regular Hours', 1], ['Overtime', 1.5], ['Double overtime', 2]] as const;
const MOST_ITEMS = 100;
export const Update = z.strictObject({
  employee_compensations: z.array(z.strictObject({
    employee_uuid: z.guid(),
    version: z.string(),
    excluded: z.boolean().optional(),
    memo: z.string().optional(),
    hourly_compensations: z.array(z.strictObject({ name: z.string(), hours: z.string(), job_uuid: z.guid() })).optional(),
  })),
});
type Update = z.infer<typeof Update>;

export function companyOf({ records, now }: SandboxContext) {
  const employees = records.collection<Employee>('employees');
  const payrolls = records.collection<Payroll>('payrolls');
  const items = records.collection<Item>('items');

  const needPayroll = (uuid: string): Payroll => {
    const payroll = payrolls.get(uuid);
    if (payroll === undefined) throw notFound();
    return payroll;
  };
  const open = (uuid: string): Payroll => {
    const payroll = needPayroll(uuid);
    if (payroll.processed || payroll.status === 'submitting') throw invalidOperation('Processed payrolls cannot be updated.');
    return payroll;
  };
  const itemsOf = (payroll: string) => items.filter((item) => item.payroll === payroll);
  const paid = () => employees.filter(({ terminated }) => !terminated);

  function itemFor(payroll: string, { uuid, jobs, flsa_status: status }: Employee): Item {
    const known = items.get(`${payroll}/${uuid}`);
    if (known !== undefined) return known;
    const kinds = status === 'Exempt' ? [] : status === 'Nonexempt' ? KINDS : KINDS.slice(1);
    const item: Item = { payroll, employee: uuid, excluded: false, hours: jobs.flatMap((job) => kinds.map(([name, compensation_multiplier]) => ({ name, hours: '0.000', job_uuid: job.uuid, compensation_multiplier }))) };
    items.put(`${payroll}/${uuid}`, item);
    return item;
  }

  return {
    employees: () => employees.all(),
    payrolls: () => payrolls.all(),
    addEmployee: (record: unknown): string => {
      const employee = Employee.parse(record);
      employees.put(employee.uuid, employee);
      return employee.uuid;
    },
    addPayroll: (record: unknown): string => {
      const payroll = Payroll.parse(record);
      payrolls.put(payroll.uuid, payroll);
      return payroll.uuid;
    },

    /** What was begun is finished by the time it is asked about. */
    ask(uuid: string): Payroll {
      const payroll = needPayroll(uuid);
      const at = now().toISOString();
      const next: Payroll = payroll.status === 'calculating'
        ? (payroll.fails_with === null ? { ...payroll, status: 'calculate_success', calculated_at: at } : { ...payroll, status: 'processing_failed', errors: [{ error_key: 'base', category: 'payroll_blocker', message: payroll.fails_with }] })
        : payroll.status === 'submitting' ? { ...payroll, status: 'submit_success', processed: true } : payroll;
      if (next !== payroll) payrolls.put(uuid, next);
      // Told as it was when the request came: whoever asks at once is told that it is under way.
      return payroll;
    },

    prepare(uuid: string, wanted: readonly string[] | undefined): { readonly payroll: Payroll; readonly items: readonly Item[] } {
      const payroll = { ...open(uuid), calculated_at: null, status: 'none' as const, errors: [] };
      payrolls.put(uuid, payroll);
      for (const employee of paid()) if (wanted === undefined || wanted.includes(employee.uuid)) itemFor(uuid, employee);
      return { payroll, items: itemsOf(uuid).filter(({ employee }) => wanted?.includes(employee) !== false) };
    },

    update(uuid: string, { employee_compensations: changes }: Update, apiVersion: string): { readonly payroll: Payroll; readonly items: readonly Item[] } {
      const payroll = open(uuid);
      if (changes.length > MOST_ITEMS) throw invalidValue('employee_compensations', `A maximum of ${MOST_ITEMS} employee compensations can be updated at a time.`);
      return records.transaction(() => {
        const updated = changes.map((change, index) => {
          const item = items.get(`${uuid}/${change.employee_uuid}`);
          if (item === undefined) throw invalidValue(`employee_compensations[${index}].employee_uuid`, 'Employee is not part of this payroll.');
          if (change.version !== versionOf(item)) throw versionConflict(apiVersion, change.employee_uuid);
          const hours = item.hours.map((place) => {
            const wanted = change.hourly_compensations?.find(({ name, job_uuid: job }) => name === place.name && job === place.job_uuid);
            return wanted === undefined ? place : { ...place, hours: thousandths(wanted.hours) };
          });
          const stray = change.hourly_compensations?.find(({ name, job_uuid: job }) => !item.hours.some((place) => place.name === name && place.job_uuid === job));
          if (stray !== undefined) throw invalidValue(`employee_compensations[${index}].hourly_compensations`, `${stray.name} is not a valid hourly compensation for this employee.`);
          const next: Item = { ...item, hours, excluded: change.excluded ?? item.excluded };
          items.put(`${uuid}/${change.employee_uuid}`, next);
          return next;
        });
        payrolls.put(uuid, { ...payroll, calculated_at: null, status: 'none' });
        return { payroll, items: updated };
      });
    },

    calculate(uuid: string): void {
      payrolls.put(uuid, { ...open(uuid), status: 'calculating', errors: [] });
    },
    submit(uuid: string): void {
      const payroll = open(uuid);
      if (payroll.fails_with !== null) throw refused(422, 'payroll_blocker', payroll.fails_with);
      payrolls.put(uuid, { ...payroll, status: 'submitting' });
    },

    itemsOf,
  };
}
export type Company = ReturnType<typeof companyOf>;

/** Of what can be updated: the same content has the same version. */
export function versionOf(item: Item): string {
  return createHash('md5').update(JSON.stringify([item.excluded, item.hours])).digest('hex');
}

function thousandths(hours: string): string {
  const [, whole, fraction = ''] = /^(\d{1,4})(?:\.(\d{1,3}))?$/.exec(hours) ?? [];
  if (whole === undefined) throw invalidValue('hours', 'Hours must be a number greater than or equal to 0.');
  return `${whole}.${fraction.padEnd(3, '0')}`;
}

export function payrollView(payroll: Payroll, companyUuid: string) {
  return {
    uuid: payroll.uuid,
    payroll_uuid: payroll.uuid,
    company_uuid: companyUuid,
    off_cycle: payroll.off_cycle,
    processed: payroll.processed,
    processed_date: payroll.processed ? payroll.check_date : null,
    calculated_at: payroll.calculated_at,
    check_date: payroll.check_date,
    external: false,
    auto_pilot: false,
    pay_period: { start_date: payroll.start_date, end_date: payroll.end_date, pay_schedule_uuid: null },
    processing_request: payroll.status === 'none' ? null : { status: payroll.status, errors: payroll.errors },
  };
}

/** What the law calls an employee's pay is told by the compensation of each job. */
export function employeeView({ flsa_status, jobs, ...employee }: Employee) {
  return { ...employee, jobs: jobs.map((job) => ({ ...job, employee_uuid: employee.uuid, compensations: [{ job_uuid: job.uuid, flsa_status }] })) };
}

export function itemView(item: Item, prepared: boolean) {
  return { employee_uuid: item.employee, excluded: item.excluded, ...(prepared ? { version: versionOf(item) } : {}), payment_method: 'Direct Deposit', memo: null, fixed_compensations: [], hourly_compensations: item.hours, paid_time_off: [] };
}
