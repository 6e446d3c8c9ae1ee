import type { Collection, SandboxContext } from '../kit/sandbox.ts';
import { missing } from './errors.ts';
import type { CreditNote, Customer, Invoice, InvoicePayment, Line, MeterEvent, PaymentIntent, Refund, SavedAnswer, StripeEvent, TaxId, TaxRate } from './model.ts';

/** A table of one kind of object, newest last. */
export interface Table<T extends { readonly id: string }> {
  get(id: string): T | undefined;
  /** @param param - the parameter that named it, where it is not the path @throws Refusal where there is none */
  need(id: string, param?: string): T;
  insert(make: (head: { readonly id: string; readonly created: number }) => T): T;
  update(record: T, changes: Partial<T>): T;
  delete(id: string): void;
  all(): T[];
  by(index: string, key: string): T[];
}

export interface Account {
  readonly customers: Table<Customer>;
  readonly taxIds: Table<TaxId>;
  readonly taxRates: Table<TaxRate>;
  readonly invoices: Table<Invoice>;
  readonly lines: Table<Line>;
  readonly creditNotes: Table<CreditNote>;
  readonly paymentIntents: Table<PaymentIntent>;
  readonly invoicePayments: Table<InvoicePayment>;
  readonly refunds: Table<Refund>;
  readonly events: Table<StripeEvent>;
  readonly meterEvents: Table<MeterEvent>;
  readonly answers: Collection<SavedAnswer>;
  readonly seconds: () => number;
  readonly milliseconds: () => number;
  /** An ID as Stripe's look: a prefix and letters. */
  readonly nextId: (prefix: string) => string;
  transaction<R>(work: () => R): R;
}

export function openAccount({ records, now }: Pick<SandboxContext, 'records' | 'now'>): Account {
  const seconds = () => Math.floor(now().getTime() / 1000);
  const nextId = (prefix: string) => `${prefix}_1Q2c${records.nextId('id').toString(36).padStart(20, '0')}`;

  function table<T extends { readonly id: string; readonly created: number }>(name: string, prefix: string, kind: string, indexes: Readonly<Record<string, (value: T) => string | undefined>> = {}): Table<T> {
    const rows = records.collection<T>(name);
    const lookUps = new Map(Object.entries(indexes).map(([index, keyOf]) => [index, rows.indexBy(keyOf)]));
    return {
      get: (id) => rows.get(id),
      need(id, param) {
        const found = rows.get(id);
        if (found === undefined) throw missing(kind, id, param);
        return found;
      },
      insert(make) {
        const made = make({ id: nextId(prefix), created: seconds() });
        rows.put(made.id, made);
        return made;
      },
      update(record, changes) {
        const changed = { ...record, ...changes };
        rows.put(record.id, changed);
        return changed;
      },
      delete: (id) => void rows.delete(id),
      all: () => rows.all(),
      by: (index, key) => lookUps.get(index)?.(key) ?? [],
    };
  }

  return {
    customers: table('customers', 'cus', 'customer'),
    taxIds: table('tax_ids', 'txi', 'tax_id', { customer: (row) => row.customer }),
    taxRates: table('tax_rates', 'txr', 'tax rate', { key: (row) => row.key }),
    invoices: table('invoices', 'in', 'invoice', { customer: (row) => row.customer }),
    lines: table('lines', 'il', 'line_item', { invoice: (row) => row.invoice }),
    creditNotes: table('credit_notes', 'cn', 'credit_note', { invoice: (row) => row.invoice }),
    paymentIntents: table('payment_intents', 'pi', 'payment_intent'),
    invoicePayments: table('invoice_payments', 'inpay', 'invoice_payment', { invoice: (row) => row.invoice, intent: (row) => (row.payment.type === 'payment_intent' ? row.payment.payment_intent : undefined) }),
    refunds: table('refunds', 're', 'refund'),
    events: table('events', 'evt', 'event'),
    meterEvents: table('meter_events', 'mev', 'meter event', { identifier: (row) => row.identifier }),
    answers: records.collection<SavedAnswer>('idempotency_keys'),
    seconds,
    milliseconds: () => now().getTime(),
    nextId,
    transaction: (work) => records.transaction(work),
  };
}
