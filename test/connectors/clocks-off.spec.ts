import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createReferenceSync } from '../../activities/hr/sync-people.ts';
import { createExpenseSources } from '../../activities/expenses/source.ts';
import { createSweep } from '../../activities/sweep.ts';
import { createTimeSources } from '../../activities/time/source.ts';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import { createDynamics } from '../../connectors/dynamics/index.ts';
import { fixedHeaders, renewedToken } from '../../connectors/http/auth.ts';
import { meaningOfStatus } from '../../connectors/http/classify.ts';
import { createHttpClient, emptyAnswer } from '../../connectors/http/client.ts';
import { noteClock } from '../../connectors/http/clock-skew.ts';
import { httpRegistry } from '../../connectors/http/metrics.ts';
import { createHubSpot } from '../../connectors/hubspot/index.ts';
import { createNetSuite } from '../../connectors/netsuite/index.ts';
import { createOracle } from '../../connectors/oracle/index.ts';
import { createSalesforce } from '../../connectors/salesforce/index.ts';
import { createSnowflake } from '../../connectors/snowflake/index.ts';
import { generateCredentials } from '../../sandbox/credentials.ts';
import { dynamics } from '../../sandbox/dynamics/sandbox.ts';
import { hubspot } from '../../sandbox/hubspot/sandbox.ts';
import { startSandbox, type RunningSandbox, type SandboxDefinition } from '../../sandbox/kit/sandbox.ts';
import { netsuite } from '../../sandbox/netsuite/sandbox.ts';
import { oracle } from '../../sandbox/oracle/sandbox.ts';
import { salesforce } from '../../sandbox/salesforce/sandbox.ts';
import { snowflake } from '../../sandbox/snowflake/sandbox.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { readWatermark } from '../../store/watermarks.ts';
import { clockChecks } from '../../starters/q2c/doctor.ts';
import { sellInHubSpot } from '../../starters/story/hubspot.ts';
import { createFakeSystems } from '../support/fake-systems.ts';
import { theFirm } from '../builders/firm.ts';
import { aSale } from '../support/sales.ts';
import { freshStore } from '../store/support.ts';
import { callContext, dealOf, silent, uniqueTag } from './conformance/documents.ts';
import { failureOf } from './conformance/records.ts';
import { OPTIONS as DYNAMICS_OPTIONS } from './dynamics/environment.ts';
import { answerJson, testServer } from './http/support.ts';
import { OPTIONS as ORACLE_OPTIONS } from './oracle/environment.ts';
import { OPTIONS as SNOWFLAKE_OPTIONS } from './snowflake/account.ts';

const MINUTE = 60_000;
const limits = { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 };
const given = generateCredentials();
const pair = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
const entraApp = { tenantId: randomUUID(), clientId: randomUUID(), certificateThumbprint: 'of-the-test' };
const settings = (system: string, baseUrl: string, credentials: unknown, options: unknown) => ({ system, baseUrl, credentials, options, log: silent, limits });
const aCustomer = () => ({ document: dealOf(uniqueTag()).customer, references: { customers: {}, contracts: {}, projects: {} } });

interface Vendor {
  readonly sandbox: SandboxDefinition;
  readonly options: Record<string, unknown>;
  /** Something for which the connector signs in by an assertion. */
  call(baseUrl: string): Promise<unknown>;
  /** Minutes that our clock may be behind or ahead without harm. */
  readonly bears: { readonly behind: number; readonly ahead: number };
  readonly refuses: { readonly behind: number; readonly ahead: number };
}

const VENDORS: Readonly<Record<string, Vendor>> = {
  Salesforce: {
    sandbox: salesforce,
    options: given.salesforce,
    async call(url) {
      const { changedClosedWon } = createSalesforce(settings('salesforce-clock', url, given.salesforce, {}));
      assert.ok(!('unsupported' in changedClosedWon));
      for await (const deal of changedClosedWon(new Date().toISOString(), callContext())) assert.fail(`nothing has changed in this org, but ${deal.opportunityId} is told of`);
    },
    bears: { behind: 2, ahead: 1 },
    refuses: { behind: 7, ahead: 7 },
  },
  NetSuite: {
    sandbox: netsuite,
    options: given.netsuite,
    call: (url) => createNetSuite(settings('netsuite-clock', url, given.netsuite, { subsidiaries: { US01: '2' }, currencies: { USD: '1' }, items: { TECHNOLOGY: '12' }, paymentTerms: { '30': '2' }, accountUrl: 'https://1234567.app.netsuite.com' })).customer.find(aCustomer(), callContext()),
    bears: { behind: 4, ahead: 0 },
    refuses: { behind: 7, ahead: 7 },
  },
  'Dynamics 365': {
    sandbox: dynamics,
    options: { ...entraApp, clientSecret: 'not used by the test', publicKeyPem: pair.publicKey },
    call: (url) => createDynamics(settings('dynamics-clock', url, { ...entraApp, privateKeyPem: pair.privateKey }, DYNAMICS_OPTIONS)).customer.find(aCustomer(), callContext()),
    bears: { behind: 7, ahead: 4 },
    refuses: { behind: 12, ahead: 7 },
  },
  'Oracle Fusion': {
    sandbox: oracle,
    options: { ...given.oracle, scope: ORACLE_OPTIONS.scope },
    call: (url) => createOracle(settings('oracle-clock', url, { username: given.oracle.username, clientId: given.oracle.clientId, certificateAlias: given.oracle.certificateAlias, privateKeyPem: given.oracle.privateKeyPem }, ORACLE_OPTIONS)).customer.find(aCustomer(), callContext()),
    bears: { behind: 4, ahead: 0 },
    refuses: { behind: 7, ahead: 7 },
  },
  Snowflake: {
    sandbox: snowflake,
    options: { account: given.snowflake.account, user: given.snowflake.user, publicKeyPem: given.snowflake.publicKeyPem },
    call: (url) => createSnowflake(settings('snowflake-clock', url, given.snowflake, SNOWFLAKE_OPTIONS)).prepare([], callContext()),
    bears: { behind: 30, ahead: 1 },
    refuses: { behind: 65, ahead: 7 },
  },
};

