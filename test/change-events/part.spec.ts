import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { startChangeEventsPart } from '../../starters/change-events/part.ts';
import { sweeps } from '../../starters/change-events/sweeps.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { memoryLog } from '../connectors/http/support.ts';
import { pubSubLab, type PubSubLab } from '../connectors/salesforce/pubsub-lab.ts';
import { freshStore } from '../store/support.ts';

async function until(reached: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await reached())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('The subscriptions to change events', function () {
  this.timeout(30_000);
  let org: PubSubLab;
  let store: Store;
  let folder: string;
  const before_ = { data: process.env['Q2C_DATA_DIR'], endpoints: process.env['Q2C_ENDPOINTS'], temporal: process.env['TEMPORAL_ADDRESS'] };

  before(async () => {
    [org, store, folder] = await Promise.all([pubSubLab(), freshStore(), mkdtemp(join(tmpdir(), 'q2c-change-events-'))]);
    await writeFile(join(folder, 'credentials.json'), JSON.stringify({ salesforce: org.credentials }));
    await writeFile(join(folder, 'endpoints.json'), JSON.stringify({ sandbox: { salesforce: { url: org.url } } }));
    process.env['Q2C_DATA_DIR'] = folder;
    delete process.env['Q2C_ENDPOINTS'];
    process.env['TEMPORAL_ADDRESS'] = '127.0.0.1:1';
  });
  after(async () => {
    for (const [name, value] of [['Q2C_DATA_DIR', before_.data], ['Q2C_ENDPOINTS', before_.endpoints], ['TEMPORAL_ADDRESS', before_.temporal]] as const) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await org.close();
    await store.close();
    await rm(folder, { recursive: true });
  });

  const activate = async (hash: string, options: object) => {
    const system = { id: 'salesforce', kind: 'crm', product: 'salesforce', name: 'Salesforce', address: 'endpoint:sandbox.salesforce', credentials: 'salesforce', limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 30 }, options };
    const hubspot = { ...system, id: 'hubspot', product: 'hubspot', options: {} };
    await storeConfig(store.db, { hash, document: { systems: [system, hubspot] }, files: {} });
    await activateConfig(store.db, { hash, by: 'test' });
  };
  const streams = async () => (await org.state()).streams.length;

  it('begin, go on and end as the configuration in force says, also where Temporal is away', async () => {
    const log = memoryLog();
    const part = startChangeEventsPart(store, log, { lookAgainMs: 20 });
    try {
      await activate('without', {});
      await activate('with', org.subscribing());
      await until(async () => (await streams()) === 1);
      await until(async () => (await store.db.selectFrom('watermark').select('value').executeTakeFirst()) !== undefined);
      const id = await org.deal({ StageName: 'Closed Won' });
      await until(async () => (await store.db.selectFrom('inbox').select('id').where('business_key', '=', id).execute()).length === 1);
      await activate('without', {});
      await until(async () => (await streams()) === 0);
      const missed = await org.deal({ StageName: 'Closed Won' });
      await activate('with', org.subscribing({ ahead: 5 }));
      await until(async () => (await store.db.selectFrom('inbox').select('id').where('business_key', '=', missed).execute()).length === 1);
    } finally {
      await part.stop();
    }
    await until(async () => (await streams()) === 0);
  });

  it('say what is wrong with a system that cannot be subscribed to, and go on trying', async () => {
    const log = memoryLog();
    await activate('wrong', { changeEvents: { endpoint: 'http://elsewhere.example:7443' } });
    const part = startChangeEventsPart(store, log, { lookAgainMs: 20 });
    await until(() => log.lines.filter(({ level }) => level === 'error').length > 1);
    await activate('right', org.subscribing());
    await until(async () => (await streams()) === 1);
    await part.stop();
    assert.match(JSON.stringify(log.lines.find(({ level }) => level === 'error')), /https, or an address of this machine/);
  });
});

describe('The sweep that is asked for', () => {
  it('is started once for all that ask meanwhile, and again where one was under way already or Temporal was away', async () => {
    const answers: (boolean | Error)[] = [new Error('Temporal is away'), false, true];
    const starts: number[] = [];
    const log = memoryLog();
    const asked = sweeps(async () => {
      const answer = answers[starts.push(Date.now()) - 1] ?? true;
      if (answer instanceof Error) throw answer;
      return answer;
    }, log, { afterMs: 1, betweenMs: 1 });
    asked.ask('a gap');
    asked.ask('another gap');
    await until(() => log.lines.some(({ level }) => level === 'info'));
    assert.deepEqual([starts.length, log.lines.map(({ level }) => level)], [3, ['warn', 'info']]);
    asked.ask('a third gap');
    await until(() => starts.length === 4);
    asked.stop();
    asked.ask('too late');
    assert.equal(starts.length, 4);
  });
});
