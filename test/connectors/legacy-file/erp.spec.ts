import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createLegacyFile } from '../../../connectors/legacy-file/index.ts';
import { keyOf } from '../../../connectors/legacy-file/keys.ts';
import { isUnsupported, type CallContext, type ErpPort, type References } from '../../../connectors/ports.ts';
import { callContext, dealOf, JP01, silent, uniqueTag, type Deal, type DealTerms } from '../conformance/documents.ts';
import { failureOf, LIMIT_MS } from '../conformance/records.ts';
import { NONE, offered, OPTIONS, startErp, type TestErp } from './environment.ts';

const call = (idempotencyKey: string): CallContext => ({ ...callContext(), idempotencyKey });

describe('A legacy ERP that takes files, on bad days', function () {
  this.timeout(60_000);
  let ledger: TestErp;
  let erp: ErpPort;

  before(async () => {
    ledger = await startErp();
    erp = ledger.connect();
  });
  after(() => ledger?.close());
  afterEach(async () => {
    await ledger.faults.clear();
    await ledger.mode('default');
    await drained();
    ledger.wire.published();
  });

  /** Once the import job has taken all there is. */
  const drained = async () => {
    while ((await ledger.files('in')).some((name) => name.endsWith('.manifest.csv'))) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const customerOf = (change: DealTerms['customer'] = {}) => ({ document: dealOf(uniqueTag(), { customer: change }).customer, references: NONE });
  const writeCustomer = (document: ReturnType<typeof customerOf>, key: string = crypto.randomUUID(), port = erp) => port.customer.write(document, null, call(key));
  const numberOf = async ({ document }: ReturnType<typeof customerOf>) => (await ledger.entries('customers')).find(({ id }) => id === keyOf(document.id))?.number;
  const batches = () => ledger.wire.published().filter((path) => path.endsWith('.manifest.csv'));
  async function withProject(): Promise<{ deal: Deal; references: References; externalId: string }> {
    const deal = dealOf(uniqueTag());
    const customers = { [deal.customer.id]: (await writeCustomer({ document: deal.customer, references: NONE })).externalId };
    const contracts = { [deal.contract.id]: (await offered(erp.contract).write({ document: deal.contract, references: { ...NONE, customers } }, null, callContext())).externalId };
    const references = { customers, contracts, projects: {} };
    const { externalId } = await erp.project.write({ document: deal.project, references }, null, callContext());
    return { deal, references, externalId };
  }

  describe('when its answer is late or lost', () => {
    it('comes back later to what is not acknowledged, and finds it made once', async () => {
      const document = customerOf();
      await ledger.mode('stopped');
      const failure = await failureOf(() => writeCustomer(document, 'deal-1/customer', ledger.connect({ waitSeconds: 0.02 })));
      assert.deepEqual([failure.kind, failure.code, failure.written, failure.retryAfterMs], ['transient', 'LEGACY_NOT_ACKNOWLEDGED', 'unknown', LIMIT_MS]);
      await ledger.mode('default');
      const found = await erp.customer.find(document, callContext());
      const written = await writeCustomer(document, 'deal-1/customer');
      assert.deepEqual([found?.externalId, written.externalId, written.created], [await numberOf(document), await numberOf(document), true]);
      assert.equal(batches().length, 1);
    });

    it('tells the activity that it is alive while it waits', async () => {
      await ledger.mode('stopped');
      const told: string[] = [];
      const controller = new AbortController();
      const heartbeat = (detail: string): void => {
        if (told.push(detail) === 3) controller.abort(new Error('enough was told'));
      };
      await assert.rejects(ledger.connect({ waitSeconds: 240 }).customer.write(customerOf(), null, { ...callContext(), signal: controller.signal, heartbeat }), /enough was told/);
      assert.ok(told.every((detail) => /waiting for the ERP's acknowledgement of customers\./.test(detail)), told.join('\n'));
    });

    it('stops waiting when it is cancelled', async () => {
      await ledger.mode('stopped');
      const controller = new AbortController();
      const waiting = erp.customer.write(customerOf(), null, { ...callContext(), signal: controller.signal, heartbeat: () => controller.abort(new Error('the worker shuts down')) });
      await assert.rejects(waiting, /the worker shuts down/);
    });

    it('asks for a lost acknowledgement again, by a request file', async () => {
      const document = customerOf();
      await ledger.order('lose-ack');
      assert.equal((await writeCustomer(document)).externalId, await numberOf(document));
      assert.deepEqual(batches().map((path) => path.split('/')[1]?.split('.')[0]), ['customers', 'requests']);
    });

    it('asks for it also where the import job was slower than its patience', async () => {
      const document = customerOf();
      await ledger.mode('stopped');
      await ledger.order('lose-ack');
      let looks = 0;
      const resume = (): void => {
        looks += 1;
        if (looks === 3) void ledger.mode('default');
      };
      const written = await ledger.connect({ askAgainSeconds: 0 }).customer.write(document, null, { ...callContext(), heartbeat: resume });
      assert.equal(written.externalId, await numberOf(document));
    });

    it('does not say that a record is missing while its acknowledgement is', async () => {
      const document = customerOf();
      await ledger.mode('silent');
      await failureOf(() => writeCustomer(document, crypto.randomUUID(), ledger.connect({ waitSeconds: 0.05, askAgainSeconds: 1 })));
      await drained();
      const looked = await failureOf(() => ledger.connect({ waitSeconds: 0.02, askAgainSeconds: 1 }).customer.find(document, callContext()));
      assert.equal(looked.code, 'LEGACY_NOT_ACKNOWLEDGED');
      const undone = await failureOf(() => ledger.connect({ waitSeconds: 0.02, askAgainSeconds: 1 }).customer.undo({ document, externalId: '', created: true }, callContext()));
      assert.equal(undone.code, 'LEGACY_NOT_ACKNOWLEDGED', 'an undo would leave an orphan');
      await ledger.mode('default');
      assert.equal((await erp.customer.find(document, callContext()))?.externalId, await numberOf(document));
    });

    it('finds by its name what a worker that was killed had just renamed', async () => {
      const document = customerOf();
      ledger.wire.cut('after');
      const failure = await failureOf(() => writeCustomer(document, 'deal-2/customer'));
      assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
      const another = ledger.connect();
      assert.equal((await writeCustomer(document, 'deal-2/customer', another)).created, true);
      assert.equal(batches().length, 1);
    });

    it('sends the files anew whose manifest never came: the ERP has not looked at them', async () => {
      const document = customerOf();
      ledger.wire.cut('before');
      await failureOf(() => writeCustomer(document, 'deal-3/customer'));
      assert.equal(await numberOf(document), undefined);
      assert.equal((await writeCustomer(document, 'deal-3/customer')).created, true);
      assert.deepEqual(batches().map((path) => path.split('.').at(-3)), ['1']);
    });
  });

  describe('when a batch is refused as a whole', () => {
    it('sends a torn file again under the next number, and leaves the first where it is', async () => {
      const document = customerOf();
      await ledger.order('torn');
      const failure = await failureOf(() => writeCustomer(document, 'deal-4/customer'));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['transient', 'LEGACY_TORN', 'no']);
      assert.equal((await writeCustomer(document, 'deal-4/customer')).created, true);
      const [first = '', second = ''] = batches().map((path) => path.replace('in/', ''));
      assert.deepEqual([first.endsWith('.1.manifest.csv'), second.endsWith('.2.manifest.csv')], [true, true]);
      assert.deepEqual([(await ledger.files('failed')).includes(first), (await ledger.files('done')).includes(second)], [true, true]);
    });

    it('leaves a wrong control total to people, since one side does not do what was agreed', async () => {
      await ledger.order('control-total');
      const failure = await failureOf(() => writeCustomer(customerOf()));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'LEGACY_CONTROL_TOTAL', 'no']);
      assert.match(failure.mend, /docs\/legacy-erp\.md/);
    });

    it('waits where the ERP has its files locked, certain that nothing was written', async () => {
      await ledger.order('busy');
      const failure = await failureOf(() => writeCustomer(customerOf()));
      assert.deepEqual([failure.kind, failure.code, failure.written, failure.retryAfterMs], ['transient', 'LEGACY_BUSY', 'no', LIMIT_MS]);
    });

    it('notices that the ERP reads another character set', async () => {
      const failure = await failureOf(() => writeCustomer(customerOf(), crypto.randomUUID(), ledger.connect({ encoding: 'iso-8859-1' })));
      assert.deepEqual([failure.kind, failure.code], ['contract', 'LEGACY_ENCODING']);
    });
  });

  describe('when it refuses a record', () => {
    it('names the code to map where the ERP does not know one of ours', async () => {
      const failure = await failureOf(() => writeCustomer(customerOf({ legalEntities: ['FR01'] })));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'LEGACY_COMPANY_UNKNOWN', 'no']);
      assert.match(`${failure.message} ${failure.mend}`, /FR01.*companies/);
      assert.equal((await writeCustomer(customerOf({ legalEntities: ['FR01'] }), crypto.randomUUID(), ledger.connect({ companies: { FR01: 'DE01' } }))).created, true);
    });

    it('tells which record a project refers to that is gone', async () => {
      const { deal, references } = await withProject();
      const failure = await failureOf(() => erp.project.write({ document: { ...deal.project, id: 'another', number: 'US01-ANOTHER' }, references: { ...references, contracts: { [deal.contract.id]: 'K000000' } } }, null, callContext()));
      assert.deepEqual([failure.kind, failure.code], ['business_rule', 'LEGACY_CONTRACT_UNKNOWN']);
      assert.match(failure.message, /K000000/);
    });

    it('does not take a number that another project has', async () => {
      const { deal, references } = await withProject();
      const failure = await failureOf(() => erp.project.write({ document: { ...deal.project, id: 'a-namesake' }, references }, null, callContext()));
      assert.deepEqual([failure.kind, failure.code], ['business_rule', 'LEGACY_PROJECT_NUMBER_TAKEN']);
    });

    it('says so itself, before anything is written, where a reference is not known or a value cannot be carried', async () => {
      const { contract, customer } = dealOf(uniqueTag());
      ledger.wire.published();
      const missing = await failureOf(() => offered(erp.contract).write({ document: contract, references: NONE }, null, callContext()));
      assert.deepEqual([missing.code, missing.written], ['LEGACY_REFERENCE_MISSING', 'no']);
      const wide = { ...contract, total: { amount: '1.12345', currency: 'USD' } };
      const long = await failureOf(() => offered(erp.contract).write({ document: wide, references: { ...NONE, customers: { [customer.id]: 'C000001' } } }, null, callContext()));
      assert.deepEqual([long.kind, long.code, long.written], ['business_rule', 'LEGACY_NUMBER_TOO_LONG', 'no']);
      assert.deepEqual(ledger.wire.published(), []);
    });
  });

  describe('and the status of its projects', () => {
    it('changes as often as it is asked to, with one call\'s key or with several, and not when it is so already', async () => {
      const { deal, externalId } = await withProject();
      const set = (status: 'pending' | 'active' | 'closed' | 'cancelled', key: string = status) => erp.setProjectStatus({ document: deal.project, externalId }, status, call(key));
      const statusNow = async () => (await ledger.entries('projects')).find(({ number }) => number === externalId)?.status;
      ledger.wire.published();
      for (const status of ['active', 'active', 'closed', 'active', 'cancelled', 'pending', 'active'] as const) {
        assert.equal(await set(status), status);
        assert.equal(await statusNow(), status.toUpperCase());
      }
      assert.equal(batches().length, 6);
    });

    it('cannot be set of a project that is not there', async () => {
      const failure = await failureOf(() => erp.setProjectStatus({ document: dealOf(uniqueTag()).project, externalId: 'P000000' }, 'active', callContext()));
      assert.deepEqual([failure.kind, failure.code], ['business_rule', 'LEGACY_PROJECT_MISSING']);
    });
  });

  it('keeps what another system owns of a customer as it is, once the customer stands', async () => {
    const document = customerOf({ taxRegistrationNumber: 'US-1', ownedElsewhere: ['taxRegistrationNumber', 'billingAddress'] });
    await writeCustomer(document);
    await writeCustomer({ ...document, document: { ...document.document, name: 'Acme renamed', taxRegistrationNumber: 'US-2', billingAddress: { ...document.document.billingAddress, city: 'Elsewhere' } } });
    const fields = (await ledger.entries('customers')).find(({ id }) => id === keyOf(document.document.id))?.fields;
    assert.deepEqual([fields?.['name'], fields?.['tax_number'], fields?.['city']], ['Acme renamed', 'US-1', 'Springfield']);
  });

  it('makes a record again that was cancelled, and cancels it again, with the same keys', async () => {
    const { deal, references } = await withProject();
    const document = { document: { project: deal.project, rateCard: deal.project.rateCard }, references: { ...references, projects: { [deal.project.id]: 'P' } } };
    const projects = { [deal.project.id]: (await erp.project.find({ document: deal.project, references }, callContext()))?.externalId ?? '' };
    const card = { ...document, references: { ...references, projects } };
    for (const round of ['r1', 'r2']) {
      assert.equal((await offered(erp.rateCard).write(card, null, call(`card/${round}`))).created, true);
      assert.equal((await offered(erp.rateCard).undo({ document: card, externalId: '', created: true }, call('card/undo'))).how, 'deleted');
    }
  });

  it('carries yen without decimals and long keys', async () => {
    const deal = dealOf(uniqueTag(), { legalEntity: JP01, rate: '31250', customer: { id: `salesforce-${'Ж'.repeat(30)}-${uniqueTag()}` } });
    const written = await writeCustomer({ document: deal.customer, references: NONE });
    assert.equal((await erp.customer.find({ document: deal.customer, references: NONE }, callContext()))?.externalId, written.externalId);
    await offered(erp.contract).write({ document: { ...deal.contract, customerId: deal.customer.id }, references: { ...NONE, customers: { [deal.customer.id]: written.externalId } } }, null, callContext());
    assert.equal((await ledger.entries('contracts')).find(({ id }) => id === keyOf(deal.contract.id))?.fields['total'], '3125000');
  });

  it('takes no acknowledgement that is of other bytes than were sent', async () => {
    const document = customerOf();
    await writeCustomer(document, 'deal-5/customer');
    const [name = ''] = batches().map((path) => path.replace('in/', 'out/').replace('.manifest.csv', '.ack.csv'));
    await writeFile(join(ledger.folder, name), (await ledger.text(name)).replace(/TAKEN,[0-9a-f]{64}/, `TAKEN,${'0'.repeat(64)}`));
    const failure = await failureOf(() => writeCustomer(document, 'deal-5/customer'));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'LEGACY_ACK_OTHER_BATCH', 'unknown']);
  });

  it('says that the folder may not be used, or is not there, and writes nothing to where a share should be mounted', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'q2c-legacy-'));
    try {
      const erpThere = createLegacyFile({ system: 'legacy', baseUrl: pathToFileURL(folder).href, credentials: undefined, options: OPTIONS, log: silent, limits: { concurrency: 1, requestsPerSecond: null, timeoutSeconds: 5 } });
      const missing = await failureOf(() => writeCustomer(customerOf(), crypto.randomUUID(), erpThere));
      assert.deepEqual([missing.kind, missing.code, missing.written], ['transient', 'LEGACY_FOLDER_MISSING', 'no']);
      assert.deepEqual(await readdir(folder), []);
      await writeFile(join(folder, 'in'), 'a file where a folder should be');
      const refused = await failureOf(() => erpThere.customer.find(customerOf(), callContext()));
      assert.deepEqual([refused.kind, refused.code, refused.written], ['configuration', 'LEGACY_FOLDER_REFUSED', 'no']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('says what it does not offer and what happens instead', () => {
    assert.ok(isUnsupported(erp.receivables));
    assert.match(erp.receivables.unsupported, /Finance issues invoices/);
  });
});
