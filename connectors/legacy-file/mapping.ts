import type { LegacyFileOptions } from './options.ts';
import { notWritable, type About } from './refusals.ts';

/** The ERP's codes for ours. */
export interface Codes {
  company(legalEntity: string): string;
  laborCategory(code: string): string;
}

export function codesOf({ companies, laborCategories }: LegacyFileOptions): Codes {
  return { company: (legalEntity) => companies[legalEntity] ?? legalEntity, laborCategory: (code) => laborCategories[code] ?? code };
}

/** The ERP's number of a record that a document refers to. @throws SystemFailure where it is not known */
export function numberOf(known: Readonly<Record<string, string>>, id: string, what: string, about: About): string {
  const number = known[id];
  if (number !== undefined) return number;
  throw notWritable(about, 'LEGACY_REFERENCE_MISSING', `The ${what} ${id} of ${about.object} has no number in the ERP yet.`, `See why the ${what} is not in the ERP, mend that, then retry.`);
}

/** "time_and_materials" as the ERP has it: "TIME_AND_MATERIALS". */
export function upper(code: string): string {
  return code.toUpperCase();
}
