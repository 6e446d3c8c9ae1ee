import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { placeOf, valuesAt } from './attributes.ts';
import { invalidFilter, invalidPath, invalidValue, Refusal } from './errors.ts';
import { parseFilter } from './filter.ts';
import type { ScimOptions } from './options.ts';
import type { User, Users } from './users.ts';

const Query = z.record(z.string(), z.union([z.string(), z.array(z.string()).transform((all) => all[0] ?? '')]));
const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
const DEFAULT_PAGE = 100;

export interface Listing {
  answer(query: unknown): object;
  reset(): void;
}

/** RFC 7644, section 3.4.2 (index) and RFC 9865 (cursor). A cursor keeps the list as it was when the reading began; a user that is gone since is left out. */
export function createListing(users: Users, options: ScimOptions): Listing {
  const cursors = new Map<string, { readonly ids: readonly string[]; readonly count: number }>();
  let asked = 0;

  const found = (query: Readonly<Record<string, string>>): readonly User[] => {
    const { filter, sortBy, sortOrder = 'ascending' } = query;
    asked += 1;
    if (filter !== undefined && !options.filter) throw invalidFilter('Filtering is not supported');
    if (filter !== undefined && !options.filterByDate && /meta\.lastModified/i.test(filter)) throw invalidFilter('meta.lastModified cannot be filtered by');
    const matches = filter === undefined ? () => true : parseFilter(filter);
    const all = users.all().filter((user) => matches(user));
    if (sortBy !== undefined && options.sort) return sorted(all, sortBy, sortOrder);
    if (!options.unordered || all.length === 0) return all;
    const turn = (asked * 7) % all.length;
    return [...all.slice(turn), ...all.slice(0, turn)];
  };

  return {
    answer(given) {
      const query = Query.parse(given);
      const count = Math.min(whole(query['count'], DEFAULT_PAGE, 0), options.maxResults);
      const { cursor } = query;
      if (cursor !== undefined) {
        if (!options.cursor) throw invalidValue('cursor is not supported');
        if (query['startIndex'] !== undefined) throw invalidValue('startIndex and cursor exclude each other');
        const known = cursor === '' ? { ids: found(query).map(({ id }) => id), count } : cursors.get(cursor);
        if (known === undefined) throw new Refusal(400, 'The cursor has expired', 'expiredCursor');
        const page = known.ids.slice(0, count);
        const rest = known.ids.slice(count);
        const nextCursor = rest.length === 0 ? undefined : randomUUID();
        if (nextCursor !== undefined) cursors.set(nextCursor, { ids: rest, count });
        const here = new Map(users.all().map((user) => [user.id, user]));
        const resources = page.flatMap((id) => here.get(id) ?? []);
        return { schemas: [LIST], totalResults: known.ids.length, itemsPerPage: resources.length, ...(nextCursor === undefined ? {} : { nextCursor }), Resources: resources };
      }
      const startIndex = Math.max(whole(query['startIndex'], 1, Number.MIN_SAFE_INTEGER), 1);
      const all = found(query);
      const resources = all.slice(startIndex - 1, startIndex - 1 + count);
      return { schemas: [LIST], totalResults: all.length, startIndex, itemsPerPage: resources.length, ...(resources.length === 0 ? {} : { Resources: resources }) };
    },
    reset: () => cursors.clear(),
  };
}

function sorted(all: readonly User[], sortBy: string, sortOrder: string): readonly User[] {
  const place = placeOf(sortBy);
  if (place === undefined) throw invalidPath(`There is no attribute ${sortBy}`);
  if (sortOrder !== 'ascending' && sortOrder !== 'descending') throw invalidValue('sortOrder is ascending or descending');
  const keyed = all.map((user) => ({ user, key: String(valuesAt(user, place)[0] ?? '\uFFFF') }));
  const ascending = keyed.toSorted((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0)).map(({ user }) => user);
  return sortOrder === 'ascending' ? ascending : ascending.toReversed();
}

function whole(text: string | undefined, otherwise: number, least: number): number {
  if (text === undefined) return otherwise;
  if (!/^-?\d{1,9}$/.test(text)) throw invalidValue(`"${text}" is no whole number`);
  return Math.max(Number(text), least);
}
