import { randomUUID } from 'node:crypto';
import type { Collection, SandboxContext } from '../kit/sandbox.ts';

export interface Customer {
  readonly lago_id: string;
  readonly external_id: string;
  readonly sequential_id: number;
  readonly billing_entity_code: string;
  readonly fields: Readonly<Record<string, string | number | null>>;
  readonly created_at: string;
}

export interface AddOn {
  readonly lago_id: string;
  readonly code: string;
  readonly name: string;
}

export interface Tax {
  readonly lago_id: string;
  readonly code: string;
  readonly name: string;
  /** Percent. */
  readonly rate: number;
}

export interface Fee {
  readonly lago_id: string;
  readonly add_on_code: string;
  readonly invoice_display_name: string | null;
  readonly description: string | null;
  readonly units: string;
  readonly unit_amount_cents: number;
  readonly amount_cents: number;
  readonly tax_codes: readonly string[];
  readonly from: string | null;
  readonly to: string | null;
}

export interface Metadata {
  readonly lago_id: string;
  readonly key: string;
  readonly value: string;
}

export interface Invoice {
  readonly lago_id: string;
  readonly customer: string;
  readonly billing_entity_code: string;
  readonly sequential_id: number;
  readonly number: string;
  readonly issuing_date: string;
  readonly payment_due_date: string;
  readonly status: 'finalized' | 'voided';
  readonly payment_status: 'pending' | 'succeeded';
  readonly currency: string;
  readonly purchase_order_number: string | null;
  readonly fees: readonly Fee[];
  readonly fees_amount_cents: number;
  readonly taxes_amount_cents: number;
  readonly total_paid_amount_cents: number;
  readonly offset_amount_cents: number;
  readonly metadata: readonly Metadata[];
  readonly created_at: string;
}

export interface CreditNote {
  readonly lago_id: string;
  readonly invoice: string;
  readonly sequential_id: number;
  readonly number: string;
  readonly issuing_date: string;
  readonly credit_status: 'available' | 'consumed' | 'voided';
  readonly reason: string;
  readonly description: string | null;
  readonly items: readonly { readonly lago_id: string; readonly fee: string; readonly amount_cents: number }[];
  readonly taxes_amount_cents: number;
  readonly credit_amount_cents: number;
  readonly offset_amount_cents: number;
  readonly refund_amount_cents: number;
  readonly balance_amount_cents: number;
  readonly metadata: Readonly<Record<string, string | null>> | null;
  readonly created_at: string;
}

export interface Payment {
  readonly lago_id: string;
  readonly invoice: string;
  readonly amount_cents: number;
  readonly type: 'manual' | 'provider';
  readonly payment_status: 'succeeded' | 'pending';
  readonly reference: string | null;
  readonly created_at: string;
}

export interface UsageEvent {
  readonly transaction_id: string;
  readonly external_subscription_id: string;
  readonly code: string;
  readonly timestamp: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface Account {
  readonly customers: Collection<Customer>;
  readonly addOns: Collection<AddOn>;
  readonly taxes: Collection<Tax>;
  readonly billingEntities: Collection<{ readonly code: string }>;
  readonly invoices: Collection<Invoice>;
  readonly invoicesOf: (customer: string) => Invoice[];
  readonly creditNotes: Collection<CreditNote>;
  readonly creditNotesOf: (invoice: string) => CreditNote[];
  readonly payments: Collection<Payment>;
  readonly events: Collection<UsageEvent>;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly next: (sequence: string) => number;
  transaction<R>(work: () => R): R;
}

export function openAccount({ records, now }: Pick<SandboxContext, 'records' | 'now'>): Account {
  const invoices = records.collection<Invoice>('invoices');
  const creditNotes = records.collection<CreditNote>('credit_notes');
  return {
    customers: records.collection('customers'),
    addOns: records.collection('add_ons'),
    taxes: records.collection('taxes'),
    billingEntities: records.collection('billing_entities'),
    invoices,
    invoicesOf: invoices.indexBy((row) => row.customer),
    creditNotes,
    creditNotesOf: creditNotes.indexBy((row) => row.invoice),
    payments: records.collection('payments'),
    events: records.collection('events'),
    now,
    newId: randomUUID,
    next: (sequence) => records.nextId(sequence),
    transaction: (work) => records.transaction(work),
  };
}
