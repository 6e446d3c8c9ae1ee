import type { Finding } from '../../findings.ts';
import type { ExpenseLine, ExpenseReport } from '../../model/time/expense-report.ts';
import type { HoldReason } from '../timesheet/finding.ts';

export type { HoldReason };

/** A finding that names its report and, where it is of one, its line. */
export interface ExpenseFinding extends Finding {
  /** "concur R-4711 version 2", with ", line L-3" where one line is meant. */
  readonly record: string;
}

type Report = Pick<ExpenseReport, 'system' | 'id' | 'version'>;

/** The report as a whole, or one line of it. */
export interface Subject {
  readonly report: Report;
  readonly line?: Pick<ExpenseLine, 'id'>;
}

interface Words {
  readonly message: string;
  readonly mend: string;
}

export function reportName({ system, id, version }: Report): string {
  return `${system} ${id} version ${version}`;
}

function make(subject: Subject, field: string, rest: Pick<Finding, 'code' | 'kind' | 'overridable'> & Words): ExpenseFinding {
  const { report, line } = subject;
  return { ...rest, path: line === undefined ? field : `lines[${line.id}].${field}`, record: `${reportName(report)}${line === undefined ? '' : `, line ${line.id}`}` };
}

/** The report itself must change. */
export function mustChange(subject: Subject, code: string, field: string, words: Words): ExpenseFinding {
  return make(subject, field, { code, kind: 'business_rule', overridable: false, ...words });
}

/** The report should change, but a person with the right role may let it pass. */
export function mayPass(subject: Subject, code: string, field: string, words: Words): ExpenseFinding {
  return make(subject, field, { code, kind: 'business_rule', overridable: true, ...words });
}

/** The firm's own set-up does not know what the report needs. */
export function notConfigured(subject: Subject, code: string, field: string, words: Words): ExpenseFinding {
  return make(subject, field, { code, kind: 'configuration', overridable: false, ...words });
}
