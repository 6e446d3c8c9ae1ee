import type { ApiAnswer, Call, Route } from './call.ts';
import { refuse } from './errors.ts';
import { salesforceId } from './ids.ts';
import { prepare, type PreparedQuery } from './soql/evaluate.ts';
import { parseQuery } from './soql/parse.ts';
import type { SObject, SObjectStore } from './store.ts';

const MIN_BATCH = 200;
const MAX_BATCH = 2000;
const KEPT_CURSORS = 50;

interface Cursor {
  readonly prepared: PreparedQuery;
  readonly rows: readonly SObject[];
}

/** `query`, `queryAll` without deleted rows, and the pages after the first. Cursors live in memory, as long as the process. */
export function queryRoutes(store: SObjectStore): Route[] {
  const cursors = new Map<string, Cursor>();
  let counter = 0;

  function page(call: Call, locator: string | undefined, cursor: Cursor, start: number): ApiAnswer {
    const end = start + batchSize(call);
    const done = end >= cursor.rows.length;
    const records = cursor.rows.slice(start, end).map((row) => cursor.prepared.show(row));
    const body = { totalSize: cursor.rows.length, done, records };
    if (done) return { status: 200, body };
    const name = locator ?? keep(cursor);
    return { status: 200, body: { ...body, nextRecordsUrl: `/services/data/${call.version}/query/${name}-${end}` } };
  }

  function keep(cursor: Cursor): string {
    counter += 1;
    const locator = salesforceId('01g', counter);
    cursors.set(locator, cursor);
    const oldest = cursors.keys().next().value;
    if (cursors.size > KEPT_CURSORS && oldest !== undefined) cursors.delete(oldest);
    return locator;
  }

  function run(call: Call): ApiAnswer {
    const text = call.query.get('q');
    if (text === null || text === '') return refuse(400, 'MALFORMED_QUERY', 'A query string has to be specified');
    const query = parseQuery(text);
    const prepared = prepare(query, store, call.version);
    const rows = prepared.run();
    if (query.count) return { status: 200, body: { totalSize: rows.length, done: true, records: [] } };
    return page(call, undefined, { prepared, rows }, 0);
  }

  function more(call: Call): ApiAnswer {
    const [, locator = '', start = ''] = /^(\w{15,18})-(\d+)$/.exec(call.parts[0] ?? '') ?? [];
    const cursor = cursors.get(locator);
    if (cursor === undefined) return refuse(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
    return page(call, locator, cursor, Number(start));
  }

  return [
    ['GET', /^\/query(?:All)?\/?$/, run],
    ['GET', /^\/query\/([^/]+)$/, more],
  ];
}

function batchSize(call: Call): number {
  const header = call.headers['sforce-query-options'];
  const wanted = /batchSize\s*=\s*(\d+)/i.exec(typeof header === 'string' ? header : '')?.[1];
  return wanted === undefined ? MAX_BATCH : Math.min(MAX_BATCH, Math.max(MIN_BATCH, Number(wanted)));
}
