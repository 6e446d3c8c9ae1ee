import type { Invoice } from '../../domain/model/invoice.ts';
import type { BillingPort } from '../billing-port.ts';
import type { ConnectorSettings } from '../connector.ts';
import type { CallContext, RecordPort, WithReferences } from '../ports.ts';
import { createStripeClient, type About } from './client.ts';
import { createCreditNotes } from './credit-note.ts';
import { createCustomerPort } from './customer.ts';
import { createInvoices, labelOf } from './invoice.ts';
import { createLines } from './lines.ts';
import { stripeOptionsSchema } from './options.ts';
import { createPayments } from './payments.ts';
import { createUsage } from './usage.ts';

/** Stripe as the billing system. @param now another clock, for tests @throws ZodError for options or credentials of the wrong shape */
export function createStripe(settings: ConnectorSettings, now: () => number = Date.now): BillingPort {
  const options = stripeOptionsSchema.parse(settings.options ?? {});
  const stripe = createStripeClient(settings, options);
  const lines = createLines(stripe, options);
  const invoices = createInvoices(stripe, lines, options, now);
  const creditNotes = createCreditNotes(stripe, invoices, lines, options);
  const aboutOf = (document: Invoice, context: CallContext): About => ({ object: labelOf(document), context });

  const invoice: RecordPort<WithReferences<Invoice>> = {
    lookUp: 'key',
    async find({ document, references }, context) {
      const about = aboutOf(document, context);
      const row = document.kind === 'invoice' ? await invoices.find(document, references, about) : await creditNotes.find(document, references, about);
      return row === null ? null : stripe.found(document.kind === 'invoice' ? 'invoices' : 'credit_notes', row.id);
    },
    write: (wanted, existing, context) => (wanted.document.kind === 'invoice' ? invoices : creditNotes).write(wanted, existing?.externalId ?? null, context),
    async undo({ document: { document }, externalId, created }, context) {
      if (!created) return { how: 'kept', detail: `${labelOf(document)} stood before` };
      return (document.kind === 'invoice' ? invoices : creditNotes).undo(document, externalId, context);
    },
  };

  return {
    kind: 'billing',
    system: settings.system,
    customer: createCustomerPort(stripe, options, now),
    invoice,
    written: { invoice: 'draft', creditNote: 'issued' },
    issue({ document, externalId }, context) {
      const about = aboutOf(document, context);
      return document.kind === 'invoice' ? invoices.issue(document, externalId, about) : creditNotes.standing(externalId, about);
    },
    async standing({ document, externalId }, context) {
      const about = aboutOf(document, context);
      return document.kind === 'invoice' ? invoices.standingOf(await invoices.need(externalId, about), about) : creditNotes.standing(externalId, about);
    },
    writeOff: ({ document, externalId }, context) => invoices.writeOff(externalId, aboutOf(document, context)),
    payments: createPayments(stripe, options, now),
    recordUsage: createUsage(stripe),
  };
}
