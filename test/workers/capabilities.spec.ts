import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { parse } from 'yaml';
import { z } from 'zod';
import { createDealSteps } from '../../activities/deal.ts';
import type { ActivityDependencies, Systems } from '../../activities/dependencies.ts';
import { createExpenseSources } from '../../activities/expenses/source.ts';
import { createSteps } from '../../activities/steps.ts';
import { createSweep } from '../../activities/sweep.ts';
import { postLabor } from '../../activities/time/post.ts';
import { createTimeSources } from '../../activities/time/source.ts';
import type { Unsupported } from '../../connectors/ports.ts';
import { systemSchema, type SystemConfig } from '../../domain/config/schema.ts';
import { isSystemFailure } from '../../domain/failure.ts';
import type { DealPlan } from '../../domain/model/deal-plan.ts';
import { decideDeal } from '../../domain/rules/closed-won/decide.ts';
import { generateCredentials } from '../../sandbox/credentials.ts';
import { SANDBOX_NAMES } from '../../sandbox/names.ts';
import { auditOf } from '../../store/audit-trail.ts';
import { putDocument } from '../../store/documents.ts';
import type { Store } from '../../store/database.ts';
import { createSystems } from '../../workers/systems.ts';
import { theFirm } from '../builders/firm.ts';
import { anOpportunity } from '../builders/opportunity.ts';
import { callContext, silent } from '../connectors/conformance/documents.ts';
import { freshStore } from '../store/support.ts';
import { createFakeSystems } from '../support/fake-systems.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NOT_OFFERED: Unsupported = { unsupported: 'this system has none of it: people enter it there by hand' };

/** What the process does where a system does not offer a capability; each road is gone here, or by the spec that is named. */
type Road =
  | { readonly road: string; readonly run: (bench: Bench) => Promise<void> }
  | { readonly road: string; readonly proof: readonly [spec: string, title: string] }
  /** No process asks for it: nothing in these folders may use it before it has a road. */
  | { readonly unused: RegExp };

interface Bench {
  readonly store: Store;
  readonly plan: DealPlan;
  readonly planRef: string;
  /** Activities over systems in memory, one of which lacks something. */
  readonly deps: (change: Partial<Systems>) => ActivityDependencies;
  readonly fakes: Systems;
}

const step = (name: 'contract' | 'rateCard' | 'billingSchedule'): Road => ({
  road: 'the step is not offered: the deal goes on, and its progress and the audit trail say what people do instead',
  async run({ store, plan, planRef, deps, fakes }) {
    const steps = createSteps(deps({ erp: (id) => ({ ...fakes.erp(id), [name]: NOT_OFFERED }) }), async () => plan);
    const ensure = { contract: steps.ensureContract, rateCard: steps.ensureRateCard, billingSchedule: steps.ensureBillingSchedule }[name];
    const subject = (name === 'contract' ? plan.contracts[0] : plan.projects[0])?.id ?? '';
    const process = `closed-won/salesforce/${name}`;
    const result = await new MockActivityEnvironment().run(() => ensure({ process, planRef, subject, system: 'netsuite', version: '1', round: 1, references: { customers: {}, contracts: {}, projects: {} } }));
    assert.deepEqual(result, { state: 'not_offered', note: NOT_OFFERED.unsupported });
    assert.deepEqual((await auditOf(store.db, process)).map(({ action, message }) => [action, message]), [['step.not_offered', NOT_OFFERED.unsupported]]);
  },
});

