import assert from 'node:assert/strict';
import { createNetSuite } from '../../../connectors/netsuite/index.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { ReceivablesPort } from '../../../connectors/receivables-port.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { silent } from '../conformance/documents.ts';
import { paymentsTold } from '../conformance/payments-told.ts';
import { answerJson, testServer, type Received, type TestServer } from '../http/support.ts';

const NOW = Date.parse('2026-11-21T09:00:00Z');
const SINCE = '2026-11-21T08:00:00Z';

type Row = Readonly<Record<string, unknown>> & { readonly id: string };
const paid = (id: string, change: object = {}): Row => ({ id, tranId: `PYMT${id}`, tranDate: '2026-11-20', lastModifiedDate: `2026-11-21T08:00:${id}Z`, currency: { id: '4', refName: 'EUR' }, status: { id: 'C', refName: 'Deposited' }, payment: 100.25, apply: { items: [{ doc: { id: '7' }, apply: true, amount: 60 }, { doc: { id: '8' }, apply: false, amount: 40.25 }], hasMore: false }, ...change });

/** What no sandbox account holds: records in states, currencies and shapes that the connector does not know. */
describe('NetSuite payments as records', () => {
  let server: TestServer;
  let lists: string[] = [];
  afterEach(() => server.close());

  async function receivables(payments: readonly Row[], refunds: readonly Row[] = [], options: object = {}, moved = (_nth: number): readonly Row[] => payments): Promise<ReceivablesPort> {
    lists = [];
    const rows = { customerPayment: payments, customerRefund: refunds, invoice: [{ id: '7', custbody_q2c_invoice: 'DE01-2026-000007' }] };
    const answer = ({ url }: Received): readonly [number, object] => {
      const { pathname, searchParams } = new URL(url, 'http://netsuite.example');
      if (pathname.endsWith('/token')) return [200, { access_token: 'token', expires_in: 3600, token_type: 'bearer' }];
      const [, record = '', id] = /\/record\/v1\/([^/]+)\/?(.*)$/.exec(pathname) ?? [];
      const known: readonly Row[] = record === 'customerPayment' ? payments : record === 'customerRefund' ? refunds : record === 'invoice' ? rows.invoice : [];
      if (id !== '') return known.some((row) => row.id === id) ? [200, known.find((row) => row.id === id) ?? {}] : [404, { status: 404, 'o:errorDetails': [{ detail: 'no', 'o:errorCode': 'NONEXISTENT_ID' }] }];
      const q = searchParams.get('q') ?? '';
      lists.push(`${record} ${q}`);
      const today = /"(?:11\/21\/2026|21\.11\.2026|2026-11-21)"/.test(q) ? (record === 'customerPayment' ? moved(lists.length) : known) : [];
      return [200, { items: today.map((row) => ({ id: row.id, links: [] })), hasMore: false, totalResults: today.length }];
    };
    server = await testServer((request, response) => answerJson(response, ...answer(request)));
    const { privateKeyPem, ...credentials } = generateCredentials().netsuite;
    const erp = createNetSuite({ system: 'netsuite', baseUrl: server.url, credentials: { ...credentials, privateKeyPem }, options: { currencies: { EUR: '4' }, ...options }, log: silent, limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 } }, () => NOW);
    assert.ok(!isUnsupported(erp.receivables));
    return erp.receivables;
  }

  it('are told by day in the user\'s date format, those that changed since, oldest change first, with the parts that are applied', async () => {
    for (const [dateFormat, day] of [['M/D/YYYY', '11/21/2026'], ['DD.MM.YYYY', '21.11.2026'], ['YYYY-MM-DD', '2026-11-21']]) {
      const port = await receivables([paid('30'), paid('10'), paid('20', { lastModifiedDate: '2026-11-21T07:59:59Z' })], [], { dateFormat });
      const { payments } = await paymentsTold(port, SINCE);
      assert.deepEqual(payments.map(({ changedAt, payment }) => [changedAt, payment.externalId, payment.amount.amount, payment.applied]), ['10', '30'].map((id) => [`2026-11-21T08:00:${id}.000Z`, id, '100.25', [{ externalInvoiceId: '7', invoiceId: 'DE01-2026-000007', amount: { amount: '60.00', currency: 'EUR' } }]]));
      assert.ok(lists.includes(`customerRefund lastModifiedDate ON "${day}"`), lists.join(', '));
      await server.close();
    }
    server = await testServer(() => undefined);
  });

  it('are read on where the state, currency or shape of some is not known, which are told with what to do', async () => {
    const port = await receivables(
      [paid('10', { status: { id: 'X', refName: 'On the Moon' } }), paid('11', { currency: { id: '99' } }), paid('12', { payment: 'much' }), paid('13', { apply: { items: [{ doc: { id: '7' }, apply: true }] } }), paid('14', { apply: { items: [], hasMore: true } }), paid('15', { lastModifiedDate: 'yesterday' }), paid('16')],
      [{ id: '20', tranDate: '2026-11-21', lastModifiedDate: '2026-11-21T08:30:00Z', currency: { id: '4' } }],
    );
    const { payments, unreadable } = await paymentsTold(port, SINCE);
    assert.deepEqual(payments.map(({ payment }) => payment.externalId), ['16', '15'], 'one without a moment of its change is told at the end of the day');
    assert.deepEqual(unreadable.map(({ externalId, failure }) => [externalId, failure.code, failure.kind, failure.written, failure.object]), [
      ['10', 'NETSUITE_PAYMENT_STATUS', 'contract', 'no', 'payment 10'],
      ['11', 'NETSUITE_PAYMENT_UNREADABLE', 'contract', 'no', 'payment 11'],
      ['12', 'NETSUITE_PAYMENT_UNREADABLE', 'contract', 'no', 'payment 12'],
      ['13', 'NETSUITE_PAYMENT_UNREADABLE', 'contract', 'no', 'payment 13'],
      ['14', 'NETSUITE_PAYMENT_UNREADABLE', 'contract', 'no', 'payment 14'],
      ['20', 'NETSUITE_PAYMENT_UNREADABLE', 'contract', 'no', 'refund 20'],
    ]);
    assert.match(unreadable[0]?.failure.message ?? '', /On the Moon/);
  });

  it('are no money before they are approved, and none once they are voided', async () => {
    const port = await receivables([paid('10', { status: { id: 'A', refName: 'Unapproved Payment' } }), paid('11', { status: { id: 'V', refName: 'Voided' } }), paid('12', { status: { id: 'B', refName: 'Not Deposited' } })]);
    const { payments, unreadable } = await paymentsTold(port, SINCE);
    assert.deepEqual(unreadable, []);
    assert.deepEqual(payments.map(({ payment }) => [payment.externalId, payment.amount.amount, payment.applied.length]), [['11', '0.00', 0], ['12', '100.25', 1]]);
  });

  it('leave out one that is deleted between the list and its record', async () => {
    const port = await receivables([paid('10')], [], {}, () => [paid('10'), paid('11')]);
    assert.deepEqual((await paymentsTold(port, SINCE)).payments.map(({ payment }) => payment.externalId), ['10']);
  });
});
