import { z } from 'zod';
import type { BillingMethod } from '../../domain/model/billing.ts';
import type { About, NetSuite } from './client.ts';
import type { NetSuiteOptions } from './options.ts';

/** NetSuite's job billing types: time and materials, charge-based, fixed bid by milestone and by interval. */
export type BillingType = 'TM' | 'CB' | 'FBM' | 'FBI';

const BILLING_TYPE: Readonly<Record<BillingMethod, 'TM' | 'FBM' | 'FBI'>> = { time_and_materials: 'TM', capped: 'TM', fixed_fee: 'FBM', milestone: 'FBM', retainer: 'FBI' };
const typeRow = z.object({ jobBillingType: z.object({ id: z.string() }).optional() });

/** Of a new project. What is billed by a fee keeps its fixed bid, whose schedule bills it: charges bill actuals. */
export function billingTypeOf(method: BillingMethod, { billableLines }: NetSuiteOptions): BillingType {
  const type = BILLING_TYPE[method];
  return type === 'TM' && billableLines === 'charges' ? 'CB' : type;
}

/** Of a project that stands: one that was billed by its time bills when it was made goes on so. @throws SystemFailure */
export async function standingBillingType(netSuite: NetSuite, method: BillingMethod, jobId: string, options: NetSuiteOptions, about: About): Promise<BillingType> {
  const wanted = billingTypeOf(method, options);
  if (wanted !== 'CB') return wanted;
  const job = await netSuite.read('job', jobId, typeRow, about, { fields: 'jobBillingType' });
  return job?.jobBillingType?.id === 'TM' ? 'TM' : 'CB';
}
