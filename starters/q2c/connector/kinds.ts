/** What a kind of connector begins with: the port with nothing in it, and its conformance suite, which fails until there is. */
export interface KindTemplate {
  /** For `--help`. */
  readonly about: string;
  /** The port's type and the file it comes from. */
  readonly port: { readonly type: string; readonly from: string };
  /** The members of the port after `kind` and `system`; `notYet` is in scope. */
  readonly members: string;
  /** Imports and body of the conformance spec; `port()` and `faults` are in scope. */
  readonly suite: { readonly imports: string; readonly run: string };
}

const record = (name: string) => `${name}: { lookUp: 'key', find: notYet('${name}.find'), write: notYet('${name}.write'), undo: notYet('${name}.undo') },`;

const recordSuite = (title: string, of: string, document: string) => `  describeRecordPort(
    {
      name: \`${title} in \${NAME}\`,
      port: () => port().${of},
      fresh: () => Promise.resolve(${document}),
      // Another content of the same record.
      amended: (document) => document,
      // Asked of the sandbox's state, past the connector.
      count: (document) => system.count(document),
      check: (document, externalId) => system.check(document, externalId),
      use: null,
      writeMethod: 'POST',
      unknownId: '999999999',
    },
    faults,
  );`;

const RECORD_IMPORTS = `import { dealOf, uniqueTag } from '../conformance/documents.ts';
import { notBuilt } from '../conformance/not-built.ts';
import { describeRecordPort, type RecordCase } from '../conformance/records.ts';`;
const NO_REFERENCES = '{ customers: {}, contracts: {}, projects: {} }';

