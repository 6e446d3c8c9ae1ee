import { SystemFailure, type Failure, type FailureKind } from '../../domain/failure.ts';

/** What a refusal is about. */
export interface About {
  readonly system: string;
  /** The business object: "project US01-TECH-7K3QF9QX". */
  readonly object: string;
}

interface Meaning {
  readonly kind: FailureKind;
  readonly mend: string;
}

const SEND_AGAIN: Meaning = { kind: 'transient', mend: 'Nothing to do: nothing was imported, and it is sent again by itself.' };
const FORMAT: Meaning = { kind: 'contract', mend: 'Nothing was imported. Hold the batch in the folder "failed" against docs/legacy-erp.md with the ERP\'s programmer, mend the side that departs from it, then retry.' };
const CODE_UNKNOWN: Meaning = { kind: 'configuration', mend: 'Add the code in the ERP, or map ours to one it has in the options of this system (companies, laborCategories), then retry.' };

/** What the ERP's codes mean here (docs/legacy-erp.md, "Codes"); any other is a rule of its business. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  BUSY: SEND_AGAIN,
  LOCKED: SEND_AGAIN,
  TORN: SEND_AGAIN,
  CONTROL_TOTAL: FORMAT,
  FORMAT,
  ENCODING: FORMAT,
  COMPANY_UNKNOWN: CODE_UNKNOWN,
  CURRENCY_UNKNOWN: CODE_UNKNOWN,
  CATEGORY_UNKNOWN: CODE_UNKNOWN,
  PERSON_UNKNOWN: { kind: 'configuration', mend: 'Enter the person in the ERP with this e-mail address, then retry.' },
  PROJECT_UNKNOWN: { kind: 'configuration', mend: 'Find out whether the project was activated in the ERP under this number, then retry.' },
};
const BUSINESS: Meaning = { kind: 'business_rule', mend: 'Clear up in the ERP what its message names, or correct what was sent, then retry.' };

/** Known to people by these codes from every ERP. */
const SHARED_CODES = new Set(['PERSON_UNKNOWN', 'PROJECT_UNKNOWN']);

export function refusal(about: About, told: { readonly code: string; readonly message: string }, retryAfterMs: number): Failure {
  const { kind, mend } = MEANINGS[told.code] ?? BUSINESS;
  return {
    kind,
    code: SHARED_CODES.has(told.code) ? told.code : `LEGACY_${told.code}`,
    message: `The ERP refused ${about.object}: ${told.message === '' ? told.code : told.message}.`,
    mend,
    ...about,
    written: 'no',
    ...(kind === 'transient' ? { retryAfterMs } : {}),
  };
}

/** What is wrong with what we would send: nothing has been written. */
export function notWritable(about: About, code: string, message: string, mend: string): SystemFailure {
  return new SystemFailure({ kind: 'business_rule', code, message, mend, ...about, written: 'no' });
}

/** What is wrong with what the ERP wrote. */
export function notUnderstood(about: About, code: string, message: string, evidence: string, written: Failure['written']): SystemFailure {
  return new SystemFailure({ kind: 'contract', code, message, mend: 'Ask the ERP\'s programmer to hold it against docs/legacy-erp.md and to write it anew; it is read by itself then.', ...about, written, evidence });
}
