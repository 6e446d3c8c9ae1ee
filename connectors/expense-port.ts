import type { RecordPort, Unsupported } from './ports.ts';
import type { ExpensePosting } from '../domain/model/time/expense-posting.ts';

/** Expense reports of an ERP: one record for each posting, found by its key. */
export type ExpensePort = RecordPort<ExpensePosting> | Unsupported;