/** By the port's kind and the path to it. */
const ROADS: Readonly<Record<string, Road>> = {
  'erp.contract': step('contract'),
  'erp.rateCard': step('rateCard'),
  'erp.billingSchedule': step('billingSchedule'),
  'erp.labor': {
    road: 'a configuration case, LABOR_NOT_OFFERED',
    async run({ deps, fakes }) {
      const lacking = deps({ erp: (id) => ({ ...fakes.erp(id), labor: NOT_OFFERED }) });
      await assert.rejects(postLabor(lacking, { process: 'timesheet/x', selection: { records: [1] }, system: 'netsuite' }, callContext()), (error) => isSystemFailure(error) && error.failure.kind === 'configuration' && error.failure.code === 'LABOR_NOT_OFFERED' && error.failure.message.includes(NOT_OFFERED.unsupported));
    },
  },
  'erp.expenses': { road: 'a configuration case, EXPENSES_NOT_OFFERED, that says how to book it by hand', proof: ['test/expenses/process.spec.ts', 'where the ERP takes no expense reports: the case says how to book it by hand, and waits'] },
  'erp.receivables': { unused: /\breceivables\b/ },
  'erp.receivables.written.creditNote': { unused: /\.written\.creditNote\b/ },
  'erp.receivables.writeOff': { unused: /\bwriteOff\b/ },
  'erp.receivables.payments': { unused: /\.payments\(/ },
  'billing.written.creditNote': { unused: /systems\.billing\(/ },
  'billing.writeOff': { unused: /systems\.billing\(/ },
  'billing.payments': { unused: /systems\.billing\(/ },
  'billing.recordUsage': { unused: /\brecordUsage\b/ },
  'time.timesheets': {
    road: 'timesheets come over POST /v1/timesheets; a sweep and a webhook say why they read none',
    async run({ deps, fakes }) {
      const { sweepTimesheets, fetchTimesheet } = createTimeSources(deps({ time: (id) => ({ ...fakes.time(id), timesheets: NOT_OFFERED }) }));
      assert.deepEqual(await new MockActivityEnvironment().run(() => sweepTimesheets({ system: 'harvest' })), { notOffered: NOT_OFFERED.unsupported });
      assert.deepEqual(await new MockActivityEnvironment().run(() => fetchTimesheet({ system: 'harvest', timesheetId: '1', event: 'e' })), { ignored: NOT_OFFERED.unsupported });
    },
  },
  'time.timesheets.reject': { road: 'the submitter hears by mail what is wrong; the case of the refusal waits for a person', proof: ['test/store/time/submitter-told.spec.ts', 'hears by mail what is wrong and how to mend it, where the time system takes no refusals'] },
  'time.timesheets.lock': { road: 'the answer is kept as not offered: a change after it is seen by the sweep and judged', proof: ['test/store/time/submitter-told.spec.ts', 'hears by mail what is wrong and how to mend it, where the time system takes no refusals'] },
  'time.timesheets.markInvoiced': { unused: /\bmarkInvoiced\b/ },
  'time.expenses': {
    road: 'expense reports come over POST /v1/expenses; a sweep says why it reads none',
    async run({ deps, fakes }) {
      const { sweepExpenses } = createExpenseSources(deps({ time: (id) => ({ ...fakes.time(id), expenses: NOT_OFFERED }) }));
      assert.deepEqual(await new MockActivityEnvironment().run(() => sweepExpenses({ system: 'clockify' })), { notOffered: NOT_OFFERED.unsupported });
    },
  },
  'time.expenseReports': { road: 'the case says what people do instead, and the submitter hears by mail', proof: ['test/expenses/answers.spec.ts', 'stands in the case where the system takes none, with what people do instead'] },
  'time.expenseReports.reject': { road: 'the case says what people do instead, and the submitter hears by mail', proof: ['test/expenses/answers.spec.ts', 'stands in the case where the system takes none, with what people do instead'] },
  'time.expenseReports.lock': { road: 'the answer is kept as not offered: a change after it is seen by the sweep and judged', proof: ['test/line/kantata-expenses.spec.ts', 'are taken back in the ERP when their approval is taken back in Kantata'] },
  'crm.writeBack': {
    road: 'the step is not offered: whoever sent the deal asks for it over the API',
    async run({ plan, deps, fakes }) {
      const { writeBackToCrm } = createDealSteps(deps({ crm: (id) => ({ ...fakes.crm(id), writeBack: NOT_OFFERED }) }), async () => plan);
      const told = await new MockActivityEnvironment().run(() => writeBackToCrm({ process: 'closed-won/canonical/1', deal: { crm: 'canonical', opportunityId: '1' }, status: { status: 'Activated', message: 'done', projectNumbers: [], at: '2026-11-21T08:00:00.000Z' } }));
      assert.deepEqual(told, { state: 'not_offered', note: NOT_OFFERED.unsupported });
    },
  },
  'crm.changedClosedWon': {
    road: 'the sweep says that it cannot look for deals that no event told of',
    async run({ deps, fakes }) {
      const { sweepMissedEvents } = createSweep(deps({ crm: (id) => ({ ...fakes.crm(id), changedClosedWon: NOT_OFFERED }) }));
      assert.deepEqual(await new MockActivityEnvironment().run(() => sweepMissedEvents({ crm: 'canonical' })), { notOffered: NOT_OFFERED.unsupported });
    },
  },
  'hr.update': { unused: /\bhr\([^)]*\)\.update|\bport\.update\(|\{[^}]*\bupdate\b[^}]*\} = [^;]*\bhr\(/ },
};

/** Everything that a port says it does not offer, by path. */
function notOfferedBy(port: object, path: string, depth = 0): readonly (readonly [path: string, why: string])[] {
  return Object.entries(port).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    if ('unsupported' in value) return [[`${path}.${name}`, String(value.unsupported)] as const];
    return depth < 2 ? notOfferedBy(value, `${path}.${name}`, depth + 1) : [];
  });
}

function portOf(systems: Systems, { id, kind }: SystemConfig): object {
  switch (kind) {
    case 'reporting':
      throw new Error(`${id} is our own store`);
    case 'service_desk':
      return systems.serviceDesk(id);
    default:
      return systems[kind](id);
  }
}

const sources = (folders: readonly string[]) => folders.flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => ({ name: join(folder, name), text: readFileSync(join(ROOT, folder, name), 'utf8') })));

