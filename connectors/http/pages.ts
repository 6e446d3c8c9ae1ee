import { isDeepStrictEqual } from 'node:util';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import { evidenceOf } from './redact.ts';

export interface Page<Position> {
  readonly items: readonly unknown[];
  /** Where the vendor says that the list goes on: a link, a cursor, an offset, a page's number. Null or undefined after the last page. */
  readonly next: Position | null | undefined;
}

export interface PagedList {
  readonly system: string;
  readonly object: string;
  /**
   * Lists along the vendor's own links or cursors may have pages without items between others (OData 4.01, section 11.2.6.7, allows it); where places
   * are counted, as by default, a page without items that says more follow would be asked for again and again.
   */
  readonly emptyPages?: boolean;
  /** Pages of the longest list that is believed. */
  readonly mostPages?: number;
}

const MOST_PAGES = 10_000;
const MOST_EMPTY_PAGES = 100;
/** How often in a row the very same page may come: something may move the whole list on by a page, once. */
const MOST_REPEATS = 3;
const MEND = "Compare the list's paging with the vendor's documentation, tell the vendor that the list has no end, then retry.";

/**
 * A list page by page; the next one is asked for when the consumer wants it, so that one who breaks off causes no further request and no more than a page
 * is held. A list that would never end is a SystemFailure of kind contract: it leads to a place where it was before, gives the same page over and over,
 * pages without items, or more pages than a list can have.
 * @param read - the page at a position, as the vendor cuts it
 */
export function pagesOf<One extends Page<number>>(list: PagedList, first: number, read: (position: number) => Promise<One>): AsyncGenerator<One, void>;
export function pagesOf<One extends Page<string>>(list: PagedList, first: string, read: (position: string) => Promise<One>): AsyncGenerator<One, void>;
export async function* pagesOf<Position extends string | number, One extends Page<Position>>(list: PagedList, first: Position, read: (position: Position) => Promise<One>): AsyncGenerator<One, void> {
  const { emptyPages = false, mostPages = MOST_PAGES } = list;
  const cameRound = createRound();
  let before: unknown = null;
  let [empty, repeats] = [0, 0];
  for (let position: Position | null | undefined = first, number = 1; position !== null && position !== undefined; number += 1) {
    if (cameRound(String(position))) throw endless(list, 'PAGES_REPEAT', 'it leads to a place where it was before', String(position));
    if (number > mostPages) throw endless(list, 'PAGES_ENDLESS', `it has more than ${mostPages} pages`, String(position));
    const page: One = await read(position);
    yield page;
    position = page.next;
    if (position === null || position === undefined) return;
    empty = page.items.length === 0 ? empty + 1 : 0;
    if (empty > (emptyPages ? MOST_EMPTY_PAGES : 0)) throw endless(list, 'PAGES_EMPTY', 'a page has nothing on it and says that more follow', String(position));
    const ends = page.items.length === 0 ? null : [page.items.length, page.items[0], page.items.at(-1)];
    repeats = ends !== null && isDeepStrictEqual(ends, before) ? repeats + 1 : 0;
    before = ends;
    if (repeats >= MOST_REPEATS) throw endless(list, 'PAGES_REPEAT', `the same page came ${repeats + 1} times in a row, whichever was asked for`, String(position));
  }
}

/** Everything on the pages of a list that is known to be short. */
export async function itemsOf<Item>(pages: AsyncIterable<{ readonly items: readonly Item[] }>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const { items } of pages) for (const item of items) all.push(item);
  return all;
}

/** Whether positions go round: each is compared with one that is kept for twice as many pages each time (Brent's cycle detection), however many there are. */
export function createRound(): (position: string) => boolean {
  let kept: string | null = null;
  let since = 0;
  let most = 1;
  return (position) => {
    if (position === kept) return true;
    since += 1;
    if (since < most) return false;
    [kept, since, most] = [position, 0, most * 2];
    return false;
  };
}

function endless({ system, object }: PagedList, code: Failure['code'], what: string, evidence: string): SystemFailure {
  return new SystemFailure({ kind: 'contract', code, system, object, written: 'no', message: `The list of ${object} does not come to an end: ${what}.`, mend: MEND, evidence: evidenceOf(evidence) });
}
