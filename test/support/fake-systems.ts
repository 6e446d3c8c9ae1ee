import { createFakeBureau } from '../payroll/bureau.ts';
import type { Systems } from '../../activities/dependencies.ts';
import type { CrmPort, ErpPort, Found, LookUp, RecordPort, ResourcePort, TimePort, WriteBack } from '../../connectors/ports.ts';
import type { ExpenseSource } from '../../connectors/expense-source.ts';
import type { ExpenseAnswers, ExpenseRejection, PostedExpenses } from '../../connectors/expense-answers.ts';
import type { LaborAnswer, LaborPort } from '../../connectors/labor-port.ts';
import type { PostedTime, TimesheetRejection, TimesheetSource } from '../../connectors/timesheet-source.ts';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { ExpenseReport } from '../../domain/model/time/expense-report.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { addDecimal, sumMoney } from '../../domain/money.ts';
import type { Opportunity } from '../../domain/model/opportunity.ts';
import type { ProjectStatus } from '../../domain/model/project.ts';

export type Fault = Partial<Failure> & Pick<Failure, 'kind'> & { /** Whether the record is made before the failure is told. */ readonly after?: boolean; readonly times: number; /** Part of a deal's ID: only its records fail. */ readonly deal?: string };

export interface FakeRecord {
  readonly id: string;
  readonly key: string;
  /** The customer it was made for; test deals have a client of their own, named after the deal. */
  readonly deal: string;
  /** Such as "netsuite.customer". */
  readonly at: string;
  status: ProjectStatus | 'deleted';
  writes: number;
  /** As it was written last. */
  document: unknown;
}

