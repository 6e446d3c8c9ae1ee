import type { FirmConfig } from '../../config/schema.ts';
import type { LocalDate } from '../../dates.ts';
import type { Finding } from '../../findings.ts';
import type { Opportunity } from '../../model/opportunity.ts';
import type { ProjectGroup, SoldLine } from './lines.ts';

/** What every rule of the closed-won line looks at. */
export interface DealInReview {
  readonly deal: Opportunity;
  readonly config: FirmConfig;
  readonly asOf: LocalDate;
  readonly lines: readonly SoldLine[];
  readonly groups: readonly ProjectGroup[];
}

/** A rule names everything it finds wrong; it never throws, whatever the deal looks like. */
export type DealRule = (review: DealInReview) => Finding[];

interface Words {
  readonly message: string;
  readonly mend: string;
}

/** The deal itself must change. */
export function mustChange(code: string, path: string, words: Words): Finding {
  return { code, kind: 'business_rule', path, ...words, overridable: false };
}

/** The deal should change, but a person with the right role may let it pass. */
export function mayPass(code: string, path: string, words: Words): Finding {
  return { code, kind: 'business_rule', path, ...words, overridable: true };
}

/** The firm's configuration does not know what the deal speaks of. */
export function notConfigured(code: string, path: string, words: Words): Finding {
  return { code, kind: 'configuration', path, ...words, overridable: false };
}

export function listed(names: Iterable<string>): string {
  const sorted = [...new Set(names)].toSorted();
  return sorted.length === 0 ? 'none' : sorted.join(', ');
}
