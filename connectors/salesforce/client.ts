import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { createHttpClient } from '../http/client.ts';
import type { CallContext } from '../ports.ts';
import { salesforceAuth } from './auth.ts';
import { classifySalesforce } from './classify.ts';
import type { pageOf } from './mapping.ts';
import type { SalesforceCredentials, SalesforceOptions } from './options.ts';

type PageSchema<Item> = ReturnType<typeof pageOf<z.ZodType<Item>>>;

export interface SalesforceClient {
  /** The pages of a query one by one. @throws SystemFailure */
  query<Item>(soql: string, page: PageSchema<Item>, object: string, context: CallContext): AsyncIterable<readonly Item[]>;
  /** The pages that follow one already read, by its `nextRecordsUrl`. @throws SystemFailure */
  more<Item>(nextRecordsUrl: string | undefined, page: PageSchema<Item>, object: string, context: CallContext): AsyncIterable<readonly Item[]>;
  /** Sets fields of a record by its ID. @throws SystemFailure */
  update(sobject: string, id: string, fields: Readonly<Record<string, string | null>>, object: string, context: CallContext): Promise<void>;
}

/** Salesforce's REST API as far as the line needs it. */
export function createSalesforceClient(settings: ConnectorSettings, credentials: SalesforceCredentials, options: SalesforceOptions): SalesforceClient {
  const http = createHttpClient({ ...settings, auth: salesforceAuth(settings, credentials, options), classify: classifySalesforce, headers: { 'sforce-query-options': `batchSize=${options.queryBatchSize}` } });
  const root = `/services/data/v${options.apiVersion}`;

  async function* pages<Item>(first: string | undefined, page: PageSchema<Item>, object: string, context: CallContext): AsyncIterable<readonly Item[]> {
    let path = first;
    while (path !== undefined) {
      const { body } = await http.request({ method: 'GET', path, answer: page, object, writes: false, context });
      yield body.records;
      path = body.done ? undefined : body.nextRecordsUrl;
    }
  }

  return {
    query: (soql, page, object, context) => pages(`${root}/query?${new URLSearchParams({ q: soql }).toString()}`, page, object, context),
    more: pages,
    async update(sobject, id, fields, object, context) {
      await http.request({ method: 'PATCH', path: `${root}/sobjects/${sobject}/${id}`, json: fields, answer: z.undefined(), object, writes: true, context });
    },
  };
}
