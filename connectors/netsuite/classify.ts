import { z } from 'zod';
import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import { meaningOfStatus, retryAfterMs, type Classifier, type RefusedAnswer } from '../http/classify.ts';
import { evidenceOf } from '../http/redact.ts';

const errorBody = z.object({
  'o:errorDetails': z.array(z.object({ detail: z.string().default(''), 'o:errorCode': z.string().default('UNKNOWN'), 'o:errorPath': z.string().optional() })).min(1),
});

/** Fields filled from the options: what NetSuite does not know there is a wrong mapping, not a wrong deal. */
const MAPPED_FIELD = /(^|\.)(subsidiary|currency|currencyList|expensereportcurrency|category|account|entityStatus|terms|item|billingItem|chargeType|taxType|taxCode)(\.|\[|$)/;
const WRONG_REFERENCE = /invalid (field value|key or ref|reference)/i;
const DEPENDENTS = 'NETSUITE_DEPENDENT_RECORDS';
const GONE = 'NETSUITE_NONEXISTENT_ID';
const WAIT = 'Nothing to do: it is tried again by itself.';

/**
 * NetSuite's table, by `o:errorCode`.
 * Source: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156570709583.html
 */
export const classifyNetSuite: Classifier = (answer, request) => {
  const parsed = errorBody.safeParse(answer.body);
  const first = parsed.success ? parsed.data['o:errorDetails'][0] : undefined;
  if (answer.status === 401) return 'token_refused';
  const code = first?.['o:errorCode'] ?? '';
  if (answer.status === 429 || /CONCURREN|REQUEST_LIMIT/.test(code)) {
    return { kind: 'transient', code: 'NETSUITE_CONCURRENCY_LIMIT_EXCEEDED', message: `NetSuite's account-wide limit of concurrent requests is reached; nothing was done for ${request.object}.`, mend: WAIT, retryAfterMs: retryAfterMs(answer.headers) ?? 2_000, refused: true, tooManyAtOnce: true };
  }
  if (first === undefined || answer.status >= 500) return meaningOfStatus('NETSUITE', answer, request);
  const path = first['o:errorPath'];
  const where = path === undefined ? '' : ` (at ${path})`;
  const said = `NetSuite refuses ${request.object}${where}: ${first.detail}`;
  if (answer.status === 403 || /INSUFFICIENT_PERMISSION|PERMISSION_VIOLATION/.test(code)) {
    return { kind: 'configuration', code: 'NETSUITE_INSUFFICIENT_PERMISSION', message: said, mend: "Give the integration's role the permissions listed in connectors/netsuite/README.md, then retry." };
  }
  if (/record type/i.test(first.detail) && answer.status === 404) {
    return { kind: 'configuration', code: 'NETSUITE_RECORD_TYPE_MISSING', message: said, mend: 'Create the custom records listed in connectors/netsuite/README.md and enable the features it names, then retry.' };
  }
  if (code === 'INVALID_KEY_OR_REF' || WRONG_REFERENCE.test(first.detail)) {
    if (MAPPED_FIELD.test(path ?? first.detail)) {
      return { kind: 'configuration', code: 'NETSUITE_INVALID_REFERENCE', message: said, mend: 'Correct the internal IDs in the options of this system in config/systems.yaml, or what the subsidiary and customer allow in NetSuite, then retry.' };
    }
  }
  if (/DEPENDENT/.test(code) || /dependent records/i.test(first.detail)) return { kind: 'business_rule', code: DEPENDENTS, message: said, mend: 'Remove what refers to it in NetSuite, or make it inactive there.' };
  if (code === 'NONEXISTENT_ID' || answer.status === 404) return { kind: 'business_rule', code: GONE, message: said, mend: 'Find out who deleted it in NetSuite; abort the deal, or retry to make it again.' };
  return { kind: 'business_rule', code: `NETSUITE_${code}`, message: said, mend: 'Correct what NetSuite names, in the deal or in NetSuite, then retry.' };
};

export function hasDependents(error: unknown): boolean {
  return isSystemFailure(error) && error.failure.code === DEPENDENTS;
}

export function isGone(error: unknown): boolean {
  return isSystemFailure(error) && error.failure.code === GONE;
}

/** True where a request with this idempotency key was submitted before: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/subsect_164494900632.html */
export function isKnownKey(body: unknown): boolean {
  const parsed = errorBody.safeParse(body);
  return parsed.success && parsed.data['o:errorDetails'].some((detail) => detail['o:errorCode'] === 'IDEMPOTENCY_ERROR');
}

/** A batch that was refused as a whole: nothing of it was written. */
export function refusedBatch(system: string, object: string, answer: Omit<RefusedAnswer, 'text'>): SystemFailure {
  const text = JSON.stringify(answer.body) ?? '';
  const verdict = classifyNetSuite({ ...answer, text }, { object, writes: true });
  const meaning = verdict === 'token_refused' ? { kind: 'configuration' as const, code: 'NETSUITE_REFUSED', message: `NetSuite refuses ${object}.`, mend: 'Check the credentials of this system, then retry.' } : verdict;
  return new SystemFailure({ kind: meaning.kind, code: meaning.code, message: meaning.message, mend: meaning.mend, system, object, written: 'no', evidence: evidenceOf(text) });
}
