import { createHash } from 'node:crypto';
import type { Project } from '../../domain/model/project.ts';

type Assignment = Project['assignments'][number];

/** A planned line of a project's staffing, with the key under which its resource is found again. */
export interface PlannedResource {
  readonly key: string;
  readonly email: string | null;
  readonly assignment: Assignment;
}

/** Keys do not depend on the order of the lines: a person's role from a day; open roles that are alike are counted. */
export function plannedResources({ number, assignments }: Project): PlannedResource[] {
  const counted = new Map<string, number>();
  return assignments.map((assignment) => {
    const email = assignment.resourceEmail?.toLowerCase() ?? null;
    const what = [email ?? 'open', assignment.laborCategory, assignment.from].join('/');
    const ordinal = (counted.get(what) ?? 0) + 1;
    counted.set(what, ordinal);
    return { key: `${number}/${createHash('sha256').update(`${what}/${ordinal}`).digest('base64url').slice(0, 16)}`, email, assignment };
  });
}
