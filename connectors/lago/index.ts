import type { Invoice } from '../../domain/model/invoice.ts';
import type { BillingPort } from '../billing-port.ts';
import type { ConnectorSettings } from '../connector.ts';
import type { CallContext, RecordPort, WithReferences } from '../ports.ts';
import { createLagoClient, type About } from './client.ts';
import { createCreditNotes } from './credit-note.ts';
import { createCustomerPort } from './customer.ts';
import { createInvoices, labelOf } from './invoice.ts';
import { lagoOptionsSchema } from './options.ts';
import { createPayments } from './payments.ts';
import { createUsage } from './usage.ts';

/** Lago as the billing system. @throws ZodError for options or credentials of the wrong shape */
export function createLago(settings: ConnectorSettings): BillingPort {
  const options = lagoOptionsSchema.parse(settings.options ?? {});
  const lago = createLagoClient(settings, options);
  const invoices = createInvoices(lago, options);
  const creditNotes = createCreditNotes(lago, invoices);
  const aboutOf = (document: Invoice, context: CallContext): About => ({ object: labelOf(document), context });

  const invoice: RecordPort<WithReferences<Invoice>> = {
    lookUp: 'key',
    async find({ document, references }, context) {
      const about = aboutOf(document, context);
      if (document.kind === 'credit_note') return creditNotes.find(document, references, about);
      const row = await invoices.find(document, references, about);
      return row === null ? null : lago.found('invoice', row.lago_id);
    },
    write: (wanted, existing, context) => (wanted.document.kind === 'invoice' ? invoices : creditNotes).write(wanted, existing?.externalId ?? null, context),
    async undo({ document: { document }, externalId, created }, context) {
      if (!created) return { how: 'kept', detail: `${labelOf(document)} stood before` };
      return (document.kind === 'invoice' ? invoices : creditNotes).undo(document, externalId, context);
    },
  };

  const standing: BillingPort['standing'] = async ({ document, externalId }, context) => {
    const about = aboutOf(document, context);
    return document.kind === 'invoice' ? invoices.standingOf(await invoices.need(externalId, about), about) : creditNotes.standing(externalId, about);
  };

  return {
    kind: 'billing',
    system: settings.system,
    customer: createCustomerPort(lago, options),
    invoice,
    written: { invoice: 'issued', creditNote: 'issued' },
    issue: standing,
    standing,
    writeOff: { unsupported: 'Lago has no write-off of an invoice: void it there, or take it back by a credit note, and book the bad debt in the ERP' },
    payments: createPayments(lago, options),
    recordUsage: createUsage(lago, options),
  };
}
