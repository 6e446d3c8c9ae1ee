import { createHmac } from 'node:crypto';
import { request as httpRequest, type ClientRequest, type OutgoingHttpHeaders } from 'node:http';
import type { ExpenseReport } from '../../../domain/model/time/expense-report.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import type { GatewayDeps } from '../../../starters/gateway/deps.ts';
import { storeTimeIntake, type TimeIntake } from '../../../starters/gateway/time/store.ts';
import type { Store } from '../../../store/database.ts';
import { anEntry, aTimesheet } from '../../builders/time.ts';
import { NOW, secrets, testGateway, type TestGateway } from '../support.ts';

export const API_TOKEN = 'a-token-for-senders-that-cannot-sign-0001';

let n = 0;
export function sheet(parts: Partial<Timesheet> = {}): Timesheet {
  n += 1;
  return { ...aTimesheet([anEntry({ id: `E-${n}` })]), id: `TS-${n}`, ...parts };
}

export function report(parts: Partial<ExpenseReport> = {}): ExpenseReport {
  n += 1;
  const { approval, person } = aTimesheet([]);
  const amount = { amount: '42.50', currency: 'USD' };
  return {
    schema: 'expense-report',
    schemaVersion: 1,
    system: 'harvest',
    id: `XR-${n}`,
    version: 1,
    replaces: null,
    person,
    currency: 'USD',
    submittedOn: '2026-11-13',
    approval: { ...approval, of: { id: `XR-${n}`, version: 1 } },
    lines: [{ kind: 'mileage', id: `L-${n}`, incurredOn: '2026-11-10', projectNumber: 'US01-TECH-A', task: null, costCenter: null, billable: true, description: 'To the client', amount, exchange: null, distance: '50', unit: 'mi', ratePerUnit: '0.85' }],
    total: amount,
    ...parts,
  };
}

export interface ListeningGateway extends TestGateway {
  readonly url: string;
  close(): Promise<void>;
}

export async function timeGateway(store: Store, changes: Partial<GatewayDeps> & { readonly intake?: Partial<TimeIntake> } = {}): Promise<ListeningGateway> {
  const { intake, ...deps } = changes;
  const gateway = testGateway({
    credentials: { canonical: { signingSecret: secrets.signingSecret, apiToken: API_TOKEN } },
    timeIntake: { ...storeTimeIntake(store.db), ...intake },
    ...deps,
  });
  const url = await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  return { ...gateway, url, close: () => gateway.app.close() };
}

/** Standard Webhooks over any content. */
export function signed(content: string | Buffer, id = 'evt_1', secret = secrets.signingSecret): Record<string, string> {
  const timestamp = String(Math.floor(NOW.getTime() / 1000));
  const signature = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64')).update(`${id}.${timestamp}.`).update(content).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

export interface Answered {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

export interface Sending {
  readonly path?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly trailers?: Record<string, string>;
  /** Told of each piece of the answer as it comes. */
  readonly onAnswer?: (piece: string) => void;
}

/** Sends pieces one after another, each when it is there, while the answer comes in. */
export async function stream(gateway: ListeningGateway, pieces: AsyncIterable<string | Buffer> | Iterable<string | Buffer>, { path = '/v1/timesheets', headers = {}, trailers, onAnswer }: Sending = {}): Promise<Answered> {
  const sent = httpRequest(`${gateway.url}${path}`, { method: 'POST', agent: false, headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${API_TOKEN}`, ...(trailers === undefined ? {} : { trailer: Object.keys(trailers).join(', ') }), ...headers } });
  const answered = new Promise<Answered>((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
        onAnswer?.(piece);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    });
  });
  answered.catch(() => undefined);
  for await (const piece of pieces) {
    if (!sent.write(piece)) await drained(sent);
    if (sent.destroyed) break;
  }
  if (trailers !== undefined) sent.addTrailers(trailers);
  sent.end();
  return await answered;
}

export const ndjson = (documents: readonly unknown[]) => documents.map((document) => `${JSON.stringify(document)}\n`).join('');

async function drained(sent: ClientRequest): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  sent.once('drain', resolve).once('close', resolve);
  await promise;
  sent.off('drain', resolve).off('close', resolve);
}
