import type { Failure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { LaborAnswer } from '../labor-port.ts';

export type Refused = Extract<LaborAnswer, { outcome: 'refused' }>;

export function refused(posting: LaborPosting, failure: Failure): Refused {
  return { key: posting.key, outcome: 'refused', failure };
}

/** Why a line is not handed to SAP at all. */
export function refusals(system: string) {
  const refusal = (posting: LaborPosting, what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>) => refused(posting, { ...what, system, object: labelOf(posting), written: 'no' });
  return {
    person: (posting: LaborPosting) => refusal(posting, {
      kind: 'configuration', code: 'PERSON_UNKNOWN', message: `SAP has no work agreement of a person with the e-mail address ${posting.person}, who worked on ${posting.projectNumber}.`,
      mend: 'Give the employee this default e-mail address in SAP (or replicate the employee from HR), then retry.',
    }),
    ambiguous: (posting: LaborPosting, count: number) => refusal(posting, {
      kind: 'configuration', code: 'PERSON_AMBIGUOUS', message: `SAP has ${count} work agreements with the e-mail address ${posting.person}, of which none or several are in the company code of ${posting.employer}.`,
      mend: 'Leave the address with one employment in SAP, then retry.',
    }),
    project: (posting: LaborPosting, project: string) => refusal(posting, {
      kind: 'configuration', code: 'PROJECT_UNKNOWN', message: `SAP has no project ${project}.`,
      mend: project === posting.projectNumber && posting.purpose === 'labor'
        ? `Find out whether the project was activated in SAP under this number, or name the project for such costs as costProjects.${posting.legalEntity} in the options of this system, then retry.`
        : 'Find out whether the project was activated in SAP under this number, then retry.',
    }),
    hours: (posting: LaborPosting) => refusal(posting, {
      kind: 'business_rule', code: 'SAP_HOURS', message: `SAP keeps hours of an entry to a hundredth and up to 24; ${posting.hours} do not fit.`,
      mend: 'Round or split the entry in the time system and have it approved again.',
    }),
    original: (posting: LaborPosting) => refusal(posting, {
      kind: 'business_rule', code: 'SAP_ORIGINAL_MISSING', message: `SAP no longer has the time entry ${posting.reverses ?? ''} that is to be taken back.`,
      mend: 'Find out in SAP (Manage My Timesheet, change history) who deleted it: if it was deleted there, settle this line as done; else restore it, then retry.',
    }),
  };
}

export function labelOf(posting: LaborPosting): string {
  return `${posting.hours} hours of ${posting.person} on ${posting.workDate} for ${posting.projectNumber}`;
}

export function batchLabel(postings: readonly LaborPosting[]): string {
  const [first] = postings;
  return postings.length === 1 && first !== undefined ? labelOf(first) : `${postings.length} lines of labor`;
}
