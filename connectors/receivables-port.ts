import type { Instant } from '../domain/dates.ts';
import type { Invoice, InvoiceStanding, Payment } from '../domain/model/invoice.ts';
import type { CallContext, RecordPort, Unsupported, WithReferences } from './ports.ts';

/**
 * Invoices and payments of an ERP or of a billing system. All throw SystemFailure only.
 * An invoice is written as a draft and found by our ID; `undo` deletes a draft, and voids or credits what is issued, never deletes it.
 */
export interface ReceivablesPort {
  readonly invoice: RecordPort<WithReferences<Invoice>>;
  /** Makes the draft final. Idempotent: one that is issued is answered as it stands. */
  issue(invoice: { readonly document: Invoice; readonly externalId: string }, context: CallContext): Promise<InvoiceStanding>;
  standing(invoice: { readonly document: Invoice; readonly externalId: string }, context: CallContext): Promise<InvoiceStanding>;
  /** Payments received or changed at or after `since`, oldest change first, whoever entered them. */
  readonly payments: ((since: Instant, context: CallContext) => AsyncIterable<{ readonly changedAt: Instant; readonly payment: Payment }>) | Unsupported;
}
