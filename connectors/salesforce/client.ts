import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { createHttpClient } from '../http/client.ts';
import { refusedFailure } from '../http/failures.ts';
import { pagesOf } from '../http/pages.ts';
import type { CallContext } from '../ports.ts';
import { salesforceAuth } from './auth.ts';
import { classifySalesforce } from './classify.ts';
import { MAX_COLLECTION, MAX_QUERIES, MAX_SUBREQUESTS, partFailure, readComposite, writeComposite } from './composite.ts';
import { readSalesforceLimits } from './limits.ts';
import { accountPage, type AccountNode, type pageOf } from './mapping.ts';
import type { DeliveryRecordsOptions, SalesforceCredentials, SalesforceOptions } from './options.ts';
import { ACCOUNTS_IN_QUERY, accountChainQueries } from './queries.ts';
import type { DeliveryRecord, Fields } from './write-back.ts';

type PageSchema<Item> = ReturnType<typeof pageOf<z.ZodType<Item>>>;

export interface SalesforceClient {
  /** The pages of a query one by one. @throws SystemFailure */
  query<Item>(soql: string, page: PageSchema<Item>, object: string, context: CallContext): AsyncIterable<readonly Item[]>;
  /** The pages that follow one already read, by its `nextRecordsUrl`. @throws SystemFailure */
  more<Item>(nextRecordsUrl: string | undefined, page: PageSchema<Item>, object: string, context: CallContext): AsyncIterable<readonly Item[]>;
  /** An account and up to 19 above it, five nested in each record, in one call. @throws SystemFailure */
  accountChain(accountId: string, object: string, context: CallContext): Promise<readonly AccountNode[]>;
  /** Sets the deal's fields by its ID and its projects' records by their external ID, in one call for up to 24 of them. Repeating it changes nothing. @throws SystemFailure */
  writeBack(opportunityId: string, fields: Fields, records: readonly DeliveryRecord[], object: string, context: CallContext): Promise<void>;
}

/** Tells our own changes from others': it comes back as `client=` in a change event's `changeOrigin`. */
export const CALL_CLIENT = 'q2c';
const CALL_OPTIONS = { 'sforce-call-options': `client=${CALL_CLIENT}` };

/** Four of the five queries that one composite request may hold: 20 accounts, the canonical bound. */
const CHAIN_QUERIES = MAX_QUERIES - 1;

const upsertResults = z.array(z.object({
  success: z.boolean(),
  errors: z.array(z.looseObject({ statusCode: z.string(), message: z.string(), fields: z.array(z.string()).default([]) })).default([]),
}));

