import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier, type Meaning, type RefusedAnswer } from '../http/classify.ts';

const detail = z.looseObject({ detail: z.string().default(''), 'o:errorCode': z.union([z.string(), z.number()]).transform(String).optional(), 'o:errorPath': z.string().optional() });
/** application/vnd.oracle.adf.error+json, since REST framework version 4. */
const errorBody = z.looseObject({ title: z.string().optional(), detail: z.string().optional(), 'o:errorDetails': z.array(detail).optional() });

const WAIT = 'Nothing to do: it is tried again by itself.';
const FIND_OUT = 'Find out who deleted it in Oracle; abort the deal, or retry to make it again.';
const EXISTS = 'ORACLE_RECORD_EXISTS';
const IN_USE = 'ORACLE_IN_USE';
const GONE = 'ORACLE_NOT_FOUND';
const REFUSED = 'ORACLE_REFUSED';
const VALUE_UNKNOWN = 'ORACLE_VALUE_UNKNOWN';

type Row = readonly [pattern: RegExp, meaning: Pick<Meaning, 'kind' | 'code' | 'mend'>];

/**
 * What the text of a refusal says. Codes of the framework: JBO-25013 (the key is there), 25014 (changed by somebody else), 26030 (locked), 26048 (a
 * constraint), 27014 and 27024 (attributes). Seen in the field: "transaction … already exists" (costs), OKC-195788 (contract number); the others
 * are (unverified).
 */
const TEXTS: readonly Row[] = [
  [/JBO-25014|another user has changed/i, { kind: 'transient', code: 'ORACLE_CHANGED_MEANWHILE', mend: WAIT }],
  [/JBO-26030|failed to lock|is locked|currently being (updated|processed)/i, { kind: 'transient', code: 'ORACLE_LOCKED', mend: WAIT }],
  [/JBO-25013|OKC-195788|already exists|is a duplicate|must be unique/i, { kind: 'business_rule', code: EXISTS, mend: 'Look at the record in Oracle, correct it or its number there, then retry.' }],
  [/JBO-26048|(can't|cannot|can not) (be )?delete|in use|because it has been used/i, { kind: 'business_rule', code: IN_USE, mend: 'Remove what refers to it in Oracle, or close it there.' }],
  [/URL request parameter|JBO-27025|attribute .* (is not|isn't) (defined|recognized)|unknown attribute/i, { kind: 'contract', code: 'ORACLE_REQUEST_INVALID', mend: "The request was not understood: compare the resource's describe document (…/describe) with connectors/oracle/README.md, then retry." }],
  [/(isn't|is not|not) valid|doesn't exist|does not exist|not a valid|invalid value/i, { kind: 'configuration', code: VALUE_UNKNOWN, mend: 'Make the value in Oracle (Setup and Maintenance), or correct it in the options of this system in config/systems.yaml, then retry.' }],
];

/**
 * Oracle Fusion's table, by status and by the text of the refusal.
 * Sources: https://docs.oracle.com/en/cloud/saas/project-management/25d/fapap/Status_Codes.html and the lists in connectors/oracle/README.md
 */
export const classifyOracle: Classifier = (answer, request) => {
  const { status } = answer;
  if (status === 401) return 'token_refused';
  if (status === 412) return { kind: 'transient', code: 'ORACLE_CHANGED_MEANWHILE', message: `Somebody changed ${request.object} in Oracle in the same moment.`, mend: WAIT };
  if (status === 429) return { kind: 'transient', code: 'ORACLE_THROTTLED', message: `Oracle takes no more requests for now; nothing was done for ${request.object}.`, mend: WAIT, retryAfterMs: retryAfterMs(answer.headers) ?? 10_000, refused: true };
  const fault = faultIn(answer.text);
  const said = fault ?? saidIn(answer);
  if (status === 404) return { kind: 'business_rule', code: GONE, message: `Oracle has no ${request.object}${said === null ? '' : ` (${said})`}.`, mend: FIND_OUT };
  if (said === null || (status >= 500 && fault === null)) return meaningOfStatus('ORACLE', answer, request);
  const message = `Oracle refuses ${request.object}: ${said}`;
  if (status === 403) return { kind: 'configuration', code: 'ORACLE_PERMISSION', message, mend: 'Give the integration user the privileges and data access listed in connectors/oracle/README.md, then retry.' };
  const row = TEXTS.find(([pattern]) => pattern.test(said));
  if (row !== undefined) return { ...row[1], message, refused: true };
  if (status === 400 || status === 409 || status === 422 || fault !== null) return { kind: 'business_rule', code: REFUSED, message, mend: 'Correct what Oracle names, in the deal or in Oracle, then retry.', refused: true };
  return meaningOfStatus('ORACLE', answer, request);
};

/** The messages of a refusal, in one line of at most 600 characters; null where it has none (an empty body, a web page). */
export function saidIn({ body, text }: Pick<RefusedAnswer, 'body' | 'text'>): string | null {
  const parsed = errorBody.safeParse(body);
  const details = parsed.success ? (parsed.data['o:errorDetails'] ?? []).map((each) => each.detail).filter((each) => each !== '') : [];
  const plain = body === undefined && !/^\s*</.test(text) ? text : '';
  const said = details.length > 0 ? [...new Set(details)].join('; ') : parsed.success ? (parsed.data.detail ?? parsed.data.title ?? '') : plain;
  const line = said.replace(/\s+/g, ' ').trim().slice(0, 600);
  return line === '' ? null : line;
}

/** The reason of a SOAP fault, which comes with status 500 although nothing was done; null where the text is none. */
export function faultIn(text: string): string | null {
  const reason = /<(?:\w+:)?faultstring[^>]*>([\s\S]*?)<\/(?:\w+:)?faultstring>/.exec(text)?.[1];
  return reason === undefined ? null : reason.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'").replaceAll('&amp;', '&').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim().slice(0, 600);
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return isSystemFailure(error) && codes.includes(error.failure.code);
}
export const alreadyExists = (error: unknown): boolean => hasCode(error, EXISTS);
export const isGone = (error: unknown): boolean => hasCode(error, GONE);
/** Certainly not done, for a reason of Oracle's own rules. */
export const isRefused = (error: unknown): boolean => hasCode(error, IN_USE, REFUSED) && isSystemFailure(error) && error.failure.written === 'no';
/** For a reason that does not lie in what was sent: a permission, the credentials, the address, a page of a proxy. */
export function isOfTheWay(error: unknown): boolean {
  if (!isSystemFailure(error)) return false;
  const { kind, code } = error.failure;
  return (kind === 'configuration' && code !== VALUE_UNKNOWN) || code === GONE || code === 'HTTP_HTML';
}
