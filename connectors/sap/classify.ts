import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier, type Meaning } from '../http/classify.ts';

const detail = z.looseObject({ code: z.string().default(''), message: z.string().default(''), severity: z.string().default('error') });
const errorBody = z.looseObject({
  error: z.looseObject({
    code: z.string().default(''),
    message: z.union([z.looseObject({ value: z.string() }).transform((message) => message.value), z.string()]),
    innererror: z.looseObject({ errordetails: z.array(detail).default([]) }).optional(),
  }),
});

const WAIT = 'Nothing to do: it is tried again by itself.';
const GONE = 'SAP_NOT_FOUND';
const IN_USE = 'SAP_IN_USE';
const MOST_TEXTS = 5;
/** Codes of SAP Gateway itself, not of an application: the request was not understood. */
const FRAMEWORK = /^(\/IW(FND|BEP)\/|[0-9A-F]{32}$|CX_SXML)/;

type Row = readonly [pattern: RegExp, meaning: Pick<Meaning, 'kind' | 'code' | 'mend'>];

/** What SAP's messages mean, by their English text: their numbers differ from application to application. */
const MESSAGES: readonly Row[] = [
  [/\b(locked|currently (being )?(processed|edited)|being processed) by\b|personnel number .* locked/i, { kind: 'transient', code: 'SAP_LOCKED', mend: WAIT }],
  [/already exists/i, { kind: 'business_rule', code: 'SAP_EXISTS', mend: 'Look at the record in SAP, correct it or its ID there, then retry.' }],
  [/period .*(closed|not open)|not open .*period/i, { kind: 'business_rule', code: 'SAP_PERIOD_CLOSED', mend: 'Open the period in SAP, or move the work date, then retry.' }],
  [/(cannot|can not|must not) be deleted|deletion (is )?not (possible|allowed)|subsequent documents?/i, { kind: 'business_rule', code: IN_USE, mend: 'Remove what refers to it in SAP, or close it there.' }],
  [/\b(does not exist|not defined|not maintained|is not (a )?valid|not created|unknown)\b/i, { kind: 'configuration', code: 'SAP_VALUE_UNKNOWN', mend: 'Create or maintain the value in SAP, or correct it in the options of this system in config/systems.yaml, then retry.' }],
];

/**
 * SAP Gateway's table, by status, by the error's code where SAP Gateway itself gives it, and by its text.
 * Sources: connectors/sap/README.md.
 */
export const classifySap: Classifier = (answer, request) => {
  if (answer.status === 401 || isSessionRefused(answer.status, answer.headers['x-csrf-token'])) return 'token_refused';
  const said = saidIn(answer.body);
  if (answer.status === 429) return { kind: 'transient', code: 'SAP_THROTTLED', message: `SAP takes no more requests for now; nothing was done for ${request.object}.`, mend: WAIT, retryAfterMs: retryAfterMs(answer.headers) ?? 10_000, refused: true };
  if (said === null) return answer.status === 404 ? gone(`SAP has no ${request.object}.`) : meaningOfStatus('SAP', answer, request);
  if (answer.status >= 500) return meaningOfStatus('SAP', answer, request);
  const message = `SAP refuses ${request.object}: ${said.text}`;
  const framework = FRAMEWORK.test(said.code);
  if (/^\/IWFND\/(MED|CM_MGW_RT)\/(170|171)$|no service found/i.test(`${said.code} ${said.text}`) || (answer.status === 404 && /^[0-9A-F]{32}$/.test(said.code))) {
    return { kind: 'configuration', code: 'SAP_SERVICE_MISSING', message, mend: 'Activate the communication scenarios listed in connectors/sap/README.md for this system, then retry.' };
  }
  switch (answer.status) {
    case 403:
      return { kind: 'configuration', code: 'SAP_PERMISSION', message, mend: 'Give the communication user the communication arrangements listed in connectors/sap/README.md, then retry.' };
    case 404:
      return gone(message);
    case 412:
      return { kind: 'transient', code: 'SAP_CHANGED_MEANWHILE', message: `Somebody changed ${request.object} in SAP in the same moment.`, mend: WAIT };
    case 428:
      return { kind: 'contract', code: 'SAP_IF_MATCH', message, mend: 'Correct the connector: this change needs the version of the record (If-Match).' };
    default:
  }
  const row = MESSAGES.find(([pattern]) => pattern.test(said.text));
  if (row !== undefined && !(framework && row[1].kind === 'configuration')) return { ...row[1], message };
  if (framework) return { kind: 'contract', code: 'SAP_REQUEST_INVALID', message, mend: "The request was not understood: compare the service's $metadata with connectors/sap/README.md, then retry." };
  return { kind: 'business_rule', code: 'SAP_REFUSED', message, mend: 'Correct what SAP names, in the deal or in SAP, then retry.' };
};

/** The session's CSRF token is missing or has expired: https://help.sap.com/docs/SAP_NETWEAVER_AS_ABAP_752/68bf513362174d54b58cddec28794093/b35c22518bc72214e10000000a44176d.html */
function isSessionRefused(status: number, csrf: string | string[] | undefined): boolean {
  return status === 403 && String(csrf).toLowerCase() === 'required';
}

function gone(message: string): Meaning {
  return { kind: 'business_rule', code: GONE, message, mend: 'Find out who deleted it in SAP; abort the deal, or retry to make it again.' };
}

/** The error's own text, and those of its details that say more. Null for a body of another shape. */
export function saidIn(body: unknown): { readonly code: string; readonly text: string } | null {
  const parsed = errorBody.safeParse(body);
  if (!parsed.success) return null;
  const { code, message, innererror } = parsed.data.error;
  const details = (innererror?.errordetails ?? []).filter(({ severity, code: own }) => severity === 'error' && !own.startsWith('/IWBEP/CX_'));
  const texts = [...new Set([message, ...details.map((each) => each.message)].filter((each) => each !== ''))];
  return { code, text: texts.slice(0, MOST_TEXTS).join(' ') };
}

function hasCode(error: unknown, code: string): boolean {
  return isSystemFailure(error) && error.failure.code === code;
}
export const isInUse = (error: unknown): boolean => hasCode(error, IN_USE);
export const isGone = (error: unknown): boolean => hasCode(error, GONE);
