import assert from 'node:assert/strict';
import { isUnsupported, type SystemPort } from '../../../connectors/ports.ts';
import { connectorOptionSchemas } from '../../../connectors/options.ts';
import { startSandboxes, type RunningSandboxes } from '../../../sandbox/all.ts';
import { sandboxesBehind } from '../../../sandbox/names.ts';
import { emailOf, PEOPLE } from '../../../sandbox/kantata/reference-data.ts';
import { openStore, type Store } from '../../../store/database.ts';
import { createSystems } from '../../../workers/systems.ts';
import { formatMistakes, loadFirmConfig } from '../../../starters/config/load.ts';
import { CONFIG_DIR, theFirm } from '../../builders/firm.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';

describe('The configuration with the Kantata overlay', function () {
  this.timeout(30_000);
  let store: Store;
  let sandboxes: RunningSandboxes;
  before(async () => {
    // Never asked: no CRM of the line's own is used here.
    store = openStore('postgres://127.0.0.1:1/none');
    sandboxes = await startSandboxes({ only: ['kantata'], options: { kantata: { requestsPerSecond: null } } });
  });
  after(async () => {
    await sandboxes?.close();
    await store?.close();
  });

  const systems = async (secrets: Record<string, unknown> = { ...sandboxes.credentials }) => {
    const { config: firm } = await theFirm(['kantata']);
    const config = { ...firm, systems: firm.systems.map((system) => ({ ...system, limits: { ...system.limits, requestsPerSecond: null } })) };
    const endpoints = { sandbox: { kantata: { url: sandboxes.url('kantata') } } };
    return createSystems(config, { store, log: silent, secrets: () => Promise.resolve(secrets), endpoints: () => Promise.resolve(endpoints) });
  };

  it('is read with the options of its connectors, staffs and books the time of every legal entity in Kantata, and starts its stand-in', async () => {
    const loaded = await loadFirmConfig(CONFIG_DIR, { overlays: ['kantata'], optionSchemas: connectorOptionSchemas });
    assert.ok(loaded.ok, loaded.ok ? '' : formatMistakes(loaded.mistakes));
    const { config } = loaded;
    assert.deepEqual(new Set(config.routing.map((route) => `${route.time} ${route.resources ?? ''}`)), new Set(['kantata kantata-resources']));
    assert.ok(sandboxesBehind(config.systems.map((system) => system.address)).includes('kantata'));
  });

  it('carries deals of several legal entities into Kantata and their approved time back, by configuration alone', async () => {
    const { config } = await theFirm(['kantata']);
    const built = await systems();
    const time = built.time('kantata');
    const resources = built.resources('kantata-resources');
    assert.deepEqual([time, resources].map(({ kind, system }: SystemPort) => `${kind} ${system}`), ['time kantata', 'resources kantata-resources']);
    const { timesheets } = time;
    assert.ok(!isUnsupported(timesheets));
    const admin = sandboxAdmin(() => sandboxes.url('kantata'));
    const since = new Date(Date.now() - 60_000).toISOString();
    const numbers: string[] = [];
    for (const [index, { code, name, country, region, functionalCurrency: currency, timeZone }] of config.legalEntities.filter((entity) => ['US01', 'DE01', 'JP01'].includes(entity.code)).entries()) {
      const { project, customer } = dealOf(uniqueTag(), { legalEntity: { code, name, country, region, currency, timeZone } });
      const [line] = project.assignments;
      const worker = emailOf(PEOPLE[index] ?? '');
      assert.ok(line !== undefined);
      const rateCard = { ...project.rateCard, lines: config.laborCategories.map((category) => ({ laborCategory: category.code, unit: 'hour' as const, rate: '200' })) };
      const { externalId } = await time.project.write({ customer, project: { ...project, rateCard } }, null, callContext());
      const staffed = { ...project, assignments: [{ ...line, resourceEmail: worker }] };
      await resources.assignments.write({ project: staffed, timeProjectId: externalId }, null, callContext());
      assert.equal(await time.setProjectStatus({ document: project, externalId }, 'active', callContext()), 'active');
      const person = (await admin.state())['users']?.find((user) => user['email_address'] === worker)?.['id'];
      await admin.seed({ time_entries: [{ workspace_id: Number(externalId), user_id: Number(person), date_performed: '2026-12-02', time_in_minutes: 450 }] });
      await admin.seed({ timesheet_submissions: [{ user_id: person, workspace_id: externalId, week_start: '2026-11-30', status: 'approved' }] });
      numbers.push(project.number);
    }
    const told: string[] = [];
    for await (const change of timesheets.changed(since, callContext())) {
      assert.ok('sheet' in change);
      told.push(...change.sheet.entries.map((entry) => `${entry.projectNumber} ${entry.hours}`));
    }
    assert.equal(numbers.length, 3);
    assert.deepEqual(told.toSorted(), numbers.map((number) => `${number} 7.5`).toSorted());
  });

  it('waits for its owner where the token is missing', async () => {
    const built = await systems({});
    const failure = await failureOf(async () => built.time('kantata'));
    assert.deepEqual([failure.kind, failure.code], ['configuration', 'SYSTEM_NOT_CONFIGURED']);
  });
});
