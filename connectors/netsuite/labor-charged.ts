import { z } from 'zod';
import { isSystemFailure, type SystemFailure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { inGroups } from '../groups.ts';
import { STAGE, type Charges, type StandingCharge } from './charges.ts';
import type { About, NetSuite } from './client.ts';
import { takenBackDescriptionOf } from './labor-body.ts';
import { listOf, type LaborDirectory } from './labor-directory.ts';

/** How a line of labor is billed: by its time bill, by a charge, or by taking back the charge of the line it reverses. */
export type Billing =
  | { readonly by: 'time_bill' }
  | { readonly by: 'new_charge' }
  | { readonly by: 'taking_back'; readonly charge: StandingCharge }
  /** It has its charge already, or there is nothing to take back. */
  | { readonly by: 'nothing_more' };

/** A line whose time bill is there. `charge` is its charge's body without that time bill. */
export interface ChargedLine {
  readonly posting: LaborPosting;
  readonly billing: Billing;
  readonly timeBill: string;
  readonly charge: object;
}

export interface TimeBillRow {
  readonly id: string;
  readonly isBillable: boolean;
  readonly hasProject: boolean;
}

/** Lines of labor that are billed by charges, beside the time bills that carry their hours and cost. All throw SystemFailure. */
export interface ChargedLabor {
  /** The time bills that are there, by key. */
  timeBills(keys: readonly string[], about: About): Promise<Map<string, TimeBillRow>>;
  /** Of lines whose time bill is there, those that lack nothing. */
  complete(postings: readonly LaborPosting[], timeBills: ReadonlyMap<string, TimeBillRow>, about: About): Promise<LaborPosting[]>;
  /** How each line is billed; what reversals take back must be posted by now. */
  plan(postings: readonly LaborPosting[], about: About): Promise<Map<string, Billing>>;
  /** Makes the charges, and takes back those that are reversed before an invoice had them. Answers why each of the others could not. */
  write(lines: readonly ChargedLine[], about: About): Promise<Map<string, SystemFailure>>;
}

const KEYS_IN_QUERY = 500;
const billRow = z.object({ id: z.string(), externalid: z.string(), isbillable: z.string().default('F'), customer: z.string().optional() });

export function createChargedLabor(netSuite: NetSuite, charges: Charges, directory: LaborDirectory): ChargedLabor {
  const reversedBy = (postings: readonly LaborPosting[]) => postings.flatMap(({ reverses }) => reverses ?? []);

  async function timeBills(keys: readonly string[], about: About): Promise<Map<string, TimeBillRow>> {
    const found = new Map<string, TimeBillRow>();
    for (const group of inGroups(keys, KEYS_IN_QUERY)) {
      const rows = await netSuite.query(`SELECT id, externalid, isbillable, customer FROM timebill WHERE externalid IN (${listOf(group)})`, billRow, about);
      for (const { id, externalid, isbillable, customer } of rows) found.set(externalid, { id, isBillable: isbillable === 'T', hasProject: customer !== undefined });
    }
    return found;
  }

  /** What a reversal takes back: a charge that an invoice has needs one against it. */
  function takingBack(original: StandingCharge): Billing {
    if (original.invoice !== null) return { by: 'new_charge' };
    return original.stage === STAGE.notBillable ? { by: 'nothing_more' } : { by: 'taking_back', charge: original };
  }

  async function planReversals(reversals: readonly LaborPosting[], about: About): Promise<[string, Billing][]> {
    const standing = await charges.standing([...reversals.map(({ key }) => key), ...reversedBy(reversals)], about);
    const originals = reversals.filter(({ key, reverses }) => !standing.has(key) && !standing.has(reverses ?? ''));
    // A project may have become charge-based after its first lines.
    const bills = await timeBills(reversedBy(originals), about);
    return reversals.map(({ key, reverses, projectNumber }) => {
      if (standing.has(key)) return [key, { by: 'nothing_more' }];
      const original = standing.get(reverses ?? '');
      if (original !== undefined) return [key, takingBack(original)];
      const isTimed = bills.get(reverses ?? '')?.isBillable ?? directory.job(projectNumber)?.chargeBased !== true;
      return [key, { by: isTimed ? 'time_bill' : 'nothing_more' }];
    });
  }

  return {
    timeBills,
    async complete(postings, bills, about) {
      const mayLack = postings.filter(({ key, billing }) => {
        const bill = bills.get(key);
        return billing.status === 'actuals' && bill?.isBillable === false && bill.hasProject;
      });
      const standing = mayLack.length === 0 ? new Map<string, StandingCharge>() : await charges.standing([...mayLack.map(({ key }) => key), ...reversedBy(mayLack)], about);
      const lacking = mayLack.filter(({ key, kind, reverses }) => {
        if (standing.has(key)) return false;
        if (kind === 'original') return true;
        const original = standing.get(reverses ?? '');
        return original !== undefined && takingBack(original).by !== 'nothing_more';
      });
      return postings.filter((posting) => bills.has(posting.key) && !lacking.includes(posting));
    },
    async plan(postings, about) {
      const toBill = postings.filter(({ billing, projectNumber }) => billing.status === 'actuals' && directory.job(projectNumber) !== undefined);
      const [originals, reversals] = [toBill.filter(({ kind }) => kind === 'original'), toBill.filter(({ kind }) => kind === 'reversal')];
      return new Map<string, Billing>([
        ...originals.map(({ key, projectNumber }): [string, Billing] => [key, { by: directory.job(projectNumber)?.chargeBased === true ? 'new_charge' : 'time_bill' }]),
        ...(reversals.length === 0 ? [] : await planReversals(reversals, about)),
      ]);
    },
    async write(lines, about) {
      const failed = new Map<string, SystemFailure>();
      const toMake = lines.filter(({ billing }) => billing.by === 'new_charge');
      for (const { posting, billing, ...line } of lines) {
        if (billing.by !== 'taking_back' || posting.reverses === null) continue;
        const { key, reverses } = posting;
        try {
          const isTaken = await charges.takeBack(reverses, billing.charge, takenBackDescriptionOf(posting), about);
          if (!isTaken) toMake.push({ posting, billing, ...line });
        } catch (error) {
          if (!isSystemFailure(error) || error.failure.kind !== 'business_rule') throw error;
          failed.set(key, error);
        }
      }
      if (toMake.length === 0) return failed;
      const made = await charges.make(toMake.map(({ posting, timeBill, charge }) => ({ key: posting.key, body: { ...charge, timeRecord: { id: timeBill } } })), about);
      for (const [key, outcome] of made) if (typeof outcome !== 'string') failed.set(key, outcome);
      return failed;
    },
  };
}
