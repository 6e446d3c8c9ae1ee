import assert from 'node:assert/strict';
import { isUnsupported } from '../../../connectors/ports.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { creditOf, invoiceOf } from '../conformance/receivables-documents.ts';
import { startAccount } from './account.ts';
import { recordBefore, type Recorded } from './recording.ts';

/** Every option that changes what is sent. */
const OPTIONS = { taxes: { 'DE-VAT': { name: 'MwSt', type: 'vat', country: 'DE', state: 'BE', reason: 'standard_rated' } }, taxIdTypes: { DE: 'eu_vat' }, fallbackEmail: 'receivables@northwind-consulting.example', emailOnIssue: true };

/** All that the connector ever sends, once through each road: recorded before the sandbox. */
export async function everyRequest(): Promise<readonly Recorded[]> {
  const account = await startAccount();
  const recorder = await recordBefore(account.sandbox.url);
  try {
    const none = { customers: {}, contracts: {}, projects: {} };
    const ports = [OPTIONS, { ...OPTIONS, creditOfPaid: 'outside_stripe', findCustomersBy: 'list', invoiceNumbers: 'ours' }].map((options) => account.port(options, { baseUrl: recorder.url }));
    for (const port of ports) {
      const { customer } = dealOf(uniqueTag(), { customer: { taxRegistrationNumber: 'DE123456789', billingAddress: { street: 'Hauptstraße 1', city: 'Berlin', region: null, postalCode: '10115', country: 'DE' } } });
      await port.customer.find({ document: customer, references: none }, callContext());
      const written = await port.customer.write({ document: customer, references: none }, null, callContext());
      await port.customer.write({ document: { ...customer, taxRegistrationNumber: 'DE987654321' }, references: none }, written, callContext());
      const references = { ...none, customers: { [customer.id]: written.externalId } };
      const today = new Date(account.clock.now()).toISOString().slice(0, 10);
      const draft = async () => {
        const document = invoiceOf(uniqueTag(), { today, customerId: customer.id });
        await port.invoice.find({ document, references }, callContext());
        return { document, found: await port.invoice.write({ document, references }, null, callContext()) };
      };
      const issued = async () => {
        const made = await draft();
        await port.issue({ document: made.document, externalId: made.found.externalId }, callContext());
        return made;
      };
      const { document, found } = await draft();
      const amended = { ...invoiceOf('x', { today, customerId: customer.id, lines: [{ amount: '10.00' }, { amount: '-2.00', kind: 'adjustment' }, { amount: '3.00' }] }), id: document.id, memo: '', purchaseOrder: null };
      await port.invoice.write({ document: amended, references }, found, callContext());
      await port.invoice.write({ document: { ...amended, lines: amended.lines.slice(0, 1) }, references }, found, callContext());
      await port.invoice.undo({ document: { document, references }, externalId: found.externalId, created: true }, callContext());
      const voided = await issued();
      await port.invoice.undo({ document: { document: voided.document, references }, externalId: voided.found.externalId, created: true }, callContext());
      const lost = await issued();
      assert.ok(!isUnsupported(port.writeOff) && !isUnsupported(port.payments) && !isUnsupported(port.recordUsage));
      await port.writeOff({ document: lost.document, externalId: lost.found.externalId }, callContext());
      const open = await issued();
      const credit = creditOf(open.document, uniqueTag(), 'first line');
      await port.invoice.find({ document: credit, references }, callContext());
      const credited = await port.invoice.write({ document: credit, references }, null, callContext());
      await port.standing({ document: credit, externalId: credited.externalId }, callContext());
      await port.invoice.undo({ document: { document: credit, references }, externalId: credited.externalId, created: true }, callContext());
      const lump = creditOf(open.document, uniqueTag(), 'first line');
      const custom = await port.invoice.write({ document: { ...lump, lines: lump.lines.map((line) => ({ ...line, number: 99 })) }, references }, null, callContext());
      await port.invoice.undo({ document: { document: lump, references }, externalId: custom.externalId, created: true }, callContext());
      const since = new Date(account.clock.now()).toISOString();
      const payment = await account.office.pay(open.found.externalId, open.document.total);
      await account.office.refund?.(payment, { amount: '10.00', currency: 'EUR' });
      await port.invoice.write({ document: creditOf(open.document, uniqueTag()), references }, null, callContext());
      for (const from of [since, new Date(account.clock.now() - 40 * 86_400_000).toISOString()]) {
        let told = 0;
        for await (const change of port.payments(from, callContext())) told += 'payment' in change ? 1 : 0;
        assert.ok(told >= 2, 'a payment and a refund');
      }
      await port.recordUsage([{ key: `usage-${uniqueTag()}`, subscription: written.externalId, metric: 'hours', at: since, quantity: '1.5' }], callContext());
      const unused = await port.customer.write({ document: dealOf(uniqueTag()).customer, references: none }, null, callContext());
      await port.customer.undo({ document: { document: customer, references: none }, externalId: unused.externalId, created: true }, callContext());
    }
    return recorder.requests;
  } finally {
    recorder.close();
    await account.sandbox.close();
  }
}
