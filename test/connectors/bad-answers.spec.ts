import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BadAnswer } from './conformance/bad-answers.ts';
import { dealOf, uniqueTag } from './conformance/documents.ts';
import { exportOf, type OpenPeriod } from './conformance/payroll.ts';
import { aTicket } from './conformance/service-desk.ts';
import { sandboxAdmin } from './conformance/admin.ts';
import { isSystemFailure, type Failure, type FailureKind } from '../../domain/failure.ts';
import type { Systems } from '../../activities/dependencies.ts';
import { isUnsupported, type CallContext } from '../../connectors/ports.ts';
import type { WarehouseTable } from '../../connectors/warehouse-port.ts';
import { startSandboxes, type RunningSandboxes } from '../../sandbox/all.ts';
import { sandboxesBehind, type SandboxName } from '../../sandbox/names.ts';
import { sellInHubSpot } from '../../starters/story/hubspot.ts';
import { sellInSalesforce } from '../../starters/story/salesforce.ts';
import { createSystems } from '../../workers/systems.ts';
import { theFirm } from '../builders/firm.ts';
import { anyStore } from '../support/no-store.ts';
import { aSale } from '../support/sales.ts';
import { memoryLog } from './http/support.ts';

const OVERLAYS = ['dynamics', 'project-operations', 'sap', 'oracle', 'kantata', 'scim', 'jira', 'snowflake', 'stripe', 'lago', 'gusto'];
const SINCE = '2026-01-01T00:00:00.000Z';
/** Everything but the way to a token, which has its own tests. */
const BUSINESS = '^(?!.*(/oauth|/token|authn)).*$';
const TABLE: WarehouseTable = { name: 'fact_bad_answers', columns: [{ name: 'id', type: 'text', nullable: false }, { name: 'hours', type: 'decimal', nullable: false }], key: ['id'] };

/** The road of each where it reaches any of an operation's requests; `null` where the answer may be used all the same. What each operation makes of each, to the code, is in conformance/bad-answers.ts. */
const ROADS: Readonly<Record<BadAnswer, readonly (FailureKind | null)[]>> = {
  html: ['contract'],
  redirect: ['configuration'],
  empty: ['contract', null],
  truncated: ['contract', null],
  huge: ['contract'],
  'wrong-schema': ['contract', null],
  'numbers-as-text': ['contract', null],
  'unknown-values': ['contract', 'business_rule', null],
  'wrong-type': [null],
  'clock-off': [null],
};

const PERIOD: OpenPeriod = { employer: 'US01', payPeriod: { code: 'S2031-11-1', from: '2031-11-01', to: '2031-11-15' }, payDate: '2031-11-20' };

interface Operation {
  readonly system: string;
  readonly sandbox: SandboxName;
  readonly name: string;
  readonly writes: boolean;
  readonly run: (systems: Systems, context: CallContext) => Promise<unknown>;
}

async function all(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const item of items) if (item !== undefined) count += 1;
  return count;
}

const noReferences = { customers: {}, contracts: {}, projects: {} };
const erp = (system: SandboxName): Operation[] => [
  { system, sandbox: system, name: 'looks a customer up', writes: false, run: (systems, context) => systems.erp(system).customer.find({ document: { ...dealOf(uniqueTag()).customer, erp: system }, references: noReferences }, context) },
  { system, sandbox: system, name: 'makes a customer', writes: true, run: (systems, context) => systems.erp(system).customer.write({ document: { ...dealOf(uniqueTag()).customer, erp: system }, references: noReferences }, null, context) },
];
const time = (system: string, sandbox: SandboxName): Operation[] => [
  {
    system, sandbox, name: 'sweeps timesheets', writes: false,
    run: async (systems, context) => {
      const { timesheets } = systems.time(system);
      return isUnsupported(timesheets) ? 0 : await all(timesheets.changed(SINCE, context));
    },
  },
  { system, sandbox, name: 'makes a project', writes: true, run: (systems, context) => { const { project, customer } = dealOf(uniqueTag()); return systems.time(system).project.write({ project, customer }, null, context); } },
];
const billing = (system: SandboxName): Operation[] => [
  { system, sandbox: system, name: 'looks a customer up', writes: false, run: (systems, context) => systems.billing(system).customer.find({ document: dealOf(uniqueTag()).customer, references: noReferences }, context) },
  { system, sandbox: system, name: 'makes a customer', writes: true, run: (systems, context) => systems.billing(system).customer.write({ document: dealOf(uniqueTag()).customer, references: noReferences }, null, context) },
];