describe('Where our clock and a system\'s differ by minutes', function () {
  this.timeout(60_000);

  for (const [name, vendor] of Object.entries(VENDORS)) {
    describe(`what we sign for ${name}`, () => {
      let theirsAhead = 0;
      let running: RunningSandbox;
      before(async () => {
        running = await startSandbox(vendor.sandbox, { port: 0, options: vendor.options, now: () => new Date(Date.now() + theirsAhead) });
      });
      after(async () => running?.close());
      const withOurs = async (how: 'behind' | 'ahead', minutes: number) => {
        theirsAhead = (how === 'behind' ? 1 : -1) * minutes * MINUTE;
        return await vendor.call(running.url);
      };

      for (const how of ['behind', 'ahead'] as const) {
        it(`is taken while ours is ${vendor.bears[how]} min ${how}; further off the failure says by how much, and what to do`, async () => {
          await withOurs(how, vendor.bears[how]);
          const failure = await failureOf(() => withOurs(how, vendor.refuses[how]));
          assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'CLOCKS_DIFFER', 'no']);
          assert.match(failure.message, new RegExp(`Our clock is ${vendor.refuses[how]} minutes ${how === 'ahead' ? 'ahead of' : 'behind'} the system's`));
          assert.match(failure.mend, /Synchronise the clock of the host/);
          await withOurs(how, 0);
        });
      }
    });
  }

  it('the doctor says so before anything is refused', async () => {
    assert.deepEqual(clockChecks(''), []);
    noteClock('doctor-clock', { date: new Date(Date.now() - 7 * MINUTE).toUTCString() });
    const [check] = clockChecks(await httpRegistry.metrics()).filter(({ what }) => what.includes('doctor-clock'));
    assert.deepEqual([check?.what, check?.ok], ['clock against doctor-clock', false]);
    assert.match(check?.detail ?? '', /^ours is 7 min ahead: synchronise/);
    assert.deepEqual(clockChecks('q2c_system_clock_ahead_seconds{system="erp"} -2\n'), [{ what: 'clock', ok: true, detail: 'within a minute of the clocks of 1 system' }]);
  });

  it('a refusal for another reason stays what it is while the clocks agree', async () => {
    const running = await startSandbox(netsuite, { port: 0, options: given.netsuite });
    try {
      const failure = await failureOf(() => createNetSuite(settings('netsuite-clock', running.url, { ...given.netsuite, certificateId: 'unknown' }, { subsidiaries: { US01: '2' }, currencies: { USD: '1' }, items: { TECHNOLOGY: '12' }, paymentTerms: { '30': '2' }, accountUrl: 'https://1234567.app.netsuite.com' })).customer.find(aCustomer(), callContext()));
      assert.deepEqual([failure.kind, failure.code], ['configuration', 'NETSUITE_LOGIN_REFUSED']);
    } finally {
      await running.close();
    }
  });

  it('a token lives for as long as was said, whatever becomes of our clock meanwhile', async () => {
    let fetched = 0;
    const auth = renewedToken(() => Promise.resolve({ headers: { authorization: String((fetched += 1)) }, expiresInSeconds: 3600 }));
    const first = await auth.authorize(false);
    const present = Date.now;
    try {
      Date.now = () => present() + 90 * MINUTE;
      assert.equal(await auth.authorize(false), first);
    } finally {
      Date.now = present;
    }
  });

  it('a wish to wait until a moment is counted by the clock that named it', async () => {
    const theirs = Date.now() - 20 * MINUTE;
    const server = await testServer((_, response) => answerJson(response, 429, {}, { date: new Date(theirs).toUTCString(), 'retry-after': new Date(theirs + 30_000).toUTCString() }));
    try {
      const http = createHttpClient({ ...settings('retry-clock', server.url, null, null), auth: fixedHeaders({}), classify: (answer, request) => meaningOfStatus('TEST', answer, request) });
      const { retryAfterMs = 0 } = await failureOf(() => http.request({ method: 'GET', path: '/', answer: emptyAnswer, object: 'record 1', writes: false, context: callContext() }));
      assert.ok(retryAfterMs > 25_000 && retryAfterMs <= 30_000, `${retryAfterMs} ms`);
    } finally {
      await server.close();
    }
  });

  describe('a sweep', () => {
    let store: Store;
    before(async () => {
      store = await freshStore();
    });
    after(() => store?.close());
    const depsWith = (systems: object): ActivityDependencies => ({ store, systems: { ...createFakeSystems().systems, ...systems }, log: silent, now: () => new Date(), withSlot: (_system, signal, work) => work(signal) });
    const run = async <Result>(work: () => Promise<Result>): Promise<Result> => await new MockActivityEnvironment().run(work);

    it('finds a deal that was won after the one before it, though that one read further by our clock than the CRM\'s had come', async () => {
      let theirsAhead = -20 * MINUTE;
      const running = await startSandbox(hubspot, { port: 0, options: given.hubspot, now: () => new Date(Date.now() + theirsAhead) });
      try {
        const crm = createHubSpot(settings('hubspot-clock', running.url, given.hubspot, {}));
        const { sweepMissedEvents } = createSweep(depsWith({ crm: () => crm }));
        const sweep = async () => await run(() => sweepMissedEvents({ crm: 'hubspot-clock' }));
        assert.deepEqual({ ...(await sweep()), until: '' }, { looked: 0, missed: 0, until: '' });
        theirsAhead += MINUTE;
        await sellInHubSpot(running.url, given.hubspot, aSale({ crm: 'hubspot' }));
        const { missed } = { missed: 0, ...(await sweep()) };
        assert.equal(missed, 1);
      } finally {
        await running.close();
      }
    });

    it('takes the deals that the CRM told of before it said that it could not read one, and comes back to that one', async () => {
      const at = new Date().toISOString();
      const failure = { kind: 'contract', code: 'HUBSPOT_RECORD_UNREADABLE', message: '1 of the closed-won deals could not be read.', mend: 'Correct it.', system: 'hubspot-torn', object: 'closed-won deals', written: 'no' } as const;
      const crm = { ...createFakeSystems().systems.crm('hubspot'), async *changedClosedWon() {
        await Promise.resolve();
        yield { opportunityId: 'torn-1', version: at, modifiedAt: at };
        throw new SystemFailure(failure);
      } };
      const { sweepMissedEvents } = createSweep(depsWith({ crm: () => crm }));
      await assert.rejects(run(() => sweepMissedEvents({ crm: 'hubspot-torn' })), /could not be read/);
      const rows = await store.db.selectFrom('inbox').select(['business_key', 'state']).where('source', '=', 'hubspot-torn').execute();
      assert.deepEqual(rows, [{ business_key: 'torn-1', state: 'received' }]);
      assert.equal(await readWatermark(store.db, 'sweep/hubspot-torn'), undefined, 'the next one looks from where this one did');
    });

    /** The read of a system that answers by a clock of its own, twelve minutes behind ours, and tells of nothing. */
    async function* nothing(system: string): AsyncIterable<never> {
      await Promise.resolve();
      noteClock(system, { date: new Date(Date.now() - 12 * MINUTE).toUTCString() });
      yield* [];
    }
    const none = { unsupported: 'not in this test' };

    for (const [what, mark, sweep] of [
      ['timesheets', 'timesheets/time-clock', () => {
        const timesheets = { changed: () => nothing('time-clock'), load: () => Promise.resolve(null), reject: none, lock: none, markInvoiced: none };
        return createTimeSources(depsWith({ time: () => ({ ...createFakeSystems().systems.time('harvest'), timesheets }) })).sweepTimesheets({ system: 'time-clock' });
      }],
      ['expenses', 'expenses/expense-clock', () => {
        const expenses = { changed: () => nothing('expense-clock'), current: () => nothing('expense-clock') };
        return createExpenseSources(depsWith({ time: () => ({ ...createFakeSystems().systems.time('harvest'), expenses }) })).sweepExpenses({ system: 'expense-clock' });
      }],
      ['people', 'people/hr-clock', async () => {
        const { config, hash } = await theFirm();
        await storeConfig(store.db, { hash, document: config, files: {} });
        await activateConfig(store.db, { hash, by: 'priya' });
        return await createReferenceSync(depsWith({ hr: () => ({ kind: 'hr', system: 'hr-clock', employees: () => nothing('hr-clock'), load: () => Promise.resolve(null), findByEmail: () => Promise.resolve(null), update: none }) })).syncPeople({ hr: 'hr-clock' });
      }],
    ] as const) {
      it(`of ${what} has read as far as the system's clock had come, not ours`, async () => {
        await run<unknown>(sweep);
        const behindMs = Date.now() - Date.parse((await readWatermark(store.db, mark)) ?? '');
        assert.ok(behindMs >= 12 * MINUTE - 1000 && behindMs < 13 * MINUTE, `the watermark is ${behindMs} ms behind our clock`);
      });
    }
  });
});
