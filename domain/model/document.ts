import { z } from 'zod';

/** The head of every canonical document: what it is and which version of its schema it follows. */
export function documentHead<const Name extends string, const Version extends number>(name: Name, version: Version) {
  return { schema: z.literal(name), schemaVersion: z.literal(version) };
}

export const codeSchema = z.string().min(1).max(40).regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, 'a code of letters, digits, "_" or "-"');
export const textSchema = z.string().max(1000);
export const countrySchema = z.string().regex(/^[A-Z]{2}$/, 'a two-letter ISO 3166-1 country code');

/** Turns an older version of a document into the next one; runs are chained until the newest. */
export type Upcaster = (older: Record<string, unknown>) => Record<string, unknown>;

/**
 * Brings a stored or received document to the newest schema version.
 * @throws RangeError for a version newer than this build knows, or older than any upcaster.
 */
export function upcast(document: Record<string, unknown>, newest: number, upcasters: Readonly<Record<number, Upcaster>>): Record<string, unknown> {
  let current = document;
  let version = Number(current['schemaVersion'] ?? 1);
  if (version > newest) throw new RangeError(`schemaVersion ${version} is newer than ${newest}, the newest this build knows: update the software first`);
  while (version < newest) {
    const step = upcasters[version];
    if (step === undefined) throw new RangeError(`no upcaster leads on from schemaVersion ${version}: send version ${newest}`);
    current = { ...step(current), schemaVersion: version + 1 };
    version += 1;
  }
  return current;
}
