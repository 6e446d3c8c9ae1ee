import { codeOf, type DirtKind } from './dirt.ts';
import type { Draft } from './draft.ts';
import { ENTRY_PLANTS, type Plant } from './plant-entry.ts';
import { GROUP_PLANTS } from './plant-group.ts';
import { SHEET_PLANTS } from './plant-sheet.ts';

const PLANTS: Partial<Record<DirtKind, Plant>> = { ...ENTRY_PLANTS, ...SHEET_PLANTS, ...GROUP_PLANTS };

/** Makes a draft dirty in the way its kind says. @throws RangeError for a kind that nothing plants */
export function plant(draft: Draft, kind: DirtKind): void {
  const planted = PLANTS[kind];
  if (planted === undefined) throw new RangeError(`nothing plants ${kind} (${codeOf(kind)})`);
  planted(draft);
}
