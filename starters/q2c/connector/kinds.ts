/** What a kind of connector begins with: the port with nothing in it, and its conformance suite, which fails until there is. */
export interface KindTemplate {
  /** For `--help`. */
  readonly about: string;
  /** The port's type and the file it comes from. */
  readonly port: { readonly type: string; readonly from: string };
  /** The members of the port after `kind` and `system`; `notYet` is in scope, `notYetAll` where it is used. */
  readonly members: string;
  /** What the sample of the sandbox keeps. */
  readonly records: string;
  readonly suite: {
    /** Of the spec, where `port()`, `office` and `faults` are in scope. */
    readonly imports: string;
    readonly run: string;
    /** Of the office: SERVICE stands for the sandbox's type, WHERE for the file. */
    readonly officeImports: string;
    readonly office: string;
  };
}

const record = (name: string) => `${name}: { lookUp: 'key', find: notYet('${name}.find'), write: notYet('${name}.write'), undo: notYet('${name}.undo') },`;

interface RecordTemplate {
  readonly title: string;
  /** Member of the port, and of the office. */
  readonly of: string;
  readonly fresh: string;
  readonly amended: string;
  /** Whether it carries amounts. */
  readonly money: boolean;
}

const recordSuite = ({ title, of, fresh, amended, money }: RecordTemplate) => `  describeRecordPort(
    {
      name: \`${title} in \${NAME}\`,
      port: () => port().${of},
      fresh: (terms) => Promise.resolve(${fresh}),
      amended: ${amended},
      count: (document) => office.${of}.count(document),
      check: (document, externalId) => office.${of}.check(document, externalId),
      use: null,
      writeMethod: 'POST',
      unknownId: '999999999',
      content: { stored: () => service.admin.state(), seedOthers: (count) => office.${of}.seedOthers(count)${money ? ', money: true' : ''} },
    },
    faults,
  );`;

const RECORD_IMPORTS = `import { dealOf, uniqueTag } from '../conformance/documents.ts';
import { describeRecordPort } from '../conformance/records.ts';`;
const RECORD_OFFICE_IMPORT = `import type { RecordContent } from '../conformance/record-content.ts';
import type { RecordCase } from '../conformance/records.ts';`;
const recordOffice = (of: string, document: string, what: string) => `${of}: notBuilt<Pick<RecordCase<${document}>, 'count' | 'check'> & Required<Pick<RecordContent, 'seedOthers'>>>('${what} (WHERE)')`;
const REFERENCES = 'references: { customers: {}, contracts: {}, projects: {} }';
const clock = (indent: string) => ['get clock() {', '  return service().clock;', '},'].map((line) => `\n${indent}${line}`).join('');
const office = (type: string, what: string, there = '') => `export const officeOf = (${there.includes('service()') ? 'service' : '_service'}: () => SERVICE) => notBuilt<${type}>('${what} (WHERE)'${there === '' ? '' : `, {${there}
}`});`;

