import assert from 'node:assert/strict';
import { createTryton } from '../../../connectors/tryton/index.ts';
import { isUnsupported, type ErpPort, type RecordPort, type References, type Unsupported } from '../../../connectors/ports.ts';
import { callContext, dealOf, silent, uniqueTag, type Deal, type DealTerms } from '../conformance/documents.ts';
import type { FaultBoard } from '../conformance/records.ts';
import { openOffice, prepareOffice, type Office } from './office.ts';
import { startRelay, type Relay } from './relay.ts';
import { startTestTryton, type TestTryton } from './server.ts';

export const NONE: References = { customers: {}, contracts: {}, projects: {} };
export type Row = Record<string, unknown>;

export function offered<Document>(port: RecordPort<Document> | Unsupported): RecordPort<Document> {
  assert.ok(!isUnsupported(port));
  return port;
}

export const partOf = (value: unknown, key: string) => Reflect.get(Object(value), key) as unknown;

let starting: ReturnType<typeof startTestTryton> | undefined;

after(async () => {
  const started = await starting;
  if (started !== undefined && 'close' in started) await started.close();
});

/** A real Tryton for the tests of one block, set up as the README asks, the same for all blocks of a process; they are skipped, with the reason, where none can be had. */
export function useTryton() {
  let server: TestTryton | undefined;
  let relay: Relay | undefined;
  let office: Office | undefined;
  let erp: ErpPort | undefined;
  let companies: Record<string, number> = {};
  const ready = <T>(value: T | undefined): T => {
    assert.ok(value !== undefined, 'Tryton is not up');
    return value;
  };

  before(async function () {
    const started = await (starting ??= startTestTryton());
    if ('skipped' in started) {
      console.log(`      skipped: ${started.skipped}`);
      this.skip();
    }
    server = started;
    office = await openOffice(server);
    companies = await prepareOffice(office);
    relay = await startRelay(server.url);
    erp = connect(relay.url);
  });
  after(() => relay?.close());

  /** The connector; at `url` instead of by way of the relay, or with other credentials. */
  const connect = (url: string = ready(server).url, credentials: object = ready(server)): ErpPort =>
    createTryton({ system: 'tryton', baseUrl: url, credentials, options: undefined, log: silent, limits: { concurrency: 4, requestsPerSecond: null, timeoutSeconds: 60 } });

  const rows = (model: string, domain: readonly unknown[], fields: readonly string[], code = 'US01'): Promise<Row[]> => ready(office).rows(model, domain, fields, companies[code]);
  const works = (domain: readonly unknown[], code = 'US01') => rows('project.work', domain, ['name', 'type', 'status.name', 'parent', 'effort_duration', 'list_price', 'product.code', 'timesheet_available', 'project_invoice_method', 'comment'], code);
  const faults: FaultBoard = { next: async (fault) => ready(relay).next(fault), clear: async () => relay?.clear() };

  const withCustomer = async (terms: DealTerms = {}): Promise<{ deal: Deal; references: References }> => {
    const deal = dealOf(uniqueTag(), terms);
    const { externalId } = await ready(erp).customer.write({ document: deal.customer, references: NONE }, null, callContext());
    return { deal, references: { ...NONE, customers: { [deal.customer.id]: externalId } } };
  };

  return {
    connect,
    faults,
    holdNextWrite: () => ready(relay).holdNextWrite(),
    rows,
    works,
    erp: () => ready(erp),
    server: () => ready(server),
    office: () => ready(office),
    us: () => companies['US01'],
    companies: () => companies,
    topWorks: (number: string) => works([['name', 'like', `${number} %`], ['parent', '=', null]]),
    /** A deal whose customer is in Tryton. */
    withCustomer,
    /** A deal whose customer and project are in Tryton. */
    async withProject(terms: DealTerms = {}): Promise<{ deal: Deal; references: References; projectId: string }> {
      const { deal, references } = await withCustomer(terms);
      const { externalId } = await ready(erp).project.write({ document: deal.project, references }, null, callContext());
      return { deal, references: { ...references, projects: { [deal.project.id]: externalId } }, projectId: externalId };
    },
    async bookTime(workId: number): Promise<void> {
      const us = companies['US01'];
      const party = await ready(office).ensure('party.party', [['code', '=', 'EMPLOYEE']], { code: 'EMPLOYEE', name: 'Ada' });
      const employee = await ready(office).ensure('company.employee', [['party', '=', party]], { party, company: us }, us);
      await ready(office).call('project.work.write', [[workId], { timesheet_available: true }], us);
      const [timesheet] = await rows('timesheet.work', [['origin', '=', `project.work,${workId}`]], ['id']);
      await ready(office).call('timesheet.line.create', [[{ company: us, employee, date: { __class__: 'date', year: 2026, month: 12, day: 2 }, duration: { __class__: 'timedelta', seconds: 3600 }, work: timesheet?.['id'] }]], us);
    },
  };
}
