import type { Instant } from '../domain/dates.ts';
import type { Customer } from '../domain/model/customer.ts';
import type { DecimalText } from '../domain/money.ts';
import type { CallContext, RecordPort, Unsupported, WithReferences } from './ports.ts';
import type { ReceivablesPort } from './receivables-port.ts';

/** Something billable that a billing system prices itself, such as hours on a subscription. */
export interface UsageEvent {
  /** Unique over all events: the system takes each once. */
  readonly key: string;
  /** The system's own ID of the customer or subscription. */
  readonly subscription: string;
  readonly metric: string;
  readonly at: Instant;
  readonly quantity: DecimalText;
}

/** A billing system such as Stripe or Lago: customers, invoices, payments, and usage where it prices that. */
export interface BillingPort extends ReceivablesPort {
  readonly kind: 'billing';
  readonly system: string;
  readonly customer: RecordPort<WithReferences<Customer>>;
  /** Idempotent by each event's key. Throws SystemFailure only. */
  readonly recordUsage: ((events: readonly UsageEvent[], context: CallContext) => Promise<void>) | Unsupported;
}
