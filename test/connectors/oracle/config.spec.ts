import assert from 'node:assert/strict';
import { isUnsupported } from '../../../connectors/ports.ts';
import { startSandboxes, type RunningSandboxes } from '../../../sandbox/all.ts';
import { sandboxesBehind } from '../../../sandbox/names.ts';
import { openStore, type Store } from '../../../store/database.ts';
import { createSystems } from '../../../workers/systems.ts';
import { theFirm } from '../../builders/firm.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { NONE, offered } from './environment.ts';

describe('The configuration with the Oracle overlay', function () {
  this.timeout(30_000);
  /** Of deals that other programs send: nothing here reads it. */
  let store: Store;
  let sandboxes: RunningSandboxes;
  before(async () => {
    store = openStore('postgres://nobody@127.0.0.1:1/none');
    sandboxes = await startSandboxes({ only: ['oracle'] });
  });
  after(async () => {
    await sandboxes?.close();
    await store?.close();
  });

  const systems = async () => {
    const { config } = await theFirm(['oracle']);
    const endpoints = { sandbox: { oracle: { url: sandboxes.url('oracle') } } };
    return { config, systems: await createSystems(config, { store, log: silent, secrets: () => Promise.resolve({ ...sandboxes.credentials }), endpoints: () => Promise.resolve(endpoints) }) };
  };

  it('books every legal entity in Oracle Fusion, and starts its stand-in', async () => {
    const { config } = await theFirm(['oracle']);
    assert.deepEqual(new Set(config.routing.map((route) => route.erp)), new Set(['oracle']));
    assert.ok(sandboxesBehind(config.systems.map((system) => system.address)).includes('oracle'));
  });

  it('makes a deal\'s records in each legal entity\'s business unit, by configuration alone', async () => {
    const { config, systems: built } = await systems();
    const erp = built.erp('oracle');
    for (const { code, name, country, region, functionalCurrency: currency, timeZone } of config.legalEntities) {
      for (const billingMethod of ['time_and_materials', 'fixed_fee'] as const) {
        const deal = dealOf(uniqueTag(), { legalEntity: { code, name, country, region, currency, timeZone }, billingMethod });
        const references = { ...NONE, customers: { [deal.customer.id]: (await erp.customer.write({ document: deal.customer, references: NONE }, null, callContext())).externalId } };
        const contract = await offered(erp.contract).write({ document: deal.contract, references }, null, callContext());
        const known = { ...references, contracts: { [deal.contract.id]: contract.externalId } };
        await erp.project.write({ document: deal.project, references: known }, null, callContext());
        await offered(erp.rateCard).write({ document: { project: deal.project, rateCard: deal.project.rateCard }, references: known }, null, callContext());
        await offered(erp.billingSchedule).write({ document: { project: deal.project, schedule: deal.project.billingSchedule }, references: known }, null, callContext());
        assert.equal(await erp.setProjectStatus({ document: deal.project, externalId: deal.project.number }, 'active', callContext()), 'active');
      }
    }
    assert.ok(!isUnsupported(erp.labor));
  });
});
