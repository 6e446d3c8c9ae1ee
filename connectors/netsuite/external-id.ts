import { createHash } from 'node:crypto';

/**
 * A NetSuite external ID made from a canonical ID: letters, digits, "_" and "-" only. Where something had to be replaced or cut, a hash
 * of the whole keeps IDs apart that would otherwise become the same.
 * Source: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156334828635.html
 */
export function externalIdOf(...parts: readonly string[]): string {
  const plain = readable(parts);
  // The parts "a" and "b" must not give the same ID as the single part "a-b".
  return parts.length === 1 && plain === parts[0] ? plain : `${plain}-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 10)}`;
}

/** True for the external ID of a part of that record: a task of a project, a line of a rate card. */
export function isPartOf(externalId: string | undefined, ...parts: readonly string[]): boolean {
  return externalId?.startsWith(`${readable(parts)}-`) === true;
}

function readable(parts: readonly string[]): string {
  return parts.join('-').replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 200);
}
