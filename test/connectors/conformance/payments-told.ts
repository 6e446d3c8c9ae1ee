import assert from 'node:assert/strict';
import type { Payment } from '../../../domain/model/invoice.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { ReceivablesPort, UnreadablePayment } from '../../../connectors/receivables-port.ts';
import { callContext } from './documents.ts';

export interface PaymentsTold {
  readonly payments: readonly { readonly changedAt: string; readonly payment: Payment }[];
  readonly unreadable: readonly UnreadablePayment[];
}

/** Everything a port tells since a moment: what it reads, and what it says it cannot. */
export async function paymentsTold({ payments }: ReceivablesPort, since: string): Promise<PaymentsTold> {
  assert.ok(!isUnsupported(payments));
  const told = { payments: new Array<PaymentsTold['payments'][number]>(), unreadable: new Array<UnreadablePayment>() };
  for await (const change of payments(since, callContext())) {
    if ('payment' in change) told.payments.push(change);
    else told.unreadable.push(change.unreadable);
  }
  return told;
}

/** The payments, where each can be read. */
export async function readablePayments(port: ReceivablesPort, since: string): Promise<readonly Payment[]> {
  const { payments, unreadable } = await paymentsTold(port, since);
  assert.deepEqual(unreadable, []);
  return payments.map(({ payment }) => payment);
}
