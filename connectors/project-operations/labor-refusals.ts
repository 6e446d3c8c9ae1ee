import type { Failure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { LaborAnswer } from '../labor-port.ts';

export type Refused = Extract<LaborAnswer, { outcome: 'refused' }>;

export function refused(posting: LaborPosting, failure: Failure): Refused {
  return { key: posting.key, outcome: 'refused', failure };
}

export function personRefused(system: string, posting: LaborPosting, count: number): Refused {
  const failure = { kind: 'configuration' as const, system, object: labelOf(posting), written: 'no' as const };
  if (count > 1) return refused(posting, { ...failure, code: 'PERSON_AMBIGUOUS', message: `Project Operations has ${count} bookable resources with the e-mail address ${posting.person}.`, mend: 'Leave one of them active in Project Operations, then retry.' });
  return refused(posting, { ...failure, code: 'PERSON_UNKNOWN', message: `Project Operations has no bookable resource of a user or contact with the e-mail address ${posting.person}, who worked on ${posting.projectNumber}.`, mend: 'Make a bookable resource of the user or contact with this e-mail address (Resources > Resources), then retry.' });
}

export function projectRefused(system: string, posting: LaborPosting, project: string): Refused {
  const mend = project === posting.projectNumber && posting.purpose === 'labor'
    ? `Find out whether the project was activated in Project Operations under this number, or name the project for such costs as costProjects.${posting.legalEntity} in the options of this system, then retry.`
    : 'Find out whether the project was activated in Project Operations under this number, then retry.';
  return refused(posting, { kind: 'configuration', code: 'PROJECT_UNKNOWN', system, object: labelOf(posting), written: 'no', message: `Project Operations has no project with the number ${project} that was made here.`, mend });
}

export function labelOf(posting: LaborPosting): string {
  return `${posting.hours} hours of ${posting.person} on ${posting.workDate} for ${posting.projectNumber}`;
}

export function batchLabel(postings: readonly LaborPosting[]): string {
  const [first] = postings;
  return postings.length === 1 && first !== undefined ? labelOf(first) : `${postings.length} lines of labor`;
}
