import assert from 'node:assert/strict';
import type { BillingPort } from '../../connectors/billing-port.ts';
import type { Found, References, WithReferences } from '../../connectors/ports.ts';
import type { ReceivablesPort } from '../../connectors/receivables-port.ts';
import type { Invoice } from '../../domain/model/invoice.ts';
import { callContext, uniqueTag } from './conformance/documents.ts';
import { creditOf, invoiceOf, type InvoiceTerms } from './conformance/receivables-documents.ts';
import { failureOf } from './conformance/records.ts';
import { startOrganization } from './lago/organization.ts';
import { startAccount as startNetSuite } from './netsuite/receivables-account.ts';
import { startAccount as startStripe } from './stripe/account.ts';

interface Issuer {
  readonly port: Pick<BillingPort | ReceivablesPort, 'invoice' | 'issue'>;
  /** An ID that the system's own could be, and is none. */
  readonly nobodys: string;
  customer(): Promise<{ readonly id: string; readonly references: References }>;
  /** As people do it, past the connector; in NetSuite as the line does it, by a credit memo. */
  void(invoice: Found, record: WithReferences<Invoice>): Promise<unknown>;
  close(): Promise<void>;
}

/** What is issued stays as it is: each system's words for it. */
const SYSTEMS: readonly { readonly name: string; readonly start: () => Promise<Issuer>; readonly gone: string; readonly issued: string; readonly void: string; readonly creditGone: string; readonly creditIssued: string }[] = [
  {
    name: 'Stripe', gone: 'STRIPE_INVOICE_GONE', issued: 'STRIPE_INVOICE_ISSUED', void: 'STRIPE_INVOICE_VOID', creditGone: 'STRIPE_CREDIT_NOTE_GONE', creditIssued: 'STRIPE_CREDIT_NOTE_ISSUED',
    async start() {
      const { sandbox, port, office, call } = await startStripe();
      return { port: port(), nobodys: 'in_1NobodyKnowsThis', customer: () => office.customer('EUR'), void: ({ externalId }) => call('POST', `/invoices/${externalId}/void`, {}), close: () => sandbox.close() };
    },
  },
  {
    name: 'Lago', gone: 'LAGO_INVOICE_GONE', issued: 'LAGO_INVOICE_ISSUED', void: 'LAGO_INVOICE_ISSUED', creditGone: 'LAGO_CREDIT_NOTE_GONE', creditIssued: 'LAGO_CREDIT_NOTE_ISSUED',
    async start() {
      const { sandbox, port, office, call } = await startOrganization();
      return { port: port(), nobodys: '00000000-0000-4000-8000-000000000000', customer: () => office.customer('EUR'), void: ({ externalId }) => call('POST', `/invoices/${externalId}/void`, {}), close: () => sandbox.close() };
    },
  },
  {
    name: 'NetSuite', gone: 'NETSUITE_INVOICE_GONE', issued: 'NETSUITE_INVOICE_POSTED', void: 'NETSUITE_INVOICE_VOID', creditGone: 'NETSUITE_INVOICE_GONE', creditIssued: 'NETSUITE_INVOICE_POSTED',
    async start() {
      const { sandbox, receivables, office } = await startNetSuite();
      const port = receivables();
      return { port, nobodys: '999999999', customer: () => office.customer('EUR'), void: ({ externalId }, record) => port.invoice.undo({ document: record, externalId, created: true }, callContext()), close: () => sandbox.close() };
    },
  },
];

for (const { name, start, gone, issued, void: voided, creditGone, creditIssued } of SYSTEMS) {
  describe(`What was issued in ${name}`, function () {
    this.timeout(20_000);
    let issuer: Issuer;
    before(async () => {
      issuer = await start();
    });
    after(async () => issuer?.close());

    const billed = async (terms: Partial<InvoiceTerms> = {}) => {
      const { id, references } = await issuer.customer();
      const document = invoiceOf(uniqueTag(), { today: '2026-11-21', customerId: id, ...terms });
      const found = await issuer.port.invoice.write({ document, references }, null, callContext());
      await issuer.port.issue({ document, externalId: found.externalId }, callContext());
      return { document, references, found };
    };
    const other = (document: Invoice): Invoice => invoiceOf(uniqueTag(), { today: '2026-11-21', customerId: document.customerId, lines: [{ amount: '1.00' }], invoice: { id: document.id } });
    const refusalOf = async (document: Invoice, references: References, existing: Found) => {
      const { kind, code, written } = await failureOf(() => issuer.port.invoice.write({ document, references }, existing, callContext()));
      return [kind, code, written];
    };

    it('and is not there any more, is a matter for a person', async () => {
      const { document, references, found } = await billed();
      const nobodys = { ...found, externalId: issuer.nobodys };
      assert.deepEqual(await refusalOf(document, references, nobodys), ['business_rule', gone, 'no']);
      assert.deepEqual(await refusalOf(creditOf(document, uniqueTag()), references, nobodys), ['business_rule', creditGone, 'no']);
    });

    it('is never changed to another total', async () => {
      const { document, references, found } = await billed();
      assert.deepEqual(await refusalOf(other(document), references, found), ['business_rule', issued, 'no']);
      const credit = creditOf(document, uniqueTag(), 'first line');
      const noted = await issuer.port.invoice.write({ document: credit, references }, null, callContext());
      assert.deepEqual(await refusalOf({ ...creditOf(document, uniqueTag()), id: credit.id }, references, noted), ['business_rule', creditIssued, 'no']);
    });

    it('and voided there, is not billed again under the same number', async () => {
      const { document, references, found } = await billed();
      await issuer.void(found, { document, references });
      assert.deepEqual(await refusalOf(document, references, found), ['business_rule', voided, 'no']);
    });
  });
}
