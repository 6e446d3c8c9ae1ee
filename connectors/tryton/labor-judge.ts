import type { LocalDate } from '../../domain/dates.ts';
import type { Failure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { hoursOf, microsecondsOf } from './labor-line.ts';
import type { Employees } from './labor-people.ts';
import { placeOf, type TimeProject } from './labor-places.ts';
import type { TimesheetLine } from './labor-read.ts';
import type { Company } from './references.ts';

/** A posting as a line of Tryton. `takes`: the line a reversal takes back. */
export interface Line {
  readonly posting: LaborPosting;
  readonly employee: number;
  readonly work: number;
  readonly byHand: string | null;
  readonly takes: TimesheetLine | null;
}

export type Refusal = Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>;
export type Judged = { readonly line: Line } | { readonly refusal: Refusal };

const INVOICED = { code: 'TRYTON_LINE_INVOICED', mend: 'While the invoice is a draft, cancel and delete it in Tryton, which sets its time free, then retry. Once it is posted, credit the client for these hours in Tryton and dismiss this.' };
const NOT_EMPLOYED = { code: 'TRYTON_EMPLOYEE_NOT_EMPLOYED', mend: "Correct the employee's start and end date in Tryton (Companies > Employees), or the date of the work, then retry." };
const WORK_CLOSED = { code: 'TRYTON_WORK_CLOSED', mend: 'Open the work for this date in Tryton (its timesheet start and end), or move the time to an open project, then retry.' };

const within = (date: LocalDate, range: { readonly from: LocalDate | null; readonly to: LocalDate | null }) => (range.from ?? date) <= date && date <= (range.to ?? date);
const rangeOf = ({ from, to }: { readonly from: LocalDate | null; readonly to: LocalDate | null }) => `${from ?? 'the beginning'} to ${to ?? 'no end'}`;

/** The person's employee record in the company a posting goes to, on its work date. */
export function employeeOf(posting: LaborPosting, known: Employees): Employees[number] | Refusal {
  const { person, legalEntity, workDate } = posting;
  const [first] = known;
  if (first === undefined) {
    return { kind: 'configuration', code: 'PERSON_UNKNOWN', message: `Tryton has no employee of ${legalEntity} with the e-mail address ${person}.`, mend: `Add the employee to the company ${legalEntity} in Tryton, with the address as an e-mail contact of its party, then retry.` };
  }
  const [employee, other] = known.filter((candidate) => within(workDate, candidate));
  if (employee === undefined) return { kind: 'business_rule', ...NOT_EMPLOYED, message: `${person} is employed by ${legalEntity} from ${known.map(rangeOf).join(' and ')} in Tryton, not on ${workDate}.` };
  if (other === undefined) return employee;
  return { kind: 'configuration', code: 'PERSON_AMBIGUOUS', message: `Tryton has several employees of ${legalEntity} with the e-mail address ${person} (IDs ${employee.id}, ${other.id}).`, mend: 'Leave the address on one of their parties only, then retry.' };
}

/** Dates are judged here as well as by Tryton, which checks a small batch of many dates as a whole and can miss one. */
export function judgeOriginal(posting: LaborPosting, employee: Employees[number], project: TimeProject | undefined, company: Company): Judged {
  const { projectNumber, legalEntity, workDate } = posting;
  if (project === undefined) {
    const mend = legalEntity === posting.projectEntity ? 'Find out why the project was not made there, or make it, then retry.' : `Add a timesheet work "${projectNumber} …" to the company ${legalEntity}, for its people's time on the other company's project, then retry.`;
    return { refusal: { kind: 'configuration', code: 'PROJECT_UNKNOWN', message: `Tryton has no project ${projectNumber} in the company ${legalEntity}.`, mend } };
  }
  const place = placeOf(posting, project, company);
  if (place === null) return { refusal: { kind: 'business_rule', code: 'TRYTON_PROJECT_SHUT', message: `Nothing of project ${projectNumber} is open for time in Tryton.`, mend: 'Activate the project, or make a task of it available on timesheets in Tryton, then retry.' } };
  if (!within(workDate, place)) return { refusal: { kind: 'business_rule', ...WORK_CLOSED, message: `Project ${projectNumber} takes time from ${rangeOf(place)} in Tryton, not on ${workDate}.` } };
  return { line: { posting, employee: employee.id, work: place.work, byHand: place.byHand, takes: null } };
}

/** @param takes the line the reversal takes back, as Tryton has it */
export function judgeReversal(posting: LaborPosting, employee: number, takes: TimesheetLine | undefined): Judged {
  const original = posting.reverses ?? '';
  if (takes === undefined) return { refusal: { kind: 'business_rule', code: 'TRYTON_ORIGINAL_MISSING', message: `Tryton does not have posting ${original}, which ${posting.key} takes back.`, mend: 'Post the original first, or find out who deleted its line, then retry.' } };
  if (takes.invoice_line !== null) return { refusal: { kind: 'business_rule', ...INVOICED, message: `Line ${takes.id} of ${posting.person}, ${posting.workDate}, is invoiced in Tryton and cannot be taken back.` } };
  if (takes.duration !== -microsecondsOf(posting.hours)) {
    return { refusal: { kind: 'business_rule', code: 'TRYTON_LINE_CHANGED', message: `Line ${takes.id} has ${hoursOf(takes.duration)} h in Tryton, but posting ${original} was of ${posting.hours.replace('-', '')} h: somebody changed it there.`, mend: 'Set the line back to what was posted, then retry; or correct it in Tryton and dismiss this.' } };
  }
  return { line: { posting, employee, work: takes.work, byHand: null, takes } };
}

/** What Tryton says to a line in its own words. Fields are named in English because every call asks for that language. */
const SAID: readonly { readonly says: RegExp; readonly means: Pick<Failure, 'code' | 'mend'> }[] = [
  { says: /because it has been invoiced/, means: INVOICED },
  { says: /field "Employee"/, means: NOT_EMPLOYED },
  { says: /field "(Work|Date)"/, means: WORK_CLOSED },
];

/** The failure of one line Tryton refused by itself, with a mend that fits it. */
export function refusalOf(failure: Failure): Refusal {
  const { kind, code, message, mend } = failure;
  return { kind, code, message, mend, ...SAID.find(({ says }) => says.test(message))?.means };
}
