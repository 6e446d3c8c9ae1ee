import assert from 'node:assert/strict';
import { hubspotWonStages } from '../../starters/relay/won-stages.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { theFirm } from '../builders/firm.ts';
import { freshStore } from '../store/support.ts';
import { hubspotEvent } from './support.ts';

describe('relay: a HubSpot event', function () {
  this.timeout(60_000);
  let store: Store;
  beforeEach(async () => {
    store = await freshStore();
  });
  afterEach(() => store.close());

  async function activate(hash: string, options: Record<string, unknown>): Promise<void> {
    const { config } = await theFirm();
    const systems = config.systems.map((system) => (system.id === 'hubspot' ? { ...system, options } : system));
    await storeConfig(store.db, { hash, document: { ...config, systems }, files: {} });
    await activateConfig(store.db, { hash, by: 'priya' });
  }
  const moved = (stage: string) => ({ source: 'hubspot', payload: hubspotEvent({ propertyValue: stage }) });

  it('tells of a won deal by HubSpot\'s own stage, where the firm has named none or is not configured yet', async () => {
    const won = hubspotWonStages(store.db);
    assert.deepEqual([await won(moved('closedwon')), await won(moved('contractsent'))], [true, false]);
    await activate('h1', {});
    assert.deepEqual([await won(moved('closedwon')), await won(moved('contractsent'))], [true, false]);
  });

  it('tells of a won deal by the stages of the firm\'s own pipelines, also after they were changed', async () => {
    const won = hubspotWonStages(store.db);
    await activate('h1', { closedWonStages: ['98012345', '98012399'] });
    assert.deepEqual([await won(moved('98012345')), await won(moved('98012399')), await won(moved('closedwon'))], [true, true, false]);
    await activate('h2', { closedWonStages: ['77000001'] });
    assert.deepEqual([await won(moved('98012345')), await won(moved('77000001'))], [false, true]);
  });

  it('tells of no won deal when another property changed; another system\'s event is not judged by it', async () => {
    const won = hubspotWonStages(store.db);
    assert.equal(await won({ source: 'hubspot', payload: hubspotEvent({ propertyName: 'amount', propertyValue: 'closedwon' }) }), false);
    assert.equal(await won({ source: 'hubspot', payload: hubspotEvent({ subscriptionType: 'deal.creation', propertyName: undefined, propertyValue: undefined }) }), false);
    assert.equal(await won({ source: 'canonical', payload: hubspotEvent({ propertyValue: 'contractsent' }) }), true);
  });

  it('waits while the configuration of HubSpot cannot be read, and says what to mend', async () => {
    const won = hubspotWonStages(store.db);
    await activate('h1', { closedWonStages: 'closedwon' });
    await assert.rejects(won(moved('closedwon')), /options of hubspot.*closedWonStages/s);
  });
});