describe('What a system does not offer', function () {
  this.timeout(60_000);
  let store: Store;
  let bench: Bench;
  let offered: readonly { readonly product: SystemConfig['product']; readonly notOffered: ReturnType<typeof notOfferedBy> }[] = [];

  before(async () => {
    store = await freshStore();
    const { systems: fakes } = createFakeSystems();
    const { config, hash } = await theFirm();
    const { plan, findings } = decideDeal(anOpportunity(), config, hash, { findings: [], reroutes: [] });
    assert.ok(plan !== null, JSON.stringify(findings));
    const planRef = await putDocument(store.db, { kind: 'plan', schemaVersion: 1, body: plan });
    bench = { store, plan, planRef, fakes, deps: (change) => ({ store, systems: { ...fakes, ...change }, log: silent, now: () => new Date(), withSlot: (_system, signal, work) => work(signal) }) };
    offered = await everyConnector(store);
  });
  after(() => store.close());

  it('is asked of the connectors of every product', () => {
    const missing = systemSchema.shape.product.options.filter((product) => product !== 'warehouse' && !offered.some((one) => one.product === product));
    assert.deepEqual(missing, []);
  });

  it('has a road wherever a connector says so, and says in words what people do instead', () => {
    const said = offered.flatMap(({ product, notOffered }) => notOffered.map(([path, why]) => ({ product, path, why })));
    assert.ok(said.length > 20, 'the connectors were looked through');
    assert.deepEqual(said.filter(({ path }) => ROADS[path] === undefined).map(({ product, path }) => `${product}: ${path} has no road`), []);
    assert.deepEqual(said.filter(({ why }) => why.length < 40 || !/[:;.,]\s/.test(why)).map(({ product, path, why }) => `${product}: ${path}: ${why}`), []);
  });

  it('has a road for each capability that a port lets a system lack', () => {
    const capable = sources(['connectors']).filter(({ name }) => !name.slice('connectors/'.length).includes('/')).flatMap(({ text }) => [...text.matchAll(/readonly (\w+): (?:[^;{}]|\{[^}]*\})*\| Unsupported\b/g)].map(([, name = '']) => name));
    const known = new Set(Object.keys(ROADS).map((path) => path.split('.').at(-1)));
    assert.ok(capable.length > 12, capable.join());
    assert.deepEqual([...new Set(capable)].filter((name) => !known.has(name)), []);
  });

  for (const [path, road] of Object.entries(ROADS)) {
    if ('run' in road) {
      it(`${path}: ${road.road}`, () => road.run(bench));
    } else if ('proof' in road) {
      it(`${path}: ${road.road} (${road.proof[0]})`, () => {
        const [spec, title] = road.proof;
        assert.ok(readFileSync(join(ROOT, spec), 'utf8').includes(`it('${title}'`), `${spec} has no test "${title}" any more`);
      });
    } else {
      it(`${path}: no process asks for it`, () => {
        assert.deepEqual(sources(['activities', 'workflows', 'workers', 'starters']).filter(({ name, text }) => !name.startsWith('starters/q2c/connector/') && road.unused.test(text)).map(({ name }) => name), []);
      });
    }
  }

  it('is told in docs/connectors.md, capability by capability', () => {
    const docs = readFileSync(join(ROOT, 'docs/connectors.md'), 'utf8');
    assert.deepEqual(Object.keys(ROADS).filter((path) => !docs.includes(`\`${path}\``)), []);
  });
});

/** What an overlay changes of a system of the base has a part of it only. */
const systemsFile = z.looseObject({ systems: z.array(z.union([systemSchema, z.looseObject({ id: z.string() }).transform(() => null)])).default([]) });

/** Each product of the configuration and its overlays, made as a worker makes it. */
async function everyConnector(store: Store) {
  const { config } = await theFirm();
  const overlays = readdirSync(join(ROOT, 'config/overlays'), { encoding: 'utf8' }).map((name) => join(ROOT, 'config/overlays', name, 'systems.yaml'));
  const ofOverlays = overlays.filter(existsSync).flatMap((file) => systemsFile.parse(parse(readFileSync(file, 'utf8'))).systems.filter((system) => system !== null));
  const [template] = config.systems;
  assert.ok(template !== undefined);
  const own: SystemConfig = { ...template, id: 'own-warehouse', kind: 'warehouse', product: 'warehouse_postgres', address: 'postgres://127.0.0.1:9/reporting', credentials: 'own-warehouse', options: {} };
  const all = [...config.systems, ...ofOverlays, own].filter(({ product, kind }) => product !== 'warehouse' && kind !== 'reporting').map((system, index) => ({ ...system, id: `${system.id}-${index}` }));
  const systems = await createSystems({ ...config, systems: all }, {
    store,
    log: silent,
    secrets: async () => ({ ...generateCredentials(), 'own-warehouse': { url: 'postgres://127.0.0.1:9/reporting' } }),
    endpoints: async () => ({ sandbox: Object.fromEntries([...SANDBOX_NAMES, 'tryton'].map((name) => [name, { url: 'http://127.0.0.1:9' }])), gateway: { url: 'http://127.0.0.1:9' } }),
  });
  return all.map((system) => ({ product: system.product, notOffered: notOfferedBy(portOf(systems, system), system.kind) }));
}
