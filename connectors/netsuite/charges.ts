import { z } from 'zod';
import { isSystemFailure, type SystemFailure } from '../../domain/failure.ts';
import { inGroups } from '../groups.ts';
import { createBatchWriter, type Item } from './batch.ts';
import type { About, NetSuite } from './client.ts';
import { listOf } from './labor-directory.ts';

/** Enumerations of the charge record, written as text: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_159310901448.html */
export const STAGE = { ready: 'READY_FOR_BILLING', hold: 'HOLD', notBillable: 'NON_BILLABLE' } as const;
export const ACTUAL = 'Actual';
/** Keys in one SuiteQL list; Oracle takes up to 1,000. */
const KEYS_IN_QUERY = 500;

export interface StandingCharge {
  readonly id: string;
  readonly stage: string;
  /** The invoice that took it up; NetSuite changes it no more. */
  readonly invoice: string | null;
}

/** Charges of charge-based projects, each under an external ID of ours. All throw SystemFailure. */
export interface Charges {
  /** Those that are there, by external ID. */
  standing(keys: readonly string[], about: About): Promise<Map<string, StandingCharge>>;
  /** Makes charges and answers the internal ID or the failure of each; one that is there already stays as it is. */
  make(items: readonly Item[], about: About): Promise<Map<string, string | SystemFailure>>;
  /** Takes a charge out of what is to be billed; its external ID stays taken, so that it is not made again. False where an invoice has it by now. */
  takeBack(key: string, charge: StandingCharge, description: string, about: About): Promise<boolean>;
}

const chargeRow = z.object({ id: z.string(), externalid: z.string(), stage: z.string().default(''), invoice: z.string().optional() });

export function createCharges(netSuite: NetSuite): Charges {
  const writer = createBatchWriter(netSuite, 'charge');

  async function standing(keys: readonly string[], about: About): Promise<Map<string, StandingCharge>> {
    const found = new Map<string, StandingCharge>();
    for (const group of inGroups(keys, KEYS_IN_QUERY)) {
      const rows = await netSuite.query(`SELECT id, externalid, stage, invoice FROM charge WHERE externalid IN (${listOf(group)})`, chargeRow, about);
      for (const { id, externalid, stage, invoice } of rows) found.set(externalid, { id, stage, invoice: invoice ?? null });
    }
    return found;
  }

  return {
    standing,
    make: (items, about) => writer.make(items, about),
    async takeBack(key, { id }, description, about) {
      try {
        await netSuite.update('charge', id, { stage: STAGE.notBillable, description }, about);
        return true;
      } catch (error) {
        if (!isSystemFailure(error) || error.failure.kind !== 'business_rule') throw error;
        if ((await standing([key], about)).get(key)?.invoice == null) throw error;
        return false;
      }
    },
  };
}
