import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { ExpensePosting } from '../../domain/model/time/expense-posting.ts';
import type { About, NetSuite } from './client.ts';
import type { LaborDirectory } from './labor-directory.ts';
import type { NetSuiteOptions } from './options.ts';

export interface ExpenseCategory {
  readonly id: string;
  /** The account its expenses are booked on. */
  readonly account: string;
}

/** NetSuite's own records that a posting refers to. */
export interface ExpenseReferences {
  readonly employee: string;
  /** Of a project number; null where another ERP keeps the project. */
  job(projectNumber: string): string | null;
  category(code: string): ExpenseCategory;
}

const categoryRow = z.object({ id: z.string(), name: z.string(), expenseacct: z.string() });

/** @throws SystemFailure of kind configuration for what NetSuite does not have */
export function createExpenseDirectory(netSuite: NetSuite, options: NetSuiteOptions, directory: LaborDirectory): (posting: ExpensePosting, about: About) => Promise<ExpenseReferences> {
  const categories = new Map<string, ExpenseCategory>();

  async function loadCategories(about: About): Promise<void> {
    const rows = await netSuite.query("SELECT id, name, expenseacct FROM expensecategory WHERE isinactive = 'F'", categoryRow, about);
    categories.clear();
    for (const row of rows) categories.set(row.name.toLowerCase(), { id: row.id, account: row.expenseacct });
    for (const [code, id] of Object.entries(options.expenseCategories)) {
      const row = rows.find((each) => each.id === id);
      if (row !== undefined) categories.set(code.toLowerCase(), { id, account: row.expenseacct });
    }
  }

  return async (posting, about) => {
    const missing = (code: string, message: string, mend: string) => new SystemFailure({ kind: 'configuration', code, system: netSuite.system, object: about.object, written: 'no', message, mend });
    await directory.prepare(posting.lines.map((line) => ({ person: posting.person, projectNumber: line.projectNumber, task: null })), about);
    const people = directory.employees(posting.person);
    const [employee] = people;
    if (employee === undefined) throw missing('PERSON_UNKNOWN', `NetSuite has no active employee with the e-mail address ${posting.person}.`, 'Make the employee in NetSuite with this e-mail address, or make it active, then retry.');
    if (people.length > 1) throw missing('PERSON_AMBIGUOUS', `NetSuite has ${people.length} active employees with the e-mail address ${posting.person}.`, 'Keep one of them active in NetSuite, then retry.');
    const codes = [...posting.lines.map((line) => line.category), options.recoverableTaxCategory];
    if (codes.some((code) => !categories.has(code.toLowerCase()))) await loadCategories(about);
    const jobs = new Map<string, string | null>();
    for (const line of posting.lines) {
      const job = directory.job(line.projectNumber);
      if (job === undefined && options.subsidiaries[line.legalEntity] !== undefined) {
        throw missing('PROJECT_UNKNOWN', `NetSuite has no project with the number ${line.projectNumber}.`, 'Find out whether the project was activated in NetSuite under this number, then retry.');
      }
      jobs.set(line.projectNumber, job?.id ?? null);
    }
    return {
      employee,
      job: (projectNumber) => jobs.get(projectNumber) ?? null,
      category(code) {
        const found = categories.get(code.toLowerCase());
        if (found !== undefined) return found;
        throw missing('NETSUITE_MAPPING_MISSING', `NetSuite has no expense category for ${code}.`, `Make an expense category named ${code}, or give the internal ID of one as expenseCategories.${code} in the options of ${netSuite.system} in config/systems.yaml, then retry.`);
      },
    };
  };
}
