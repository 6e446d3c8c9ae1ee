/**
 * Lists, newest first, by page number or by cursor. https://help.getharvest.com/api-v2/introduction/overview/pagination/
 * A page reached by a cursor has null for page, next_page and previous_page, except the first and the last.
 */
import { z } from 'zod';
import { unprocessable } from './errors.ts';

const MAX_PER_PAGE = 2000;
const Cursor = z.object({ after: z.object({ id: z.int() }) });

export interface ListRequest {
  /** The path without query, as in `/v2/projects`. */
  readonly path: string;
  readonly base: string;
  readonly query: Readonly<Record<string, string>>;
}

interface Slice {
  readonly start: number;
  readonly byCursor: boolean;
}

/** The whole answer as text; `itemText` may keep what it has written before. Throws a 422 for a page size that is not allowed. */
export function listText<T extends { readonly id: number }>(request: ListRequest, name: string, all: readonly T[], itemText: (item: T) => string): string {
  const perPage = pageSize(request.query['per_page']);
  const { start, byCursor } = sliceOf(request.query, all, perPage);
  const items = all.slice(start, start + perPage);
  const pages = Math.max(1, Math.ceil(all.length / perPage));
  const page = Math.floor(start / perPage) + 1;
  const shown = !byCursor || page === 1 || page === pages;
  const last = items.at(-1);
  const hasNext = start + perPage < all.length && last !== undefined;
  const frame = {
    per_page: perPage,
    total_pages: pages,
    total_entries: all.length,
    next_page: shown && hasNext ? page + 1 : null,
    previous_page: shown && page > 1 ? page - 1 : null,
    page: shown ? page : null,
    links: {
      first: link(request, perPage, 'page=1'),
      next: hasNext ? link(request, perPage, `cursor=${cursorAfter(last.id)}`) : null,
      previous: page > 1 ? link(request, perPage, `page=${page - 1}`) : null,
      last: link(request, perPage, `page=${pages}`),
    },
  };
  return `{"${name}":[${items.map(itemText).join(',')}],${JSON.stringify(frame).slice(1)}`;
}

function pageSize(text: string | undefined): number {
  if (text === undefined) return MAX_PER_PAGE;
  const size = /^\d+$/.test(text) ? Number(text) : 0;
  if (size < 1 || size > MAX_PER_PAGE) throw unprocessable(`per_page must be between 1 and ${MAX_PER_PAGE}`);
  return size;
}

function sliceOf<T extends { readonly id: number }>(query: ListRequest['query'], all: readonly T[], perPage: number): Slice {
  const { cursor, page } = query;
  if (cursor !== undefined) {
    const after = readCursor(cursor);
    return { start: all.findIndex((item) => item.id === after) + 1, byCursor: true };
  }
  if (page === undefined) return { start: 0, byCursor: false };
  if (!/^[1-9]\d*$/.test(page)) throw unprocessable('page must be a positive number');
  return { start: (Number(page) - 1) * perPage, byCursor: false };
}

function cursorAfter(id: number): string {
  return Buffer.from(JSON.stringify({ after: { id } })).toString('base64url');
}

function readCursor(text: string): number {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))).after.id;
  } catch {
    throw unprocessable('cursor is invalid');
  }
}

/** Keeps the filters of the request in its links. */
function link(request: ListRequest, perPage: number, place: string): string {
  const filters = Object.entries(request.query).filter(([name]) => !['page', 'cursor', 'per_page', 'ref'].includes(name));
  const kept = filters.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}&`).join('');
  return `${request.base}${request.path}?${kept}${place}&per_page=${perPage}`;
}
