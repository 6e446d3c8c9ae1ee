import { schemaFailure } from './failures.ts';
import type { HttpAnswer } from './client.ts';

/**
 * The record of an answer; null only where the status says that there is none. An answer that is empty or broken off is no word of absence: what is
 * taken for absent is made again.
 * @param answer - of a request with `accept` for the statuses of absence and a schema that takes `undefined` for them
 * @throws SystemFailure of kind contract
 */
export function presentBody<T>({ status, body, text }: HttpAnswer<T | undefined>, asked: { readonly system: string; readonly object: string }): T | null {
  if (status >= 300) return null;
  if (body === undefined) throw schemaFailure({ ...asked, writes: false }, { status, text, html: false }, undefined);
  return body;
}
