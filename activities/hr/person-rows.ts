import { isDeepStrictEqual } from 'node:util';
import { timePersonSchema, type TimePerson } from '../../domain/model/time/context.ts';
import { personKeys } from '../../domain/model/time/reference.ts';
import type { ReferenceRow } from '../../store/time/reference.ts';

/** A row of what is known of a person. */
export interface PersonRow {
  readonly key: string;
  readonly person: TimePerson;
}

/** Each person's rows, the earliest first. */
export function rowsByPerson(rows: readonly { readonly key: string; readonly document: unknown }[]): Map<string, PersonRow[]> {
  const read = rows.map(({ key, document }): PersonRow => ({ key, person: timePersonSchema.parse(document) }));
  return Map.groupBy(read.toSorted((left, right) => (left.person.from < right.person.from ? -1 : left.person.from > right.person.from ? 1 : 0)), ({ person }) => person.email);
}

/** The rows that are new or say something else than before. The last one stands under the person's address alone, those before it under address and first day. */
export function changedRows(known: readonly PersonRow[], terms: readonly TimePerson[]): ReferenceRow[] {
  return terms.flatMap((person, position): ReferenceRow[] => {
    const [newest, dated] = personKeys(person);
    const before = known[position];
    const key = position === terms.length - 1 ? newest : before === undefined || before.key === newest ? dated : before.key;
    if (before?.key === key && isDeepStrictEqual(before.person, person)) return [];
    return [{ kind: 'person', key, scope: person.email, document: person }];
  });
}
