import { createHash } from 'node:crypto';

const MOST = 64;

/**
 * The external key of a record, made of its canonical ID: the ID itself where the ERP's field takes it, else its beginning with a digest of all
 * of it. The same ID always gives the same key.
 */
export function keyOf(canonicalId: string): string {
  if (canonicalId.length <= MOST && /^[A-Za-z0-9][A-Za-z0-9_./-]*$/.test(canonicalId)) return canonicalId;
  const digest = createHash('sha256').update(canonicalId).digest('hex').slice(0, 20);
  return `${canonicalId.replaceAll(/[^A-Za-z0-9_.-]/g, '-').slice(0, MOST - 22)}--${digest}`;
}
