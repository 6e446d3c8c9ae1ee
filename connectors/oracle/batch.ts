import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import { evidenceOf } from '../http/redact.ts';
import { classifyOracle } from './classify.ts';

/**
 * Several creations in one request, done wholly or not at all, one after the other: "batch actions are essentially all-or-none actions. … only the part
 * containing the error is listed in the response".
 * https://docs.oracle.com/en/cloud/saas/project-management/25d/fapap/Batch_Actions.html
 */
export const BATCH_TYPE = 'application/vnd.oracle.adf.batch+json';

const answerSchema = z.looseObject({ parts: z.array(z.looseObject({ id: z.string(), payload: z.unknown() })).optional() });
const erroneous = z.union([z.looseObject({ 'o:errorDetails': z.array(z.unknown()).min(1) }), z.looseObject({ title: z.string(), status: z.coerce.number().min(400) })]);

/** @param path - relative to the version: "/unprocessedProjectCosts" */
export function batchOf(path: string, payloads: readonly object[]): { readonly type: string; readonly text: string } {
  return { type: BATCH_TYPE, text: JSON.stringify({ parts: payloads.map((payload, index) => ({ id: partId(index), path, operation: 'create', payload })) }) };
}

/** What became of a batch that was answered with 200: null where all of it was done. Anything else than all its parts or one with an error leaves doubt. */
export function batchFailure(system: string, object: string, count: number, answer: { readonly body: unknown; readonly text: string }): SystemFailure | null {
  const parts = answerSchema.safeParse(answer.body).data?.parts;
  const failed = parts?.find((part) => erroneous.safeParse(part.payload).success);
  if (failed !== undefined) {
    const verdict = classifyOracle({ status: 400, headers: {}, body: failed.payload, text: JSON.stringify(failed.payload) }, { object, writes: true });
    if (verdict !== 'token_refused') return new SystemFailure({ kind: verdict.kind, code: verdict.code, message: verdict.message, mend: verdict.mend, system, object, written: 'no', evidence: evidenceOf(answer.text) });
  }
  if (parts?.length === count && new Set(parts.map((part) => part.id)).size === count) return null;
  return new SystemFailure({
    kind: 'contract', code: 'ORACLE_BATCH_ANSWER', system, object, written: 'unknown', evidence: evidenceOf(answer.text),
    message: `The answer to the batch with ${object} has ${parts?.length ?? 'no'} parts that can be read; ${count} were asked for.`,
    mend: "Compare the evidence with the vendor's documentation, correct the connector, then retry: the records are looked up first.",
  });
}

function partId(index: number): string {
  return `part${index + 1}`;
}