export const KINDS = {
  time: {
    about: 'projects people book on, their approved timesheets and expenses',
    port: { type: 'TimePort', from: '../ports.ts' },
    members: `${record('project')}
    timesheets: { changed: notYetAll('timesheets.changed'), load: notYet('timesheets.load'), reject: notYet('timesheets.reject'), lock: notYet('timesheets.lock'), markInvoiced: { unsupported: 'not built yet: invoiced time is not marked' } },
    expenses: { unsupported: 'not built yet: approved expense reports are sent to /v1/expenses' },
    expenseReports: { unsupported: 'not built yet: submitters of expense reports are told by hand' },
    setProjectStatus: notYet('setProjectStatus'),`,
    records: 'projects',
    suite: {
      imports: `import assert from 'node:assert/strict';
import { isUnsupported } from '../../../connectors/ports.ts';
${RECORD_IMPORTS}
import { describeTimesheetSource } from '../conformance/timesheet-source.ts';`,
      run: `${recordSuite({ title: 'A project', of: 'project', fresh: '{ project: dealOf(uniqueTag(), terms).project, customer: dealOf(uniqueTag(), terms).customer }', amended: '({ project, customer }) => ({ project: { ...project, name: `${project.name} II` }, customer })', money: true })}
  const source = () => {
    const { timesheets } = port();
    assert.ok(!isUnsupported(timesheets));
    return timesheets;
  };
  describeTimesheetSource({ name: NAME, source, office: () => office.time, faults });
  // Then, where it has them: expenses by describeExpenseSource (conformance/expense-source.ts).`,
      officeImports: `import type { TimePort } from '../../../connectors/ports.ts';
${RECORD_OFFICE_IMPORT}
import type { TimeOffice } from '../conformance/timesheet-source.ts';`,
      office: `type ProjectDocument = Parameters<TimePort['project']['find']>[0];

export const officeOf = (service: () => SERVICE) => ({
  ${recordOffice('project', 'ProjectDocument', 'the projects the time system has')},
  time: notBuilt<TimeOffice>('what people do in the time system (WHERE)', {
    system: 'SYSTEM', projectNumber: 'US01-TECH-1', laborCategory: 'ENGINEER', many: 101,${clock('    ')}
  }),
});`,
    },
  },
  resources: {
    about: 'staffing: the named people and open roles of a project',
    port: { type: 'ResourcePort', from: '../ports.ts' },
    members: record('assignments'),
    records: 'assignments',
    suite: {
      imports: RECORD_IMPORTS,
      run: recordSuite({ title: 'The assignments of a project', of: 'assignments', fresh: '{ project: dealOf(uniqueTag(), terms).project, timeProjectId: null }', amended: '({ project, timeProjectId }) => ({ project: { ...project, assignments: project.assignments.slice(0, 1) }, timeProjectId })', money: false }),
      officeImports: `import type { ResourcePort } from '../../../connectors/ports.ts';
${RECORD_OFFICE_IMPORT}`,
      office: `type AssignmentsDocument = Parameters<ResourcePort['assignments']['find']>[0];

export const officeOf = (_service: () => SERVICE) => ({
  ${recordOffice('assignments', 'AssignmentsDocument', 'the people and roles the staffing system has')},
});`,
    },
  },
  crm: {
    about: 'deals that were won, and the way back to the seller',
    port: { type: 'CrmPort', from: '../ports.ts' },
    members: `loadOpportunity: notYet('loadOpportunity'),
    writeBack: notYet('writeBack'),
    changedClosedWon: notYetAll('changedClosedWon'),`,
    records: 'deals',
    suite: {
      imports: 'import { crmConformance } from \'../conformance/crm.ts\';',
      run: `  crmConformance({
    name: NAME, start: () => Promise.resolve(), stop: () => Promise.resolve(), port: (log) => service.connect({}, log),
    seed: office.seed, makeParent: office.makeParent, changeLine: office.changeLine, deleteDeal: office.deleteDeal, deliveryFields: office.deliveryFields,
    requests: () => service.admin.requests(), fault: (order) => service.admin.fault(order), clearFaults: () => faults.clear(),
    tokenPath: null, readPath: '/deals/', writePath: '/deals/', unknownId: '999999999', secrets: () => [service.secret],
  });`,
      officeImports: 'import type { CrmSubject } from \'../conformance/crm.ts\';',
      office: office('CrmSubject', 'what people do in the CRM'),
    },
  },
  erp: {
    about: 'customers, contracts, projects, rates, labor, expenses, invoices and receivables',
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
    records: 'customers',
    suite: {
      imports: RECORD_IMPORTS,
      run: `${recordSuite({ title: 'A customer', of: 'customer', fresh: `{ document: dealOf(uniqueTag(), terms).customer, ${REFERENCES} }`, amended: '({ document, references }) => ({ document: { ...document, name: `${document.name} II` }, references })', money: false })}
${recordSuite({ title: 'A project', of: 'project', fresh: `{ document: dealOf(uniqueTag(), terms).project, ${REFERENCES} }`, amended: '({ document, references }) => ({ document: { ...document, name: `${document.name} II` }, references })', money: true })}
  // Then: contract, rateCard and billingSchedule as records; labor by describeLaborPort (conformance/labor.ts); receivables by describeReceivables.`,
      officeImports: `import type { ErpPort } from '../../../connectors/ports.ts';
${RECORD_OFFICE_IMPORT}`,
      office: `type CustomerDocument = Parameters<ErpPort['customer']['find']>[0];
type ProjectDocument = Parameters<ErpPort['project']['find']>[0];

export const officeOf = (_service: () => SERVICE) => ({
  ${recordOffice('customer', 'CustomerDocument', 'the customers the ERP has')},
  ${recordOffice('project', 'ProjectDocument', 'the projects the ERP has')},
});`,
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
    records: 'invoices',
    suite: {
      imports: 'import { describeBilling } from \'../conformance/billing.ts\';',
      run: '  describeBilling({ name: NAME, port, written: { invoice: \'draft\', creditNote: \'draft\' }, office: () => office, faults, writeMethod: \'POST\', unknownId: \'999999999\', unknownCustomer: \'999999999\' });',
      officeImports: 'import type { BillingOffice } from \'../conformance/billing.ts\';',
      office: office('BillingOffice', 'what people and customers do in the billing system', `
  system: 'SYSTEM', currencies: ['USD', 'JPY', 'KWD'], refund: null,${clock('  ')}`),
    },
  },
  hr: {
    about: 'people, with their legal entity, cost center and labor category',
    port: { type: 'HrPort', from: '../hr-port.ts' },
    members: `employees: notYetAll('employees'),
    load: notYet('load'),
    findByEmail: notYet('findByEmail'),
    update: notYet('update'),`,
    records: 'people',
    suite: {
      imports: 'import { describeHr } from \'../conformance/hr.ts\';',
      run: '  describeHr({ name: NAME, port, office: () => office, faults, writeMethod: \'PATCH\', versions: true });',
      officeImports: 'import type { HrOffice } from \'../conformance/hr.ts\';',
      office: office('HrOffice', 'what people do in HR', clock('  ')),
    },
  },
  payroll: {
    about: 'hours to a payroll bureau, and what it says of them',
    port: { type: 'PayrollPort', from: '../payroll-port.ts' },
    members: `send: notYet('send'),
    acknowledgement: notYet('acknowledgement'),`,
    records: 'payrolls',
    suite: {
      imports: 'import { describePayrollPort } from \'../conformance/payroll.ts\';',
      run: '  describePayrollPort({ name: NAME, port, open: office.open, hire: office.hire, hours: office.hours, accept: office.accept, refuse: office.refuse, write: { method: \'POST\', path: \'/\' } }, faults);',
      officeImports: 'import type { PayrollCase } from \'../conformance/payroll.ts\';',
      office: office('PayrollCase', 'what the bureau has and does', `
  // Nobody need be hired first, unless the bureau wants to know people before their hours.
  hire: () => Promise.resolve(),`),
    },
  },
  warehouse: {
    about: 'tables that the reporting facts are mirrored into',
    port: { type: 'WarehousePort', from: '../warehouse-port.ts' },
    members: `batchSize: 500,
    prepare: notYet('prepare'),
    merge: notYet('merge'),
    totals: notYet('totals'),`,
    records: 'rows',
    suite: {
      imports: 'import { describeWarehousePort } from \'../conformance/warehouse.ts\';',
      run: '  describeWarehousePort({ name: NAME, port, rows: office.rows, write: { method: \'POST\', path: \'/\' } }, faults);',
      officeImports: 'import type { WarehouseCase } from \'../conformance/warehouse.ts\';',
      office: office('WarehouseCase', 'the rows as somebody else reads them'),
    },
  },
  service_desk: {
    about: 'exception cases as tickets of people who live in a service desk',
    port: { type: 'ServiceDeskPort', from: '../service-desk-port.ts' },
    members: `${record('ticket')}
    comment: notYet('comment'),
    standing: notYet('standing'),
    close: notYet('close'),`,
    records: 'tickets',
    suite: {
      imports: 'import { describeServiceDesk } from \'../conformance/service-desk.ts\';',
      run: '  describeServiceDesk({ name: NAME, port, office: () => office, faults, createPath: \'/tickets$\', commentPath: \'/comments$\', endPath: \'/close$\', priorities: { critical: \'Urgent\', high: \'High\', medium: \'Normal\', low: \'Low\' }, unknownId: \'999999999\' });',
      officeImports: 'import type { ServiceDeskOffice } from \'../conformance/service-desk.ts\';',
      office: office('ServiceDeskOffice', 'what people do at the service desk'),
    },
  },
} as const satisfies Readonly<Record<string, KindTemplate>>;

export type Kind = keyof typeof KINDS;

/** The kind most firms lack first. */
export const USUAL_KIND: Kind = 'time';

export function isKind(text: unknown): text is Kind {
  return typeof text === 'string' && Object.hasOwn(KINDS, text);
}
