/** Objects as they are kept. What Stripe derives (totals, lists, expanded objects) is made by the views. */
type Metadata = Readonly<Record<string, string>>;

interface Stored {
  readonly id: string;
  readonly created: number;
}

export interface Customer extends Stored {
  readonly name: string | null;
  readonly email: string | null;
  readonly description: string | null;
  readonly address: Readonly<Record<string, string | null>> | null;
  readonly metadata: Metadata;
  readonly balance: number;
  readonly invoicePrefix: string;
  readonly nextInvoice: number;
  readonly deleted: boolean;
  /** Milliseconds, for the lag of search. */
  readonly changedAt: number;
}

export interface TaxId extends Stored {
  readonly customer: string;
  readonly type: string;
  readonly value: string;
}

export interface TaxRate extends Stored {
  readonly key: string;
  readonly display_name: string;
  readonly percentage: number;
  readonly inclusive: boolean;
  readonly description: string | null;
  readonly country: string | null;
  readonly state: string | null;
  readonly tax_type: string | null;
}

export interface LineTax {
  readonly amount: number;
  readonly taxable_amount: number;
  readonly tax_rate: string;
  readonly taxability_reason: string;
}

export interface Line extends Stored {
  readonly invoice: string;
  readonly invoiceItem: string;
  readonly amount: number;
  readonly currency: string;
  readonly description: string | null;
  readonly discountable: boolean;
  readonly period: { readonly start: number; readonly end: number };
  readonly metadata: Metadata;
  readonly taxes: readonly LineTax[];
}

export type InvoiceStatus = 'draft' | 'open' | 'paid' | 'void' | 'uncollectible';

export interface Invoice extends Stored {
  readonly customer: string;
  readonly currency: string;
  readonly status: InvoiceStatus;
  readonly number: string | null;
  readonly auto_advance: boolean;
  readonly collection_method: 'charge_automatically' | 'send_invoice';
  readonly description: string | null;
  readonly footer: string | null;
  readonly due_date: number | null;
  readonly effective_at: number | null;
  readonly custom_fields: readonly { readonly name: string; readonly value: string }[] | null;
  readonly metadata: Metadata;
  readonly amountPaid: number;
  readonly paidOffStripe: number;
  /** Credit notes while it was open, and after it was paid. */
  readonly creditedOpen: number;
  readonly creditedPaid: number;
  readonly transitions: { readonly finalized_at: number | null; readonly paid_at: number | null; readonly voided_at: number | null; readonly marked_uncollectible_at: number | null };
}

export interface CreditNote extends Stored {
  readonly invoice: string;
  readonly customer: string;
  readonly currency: string;
  readonly number: string;
  readonly status: 'issued' | 'void';
  readonly subtotal: number;
  readonly tax: number;
  readonly prePayment: number;
  readonly postPayment: number;
  readonly outOfBand: number;
  readonly memo: string | null;
  readonly effective_at: number | null;
  readonly metadata: Metadata;
  readonly lines: readonly { readonly id: string; readonly invoiceLine: string | null; readonly description: string | null; readonly amount: number; readonly taxes: readonly LineTax[] }[];
  readonly voided_at: number | null;
}

export interface PaymentIntent extends Stored {
  readonly amount: number;
  readonly currency: string;
  readonly customer: string;
  readonly status: 'requires_payment_method' | 'succeeded';
  readonly charge: { readonly id: string; readonly created: number; readonly method: string; readonly refunded: number } | null;
}

export interface InvoicePayment extends Stored {
  readonly invoice: string;
  readonly currency: string;
  readonly amount_requested: number;
  readonly amount_paid: number | null;
  readonly status: 'open' | 'paid' | 'canceled';
  readonly is_default: boolean;
  readonly payment: { readonly type: 'payment_intent'; readonly payment_intent: string } | { readonly type: 'payment_record'; readonly payment_record: string };
  readonly paid_at: number | null;
  readonly canceled_at: number | null;
}

export interface Refund extends Stored {
  readonly amount: number;
  readonly currency: string;
  readonly charge: string;
  readonly payment_intent: string;
  /** pending, requires_action, succeeded, failed, canceled, or one that Stripe has added since. */
  readonly status: string;
  readonly reason: string | null;
}

export interface StripeEvent extends Stored {
  readonly type: string;
  readonly object: object;
}

export interface MeterEvent extends Stored {
  readonly event_name: string;
  readonly identifier: string;
  readonly timestamp: number;
  readonly payload: Readonly<Record<string, string>>;
}

/** What a key was first used for, and what was answered. */
export interface SavedAnswer {
  readonly id: string;
  readonly at: number;
  readonly request: string;
  readonly requestId: string;
  readonly status: number;
  readonly body: object;
}
