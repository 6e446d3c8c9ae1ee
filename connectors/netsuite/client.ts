import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { createHttpClient, emptyAnswer } from '../http/client.ts';
import { itemsOf, pagesOf } from '../http/pages.ts';
import { presentBody } from '../http/present-body.ts';
import type { CallContext } from '../ports.ts';
import { netSuiteAuth } from './auth.ts';
import { classifyNetSuite, isKnownKey, refusedBatch } from './classify.ts';
import type { NetSuiteCredentials } from './options.ts';

const RECORD = '/services/rest/record/v1';
const SUITEQL = '/services/rest/query/v1/suiteql';
/** A misspelt field is an error rather than ignored: what NetSuite does without this header. */
const STRICT = { 'X-NetSuite-PropertyNameValidation': 'Error' };

export type RecordName = 'customer' | 'customerSubsidiaryRelationship' | 'job' | 'projectTask' | 'timeBill' | 'charge' | 'expenseReport' | 'journalEntry' | 'salesOrder' | 'invoice' | 'creditMemo' | 'customerPayment' | 'customerRefund' | 'currency' | 'billingSchedule' | 'customrecord_q2c_rate_card' | 'customrecord_q2c_rate_line';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}

/** SuiteTalk REST web services as far as the line needs them. A key is an internal ID or "eid:<external ID>". All throw SystemFailure. */
export interface NetSuite {
  readonly system: string;
  /** Creates or updates by external ID and answers the internal ID; sublists named in `replace` become what the body says. */
  upsert(record: RecordName, externalId: string, body: object, about: About, replace?: readonly string[]): Promise<string>;
  update(record: RecordName, key: string, body: object, about: About, replace?: readonly string[]): Promise<void>;
  /** Null where there is none. */
  read<T>(record: RecordName, key: string, answer: z.ZodType<T>, about: About, query?: Readonly<Record<string, string>>): Promise<T | null>;
  /** The internal IDs of the records that meet a condition: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545222128.html */
  list(record: RecordName, condition: string, about: About): Promise<string[]>;
  /** False where there was none. */
  remove(record: RecordName, key: string, about: About): Promise<boolean>;
  /**
   * Hands over up to 100 new records, each with its external ID in it, to be made by a job; `known` where a batch under this key (a UUID) was handed over
   * before and nothing was done now.
   */
  submit(record: RecordName, items: readonly object[], idempotencyKey: string, about: About): Promise<{ readonly job: string; readonly known: boolean }>;
  isCompleted(job: string, about: About): Promise<boolean>;
  /** The internal IDs of records by their external IDs, at most 1,000 at once; what is not there is left out. */
  idsOf(record: RecordName, externalIds: readonly string[], about: About): Promise<readonly (readonly [externalId: string, id: string])[]>;
  /** The rows of a SuiteQL query, 1,000 a page, each asked for when it is wanted. */
  pages<T>(suiteQl: string, row: z.ZodType<T>, about: About): AsyncIterable<{ readonly items: readonly T[]; readonly total: number }>;
  /** All rows of a SuiteQL query, or null where there are more than so many. */
  queryUpTo<T>(most: number, suiteQl: string, row: z.ZodType<T>, about: About): Promise<T[] | null>;
  /** The first 1,000 rows of a SuiteQL query. */
  page<T>(suiteQl: string, row: z.ZodType<T>, about: About): Promise<T[]>;
  /** All rows of a SuiteQL query that has few. */
  query<T>(suiteQl: string, row: z.ZodType<T>, about: About): Promise<T[]>;
}

/** What makes a body of `items` a batch: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0127092747.html */
const COLLECTION = 'application/vnd.oracle.resource+json; type=collection';
const JOB = '/services/rest/async/v1/job';
/** A write is answered 204: where something is in the body, something else than NetSuite answered. */
const noBody = z.union([z.undefined(), z.null(), z.literal('')]).transform(() => undefined);
const idAnswer = z.object({ id: z.string() });
const idsRow = z.object({ id: z.string(), externalid: z.string() });
const LIST_PAGE = 1000;
const MOST_LISTINGS = 5;
const listAnswer = z.object({ items: z.array(z.object({ id: z.string() })), hasMore: z.boolean(), totalResults: z.number() });
const jobAnswer = z.object({ completed: z.boolean() });

