import assert from 'node:assert/strict';
import { z } from 'zod';
import type { References } from '../../../connectors/ports.ts';
import type { Invoice } from '../../../domain/model/invoice.ts';
import { callContext, uniqueTag } from '../conformance/documents.ts';
import { invoiceOf } from '../conformance/receivables-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { startAccount, type StripeAccount } from './account.ts';

describe('An invoice for Stripe that is due today', function () {
  this.timeout(20_000);
  let account: StripeAccount;
  before(async () => {
    account = await startAccount();
  });
  after(async () => account?.sandbox.close());

  const dayIn = (timeZone: string, seconds: number) => new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(seconds * 1000);
  async function invoice(dueDate: string): Promise<{ document: Invoice; references: References }> {
    const { id: customerId, references } = await account.office.customer('EUR');
    return { document: invoiceOf(uniqueTag(), { today: dueDate, customerId, invoice: { dueDate } }), references };
  }
  /** To so many hours after midnight UTC. */
  const goTo = (hours: number) => account.clock.advance(86_400_000 - (account.clock.now() % 86_400_000) + Math.round(hours * 3_600_000));
  const dueDateOf = async (externalId: string) => z.looseObject({ due_date: z.int() }).parse(await account.call('GET', `/invoices/${externalId}`)).due_date;

  for (const [hours, timeZone] of [[11, 'UTC'], [11.95, 'UTC'], [13, 'UTC'], [23.9, 'UTC'], [20, 'America/New_York'], [26, 'America/New_York'], [14, 'Asia/Tokyo'], [2, 'Pacific/Auckland'], [13, 'Pacific/Pago_Pago']] as const) {
    it(`is written ${hours} hours after midnight UTC, with that day in ${timeZone}`, async () => {
      goTo(hours);
      const dueDate = dayIn(timeZone, account.clock.now() / 1000);
      const { document, references } = await invoice(dueDate);
      const { externalId } = await account.port({ timeZone }).invoice.write({ document, references }, null, callContext());
      const due = await dueDateOf(externalId);
      assert.equal(dayIn(timeZone, due), dueDate);
      const isNoon = due === Date.parse(`${dueDate}T12:00:00Z`) / 1000;
      assert.deepEqual([isNoon, dayIn(timeZone, due + 1) > dueDate], [hours === 11, hours !== 11], 'noon while that lies ahead, else the last second');
    });
  }

  it('is refused before anything is sent once the day is over where the account is', async () => {
    goTo(16);
    const dueDate = dayIn('UTC', account.clock.now() / 1000);
    const { document, references } = await invoice(dueDate);
    const before = (await account.admin.requests()).length;
    const failure = await failureOf(() => account.port({ timeZone: 'Asia/Tokyo' }).invoice.write({ document, references }, null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'STRIPE_DUE_DATE_PAST', 'no']);
    assert.match(failure.message, /Asia\/Tokyo/);
    assert.deepEqual((await account.admin.requests()).slice(before).filter(({ method }) => method === 'POST'), []);
  });
});
