import assert from 'node:assert/strict';
import type { BillingPort, UsageEvent } from '../../../connectors/billing-port.ts';
import { isUnsupported, type References } from '../../../connectors/ports.ts';
import { itTakesBadAnswers, type Exceptions } from './bad-answers.ts';
import { callContext, dealOf, uniqueTag } from './documents.ts';
import { describeReceivables, type ReceivablesCase, type ReceivablesOffice } from './receivables.ts';
import { describeRecordPort, failureOf } from './records.ts';

export interface BillingOffice extends ReceivablesOffice {
  /** How many customers carry this ID of ours, asked from the system's own state. */
  countCustomers(customerId: string): Promise<number>;
  /** Customers that are not ours. */
  seedCustomers(count: number): Promise<void>;
  checkCustomer(customer: ReturnType<typeof dealOf>['customer'], externalId: string): Promise<void>;
  /** An invoice that makes the customer one that has been used. */
  bill(customerExternalId: string): Promise<void>;
  /** Something that usage can be recorded for: the ID a usage event names. */
  subscription(): Promise<string>;
  /** The quantities the system has of these keys. */
  usage(keys: readonly string[]): Promise<readonly string[]>;
}

export interface BillingCase extends Omit<ReceivablesCase, 'port' | 'office'> {
  readonly port: () => BillingPort;
  readonly office: () => BillingOffice;
  readonly unknownCustomer: string;
  readonly usedBadly?: Exceptions;
}

const NONE: References = { customers: {}, contracts: {}, projects: {} };

/** What every billing system promises (connectors/billing-port.ts): customers, invoices and payments, usage. */
export function describeBilling(billing: BillingCase): void {
  const { name, port, office, faults } = billing;

  describeRecordPort(
    {
      name: `A customer in ${name}`,
      port: () => port().customer,
      fresh: () => Promise.resolve({ document: dealOf(uniqueTag()).customer, references: NONE }),
      amended: ({ document, references }) => ({ references, document: { ...document, name: `${document.name} & Søn 株式会社`, billingAddress: { street: '2 Side Street', city: 'Ålesund', region: null, postalCode: '6002', country: 'NO' } } }),
      count: ({ document }) => office().countCustomers(document.id),
      check: ({ document }, externalId) => office().checkCustomer(document, externalId),
      use: (_document, externalId) => office().bill(externalId),
      writeMethod: 'POST',
      unknownId: billing.unknownCustomer,
      content: { stored: () => office().stored(), seedOthers: (count) => office().seedCustomers(count) },
    },
    faults,
  );

  describeReceivables(billing);

  describe(`${name}, as any billing system`, () => {
    afterEach(async () => faults.clear());

    it('leaves alone what another system owns of a customer', async () => {
      const { customer } = dealOf(uniqueTag(), { customer: { ownedElsewhere: ['name'] } });
      const written = await port().customer.write({ document: customer, references: NONE }, null, callContext());
      await port().customer.write({ document: { ...customer, name: 'Another name' }, references: NONE }, written, callContext());
      await office().checkCustomer(customer, written.externalId);
    });

    it('takes usage once for each key, however often it is told', async () => {
      const { recordUsage } = port();
      if (isUnsupported(recordUsage)) return assert.match(recordUsage.unsupported, /\w+ \w+/);
      const subscription = await office().subscription();
      const tag = uniqueTag();
      const events = Array.from({ length: 3 }, (_, index): UsageEvent => ({ key: `usage-${tag}-${index}`, subscription, metric: 'hours', at: new Date(office().clock.now() - 60_000).toISOString(), quantity: `${index + 1}.25` }));
      await recordUsage(events.slice(0, 2), callContext());
      await recordUsage(events, callContext());
      await faults.next({ kind: 'cut-after', method: 'POST' });
      const late = { ...events[0], key: `usage-${tag}-late`, subscription, metric: 'hours', at: new Date(office().clock.now()).toISOString(), quantity: '9' };
      const failure = await failureOf(() => recordUsage([late], callContext()));
      assert.equal(failure.kind, 'in_doubt');
      await recordUsage([late], callContext());
      assert.deepEqual(await office().usage([...events.map((event) => event.key), late.key]), ['1.25', '2.25', '3.25', '9']);
    });

    itTakesBadAnswers({
      name: 'recordUsage', writes: true, spoils: { method: 'POST' },
      arrange: async () => {
        const { recordUsage } = port();
        if (isUnsupported(recordUsage)) return null;
        const subscription = await office().subscription();
        const event = { key: `usage-${uniqueTag()}`, subscription, metric: 'hours', at: new Date(office().clock.now() - 60_000).toISOString(), quantity: '1' };
        return () => recordUsage([event], callContext());
      },
    }, faults, billing.usedBadly);
  });
}
