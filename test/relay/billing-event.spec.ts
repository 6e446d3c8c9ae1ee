import assert from 'node:assert/strict';
import { pino } from 'pino';
import type { BillingPort } from '../../connectors/billing-port.ts';
import { isUnsupported } from '../../connectors/ports.ts';
import type { RunningSandbox } from '../../sandbox/kit/sandbox.ts';
import { gatewayCredentialsSchema } from '../../starters/gateway/deps.ts';
import { storeInbox } from '../../starters/gateway/inbox.ts';
import { createGateway } from '../../starters/gateway/server.ts';
import { startRelay } from '../../starters/relay/relay.ts';
import { lazyClient } from '../../starters/temporal.ts';
import type { Store } from '../../store/database.ts';
import { listInbox } from '../../store/inbox-relay.ts';
import type { BillingOffice } from '../connectors/conformance/billing.ts';
import { callContext } from '../connectors/conformance/documents.ts';
import { invoiceOf } from '../connectors/conformance/receivables-documents.ts';
import { startOrganization } from '../connectors/lago/organization.ts';
import { startAccount } from '../connectors/stripe/account.ts';
import { freshStore } from '../store/support.ts';
import { until } from '../support/until.ts';

/** A vendor's sandbox on the clock of the machine, as signed deliveries are of now. */
const SYSTEM_CLOCK = { now: () => Date.now(), advance: () => undefined };

interface Vendor {
  readonly sandbox: RunningSandbox;
  readonly secret: Readonly<Record<string, unknown>>;
  readonly office: BillingOffice;
  port(): BillingPort;
}

const VENDORS: Readonly<Record<string, () => Promise<Vendor>>> = {
  stripe: async () => {
    const account = await startAccount({ clock: SYSTEM_CLOCK });
    return { ...account, secret: account.credentials };
  },
  lago: async () => {
    const organization = await startOrganization({ clock: SYSTEM_CLOCK });
    return { ...organization, secret: { ...organization.credentials, algorithm: 'hmac' } };
  },
};

describe('relay: news of a billing system, through which no process bills yet', function () {
  this.timeout(120_000);
  const log = pino({ level: 'silent' });
  let store: Store;
  beforeEach(async () => {
    store = await freshStore();
  });
  afterEach(() => store.close());

  for (const [system, start] of Object.entries(VENDORS)) {
    it(`is taken from ${system} as it delivers, kept, shown in the inbox and written into the audit trail, also while Temporal is away`, async () => {
      const vendor = await start();
      const gateway = createGateway({ inbox: storeInbox(store.db), credentials: gatewayCredentialsSchema.parse({ [system]: vendor.secret }), now: () => new Date(), log });
      const { client, close } = lazyClient();
      const relay = startRelay({ store, client, log, name: 'test' });
      try {
        const url = await gateway.listen({ host: '127.0.0.1', port: 0 });
        await fetch(`${vendor.sandbox.url}/__admin/webhooks`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ url: `${url}/webhooks/${system}` }) });
        const { id, references } = await vendor.office.customer('EUR');
        const document = invoiceOf('WEBHOOK', { today: new Date().toISOString().slice(0, 10), customerId: id });
        const { externalId } = await vendor.port().invoice.write({ document, references }, null, callContext());
        const { issue } = vendor.port();
        if (system === 'stripe' && !isUnsupported(issue)) await issue({ document, externalId }, callContext());

        const kept = await until('the event is settled', async () => (await listInbox(store.db)).find((row) => row.business_key === externalId && row.state !== 'received'));
        assert.deepEqual([kept.source, kept.kind, kept.state, kept.disposition], [system, 'billing.changed', 'ignored', `kept: no process bills through ${system} yet`]);
        assert.match(kept.raw_body.toString(), new RegExp(externalId), 'the event as it came');
        const trail = await store.db.selectFrom('audit_trail').select(['system', 'object', 'message']).where('action', '=', 'inbox.kept').where('object', '=', `inbox event ${kept.id}`).execute();
        assert.deepEqual(trail, [{ system, object: `inbox event ${kept.id}`, message: `${system} told of ${externalId} (${kept.event_id}): kept: no process bills through ${system} yet` }]);
      } finally {
        await relay.stop();
        await close();
        await vendor.sandbox.close();
        await gateway.close();
      }
    });
  }
});
