import { z } from 'zod';

const uuid = z.guid('a UUID as Gusto gives them');

/** The `options` of a Gusto company in config/systems.yaml. One system is one company: its token opens no other. */
export const gustoOptionsSchema = z.strictObject({
  /** The legal entity whose people this company pays. */
  legalEntity: z.string().min(1),
  /** Gusto pays people in the United States, in US dollars. */
  currency: z.literal('USD', 'USD: Gusto pays in US dollars only; give people paid in another currency another payroll in config/payroll.yaml').default('USD'),
  /** Pay code → name of the hourly compensation that stands for it. */
  payCodes: z.record(z.string(), z.string().min(1)).default({ REG: 'Regular Hours', OT15: 'Overtime', OT20: 'Double overtime' }),
  /** E-mail address of a person → UUID of the employee, where Gusto has another address. */
  employees: z.record(z.string(), uuid).default({}),
  /** People whom Gusto pays a salary without hours: their hours are left out of what is sent, or the export is refused. */
  salaried: z.enum(['leave_out', 'refuse']).default('refuse'),
  /** Who runs the payroll after the hours are in: a person in Gusto, or the line as soon as Gusto has calculated it. */
  submit: z.enum(['by_a_person', 'when_calculated']).default('by_a_person'),
  /** What counts as the bureau's yes: Gusto has processed the payroll, or has calculated it without complaint. */
  acceptedWhen: z.enum(['processed', 'calculated']).default('processed'),
  /** Sent as X-Gusto-API-Version. */
  apiVersion: z.string().regex(/^\d{4}-\d{2}-\d{2}$/).default('2026-02-01'),
});
export type GustoOptions = z.infer<typeof gustoOptionsSchema>;

const text = z.string().min(1);
export const gustoCredentialsSchema = z.object({
  companyUuid: uuid,
  clientId: text,
  clientSecret: text,
  /** The first one; each renewal brings another, which is kept in the data folder. */
  refreshToken: text,
});
export type GustoCredentials = z.infer<typeof gustoCredentialsSchema>;