export function createNetSuiteClient(settings: ConnectorSettings, credentials: NetSuiteCredentials, now: () => number): NetSuite {
  const http = createHttpClient({ ...settings, auth: netSuiteAuth(settings, credentials, now), classify: classifyNetSuite });
  const pathOf = (record: RecordName, key: string) => `${RECORD}/${record}/${encodeURIComponent(key).replace('%3A', ':')}`;
  const replacing = (replace: readonly string[] | undefined) => (replace === undefined || replace.length === 0 ? {} : { query: { replace: replace.join(',') } });

  /** A page that is not full is the last: an offset between two pages is refused. */
  const listed = (record: RecordName, condition: string, about: About) =>
    pagesOf({ system: settings.system, object: about.object }, 0, async (offset) => {
      const { body } = await http.request({ method: 'GET', path: `${RECORD}/${record}`, query: { q: condition, limit: String(LIST_PAGE), offset: String(offset) }, answer: listAnswer, writes: false, ...about });
      const partial = body.items.length > 0 && body.items.length < LIST_PAGE;
      return { items: body.items, total: body.totalResults, next: body.hasMore && !partial ? offset + body.items.length : null };
    });

  const client: NetSuite = {
    system: settings.system,
    async upsert(record, externalId, body, about, replace) {
      const { headers } = await http.request({ method: 'PUT', path: pathOf(record, `eid:${externalId}`), json: body, headers: STRICT, answer: noBody, writes: true, ...replacing(replace), ...about });
      const id = /\/(\d+)$/.exec(headers.location ?? '')?.[1];
      if (id !== undefined) return id;
      // Documented to be there; without it the record is asked for.
      const found = await client.read(record, `eid:${externalId}`, idAnswer, about, { fields: 'id' });
      return found?.id ?? '';
    },
    async update(record, key, body, about, replace) {
      await http.request({ method: 'PATCH', path: pathOf(record, key), json: body, headers: STRICT, answer: noBody, writes: true, ...replacing(replace), ...about });
    },
    async read(record, key, answer, about, query) {
      const got = await http.request({ method: 'GET', path: pathOf(record, key), answer: answer.or(z.undefined()), writes: false, accept: [404], ...(query === undefined ? {} : { query }), ...about });
      return presentBody(got, { system: settings.system, object: about.object });
    },
    async list(record, condition, about) {
      for (let attempt = 1; ; attempt += 1) {
        const ids: string[] = [];
        const totals = new Set<number>();
        for await (const { items, total } of listed(record, condition, about)) {
          ids.push(...items.map(({ id }) => id));
          totals.add(total);
        }
        // Where a record came or went between two pages, the others moved: one may have been passed over.
        if (totals.size === 1 && totals.has(ids.length) && new Set(ids).size === ids.length) return ids;
        if (attempt === MOST_LISTINGS) throw new SystemFailure({ kind: 'transient', code: 'NETSUITE_LIST_MOVES', system: settings.system, object: about.object, written: 'no', message: `NetSuite's list of ${about.object} changed during each of ${MOST_LISTINGS} readings.`, mend: 'Nothing to do: it is tried again by itself.' });
      }
    },
    async remove(record, key, about) {
      const { status } = await http.request({ method: 'DELETE', path: pathOf(record, key), answer: emptyAnswer, writes: true, accept: [404], ...about });
      return status !== 404;
    },
    async submit(record, items, idempotencyKey, about) {
      const { status, headers, body } = await http.request({
        method: 'POST',
        path: `${RECORD}/${record}`,
        json: { items },
        headers: { ...STRICT, prefer: 'respond-async', 'content-type': COLLECTION, 'X-NetSuite-Idempotency-Key': idempotencyKey },
        answer: z.unknown(),
        writes: true,
        accept: [400],
        ...about,
      });
      if (status === 400 && !isKnownKey(body)) throw refusedBatch(settings.system, about.object, { status, headers, body });
      const job = /\/job\/([^/?]+)$/.exec(headers.location ?? '')?.[1];
      if (job === undefined) {
        throw new SystemFailure({ kind: 'contract', code: 'NETSUITE_JOB_MISSING', system: settings.system, object: about.object, written: 'unknown', message: `NetSuite took ${about.object} and named no job for it (HTTP ${status}).`, mend: 'Nothing to do: the records are looked up first, then it is tried again.' });
      }
      return { job, known: status === 400 };
    },
    async isCompleted(job, about) {
      const { body } = await http.request({ method: 'GET', path: `${JOB}/${encodeURIComponent(job)}`, answer: jobAnswer, writes: false, ...about });
      return body.completed;
    },
    async idsOf(record, externalIds, about) {
      if (externalIds.length === 0) return [];
      const list = externalIds.map((id) => `'${id.replaceAll("'", "''")}'`).join(', ');
      const rows = await client.query(`SELECT id, externalid FROM ${record.toLowerCase()} WHERE externalid IN (${list})`, idsRow, about);
      return rows.map((row) => [row.externalid, row.id] as const);
    },
    async page(suiteQl, row, about) {
      const { body } = await http.request({ method: 'POST', path: SUITEQL, query: { limit: '1000', offset: '0' }, json: { q: suiteQl }, headers: { prefer: 'transient' }, answer: z.object({ items: z.array(row) }), writes: false, ...about });
      return body.items;
    },
    async query(suiteQl, row, about) {
      return await itemsOf(client.pages(suiteQl, row, about));
    },
    pages(suiteQl, row, about) {
      const page = z.object({ items: z.array(row), hasMore: z.boolean(), totalResults: z.number().default(0) });
      return pagesOf({ system: settings.system, object: about.object }, 0, async (offset) => {
        const { body } = await http.request({ method: 'POST', path: SUITEQL, query: { limit: '1000', offset: String(offset) }, json: { q: suiteQl }, headers: { prefer: 'transient' }, answer: page, writes: false, ...about });
        return { items: body.items, total: body.totalResults, next: body.hasMore ? offset + body.items.length : null };
      });
    },
    async queryUpTo(most, suiteQl, row, about) {
      const rows: z.infer<typeof row>[] = [];
      for await (const { items, total } of client.pages(suiteQl, row, about)) {
        for (const item of items) rows.push(item);
        if (Math.max(total, rows.length) > most) return null;
      }
      return rows;
    },
  };
  return client;
}
