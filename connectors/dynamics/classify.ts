import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier, type Meaning } from '../http/classify.ts';

interface Inner {
  readonly message?: string | undefined;
  readonly internalexception?: Inner | undefined;
}
const inner: z.ZodType<Inner> = z.looseObject({
  message: z.string().optional(),
  get internalexception() {
    return inner.optional();
  },
});
const errorBody = z.looseObject({ error: z.looseObject({ code: z.string().default(''), message: z.string().default(''), innererror: inner.optional() }) });

/** "Number of concurrent requests exceeded the limit of 52"; Dataverse's words and code for the same. */
const TOO_MANY_AT_ONCE = /concurrent requests|80072326/i;
const WAIT = 'Nothing to do: it is tried again by itself.';
export const EXISTS = 'DYNAMICS_RECORD_EXISTS';
export const IN_USE = 'DYNAMICS_IN_USE';
const JOURNAL_POSTED = 'DYNAMICS_JOURNAL_POSTED';
const GONE = 'DYNAMICS_NOT_FOUND';
const VALUE_UNKNOWN = 'DYNAMICS_VALUE_UNKNOWN';
const FIND_OUT = 'Find out who deleted it in Dynamics 365; abort the deal, or retry to make it again.';

type Row = readonly [pattern: RegExp, meaning: Pick<Meaning, 'kind' | 'code' | 'mend'>];

/**
 * What the Infolog of a refused write says. Texts seen: "The record already exists", "… is not found in the related table …",
 * "An update conflict occurred", "… has not turned on Project Operations Integration"; the others are (unverified).
 */
const INFOLOG: readonly Row[] = [
  [/record already exists/i, { kind: 'business_rule', code: EXISTS, mend: 'Look at the record in Dynamics 365, correct it or its ID there, then retry.' }],
  [/update conflict|deadlock/i, { kind: 'transient', code: 'DYNAMICS_CONFLICT', mend: WAIT }],
  [/project operations integration/i, { kind: 'configuration', code: 'DYNAMICS_PROJECT_ENTITIES', mend: 'Set the option projectEntities of this system to what its companies use (Project management and accounting parameters > Project Operations on Dynamics 365 Customer engagement), then retry.' }],
  [/not found in the related table|related table '[^']*' does not/i, { kind: 'configuration', code: VALUE_UNKNOWN, mend: 'Make the value in Dynamics 365, or correct it in the options of this system in config/systems.yaml, then retry.' }],
  [/journal [^;]*(has been|is|was) (already )?posted/i, { kind: 'business_rule', code: JOURNAL_POSTED, mend: 'Retry: the next journal of the same week is used.' }],
  [/journal [^;]*\b(in use|blocked|locked)/i, { kind: 'transient', code: 'DYNAMICS_JOURNAL_LOCKED', mend: WAIT }],
  [/cannot (be )?delete|transactions exist|delete failed/i, { kind: 'business_rule', code: IN_USE, mend: 'Remove what refers to it in Dynamics 365, or close it there.' }],
];

/**
 * F&O's table, by status and by the text of its Infolog: codes are mostly empty.
 * Sources: OData v4 error bodies with `innererror` (README.md); https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/service-protection-api-limits
 */
export const classifyDynamics: Classifier = (answer, request) => {
  if (answer.status === 401) return 'token_refused';
  const said = saidIn(answer.body);
  if (answer.status === 429) {
    return { kind: 'transient', code: 'DYNAMICS_THROTTLED', message: `Dynamics 365 takes no more requests for now; nothing was done for ${request.object}.`, mend: WAIT, retryAfterMs: retryAfterMs(answer.headers) ?? 10_000, refused: true, ...(said !== null && TOO_MANY_AT_ONCE.test(said) ? { tooManyAtOnce: true } : {}) };
  }
  if (said === null && answer.status === 404) return { kind: 'business_rule', code: GONE, message: `Dynamics 365 has no ${request.object}.`, mend: FIND_OUT };
  if (said === null) return meaningOfStatus('DYNAMICS', answer, request);
  const message = `Dynamics 365 refuses ${request.object}: ${said}`;
  const refused = isWriteRefusal(said);
  if (answer.status >= 500 && !refused) return meaningOfStatus('DYNAMICS', answer, request);
  if (answer.status === 412) return { kind: 'transient', code: 'DYNAMICS_CHANGED_MEANWHILE', message: `Somebody changed ${request.object} in Dynamics 365 in the same moment.`, mend: WAIT };
  if (answer.status === 403) return { kind: 'configuration', code: 'DYNAMICS_PERMISSION', message, mend: "Give the application's user the security roles listed in connectors/dynamics/README.md, then retry." };
  if (/resource not found for the segment|no http resource was found/i.test(said)) {
    return { kind: 'configuration', code: 'DYNAMICS_ENTITY_MISSING', message, mend: 'Refresh the entity list (Data management > Framework parameters > Entity settings) or correct the option projectEntities, then retry.' };
  }
  if (answer.status === 404) return { kind: 'business_rule', code: GONE, message, mend: FIND_OUT };
  const row = INFOLOG.find(([pattern]) => pattern.test(said));
  if (row !== undefined) return { ...row[1], message, refused: true };
  if (refused) return { kind: 'business_rule', code: 'DYNAMICS_WRITE_REFUSED', message, mend: 'Correct what Dynamics 365 names, in the deal or in Dynamics 365, then retry.', refused: true };
  return { kind: 'contract', code: 'DYNAMICS_REQUEST_INVALID', message, mend: "The request was not understood: compare the entity's metadata (/data/$metadata) with connectors/dynamics/README.md, then retry." };
};

/** The innermost message: what is outside says only that an error has occurred. Null for a body of another shape. */
export function saidIn(body: unknown): string | null {
  const parsed = errorBody.safeParse(body);
  if (!parsed.success) return null;
  const { error } = parsed.data;
  let said = error.message;
  for (let each = error.innererror; each !== undefined; each = each.internalexception) if (each.message !== undefined && each.message !== '') said = each.message;
  return said.replace(/^Write failed for table row of type '[^']*'\.\s*/, 'Write failed. ').replace(/;\s*Warning: validate\w+ failed on [^;]*/g, '').trim();
}

/** The rules of the record's table refused it, whatever the status: nothing was written. */
function isWriteRefusal(said: string): boolean {
  return /^(write|delete) failed|infolog:/i.test(said);
}

function hasCode(error: unknown, code: string): boolean {
  return isSystemFailure(error) && error.failure.code === code;
}
export const alreadyExists = (error: unknown): boolean => hasCode(error, EXISTS);
export const isInUse = (error: unknown): boolean => hasCode(error, IN_USE);
export const isGone = (error: unknown): boolean => hasCode(error, GONE);
/** For a reason that does not lie in what was sent: a permission, the credentials, the address, a page of a proxy. */
export function isOfTheWay(error: unknown): boolean {
  if (!isSystemFailure(error)) return false;
  const { kind, code } = error.failure;
  return (kind === 'configuration' && code !== VALUE_UNKNOWN) || code === GONE || code === 'HTTP_HTML';
}