export const KINDS = {
  crm: {
    about: 'deals that were won, and the way back to the seller',
    port: { type: 'CrmPort', from: '../ports.ts' },
    members: `loadOpportunity: notYet('loadOpportunity'),
    writeBack: notYet('writeBack'),
    changedClosedWon: { unsupported: 'not built yet: the changed deals are not asked for' },`,
    suite: {
      imports: `import { crmConformance, type CrmSubject } from '../conformance/crm.ts';
import { notBuilt } from '../conformance/not-built.ts';`,
      run: `  // What people do in the CRM, past the connector: connectors of CRMs beside this one show how.
  const office = notBuilt<CrmSubject>('what people do in the CRM');
  crmConformance({
    ...office, name: NAME, start: () => Promise.resolve(), stop: () => Promise.resolve(), port: () => port(),
    seed: office.seed, makeParent: office.makeParent, changeLine: office.changeLine, deleteDeal: office.deleteDeal, deliveryFields: office.deliveryFields, requests: office.requests,
    fault: (order) => faults.next({ ...order, kind: order.kind === 'slow' ? 'status' : order.kind }), clearFaults: () => faults.clear(),
    tokenPath: null, readPath: '/deals/', writePath: '/deals/', unknownId: '999999999', secrets: () => [],
  });`,
    },
  },
  erp: {
    about: 'customers, contracts, projects, rates, labor and invoices',
    port: { type: 'ErpPort', from: '../ports.ts' },
    members: `${record('customer')}
    contract: { unsupported: 'not built yet: contracts are kept in the CRM' },
    ${record('project')}
    rateCard: { unsupported: 'not built yet: rates are kept here' },
    billingSchedule: { unsupported: 'not built yet: finance plans invoices by hand' },
    labor: { unsupported: 'not built yet: labor is posted by hand' },
    expenses: { unsupported: 'not built yet: expenses are posted by hand' },
    receivables: { unsupported: 'not built yet: finance bills in the ERP itself' },
    setProjectStatus: notYet('setProjectStatus'),`,
    suite: {
      imports: `${RECORD_IMPORTS}
import type { Customer } from '../../../domain/model/customer.ts';
import type { Project } from '../../../domain/model/project.ts';
import type { WithReferences } from '../../../connectors/ports.ts';`,
      run: `  {
    const system = notBuilt<Pick<RecordCase<WithReferences<Customer>>, 'count' | 'check'>>('what the ERP has');
${recordSuite('A customer', 'customer', `{ document: dealOf(uniqueTag()).customer, references: ${NO_REFERENCES} }`)}
  }
  {
    const system = notBuilt<Pick<RecordCase<WithReferences<Project>>, 'count' | 'check'>>('what the ERP has');
${recordSuite('A project', 'project', `{ document: dealOf(uniqueTag()).project, references: ${NO_REFERENCES} }`)}
  }
  // Then: contract, rateCard, billingSchedule as records; labor by describeLaborPort (conformance/labor.ts); receivables by describeReceivables.`,
    },
  },
  time: {
    about: 'projects people book on, and their approved timesheets',
    port: { type: 'TimePort', from: '../ports.ts' },
    members: `${record('project')}
    timesheets: { changed: notYetAll('timesheets.changed'), load: notYet('timesheets.load'), reject: notYet('timesheets.reject'), lock: notYet('timesheets.lock'), markInvoiced: { unsupported: 'not built yet: invoiced time is not marked' } },
    expenses: { unsupported: 'not built yet: approved expense reports are sent to /v1/expenses' },
    expenseReports: { unsupported: 'not built yet: submitters of expense reports are told by hand' },
    setProjectStatus: notYet('setProjectStatus'),`,
    suite: {
      imports: `import assert from 'node:assert/strict';
import { isUnsupported } from '../../../connectors/ports.ts';
import { notBuilt } from '../conformance/not-built.ts';
import { describeTimesheetSource, testClock, type TimeOffice } from '../conformance/timesheet-source.ts';`,
      run: `  const source = () => {
    const { timesheets } = port();
    assert.ok(!isUnsupported(timesheets));
    return timesheets;
  };
  // What people do in the time system, past the connector. Its clock is the sandbox's: give it to startSandbox.
  const office: TimeOffice = notBuilt<TimeOffice>('what people do in the time system', { system: PRODUCT, projectNumber: 'US01-TECH-1', laborCategory: 'ENGINEER', clock: testClock('2026-06-15T12:00:00Z'), many: 101 });
  describeTimesheetSource({ name: NAME, source, office: () => office, faults });
  // Then: the project by describeRecordPort (conformance/records.ts).`,
    },
  },
  billing: {
    about: 'customers, invoices, payments and usage',
    port: { type: 'BillingPort', from: '../billing-port.ts' },
    members: `${record('customer')}
    written: { invoice: 'draft', creditNote: 'draft' },
    ${record('invoice')}
    issue: notYet('issue'),
    standing: notYet('standing'),
    writeOff: { unsupported: 'not built yet: finance writes off by hand' },
    payments: { unsupported: 'not built yet: payments are not asked for' },
    recordUsage: { unsupported: 'not built yet: usage is not priced here' },`,
    suite: {
      imports: `import { describeBilling, type BillingOffice } from '../conformance/billing.ts';
import { notBuilt } from '../conformance/not-built.ts';
import { testClock } from '../conformance/timesheet-source.ts';`,
      run: `  const office: BillingOffice = notBuilt<BillingOffice>('what people and customers do in the billing system', { system: PRODUCT, clock: testClock('2026-06-15T12:00:00Z'), currencies: ['USD', 'JPY', 'KWD'], refund: null });
  describeBilling({ name: NAME, port, written: { invoice: 'draft', creditNote: 'draft' }, office: () => office, faults, writeMethod: 'POST', unknownId: '999999999', unknownCustomer: '999999999' });`,
    },
  },
  hr: {
    about: 'people, with their legal entity, cost center and labor category',
    port: { type: 'HrPort', from: '../hr-port.ts' },
    members: `employees: notYetAll('employees'),
    load: notYet('load'),
    findByEmail: notYet('findByEmail'),
    update: { unsupported: 'not built yet: nothing is written back to HR' },`,
    suite: {
      imports: `import { describeHr, type HrOffice } from '../conformance/hr.ts';
import { notBuilt } from '../conformance/not-built.ts';
import { testClock } from '../conformance/timesheet-source.ts';`,
      run: `  const office: HrOffice = notBuilt<HrOffice>('what people do in HR', { clock: testClock('2026-06-15T12:00:00Z') });
  describeHr({ name: NAME, port, office: () => office, faults, writeMethod: 'PATCH', versions: true });`,
    },
  },
  payroll: {
    about: 'hours to a payroll bureau, and what it says of them',
    port: { type: 'PayrollPort', from: '../payroll-port.ts' },
    members: `send: notYet('send'),
    acknowledgement: notYet('acknowledgement'),`,
    suite: {
      imports: `import { notBuilt } from '../conformance/not-built.ts';
import { describePayrollPort, type PayrollCase } from '../conformance/payroll.ts';`,
      run: `  const bureau = notBuilt<PayrollCase>('what the bureau has and does');
  describePayrollPort({ name: NAME, port, open: bureau.open, hire: bureau.hire, hours: bureau.hours, accept: bureau.accept, refuse: bureau.refuse, write: { method: 'POST', path: '/' } }, faults);`,
    },
  },
  warehouse: {
    about: 'tables that the reporting facts are mirrored into',
    port: { type: 'WarehousePort', from: '../warehouse-port.ts' },
    members: `batchSize: 500,
    prepare: notYet('prepare'),
    merge: notYet('merge'),
    totals: notYet('totals'),`,
    suite: {
      imports: `import { notBuilt } from '../conformance/not-built.ts';
import { describeWarehousePort, type WarehouseCase } from '../conformance/warehouse.ts';`,
      run: `  const reader = notBuilt<WarehouseCase>('the rows as somebody else reads them');
  describeWarehousePort({ name: NAME, port, rows: reader.rows, write: { method: 'POST', path: '/' } }, faults);`,
    },
  },
  service_desk: {
    about: 'exception cases as tickets of people who live in a service desk',
    port: { type: 'ServiceDeskPort', from: '../service-desk-port.ts' },
    members: `${record('ticket')}
    comment: notYet('comment'),
    standing: notYet('standing'),
    close: notYet('close'),`,
    suite: {
      imports: `import { notBuilt } from '../conformance/not-built.ts';
import { describeServiceDesk, type ServiceDeskOffice } from '../conformance/service-desk.ts';`,
      run: `  const office = notBuilt<ServiceDeskOffice>('what people do at the service desk');
  describeServiceDesk({ name: NAME, port, office: () => office, faults, createPath: '/tickets$', commentPath: '/comments$', endPath: '/close$', priorities: { critical: 'Urgent', high: 'High', medium: 'Normal', low: 'Low' }, unknownId: '999999999' });`,
    },
  },
} as const satisfies Readonly<Record<string, KindTemplate>>;

export type Kind = keyof typeof KINDS;
