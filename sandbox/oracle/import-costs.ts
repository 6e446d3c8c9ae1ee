import type { Database, Row, Values } from './database.ts';
import { RESOURCES } from './resources.ts';

/**
 * What *Import Costs* does each time it runs: pending costs become project costs; a reversal without its original is rejected. Answers how many of each.
 * @param most - stops after so many, as a run that is still under way
 */
export function importCosts(database: Database, most = Number.POSITIVE_INFINITY): { readonly imported: number; readonly rejected: number } {
  const pending = database.rows('unprocessedProjectCosts').filter((row) => row.values['StatusCode'] === 'P').toSorted((left, right) => left.id - right.id).slice(0, most);
  let imported = 0;
  for (const row of pending) {
    if (isUnmatched(database, row)) database.put('unprocessedProjectCosts', row, null, { ...row.values, StatusCode: 'R' });
    else {
      const cost = database.put('projectCosts', undefined, null, costOf(row.values));
      database.put('projectCosts', cost, null, { ...cost.values, TransactionNumber: cost.id });
      for (const child of database.childrenOf('unprocessedProjectCosts.ProjectStandardCostCollectionFlexfields', row.id)) database.remove('unprocessedProjectCosts.ProjectStandardCostCollectionFlexfields', child);
      database.remove('unprocessedProjectCosts', row);
      imported += 1;
    }
  }
  return { imported, rejected: pending.length - imported };
}

function isUnmatched(database: Database, { values }: Row): boolean {
  const reversed = values['ReversedOriginalTransactionReference'] ?? null;
  if (typeof values['Quantity'] !== 'number' || values['Quantity'] >= 0 || values['UnmatchedNegativeTransactionFlag'] === true) return false;
  return reversed === null || database.having('projectCosts', 'OriginalTransactionReference', reversed).length === 0;
}

function costOf(values: Values): Values {
  const fields = RESOURCES.find((type) => type.name === 'projectCosts')?.fields ?? {};
  const shared = Object.fromEntries(Object.keys(fields).map((field) => [field, values[field] ?? null]));
  return { ...shared, ExpenditureBusinessUnit: values['BusinessUnit'] ?? null };
}
