import { z } from 'zod';
import { localDateSchema } from '../dates.ts';
import { documentHead } from './document.ts';

export const contractTypeSchema = z.enum(['master_services_agreement', 'statement_of_work', 'order_form']);
export const contractStatusSchema = z.enum(['draft', 'in_approval', 'activated', 'expired', 'terminated']);

export const contractSchema = z.strictObject({
  ...documentHead('contract', 1),
  id: z.string().min(1).max(100),
  number: z.string().min(1).max(80),
  type: contractTypeSchema.nullable(),
  status: contractStatusSchema.nullable(),
  startDate: localDateSchema.nullable(),
  endDate: localDateSchema.nullable(),
});
export type Contract = z.infer<typeof contractSchema>;
