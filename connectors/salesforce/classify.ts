import { z } from 'zod';
import { meaningOfStatus, retryAfterMs, type Classifier, type Meaning } from '../http/classify.ts';

const errorsSchema = z.array(z.object({ message: z.string().default(''), errorCode: z.string(), fields: z.array(z.string()).optional() })).min(1);
const tokenErrorSchema = z.object({ error: z.string(), error_description: z.string().default('') });

type Row = Pick<Meaning, 'kind' | 'mend' | 'retryAfterMs' | 'refused' | 'tooManyAtOnce' | 'sparesRate'>;

const AGAIN: Row = { kind: 'transient', mend: 'Nothing to do: it is tried again by itself.' };
const PERMISSION: Row = { kind: 'configuration', mend: 'Give the integration user\'s permission set the access listed in connectors/salesforce/README.md, then retry.' };
const FIELD: Row = { kind: 'configuration', mend: 'Create the field named in the message (connectors/salesforce/README.md lists them), give the integration user access to it, or name yours in the options of config/systems.yaml; then retry.' };
const GONE: Row = { kind: 'business_rule', mend: 'The record was deleted or never existed: restore it in Salesforce and retry, or abort the deal.' };
const CORRECT: Row = { kind: 'business_rule', mend: 'Correct the record in Salesforce as the message says, then retry.' };

/** 25 requests of 20 seconds and more at once, with the same code as the day's allocation: https://help.salesforce.com/s/articleView?id=000389067 */
const TOO_MANY_AT_ONCE = /ConcurrentRequests|concurrent (api )?requests/i;
const AT_ONCE: Row = { ...AGAIN, retryAfterMs: 5_000, refused: true, tooManyAtOnce: true };

/** Source: Salesforce SOAP API and REST API developer guides, status codes. */
const ROWS: Readonly<Record<string, Row>> = {
  REQUEST_LIMIT_EXCEEDED: { ...AGAIN, retryAfterMs: 300_000, sparesRate: true },
  TXN_SECURITY_METERING_ERROR: AGAIN,
  UNABLE_TO_LOCK_ROW: AGAIN,
  SERVER_UNAVAILABLE: AGAIN,
  QUERY_TIMEOUT: AGAIN,
  INVALID_QUERY_LOCATOR: AGAIN,
  INVALID_REPLICATION_DATE: AGAIN,
  INVALID_FIELD: FIELD,
  INVALID_TYPE: FIELD,
  INVALID_FIELD_FOR_INSERT_UPDATE: FIELD,
  INSUFFICIENT_ACCESS: PERMISSION,
  INSUFFICIENT_ACCESS_OR_READONLY: PERMISSION,
  INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: PERMISSION,
  CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: CORRECT,
  API_DISABLED_FOR_ORG: PERMISSION,
  API_CURRENTLY_DISABLED: PERMISSION,
  FUNCTIONALITY_NOT_ENABLED: PERMISSION,
  INVALID_AUTH_HEADER: PERMISSION,
  NOT_FOUND: GONE,
  ENTITY_IS_DELETED: GONE,
  INVALID_CROSS_REFERENCE_KEY: GONE,
  MALFORMED_ID: GONE,
  MALFORMED_QUERY: { kind: 'contract', mend: 'The query was not understood: compare connectors/salesforce/queries.ts with the API version in use, then retry.' },
  JSON_PARSER_ERROR: { kind: 'contract', mend: 'The request was not understood: compare the connector with the API version in use, then retry.' },
};

/** 401 answers that no new token mends. */
const PERMANENT_401 = /connected app is not attached|not valid for use with the REST API/i;

export const classifySalesforce: Classifier = (answer, request) => {
  if (answer.status === 300) return notUnique(answer.body, request.object);
  const parsed = errorsSchema.safeParse(answer.body);
  const first = parsed.success ? parsed.data[0] : undefined;
  if (first === undefined) return meaningOfStatus('SALESFORCE', answer, request);
  if (answer.status >= 500 && ROWS[first.errorCode] === undefined) return meaningOfStatus('SALESFORCE', answer, request);
  const said = { code: `SALESFORCE_${first.errorCode}`, message: `Salesforce refused ${request.object}: ${first.message.slice(0, 500)}${first.fields === undefined || first.fields.length === 0 ? '' : ` (${first.fields.join(', ')})`}.` };
  if (answer.status === 401) {
    return PERMANENT_401.test(first.message) ? { ...said, ...PERMISSION } : 'token_refused';
  }
  const row = (/external ID field/i.test(first.message) ? FIELD : first.errorCode === 'REQUEST_LIMIT_EXCEEDED' && TOO_MANY_AT_ONCE.test(first.message) ? AT_ONCE : ROWS[first.errorCode]) ?? (answer.status === 403 ? PERMISSION : CORRECT);
  const wait = retryAfterMs(answer.headers) ?? row.retryAfterMs;
  return { ...said, ...row, ...(wait === undefined ? {} : { retryAfterMs: wait }) };
};

/** 300 lists the records that share the value of an external ID field. */
function notUnique(body: unknown, object: string): Meaning {
  const urls = z.array(z.string()).safeParse(body);
  const ids = urls.success ? urls.data.map((url) => url.split('/').at(-1) ?? '').join(', ') : '';
  return {
    kind: 'business_rule',
    code: 'SALESFORCE_EXTERNAL_ID_NOT_UNIQUE',
    message: `Several records in Salesforce have the external ID of ${object}${ids === '' ? '' : `: ${ids.slice(0, 300)}`}.`,
    mend: 'Merge or delete the superfluous records in Salesforce and make the external ID field unique, then retry.',
  };
}

const GRANT: Row = { kind: 'configuration', mend: 'Check that the connected app carries our certificate, that the integration user is pre-authorized for it and not locked, and that the username and audience are right; then retry.' };
const RUN_AS: Row = { kind: 'configuration', mend: 'On the connected app enable the client credentials flow and choose the user it runs as, and check the consumer key and secret; then retry.' };
const MY_DOMAIN: Row = { kind: 'configuration', mend: 'Give the organization\'s My Domain address (https://<domain>.my.salesforce.com) in config/systems.yaml: the client credentials flow is not offered elsewhere; then retry.' };

/** The token endpoint answers by OAuth's own table (RFC 6749, section 5.2). */
export const classifySalesforceToken: Classifier = (answer, request) => {
  const parsed = tokenErrorSchema.safeParse(answer.body);
  if (!parsed.success || answer.status >= 500 || answer.status === 429) {
    const verdict = meaningOfStatus('SALESFORCE_TOKEN', answer, request);
    return verdict === 'token_refused' ? { kind: 'configuration', code: 'SALESFORCE_TOKEN_HTTP_401', message: `Salesforce refused ${request.object}.`, mend: 'Check the connected app and its certificate, then retry.' } : verdict;
  }
  const { error, error_description: description } = parsed.data;
  const said = { code: `SALESFORCE_TOKEN_${error.toUpperCase()}`, message: `Salesforce gave no access token: ${error}${description === '' ? '' : ` (${description.slice(0, 300)})`}.` };
  if (/login rate exceeded|server_error|temporarily_unavailable/i.test(`${error} ${description}`)) return { ...said, ...AGAIN, retryAfterMs: 60_000 };
  if (/not supported on this domain/i.test(description)) return { ...said, ...MY_DOMAIN };
  if (/client credentials/i.test(description) || error === 'invalid_client' || error === 'unsupported_grant_type') return { ...said, ...RUN_AS };
  return { ...said, ...GRANT };
};
