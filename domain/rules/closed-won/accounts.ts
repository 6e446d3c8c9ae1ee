import type { ClientAccount } from '../../model/client-account.ts';
import type { Opportunity } from '../../model/opportunity.ts';

/** The way from the deal's account up to the top of its hierarchy, and how it ends. */
export interface AccountChain {
  /** The deal's own account first. */
  readonly accounts: readonly ClientAccount[];
  readonly end: { readonly kind: 'top' } | { readonly kind: 'cycle'; readonly accounts: readonly ClientAccount[] } | { readonly kind: 'missing'; readonly child: ClientAccount; readonly parentId: string };
}

export function accountChain(deal: Opportunity): AccountChain {
  const byId = new Map(deal.accounts.toReversed().map((account) => [account.id, account]));
  const accounts: ClientAccount[] = [];
  let next = deal.accounts[0];
  while (next !== undefined) {
    const account: ClientAccount = next;
    accounts.push(account);
    if (account.parentId === null) break;
    const repeated = accounts.findIndex(({ id }) => id === account.parentId);
    if (repeated !== -1) return { accounts, end: { kind: 'cycle', accounts: accounts.slice(repeated) } };
    next = byId.get(account.parentId);
    if (next === undefined) return { accounts, end: { kind: 'missing', child: account, parentId: account.parentId } };
  }
  return { accounts, end: { kind: 'top' } };
}
