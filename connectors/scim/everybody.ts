import { createRound } from '../http/pages.ts';
import type { Capabilities } from './capabilities.ts';
import { hasCode } from './classify.ts';
import type { About, Resource, Scim } from './client.ts';
import { createSeen, type Seen } from './seen.ts';

const MOST_PASSES = 5;
/** How often in a row the very same people may come, and how many pages with nobody new: lists that move, and filters that leave pages empty, do both now and then. */
const MOST_REPEATS = 3;
const MOST_IDLE_PAGES = 100;

/**
 * Every resource that fits the filter, each once, though people are added, removed and moved while the pages are read and no order is promised
 * (RFC 7644, section 3.4.2.4). Reading by index, each page begins with the last resource of the one before: where it is another, the list has moved,
 * something may have been passed over, and the whole is read once more, until a pass tells nothing new and as many were seen as there are.
 * @throws SystemFailure; of kind transient where the list keeps moving, of kind contract where its pages come round again
 */
export async function* everybody(scim: Scim, capabilities: Capabilities, filter: string | null, about: About): AsyncIterable<Resource> {
  const seen = createSeen();
  const query = filter === null ? {} : { filter };
  for (let pass = 1; pass <= MOST_PASSES; pass += 1) {
    const before = seen.size;
    const { whole, total } = yield* capabilities.cursor ? byCursor(scim, capabilities, query, seen, about) : byIndex(scim, capabilities, query, seen, about);
    if (whole || (pass > 1 && seen.size === before && seen.size >= total)) return;
    seen.nextPass();
  }
  throw scim.failure(about, { kind: 'transient', code: 'SCIM_LIST_MOVES', message: `The HR system's list of ${about.object} changed during each of ${MOST_PASSES} readings.`, mend: 'Nothing to do: it is tried again by itself.' });
}

/** One pass: those that no pass told before. */
type Reading = AsyncGenerator<Resource, { readonly whole: boolean; readonly total: number }>;
type Query = Readonly<Record<string, string>>;

async function* byIndex(scim: Scim, { users, sort, pageSize }: Capabilities, query: Query, seen: Seen, about: About): Reading {
  const sorted = sort ? { sortBy: 'id', sortOrder: 'ascending' } : {};
  const watch = createWatch(scim, seen, about);
  let moved = false;
  let total: number | null = null;
  let last: string | null = null;
  let head: string | null = null;
  for (let startIndex = 1; ;) {
    const page = await scim.page(users, { ...query, ...sorted, startIndex: String(startIndex), count: String(pageSize) }, about);
    const [first] = page.resources;
    head ??= first?.id ?? null;
    if (startIndex > 1 && page.startIndex !== startIndex && first?.id === head && page.resources.every(({ id }) => seen.hasInPass(id))) throw noPages(scim, about);
    watch(page.resources);
    if ((last !== null && first?.id !== last) || (total !== null && page.total !== total)) moved = true;
    total = page.total;
    seen.expect(total ?? 0);
    for (const resource of page.resources) if (seen.add(resource.id)) yield resource;
    const reached = startIndex + page.resources.length - 1;
    if (page.resources.length === 0 || (page.total !== null && reached >= page.total) || (page.total === null && page.resources.length < 2)) break;
    // A page of one cannot overlap the next one.
    const overlap = page.resources.length > 1 ? 1 : 0;
    last = overlap === 1 ? (page.resources.at(-1)?.id ?? null) : null;
    startIndex = reached + 1 - overlap;
  }
  return { whole: !moved && (total === null || seen.inPass === total), total: total ?? 0 };
}

function noPages(scim: Scim, about: About) {
  return scim.failure(about, { kind: 'contract', code: 'SCIM_PAGING_IGNORED', message: `The HR system gives one page of ${about.object} and no other, whichever is asked for.`, mend: 'Tell the provider that its paging has no effect (RFC 7644, section 3.4.2.4; RFC 9865), or raise "pageSize" so that everybody fits one page.' });
}

/** Throws where pages come round again, which would be read forever: SystemFailure of kind contract. Asked before a page's people are added to those seen. */
function createWatch(scim: Scim, seen: Seen, about: About) {
  let before = '';
  let repeats = 0;
  let idle = 0;
  return (resources: readonly Resource[]): void => {
    const ids = resources.map(({ id }) => id);
    const page = ids.join('\n');
    repeats = page !== '' && page === before ? repeats + 1 : 0;
    idle = ids.every((id) => seen.hasInPass(id)) ? idle + 1 : 0;
    before = page;
    if (repeats >= MOST_REPEATS) throw comesRound(scim, about, `the same ${ids.length} people came ${repeats + 1} times in a row, whichever page was asked for`);
    if (idle >= MOST_IDLE_PAGES) throw comesRound(scim, about, `${idle} pages in a row had nobody who was not told before, and more are said to follow`);
  };
}

function comesRound(scim: Scim, about: About, what: string) {
  return scim.failure(about, { kind: 'contract', code: 'SCIM_PAGES_REPEAT', message: `The HR system's pages of ${about.object} come round again: ${what}.`, mend: 'Tell the provider that its paging does not come to an end (RFC 7644, section 3.4.2.4; RFC 9865), or raise "pageSize" so that everybody fits one page.' });
}

async function* byCursor(scim: Scim, { users, pageSize }: Capabilities, query: Query, seen: Seen, about: About): Reading {
  const cameRound = createRound();
  const watch = createWatch(scim, seen, about);
  let cursor: string | null = '';
  let total = 0;
  let read = 0;
  while (cursor !== null) {
    if (cameRound(cursor)) throw comesRound(scim, about, 'a cursor that was followed before was given for the next page');
    try {
      const page = await scim.page(users, { ...query, cursor, count: String(pageSize) }, about);
      if (cursor === '') total = page.total ?? 0;
      seen.expect(total);
      read += page.resources.length;
      watch(page.resources);
      for (const resource of page.resources) if (seen.add(resource.id)) yield resource;
      if (cursor === '' && page.nextCursor == null && read < total) throw noPages(scim, about);
      // Left out on the last page (RFC 9865, section 2); some send an empty one.
      cursor = page.nextCursor === '' && read >= total ? null : (page.nextCursor ?? null);
    } catch (error) {
      // Cursors live as long as the provider likes: what was read is known, the rest is read anew.
      if (cursor !== '' && hasCode(error, 'SCIM_EXPIRED_CURSOR', 'SCIM_INVALID_CURSOR')) return { whole: false, total };
      throw error;
    }
  }
  return { whole: true, total };
}
