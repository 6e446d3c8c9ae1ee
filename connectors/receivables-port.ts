import type { Instant } from '../domain/dates.ts';
import type { Failure } from '../domain/failure.ts';
import type { Invoice, InvoiceStanding, Payment } from '../domain/model/invoice.ts';
import type { CallContext, RecordPort, Unsupported, WithReferences } from './ports.ts';

/** A payment or refund that is there and is no canonical document: its state, currency or shape is not known. */
export interface UnreadablePayment {
  /** As the system knows it. */
  readonly externalId: string;
  /** As the system tells it, for the person who looks into it. */
  readonly document: object;
  /** Why it could not be read, and what to do. */
  readonly failure: Failure;
}

export type ChangedPayment = { readonly changedAt: Instant; readonly payment: Payment } | { readonly changedAt: Instant; readonly unreadable: UnreadablePayment };

/**
 * Invoices and payments of an ERP or of a billing system. All throw SystemFailure only.
 * An invoice is written as a draft and found by our ID; `undo` deletes a draft, and voids or credits what is issued, never deletes it.
 */
export interface ReceivablesPort {
  readonly invoice: RecordPort<WithReferences<Invoice>>;
  /** What `write` leaves behind. Where it is 'issued', the system knows no drafts of them: written only once it is approved, and then as `issue` would leave it. */
  readonly written: { readonly invoice: 'draft' | 'issued'; readonly creditNote: 'draft' | 'issued' | Unsupported };
  /** Makes the draft final. Idempotent: one that is issued is answered as it stands. */
  issue(invoice: { readonly document: Invoice; readonly externalId: string }, context: CallContext): Promise<InvoiceStanding>;
  standing(invoice: { readonly document: Invoice; readonly externalId: string }, context: CallContext): Promise<InvoiceStanding>;
  /** Gives up what is still open of an issued invoice. Idempotent: one that is not open is answered as it stands. */
  readonly writeOff: ((invoice: { readonly document: Invoice; readonly externalId: string }, context: CallContext) => Promise<InvoiceStanding>) | Unsupported;
  /** Payments received or changed at or after `since`, oldest change first, whoever entered them. One told before may be told again: it is known by its external ID. One that cannot be read is told as such, and holds up no other. */
  readonly payments: ((since: Instant, context: CallContext) => AsyncIterable<ChangedPayment>) | Unsupported;
}
