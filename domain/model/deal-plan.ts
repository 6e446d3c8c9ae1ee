import { z } from 'zod';
import { moneySchema } from '../money.ts';
import { codeSchema, documentHead } from './document.ts';
import { customerSchema } from './customer.ts';
import { projectSchema } from './project.ts';
import { statementOfWorkSchema } from './statement-of-work.ts';

/** Everything a deal shall become, decided once from the deal and one version of the configuration. */
export const dealPlanSchema = z.strictObject({
  ...documentHead('deal-plan', 1),
  deal: z.strictObject({ crm: codeSchema, id: z.string(), version: z.string(), name: z.string(), url: z.string().nullable(), amount: moneySchema }),
  configHash: z.string(),
  /** Parents before their children. */
  customers: z.array(customerSchema).min(1),
  contracts: z.array(statementOfWorkSchema).min(1),
  projects: z.array(projectSchema).min(1),
});
export type DealPlan = z.infer<typeof dealPlanSchema>;
