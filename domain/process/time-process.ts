// Workflows import this file: it stays free of the schema library.

/** One approved timesheet, told of by itself. */
export function timesheetProcessId(sheet: { readonly system: string; readonly id: string; readonly version: number }): string {
  return `timesheet/${sheet.system}/${sheet.id}/${sheet.version}`;
}

/** Another document came first under the same ID and version and has the process of that name: this one's is numbered by its record. */
export function timesheetProcessOf({ record, contested, ...sheet }: { readonly record: number; readonly contested: boolean; readonly system: string; readonly id: string; readonly version: number }): string {
  return contested ? `${timesheetProcessId(sheet)}/${record}` : timesheetProcessId(sheet);
}

/** A page of records of one legal entity out of a batch. */
export function timesheetPageId(page: { readonly batch: string; readonly page: number }): string {
  return `timesheets/${page.batch}/${page.page}`;
}

export function expenseReportProcessId(report: { readonly system: string; readonly id: string; readonly version: number }): string {
  return `expense/${report.system}/${report.id}/${report.version}`;
}

export function payrollExportId(run: { readonly legalEntity: string; readonly payPeriod: string }): string {
  return `payroll/${run.legalEntity}/${run.payPeriod}`;
}

/** Records stay in the store (claim check): a process carries the numbers of `time_record` rows at most. */
export interface TimesheetPageInput {
  readonly batch: string;
  readonly page: number;
  readonly legalEntity: string;
  readonly records: number;
  /** 1 payroll-relevant and near its cutoff … 5 analytics; design.md section 6. */
  readonly priority: number;
}

export interface TimesheetInput {
  /** Number of the `time_record` row. */
  readonly record: number;
  readonly system: string;
  readonly id: string;
  readonly version: number;
  readonly person: string;
  readonly legalEntity: string;
  readonly priority: number;
  /** It was decided by its page, which refused something in it: the process begins with asking for a person. */
  readonly refused?: boolean;
  /** Something in it was held: it is judged again, also what was decided before and may still change. */
  readonly again?: boolean;
  /** Something in it has been held for so long that a person is asked. */
  readonly heldTooLong?: { readonly since: string; readonly waitsFor: readonly string[] };
}

/** What a process of time shows to whoever asks. */
export interface TimeProgress {
  readonly stage: 'deciding' | 'posting' | 'publishing' | 'answering' | 'waiting' | 'done';
  readonly subject: string;
  readonly counts: { readonly records: number; readonly entries: number; readonly accepted: number; readonly repeats: number; readonly rejected: number; readonly held: number; readonly withdrawn: number } | null;
  /** Lines in each ERP so far. */
  readonly posted: Readonly<Record<string, number>>;
  readonly openCases: readonly { readonly caseId: string; readonly code: string }[];
}

export interface TimesheetOutcome {
  readonly outcome: 'posted' | 'returned' | 'superseded' | 'held' | 'withdrawn';
  readonly accepted: number;
  readonly rejected: number;
  readonly held: number;
}

export interface TimesheetPageOutcome {
  readonly records: number;
  readonly entries: number;
  readonly accepted: number;
  readonly repeats: number;
  readonly rejected: number;
  readonly held: number;
  readonly withdrawn: number;
  readonly posted: number;
  /** Processes of their own for what people have to see to. */
  readonly handedOver: number;
}
