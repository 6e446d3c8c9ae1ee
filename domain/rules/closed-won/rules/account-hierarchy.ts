import { accountChain } from '../accounts.ts';
import { listed, mustChange, type DealRule } from '../rule.ts';

/** NetSuite and most ERPs show a few levels; a deeper chain is a mistake in the CRM. */
const MOST_LEVELS = 10;

/** The account's parents lead to one top: no cycle, no parent that cannot be read, not too many levels. */
export const accountHierarchyRule: DealRule = ({ deal }) => {
  const { accounts, end } = accountChain(deal);
  if (end.kind === 'cycle') {
    const names = end.accounts.map(({ name, id }) => `${name} (${id})`);
    return [
      mustChange('ACCOUNT_HIERARCHY_CYCLE', 'accounts[0].parentId', {
        message: `The accounts ${names.join(' → ')} are each other's parents, in a circle.`,
        mend: `Correct the parent account of one of ${listed(end.accounts.map(({ name }) => name))} in the CRM, so that the hierarchy has a top.`,
      }),
    ];
  }
  if (accounts.length > MOST_LEVELS) {
    return [
      mustChange('ACCOUNT_HIERARCHY_TOO_DEEP', 'accounts', {
        message: `The account hierarchy has ${accounts.length} levels; at most ${MOST_LEVELS} are taken over.`,
        mend: 'Flatten the hierarchy in the CRM: name the group and the legal client, leave out what lies between.',
      }),
    ];
  }
  if (end.kind === 'missing') {
    return [
      mustChange('ACCOUNT_PARENT_MISSING', `accounts[${deal.accounts.indexOf(end.child)}].parentId`, {
        message: `The parent account ${end.parentId} of ${end.child.name} cannot be read.`,
        mend: 'Correct the parent account in the CRM, or give the integration user access to it.',
      }),
    ];
  }
  return [];
};