describe('Whatever a vendor answers', function () {
  this.timeout(60_000);
  let sandboxes: RunningSandboxes;
  let systems: Systems;
  let secrets: string[];
  const deals = new Map<string, string>();
  const log = memoryLog();

  const folderBefore = process.env['Q2C_DATA_DIR'];
  let dataDir = '';

  before(async () => {
    // Gusto's connector keeps its refreshed token there.
    dataDir = await mkdtemp(join(tmpdir(), 'q2c-bad-answers-'));
    process.env['Q2C_DATA_DIR'] = dataDir;
    const { config } = await theFirm(OVERLAYS);
    sandboxes = await startSandboxes({ only: sandboxesBehind(config.systems.map(({ address }) => address)), options: { harvest: { requestsPerWindow: null }, hubspot: { requestsPerTenSeconds: 100_000, searchesPerSecond: 1000 }, kantata: { requestsPerSecond: null }, clockify: { requestsPerSecond: null }, stripe: { requestsPerSecond: null }, jira: { requestsPerSecond: null }, gusto: { requestsPerMinute: null } } });
    const { credentials } = sandboxes;
    secrets = secretsIn(credentials);
    const endpoints = { sandbox: Object.fromEntries(sandboxes.running.map(({ name, url }) => [name, { url }])) };
    const unlimited = { ...config, systems: config.systems.map((system) => ({ ...system, limits: { ...system.limits, requestsPerSecond: null } })) };
    systems = await createSystems(unlimited, { store: anyStore, log, secrets: () => Promise.resolve({ ...credentials }), endpoints: () => Promise.resolve(endpoints) });
    deals.set('salesforce', await sellInSalesforce(sandboxes.url('salesforce'), credentials.salesforce, aSale()));
    deals.set('hubspot', await sellInHubSpot(sandboxes.url('hubspot'), credentials.hubspot, aSale({ crm: 'hubspot' })));
    await sandboxAdmin(() => sandboxes.url('gusto')).seed({ employees: [{ work_email: 'ada@northwind-consulting.example' }], payrolls: [{ start_date: PERIOD.payPeriod.from, end_date: PERIOD.payPeriod.to, check_date: PERIOD.payDate }] });
    await sandboxAdmin(() => sandboxes.url('scim')).seed({ users: [{ userName: 'ada@northwind-consulting.example', active: true, name: { givenName: 'Ada', familyName: 'Example' }, emails: [{ value: 'ada@northwind-consulting.example', primary: true, type: 'work' }] }] });
  });
  after(async () => {
    if (folderBefore === undefined) delete process.env['Q2C_DATA_DIR'];
    else process.env['Q2C_DATA_DIR'] = folderBefore;
    await sandboxes?.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  afterEach(() => {
    log.lines.length = 0;
  });

  const order = async (sandbox: SandboxName, kind: string) => {
    const answer = await fetch(`${sandboxes.url(sandbox)}/__admin/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind, path: BUSINESS, times: 1000 }) });
    assert.equal(answer.status, 201);
  };
  const context = (): CallContext => ({ signal: new AbortController().signal, heartbeat: () => undefined, log, idempotencyKey: crypto.randomUUID() });
  const crm = (system: 'salesforce' | 'hubspot'): Operation[] => [
    { system, sandbox: system, name: 'reads a deal', writes: false, run: (known, call) => known.crm(system).loadOpportunity(deals.get(system) ?? '', call) },
    {
      system, sandbox: system, name: 'writes back', writes: true,
      run: async (known, call) => {
        const { writeBack } = known.crm(system);
        if (!isUnsupported(writeBack)) await writeBack(deals.get(system) ?? '', { status: 'Activated', message: 'under way', projectNumbers: ['US01-TECH-1'], at: new Date().toISOString() }, call);
      },
    },
  ];
  const operations: readonly Operation[] = [
    ...crm('salesforce'), ...crm('hubspot'),
    ...(['netsuite', 'dynamics', 'project-operations', 'sap', 'oracle'] as const).flatMap(erp),
    ...time('harvest', 'harvest'), ...time('clockify', 'clockify'), ...time('kantata', 'kantata'),
    ...billing('stripe'), ...billing('lago'),
    { system: 'hr', sandbox: 'scim', name: 'reads everybody', writes: false, run: (known, call) => all(known.hr('hr').employees(null, call)) },
    { system: 'gusto', sandbox: 'gusto', name: 'sends hours', writes: true, run: (known, call) => known.payroll('gusto').send(exportOf(PERIOD, [{ hours: '40' }]), call) },
    { system: 'service-desk', sandbox: 'jira', name: 'opens a ticket', writes: true, run: (known, call) => known.serviceDesk('service-desk').ticket.write(aTicket(), null, call) },
    { system: 'snowflake', sandbox: 'snowflake', name: 'merges rows', writes: true, run: async (known, call) => { await known.warehouse('snowflake').prepare([TABLE], call); return await known.warehouse('snowflake').merge(TABLE, [{ id: uniqueTag(), hours: '7.5' }], call); } },
  ];

  for (const operation of operations) {
    it(`${operation.system} ${operation.name}, or fails on a road that leads on, and keeps secrets`, async () => {
      const admin = sandboxAdmin(() => sandboxes.url(operation.sandbox));
      await operation.run(systems, context());
      for (const [kind, roads] of Object.entries(ROADS)) {
        await order(operation.sandbox, kind);
        let failure: Failure | undefined;
        try {
          await operation.run(systems, context());
        } catch (error) {
          if (!isSystemFailure(error)) throw new Error(`${kind}: not a SystemFailure`, { cause: error });
          failure = error.failure;
        }
        await admin.clearFaults();
        assert.ok(roads.includes(failure?.kind ?? null), `${kind}: ${failure === undefined ? 'went through' : `${failure.kind} ${failure.code}: ${failure.message}`}`);
        if (failure !== undefined) {
          assert.ok(failure.message.length > 10 && failure.mend.length > 5 && failure.object !== '', `${kind} says what happened to what, and what to do: ${JSON.stringify(failure)}`);
          assert.ok((failure.evidence ?? '').length <= 4000);
        }
        const told = JSON.stringify([failure, log.lines]);
        assert.deepEqual(secrets.filter((secret) => told.includes(secret)), [], `${kind}: secrets are told`);
        // Ten failures in a row open the circuit: the next kind begins anew.
        await operation.run(systems, context()).catch(() => undefined);
        log.lines.length = 0;
      }
    });
  }
});

/** IDs of accounts stand in addresses. */
const NO_SECRETS = ['tenantId', 'workspaceId', 'accountId', 'organizationId', 'certificateId', 'clientId', 'companyId', 'companyUuid'];

/** Tokens, keys and passwords. */
function secretsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.length >= 20 && !value.includes('PUBLIC KEY') ? [value, ...(value.includes('\n') ? [value.split('\n')[1] ?? value] : [])] : [];
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([name, part]) => (NO_SECRETS.includes(name) ? [] : secretsIn(part))) : [];
}
