/** https://help.getharvest.com/api-v2/company-api/company/company/ : currencies are set per client; the account tracks time by duration. */
import type { FastifyInstance } from 'fastify';
import type { SandboxContext } from '../kit/sandbox.ts';

export const COMPANY = {
  base_uri: 'https://northwind-consulting.harvestapp.com',
  full_domain: 'northwind-consulting.harvestapp.com',
  name: 'Northwind Consulting Group',
  is_active: true,
  week_start_day: 'Monday',
  wants_timestamp_timers: false,
  time_format: 'decimal',
  date_format: '%Y-%m-%d',
  plan_type: 'premium',
  expense_feature: true,
  invoice_feature: true,
  estimate_feature: true,
  approval_feature: true,
  team_feature: true,
  clock: '24h',
  currency_code_display: 'iso_code_after',
  currency_symbol_display: 'symbol_none',
  decimal_symbol: '.',
  thousands_separator: ',',
  color_scheme: 'blue',
  weekly_capacity: 144_000,
} as const;

/** Mode `no-approval`: the module "Timesheet approval" is off. */
export function installCompany(app: FastifyInstance, mode: SandboxContext['mode']): void {
  app.get('/v2/company', (_request, reply) => reply.send({ ...COMPANY, approval_feature: mode() !== 'no-approval' }));
}