/** Salesforce's REST API as far as the line needs it. */
export function createSalesforceClient(settings: ConnectorSettings, credentials: SalesforceCredentials, options: SalesforceOptions): SalesforceClient {
  const { system } = settings;
  const http = createHttpClient({
    ...settings,
    auth: salesforceAuth(settings, credentials, options),
    classify: classifySalesforce,
    readLimits: readSalesforceLimits(options.apiUsageCeiling),
    headers: { 'sforce-query-options': `batchSize=${options.queryBatchSize}`, ...CALL_OPTIONS },
  });
  const root = `/services/data/v${options.apiVersion}`;
  const dealPath = (opportunityId: string) => `${root}/sobjects/Opportunity/${opportunityId}`;

  async function* pages<Item>(first: string | undefined, page: PageSchema<Item>, object: string, context: CallContext): AsyncIterable<readonly Item[]> {
    if (first === undefined) return;
    const found = pagesOf({ system, object, emptyPages: true }, first, async (path) => {
      const { body } = await http.request({ method: 'GET', path, answer: page, object, writes: false, context });
      return { items: body.records, next: body.done ? null : body.nextRecordsUrl };
    });
    for await (const { items } of found) yield items;
  }

  /** More records than one composite request holds: 200 a call, each with its own outcome. */
  async function upsertMany(names: DeliveryRecordsOptions, records: readonly DeliveryRecord[], object: string, context: CallContext): Promise<void> {
    let written = 0;
    for (let at = 0; at < records.length; at += MAX_COLLECTION) {
      const part = records.slice(at, at + MAX_COLLECTION);
      const json = { allOrNone: false, records: part.map(({ key, fields }) => ({ attributes: { type: names.object }, [names.externalId]: key, ...fields })) };
      const { body } = await http.request({ method: 'PATCH', path: `${root}/composite/sobjects/${names.object}/${names.externalId}`, json, answer: upsertResults, object, writes: true, context });
      if (body.length !== part.length) throw unanswered(system, object, part.length, body.length);
      written += body.filter(({ success }) => success).length;
      const refused = body.findIndex(({ success }) => !success);
      if (refused < 0) continue;
      const errors = (body[refused]?.errors ?? []).map(({ statusCode, message, fields }) => ({ errorCode: statusCode, message, fields }));
      const asked = { system, object: `the record of project ${part[refused]?.key ?? ''} of ${object}`, writes: true };
      const { failure } = refusedFailure(asked, { status: 400, text: JSON.stringify(errors), html: false }, classifySalesforce({ status: 400, headers: {}, body: errors, text: '' }, asked));
      throw new SystemFailure({ ...failure, written: written > 0 ? 'unknown' : 'no' });
    }
  }

  return {
    query: (soql, page, object, context) => pages(`${root}/query?${new URLSearchParams({ q: soql }).toString()}`, page, object, context),
    more: pages,

    async accountChain(accountId, object, context) {
      const requests = accountChainQueries(accountId, CHAIN_QUERIES, options).map(({ referenceId, soql }) => ({ method: 'GET' as const, url: `${root}/query?q=${encodeQuery(soql)}`, referenceId }));
      const answers = await readComposite(http, { system, root, requests, object, context });
      const chain: AccountNode[] = [];
      for (const answer of answers) {
        if (answer.status >= 300) throw partFailure({ system, object }, answer, false);
        const page = accountPage.safeParse(answer.body);
        if (!page.success) throw new SystemFailure({ kind: 'contract', code: 'ANSWER_SCHEMA', message: `A part of the answer for ${object} is not a page of accounts: ${z.prettifyError(page.error).slice(0, 300)}.`, mend: 'Compare connectors/salesforce/mapping.ts with the API version in use, then retry.', system, object, written: 'no' });
        chain.push(...page.data.records);
        // The parts after the top of the hierarchy refer to nothing: however they were answered.
        if (!goesOn(page.data.records[0])) break;
      }
      return chain;
    },

    async writeBack(opportunityId, fields, records, object, context) {
      const names = options.deliveryRecords;
      if (names === null || records.length === 0 || records.length >= MAX_SUBREQUESTS) {
        if (names !== null) await upsertMany(names, records, object, context);
        await http.request({ method: 'PATCH', path: dealPath(opportunityId), json: fields, answer: z.undefined(), object, writes: true, context });
        return;
      }
      const deal = { method: 'PATCH' as const, url: dealPath(opportunityId), referenceId: 'deal', body: fields, httpHeaders: CALL_OPTIONS };
      const projects = records.map(({ key, fields: body }, index) => ({ method: 'PATCH' as const, url: `${root}/sobjects/${names.object}/${names.externalId}/${encodeURIComponent(key)}`, referenceId: `project${index}`, body, httpHeaders: CALL_OPTIONS }));
      await writeComposite(http, { system, root, requests: [deal, ...projects], object, context });
    },
  };
}

/** True where a query's accounts end with one that has a parent. */
function goesOn(account: AccountNode | null | undefined): boolean {
  let levels = 0;
  let parentId: string | null = null;
  for (let next = account; next !== null && next !== undefined; next = next.Parent) {
    levels += 1;
    parentId = next.ParentId ?? null;
  }
  return levels === ACCOUNTS_IN_QUERY && parentId !== null;
}

/** Escapes a query for a URL, but for the references that Salesforce replaces before it reads the URL. */
function encodeQuery(soql: string): string {
  return soql.split(/(@\{[^}]*\})/).map((part, index) => (index % 2 === 1 ? part : encodeURIComponent(part).replaceAll('%20', '+').replaceAll("'", '%27'))).join('');
}

function unanswered(system: string, object: string, sent: number, answered: number): SystemFailure {
  return new SystemFailure({ kind: 'contract', code: 'SALESFORCE_COLLECTION_ANSWER', message: `Salesforce answered ${answered} of ${sent} records of ${object}.`, mend: 'Compare the connector with the API version in use, then retry: each record is found again by its external ID.', system, object, written: 'unknown' });
}
