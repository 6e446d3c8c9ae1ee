import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { ClientAccount } from '../../domain/model/client-account.ts';
import { opportunitySchema, type Opportunity } from '../../domain/model/opportunity.ts';
import { compareDecimal, decimalText, money, type Currency, type Money } from '../../domain/money.ts';

/** Accounts of one hierarchy that a document carries: the canonical model's bound. */
export const MAX_HIERARCHY = 20;
/** Lines of one deal that a document carries: the canonical model's bound. */
export const MAX_LINES = 200;

/** A number as a CRM writes it, exact: text or a number that a double holds exactly. */
export const vendorNumber = z.union([z.number(), z.string()]);
export type VendorNumber = z.infer<typeof vendorNumber>;

/**
 * Money exactly as the CRM has it: with the digits of the currency's minor unit, and more where the CRM has more;
 * whether those fit the currency is for the rules to say.
 */
export function exactMoney(amount: VendorNumber, currency: Currency): Money {
  const exact = decimalText(amount);
  const rounded = money(exact, currency);
  return compareDecimal(rounded.amount, exact) === 0 ? rounded : { amount: exact, currency };
}

/** Text without surrounding blanks; null where nothing is left. */
export function textOrNull(value: string | null | undefined): string | null {
  const text = value?.trim() ?? '';
  return text === '' ? null : text;
}

/** The calendar day of a date or an instant (in UTC); null where there is none. */
export function dayOrNull(value: string | null | undefined): string | null {
  return textOrNull(value)?.slice(0, 10) ?? null;
}

/** The newest of some instants, in the one spelling that compares as text: "2026-11-21T06:50:00.000Z". */
export function newestInstant(instants: readonly string[]): string {
  return new Date(Math.max(...instants.map((instant) => Date.parse(instant)))).toISOString();
}

/**
 * Walks from an account up to the top: the deal's own account first. Ends where a parent is not there, was seen already (its ID stays the last account's
 * `parentId`, so that the rules can name the cycle), or at the canonical bound.
 * @param above - one or more accounts starting with the one asked for, so that a CRM can answer several levels at once; empty where it is gone
 */
export async function walkHierarchy(known: readonly ClientAccount[], above: (accountId: string) => Promise<readonly ClientAccount[]>): Promise<ClientAccount[]> {
  const chain: ClientAccount[] = [];
  const seen = new Set<string>();
  let next = known;
  while (next.length > 0) {
    for (const account of next) {
      if (seen.has(account.id) || chain.length === MAX_HIERARCHY) return chain;
      seen.add(account.id);
      chain.push(account);
    }
    const parentId = chain.at(-1)?.parentId ?? null;
    if (parentId === null || seen.has(parentId) || chain.length === MAX_HIERARCHY) return chain;
    next = await above(parentId);
  }
  return chain;
}

/**
 * Builds the document and checks it against the canonical model.
 * @throws SystemFailure of kind business_rule that names each field a person has to correct in the CRM
 */
export function canonicalOpportunity(build: () => z.input<typeof opportunitySchema>, deal: { readonly system: string; readonly crmName: string; readonly id: string }): Opportunity {
  try {
    return opportunitySchema.parse(build());
  } catch (error) {
    if (error instanceof SystemFailure) throw error;
    const problems = error instanceof z.ZodError ? error.issues.slice(0, 10).map((issue) => `${issue.path.map(String).join('.') || 'a value'}: ${issue.message}`).join('; ') : error instanceof Error ? error.message : String(error);
    throw dealFailure(deal, 'DEAL_NOT_CANONICAL', `Deal ${deal.id} cannot be read as an opportunity: ${problems}.`, `Correct these fields of the deal in ${deal.crmName}, then retry.`, error);
  }
}

/** A deal that a person has to correct in the CRM. */
export function dealFailure(deal: { readonly system: string; readonly id: string }, code: string, message: string, mend: string, cause?: unknown): SystemFailure {
  return new SystemFailure({ kind: 'business_rule', code, message, mend, system: deal.system, object: `deal ${deal.id}`, written: 'no' }, { cause });
}