/** Systems in memory that keep what is written and fail on order: for tests of the processes, not of any wire format. */
export function createFakeSystems() {
  const deals = new Map<string, Opportunity>();
  const writeBacks: { readonly deal: string; readonly status: WriteBack }[] = [];
  const records = new Map<string, FakeRecord>();
  const faults = new Map<string, Fault>();
  const calls: string[] = [];
  const lookUps = new Map<string, LookUp>();
  const laborLines = new Map<string, { readonly line: LaborPosting; readonly writes: number }>();
  const refusedLines = new Map<string, Failure>();
  const reportsOf: { readonly report: ExpenseReport; readonly changedAt: string }[] = [];
  const timesheetsOf: { readonly sheet: Timesheet; readonly changedAt: string }[] = [];
  const rejections: TimesheetRejection[] = [];
  const locks: PostedTime[] = [];
  const expenseRejections: ExpenseRejection[] = [];
  const expenseLocks: PostedExpenses[] = [];
  let created = 0;

  function failing(where: string, after: boolean, deal: string): void {
    const ordered = [...faults].find(([name, fault]) => (name === where || name === `${where} of ${fault.deal ?? ''}`) && deal.includes(fault.deal ?? '') && fault.times > 0);
    if (ordered === undefined || (ordered[1].after ?? false) !== after) return;
    const [name, fault] = ordered;
    faults.set(name, { ...fault, times: fault.times - 1 });
    throw new SystemFailure({ code: 'ORDERED_FAILURE', message: `${where} failed on order.`, mend: 'Order no more failures.', system: where, object: where, written: fault.kind === 'in_doubt' ? 'unknown' : 'no', retryAfterMs: 20, ...fault });
  }

  function port<Document>(system: string, type: string, keyOf: (document: Document) => string, dealOf: (document: Document) => string): RecordPort<Document> {
    const at = `${system}.${type}`;
    const find = (document: Document): Found | null => {
      const record = records.get(`${at}/${keyOf(document)}`);
      return record === undefined || record.status === 'deleted' ? null : { externalId: record.id, url: null };
    };
    return {
      get lookUp() {
        return lookUps.get(at) ?? 'key';
      },
      find: async (document) => {
        calls.push(`find ${at}`);
        return Promise.resolve(find(document));
      },
      write: async (document, existing) => {
        calls.push(`write ${at}`);
        await Promise.resolve();
        failing(at, false, dealOf(document));
        const key = keyOf(document);
        const before = records.get(`${at}/${key}`);
        if (existing !== null && before !== undefined && before.status !== 'deleted') {
          before.writes += 1;
          before.document = document;
          failing(at, true, dealOf(document));
          return { externalId: before.id, url: null, created: false };
        }
        created += 1;
        const id = `${type}-${created}`;
        const twice = before !== undefined && before.status !== 'deleted';
        records.set(twice ? `${at}/${key}#double${created}` : `${at}/${key}`, { id, key: twice ? `${key}#double` : key, deal: dealOf(document), at, status: 'pending', writes: 1, document });
        failing(at, true, dealOf(document));
        return { externalId: id, url: null, created: true };
      },
      undo: async ({ document }) => {
        calls.push(`undo ${at}`);
        await Promise.resolve();
        failing(`undo ${at}`, false, dealOf(document));
        const record = records.get(`${at}/${keyOf(document)}`);
        if (record === undefined || record.status === 'deleted') return { how: 'not_found', detail: 'it was not there' };
        record.status = 'deleted';
        return { how: 'deleted', detail: `${record.id} deleted` };
      },
    };
  }

  async function setStatus(system: string, type: string, key: string, status: ProjectStatus): Promise<ProjectStatus> {
    calls.push(`status ${system}.${type}`);
    await Promise.resolve();
    const record = records.get(`${system}.${type}/${key}`);
    failing(`status ${system}`, false, record?.deal ?? '');
    if (record === undefined) throw new Error(`${system} has no ${type} ${key}`);
    record.status = status;
    return status;
  }

  const crm = (system: string): CrmPort => ({
    kind: 'crm',
    system,
    loadOpportunity: async (id) => {
      calls.push(`load ${system}`);
      await Promise.resolve();
      failing(`load ${system}`, false, id);
      const deal = deals.get(`${system}/${id}`);
      if (deal === undefined) throw new SystemFailure({ kind: 'business_rule', code: 'DEAL_NOT_FOUND', message: `no deal ${id}.`, mend: 'Check the ID.', system, object: `deal ${id}`, written: 'no' });
      return deal;
    },
    writeBack: async (id, status) => {
      calls.push(`write-back ${system}`);
      await Promise.resolve();
      failing(`write-back ${system}`, false, id);
      writeBacks.push({ deal: `${system}/${id}`, status });
    },
    changedClosedWon: { unsupported: 'the fake has no search' },
  });

  function labor(system: string): LaborPort {
    const at = `${system}.labor`;
    return {
      get lookUp() {
        return lookUps.get(at) ?? 'key';
      },
      batchSize: 50,
      find: async (postings) => {
        calls.push(`find ${at}`);
        await Promise.resolve();
        return new Map(postings.flatMap(({ key }) => (laborLines.has(`${at}/${key}`) ? [[key, { externalId: `${at}/${key}`, url: null }] as const] : [])));
      },
      post: async (postings) => {
        calls.push(`post ${at}`);
        await Promise.resolve();
        failing(at, false, postings[0]?.person ?? '');
        const answers = postings.map((line): LaborAnswer => {
          const refusal = refusedLines.get(line.entry.id);
          if (refusal !== undefined) return { key: line.key, outcome: 'refused', failure: refusal };
          const known = laborLines.get(`${at}/${line.key}`);
          laborLines.set(`${at}/${line.key}`, { line, writes: (known?.writes ?? 0) + 1 });
          return { key: line.key, outcome: 'posted', externalId: `${at}/${line.key}`, url: null };
        });
        failing(at, true, postings[0]?.person ?? '');
        return answers;
      },
      totals: async ({ legalEntity }) => {
        await Promise.resolve();
        const lines = [...laborLines.values()].map(({ line }) => line).filter((line) => line.legalEntity === legalEntity && line.system === system);
        return { legalEntity, lines: lines.length, hours: lines.reduce((sum, { hours }) => addDecimal(sum, hours), '0'), billed: [...Map.groupBy(lines, ({ billing }) => billing.amount.currency)].map(([currency, of]) => sumMoney(of.map(({ billing }) => billing.amount), currency)) };
      },
    };
  }

  function timesheets(system: string): TimesheetSource {
    return {
      changed: async function* (since) {
        await Promise.resolve();
        failing(`timesheets ${system}`, false, '');
        for (const { sheet, changedAt } of timesheetsOf) if (sheet.system === system && changedAt >= since) yield { sheet, changedAt };
      },
      load: async (id) => {
        await Promise.resolve();
        failing(`timesheets ${system}`, false, id);
        return timesheetsOf.findLast(({ sheet }) => sheet.system === system && sheet.id === id)?.sheet ?? null;
      },
      reject: async (rejection) => {
        await Promise.resolve();
        failing(`reject ${system}`, false, rejection.timesheetId);
        rejections.push(rejection);
      },
      lock: async (posted) => {
        await Promise.resolve();
        failing(`lock ${system}`, false, posted.timesheetId);
        locks.push(posted);
      },
      markInvoiced: { unsupported: 'the fake knows no invoices' },
    };
  }

  const expenseSource = (system: string): ExpenseSource => ({
    changed: async function* (since) {
      await Promise.resolve();
      failing(`expenses ${system}`, false, '');
      for (const { report, changedAt } of reportsOf) if (report.system === system && changedAt >= since) yield { report, changedAt };
    },
    current: async function* (ids) {
      await Promise.resolve();
      for (const id of ids) {
        const told = reportsOf.findLast(({ report }) => report.system === system && report.id === id);
        if (told !== undefined) yield { report: told.report };
      }
    },
  });

  const expenseReports = (system: string): ExpenseAnswers => ({
    reject: async (rejection) => {
      await Promise.resolve();
      failing(`reject expenses ${system}`, false, rejection.reportId);
      expenseRejections.push(rejection);
      failing(`reject expenses ${system}`, true, rejection.reportId);
    },
    lock: async (posted) => {
      await Promise.resolve();
      failing(`lock expenses ${system}`, false, posted.reportId);
      expenseLocks.push(posted);
    },
  });

  const erp = (system: string): ErpPort => ({
    kind: 'erp',
    system,
    customer: port(system, 'customer', ({ document }) => document.id, ({ document }) => document.id),
    contract: port(system, 'contract', ({ document }) => document.id, ({ document }) => document.customerId),
    project: port(system, 'project', ({ document }) => document.number, ({ document }) => document.customerId),
    rateCard: port(system, 'rateCard', ({ document }) => document.project.number, ({ document }) => document.project.customerId),
    billingSchedule: port(system, 'billingSchedule', ({ document }) => document.project.number, ({ document }) => document.project.customerId),
    labor: labor(system),
    expenses: port(system, 'expense', ({ key }) => key, ({ report }) => report.id),
    receivables: { unsupported: 'the fake bills nobody' },
    setProjectStatus: ({ document }, status) => setStatus(system, 'project', document.number, status),
  });

  const time = (system: string): TimePort => ({
    kind: 'time',
    system,
    project: port(system, 'project', ({ project }) => project.number, ({ project }) => project.customerId),
    timesheets: timesheets(system),
    expenses: expenseSource(system),
    expenseReports: expenseReports(system),
    setProjectStatus: ({ document }, status) => setStatus(system, 'project', document.number, status),
  });

  const resources = (system: string): ResourcePort => ({ kind: 'resources', system, assignments: port(system, 'assignments', ({ project }) => project.number, ({ project }) => project.customerId) });

  const bureaus = new Map<string, ReturnType<typeof createFakeBureau>>();
  const bureau = (system: string) => {
    const known = bureaus.get(system) ?? createFakeBureau(system);
    bureaus.set(system, known);
    return known;
  };

  const notPlayed = (id: string): never => {
    throw new Error(`the fake does not play ${id}`);
  };
  const systems: Systems = { crm, erp, time, resources, payroll: (id) => bureau(id).port, billing: notPlayed, hr: notPlayed, warehouse: notPlayed, serviceDesk: notPlayed };
  return {
    systems,
    bureau,
    records,
    writeBacks,
    calls,
    lookUps,
    /** Lines of labor by ERP and key. */
    laborLines,
    /** Lines of these entries are refused by every ERP. */
    refusedLines,
    rejections,
    locks,
    expenseRejections,
    expenseLocks,
    putTimesheet: (sheet: Timesheet, changedAt: string) => timesheetsOf.push({ sheet, changedAt }),
    putExpenseReport: (report: ExpenseReport, changedAt: string) => reportsOf.push({ report, changedAt }),
    putDeal: (deal: Opportunity) => deals.set(`${deal.crm}/${deal.id}`, deal),
    deal: ({ crm, opportunityId }: { readonly crm: string; readonly opportunityId: string }) => {
      const known = deals.get(`${crm}/${opportunityId}`);
      if (known === undefined) throw new Error(`no deal ${crm}/${opportunityId}`);
      return known;
    },
    /** @param where "netsuite.customer", "undo netsuite.customer", "status netsuite", "load salesforce", "write-back salesforce" */
    fail: (where: string, fault: Fault) => faults.set(fault.deal === undefined ? where : `${where} of ${fault.deal}`, fault),
    mend: (where: string, deal?: string) => faults.delete(deal === undefined ? where : `${where} of ${deal}`),
    mendAll: () => {
      faults.clear();
      lookUps.clear();
    },
    recordsOf: (deal: string) => [...records.values()].filter((record) => record.deal.includes(deal)),
    live: () => [...records].filter(([, record]) => record.status !== 'deleted').map(([name]) => name),
  };
}

export type FakeSystems = ReturnType<typeof createFakeSystems>;
