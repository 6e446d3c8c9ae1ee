import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { readSecrets } from '../../connectors/secrets.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import { closedWonId } from '../../domain/process/deal-process.ts';
import { anOpportunity } from '../builders/opportunity.ts';
import { theFirm } from '../builders/firm.ts';
import { freshStore } from '../store/support.ts';
import { createFakeSystems } from '../support/fake-systems.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { startDeal } from '../support/saga.ts';
import { stopTemporalServer, theBundle } from '../support/temporal.ts';
import { startWorkers } from '../../workers/fleet.ts';
import { secretsVersion } from '../../workers/secrets-version.ts';

describe('Running workers', function () {
  this.timeout(120_000);
  let line: TestLine;
  before(async () => {
    line = await startTestLine();
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  it('carry deals on while an activated configuration changes the rates of all systems, and after', async () => {
    const { config } = await theFirm();
    const deals = Array.from({ length: 3 }, () => line.deal(anOpportunity()));
    await Promise.all(deals.map((deal) => startDeal(line, deal)));
    for (const requestsPerSecond of [40, 30, null]) {
      await line.activate({ ...config, systems: config.systems.map((system) => ({ ...system, limits: { ...system.limits, requestsPerSecond } })) });
      const later = line.deal(anOpportunity());
      await startDeal(line, later);
      deals.push(later);
      await new Promise((resolve) => setTimeout(resolve, 1200));
    }
    for (const deal of deals) assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
  });

  it('make the connectors anew when credentials were renewed, without a new configuration or a restart', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'q2c-secrets-'));
    const renew = (text: string) => writeFile(join(dataDir, 'credentials.json'), text);
    const store = await freshStore();
    const { config } = await theFirm();
    await storeConfig(store.db, { hash: 'h1', document: config, files: {} });
    await activateConfig(store.db, { hash: 'h1', by: 'test' });
    const used: unknown[] = [];
    await renew('{"harvest":{"accessToken":"first"}}');
    const workers = await startWorkers({
      databaseUrl: store.url,
      identity: 'renewing',
      port: null,
      log: pino({ level: 'silent' }),
      workflowBundle: await theBundle(),
      secretsVersion: async () => secretsVersion(await readSecrets(dataDir, {})),
      async systemsOf() {
        used.push((await readSecrets(dataDir, {}))['harvest']);
        return createFakeSystems().systems;
      },
    });
    try {
      assert.deepEqual(used, [{ accessToken: 'first' }]);
      await renew('{"harvest":');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assert.equal(used.length, 1, 'a file half written is waited for');
      await renew('{"harvest":{"accessToken":"second"}}');
      await line.until('the renewed credentials are used', async () => Promise.resolve(used.length > 1));
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assert.deepEqual(used, [{ accessToken: 'first' }, { accessToken: 'second' }], 'once, not at each look');
    } finally {
      await workers.stop();
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

describe('The version of the credentials', () => {
  it('is another for each change, the same for another order of the same, and tells none of them', () => {
    const secrets = { harvest: { accessToken: 'first', accountId: '1' }, netsuite: { clientId: 'n' } };
    assert.equal(secretsVersion(secrets), secretsVersion({ netsuite: { clientId: 'n' }, harvest: { accountId: '1', accessToken: 'first' } }));
    assert.notEqual(secretsVersion(secrets), secretsVersion({ ...secrets, harvest: { accessToken: 'second', accountId: '1' } }));
    assert.doesNotMatch(secretsVersion(secrets), /first/);
  });
});
