import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier, type Meaning } from '../http/classify.ts';

/** RFC 7644, section 3.12; `status` is text there, some send a number. */
const errorBody = z.looseObject({ scimType: z.string().optional(), detail: z.string().optional() });
const WAIT = 'Nothing to do: it is tried again by itself.';

/** RFC 7644, table 9, and RFC 9865, section 2.1, by `scimType`. */
const TYPES: Readonly<Record<string, Pick<Meaning, 'kind' | 'mend'>>> = {
  invalidfilter: { kind: 'configuration', mend: 'Set the option "changes" to full_read, or have the filter enabled in the HR system, then retry.' },
  toomany: { kind: 'configuration', mend: 'Set the option "changes" to full_read or have the limit raised in the HR system, then retry.' },
  uniqueness: { kind: 'business_rule', mend: 'Another person of the HR system has this value: find out whose it is, correct one of the two, then retry.' },
  mutability: { kind: 'configuration', mend: 'The HR system does not let this attribute be changed: let it own the attribute (config/ownership.yaml), or have it made writable.' },
  invalidsyntax: { kind: 'contract', mend: 'The request was not understood: compare the connector with the provider\'s documentation, then retry.' },
  invalidpath: { kind: 'configuration', mend: 'Correct the attribute named in the options of the HR system (config/systems.yaml), then retry.' },
  notarget: { kind: 'business_rule', mend: 'The value to be changed is not there: look at the person in the HR system, then retry.' },
  invalidvalue: { kind: 'business_rule', mend: 'Correct the value the HR system names, then retry.' },
  invalidvers: { kind: 'configuration', mend: 'Correct the address of the HR system in config/systems.yaml: it must be that of SCIM 2.0.' },
  sensitive: { kind: 'configuration', mend: 'Have the provider take the search in another form: what is asked for may not stand in an address.' },
  invalidcursor: { kind: 'transient', mend: WAIT },
  expiredcursor: { kind: 'transient', mend: WAIT },
  invalidcount: { kind: 'configuration', mend: 'Lower the option "pageSize" of the HR system, then retry.' },
};

/** SCIM's table: `scimType` where there is one, else the status. */
export const classifyScim: Classifier = (answer, request) => {
  const parsed = errorBody.safeParse(answer.body);
  const type = parsed.success ? parsed.data.scimType : undefined;
  const detail = (parsed.success ? parsed.data.detail : undefined) ?? `HTTP ${answer.status}`;
  const message = `The HR system refuses ${request.object}: ${detail}`;
  const known = type === undefined ? undefined : TYPES[type.toLowerCase()];
  if (known !== undefined && (answer.status === 400 || answer.status === 403 || answer.status === 409)) return { ...known, code: codeOf(type ?? ''), message };
  switch (answer.status) {
    case 401:
      return 'token_refused';
    case 403:
      return { kind: 'configuration', code: 'SCIM_FORBIDDEN', message, mend: 'Grant the integration user read access to all users, and write access where addresses or cost centers are written back (connectors/scim/README.md), then retry.' };
    case 404:
      return { kind: 'business_rule', code: 'SCIM_NOT_FOUND', message: `The HR system no longer has ${request.object}: ${detail}`, mend: 'Find out who removed the person from the HR system; else correct its address in config/systems.yaml.' };
    case 409:
      return { ...TYPES['uniqueness'], kind: 'business_rule', code: 'SCIM_CONFLICT', message, mend: 'Look at the person in the HR system, correct what contradicts it, then retry.' };
    case 412:
      return { kind: 'transient', code: 'SCIM_VERSION', message: `Somebody else changed ${request.object} at the same time.`, mend: WAIT };
    case 429:
      return { kind: 'transient', code: 'SCIM_RATE_LIMIT', message: `The HR system's request limit is reached; nothing was done for ${request.object}.`, mend: WAIT, retryAfterMs: retryAfterMs(answer.headers) ?? 1000 };
    case 501:
      return { kind: 'configuration', code: 'SCIM_NOT_IMPLEMENTED', message, mend: 'The HR system does not offer this operation: see "Roads" in connectors/scim/README.md.', refused: true };
    default:
      return meaningOfStatus('SCIM', answer, request);
  }
};

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return isSystemFailure(error) && codes.includes(error.failure.code);
}

function codeOf(scimType: string): string {
  return `SCIM_${scimType.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`;
}
