import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier, type Meaning, type RefusedAnswer } from '../http/classify.ts';
import { refusedPart } from './batch.ts';

const errorBody = z.looseObject({ error: z.looseObject({ code: z.string().default(''), message: z.string().default('') }) });

export const EXISTS = 'PROJECT_OPERATIONS_EXISTS';
const GONE = 'PROJECT_OPERATIONS_NOT_FOUND';
const IN_USE = 'PROJECT_OPERATIONS_IN_USE';
const CHANGED = 'PROJECT_OPERATIONS_CHANGED_MEANWHILE';
const CONTRACT_CONFIRMED = 'PROJECT_OPERATIONS_CONTRACT_CONFIRMED';
const PROJECT_CLOSED = 'PROJECT_OPERATIONS_PROJECT_CLOSED';
const VALUE_INVALID = 'PROJECT_OPERATIONS_VALUE_INVALID';
const WAIT = 'Nothing to do: it is tried again by itself.';
const SET_UP = 'Compare the environment with the set-up steps in connectors/project-operations/README.md, then retry.';

type Row = readonly [pattern: RegExp, meaning: Pick<Meaning, 'kind' | 'code' | 'mend'>];

/** What a plug-in of Project Operations says (0x80040265). The first two are published; the others are (unverified), and what none of them knows is a business rule all the same. */
const PLUGINS: readonly Row[] = [
  [/cannot directly do '\w+' operation/i, { kind: 'configuration', code: 'PROJECT_OPERATIONS_SCHEDULE_ENGINE', mend: 'Make the change in Project Operations: tasks and dates of a schedule are not written by an application user.' }],
  [/doesn't support creating actuals/i, { kind: 'configuration', code: 'PROJECT_OPERATIONS_ACTUALS', mend: SET_UP }],
  [/associated with another object and cannot be deleted|cannot be deleted because/i, { kind: 'business_rule', code: IN_USE, mend: 'Remove what refers to it in Project Operations, or close it there.' }],
  [/contract .*(confirmed|closed)/i, { kind: 'business_rule', code: CONTRACT_CONFIRMED, mend: 'A confirmed contract takes no changes: agree the change there on a contract of its own, then override or abort here.' }],
  [/project is closed/i, { kind: 'business_rule', code: PROJECT_CLOSED, mend: 'Reopen the project in Project Operations, or correct the time, then retry.' }],
];

/** By code; https://learn.microsoft.com/en-us/power-apps/developer/data-platform/reference/web-service-error-codes */
const CODES: Readonly<Record<string, Pick<Meaning, 'kind' | 'code' | 'mend'>>> = {
  '0x80040237': { kind: 'transient', code: EXISTS, mend: WAIT },
  '0x80060882': { kind: 'transient', code: CHANGED, mend: WAIT },
  '0x80040217': { kind: 'business_rule', code: GONE, mend: 'Find out who deleted it in Project Operations; abort the deal, or retry to make it again.' },
  '0x80040220': { kind: 'configuration', code: 'PROJECT_OPERATIONS_PERMISSION', mend: 'Give the application user the security roles listed in connectors/project-operations/README.md, then retry.' },
  '0x80044331': { kind: 'business_rule', code: VALUE_INVALID, mend: 'Correct what Project Operations names, in the deal or in the options of this system, then retry.' },
  '0x80040265': { kind: 'business_rule', code: 'PROJECT_OPERATIONS_REFUSED', mend: 'Correct what Project Operations names, in the deal or there, then retry.' },
};
/** Service protection: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/api-limits */
const TOO_MANY_AT_ONCE = '0x80072326';

/** Dataverse's table: by the code of its error, which stands in the refused part where the request was a batch. */
export const classifyDataverse: Classifier = (answer, request) => {
  const part = answer.body === undefined ? refusedPart(answer.headers['content-type'], answer.text) : undefined;
  const inner: RefusedAnswer = part === undefined ? answer : { status: part.status, headers: answer.headers, body: part.body, text: part.text };
  if (inner.status === 401) return 'token_refused';
  const said = errorBody.safeParse(inner.body);
  const code = said.success ? said.data.error.code.toLowerCase() : '';
  if (inner.status === 429) {
    return { kind: 'transient', code: 'PROJECT_OPERATIONS_THROTTLED', message: `Dataverse takes no more requests for now; nothing was done for ${request.object}.`, mend: WAIT, retryAfterMs: retryAfterMs(inner.headers) ?? 10_000, refused: true, ...(code === TOO_MANY_AT_ONCE ? { tooManyAtOnce: true } : {}) };
  }
  // Dataverse says what it has not got: a bare 404 is another server's, and tells nothing of the row.
  if (!said.success && inner.status === 404) return { kind: 'contract', code: 'PROJECT_OPERATIONS_HTTP_404', message: `HTTP 404 for ${request.object}, not in Dataverse's words.`, mend: "Check the system's address and what stands in between, then retry." };
  if (!said.success) return meaningOfStatus('PROJECT_OPERATIONS', inner, request);
  const message = `Project Operations refuses ${request.object}: ${said.data.error.message}`;
  const byText = code === '0x80040265' ? PLUGINS.find(([pattern]) => pattern.test(said.data.error.message))?.[1] : undefined;
  const known = byText ?? CODES[code];
  if (known !== undefined) return { ...known, message, refused: true };
  if (inner.status >= 500) return meaningOfStatus('PROJECT_OPERATIONS', inner, request);
  if (inner.status === 403) return { kind: 'configuration', code: 'PROJECT_OPERATIONS_PERMISSION', message, mend: 'Give the application user the security roles listed in connectors/project-operations/README.md, then retry.' };
  if (/resource not found for the segment/i.test(message)) return { kind: 'configuration', code: 'PROJECT_OPERATIONS_TABLE_MISSING', message, mend: SET_UP };
  if (inner.status === 412) return { kind: 'transient', code: CHANGED, message, mend: WAIT };
  return { kind: 'contract', code: 'PROJECT_OPERATIONS_REQUEST_INVALID', message, mend: "The request was not understood: compare the environment's metadata (/api/data/v9.2/$metadata) with connectors/project-operations/README.md, then retry." };
};

function hasCode(error: unknown, code: string): boolean {
  return isSystemFailure(error) && error.failure.code === code;
}
export const isGone = (error: unknown): boolean => hasCode(error, GONE);
export const isInUse = (error: unknown): boolean => hasCode(error, IN_USE);
export const alreadyExists = (error: unknown): boolean => hasCode(error, EXISTS);
export const isChangedMeanwhile = (error: unknown): boolean => hasCode(error, CHANGED);
/** Refusals of a confirmation that can only mean what is in the lines, never that the journal is being confirmed by another: of a plug-in's texts those that the table knows. */
export const liesInTheLines = (error: unknown): boolean => [CONTRACT_CONFIRMED, PROJECT_CLOSED, VALUE_INVALID].some((code) => hasCode(error, code));
/** What lies in the rows that were sent; anything else keeps every row back alike. */
export function isOfTheRows(error: unknown): boolean {
  return isSystemFailure(error) && (error.failure.kind === 'business_rule' || error.failure.code === EXISTS) && error.failure.code.startsWith('PROJECT_OPERATIONS_') && !error.failure.code.startsWith('PROJECT_OPERATIONS_HTTP');
}
