/** What the applications' own rules refuse, and what they set by themselves. Texts: sandbox/oracle/errors.ts. */
import type { Database, Row, Value, Values } from './database.ts';
import { badRequest, invalid, type Refusal } from './errors.ts';
import { checkCost, deriveCost } from './rules-costs.ts';

export interface RuleContext {
  readonly database: Database;
  readonly parent: Row | undefined;
}

type Children = ReadonlyMap<string, readonly unknown[]>;

/** The values with what Oracle sets by itself. @throws Refusal */
export function derive(database: Database, type: string, values: Values, children: Children, before: Row | undefined): Values {
  switch (type) {
    case 'hubOrganizations':
      return { ...values, PartyNumber: values['PartyNumber'] ?? `CDRM_${database.nextId()}` };
    case 'hubOrganizations.Address':
      return { ...values, AddressNumber: values['AddressNumber'] ?? `CDRM_${database.nextId()}`, LocationId: values['LocationId'] ?? database.nextId() };
    case 'contracts':
      return { ...values, StsCode: values['StsCode'] ?? 'DRAFT' };
    case 'projects':
      return { ...values, ProjectStatusCode: values['ProjectStatusCode'] ?? 'DRAFT' };
    case 'projects.Tasks':
      return { ...values, ChargeableFlag: values['ChargeableFlag'] ?? true, BillableFlag: values['BillableFlag'] ?? true };
    case 'rateSchedules.Rates':
      return { ...values, UnitOfMeasureCode: 'HOURS' };
    case 'projectBillingEvents':
      return { ...values, EventNumber: values['EventNumber'] ?? database.nextId(), Invoiced: values['Invoiced'] ?? 'U' };
    case 'unprocessedProjectCosts':
      return before === undefined ? deriveCost(values, children) : values;
    default:
      return values;
  }
}

/** What the template of a new project brings along, by collection. */
export function templateChildren(database: Database, type: string, values: Values): (readonly [string, Values])[] {
  const task = type === 'projects' ? (database.setUp('projectTemplates', values['SourceTemplateNumber'])?.['task'] ?? null) : null;
  return task === null ? [] : [['Tasks', { TaskNumber: task, TaskName: 'From the template', BillableFlag: false, ChargeableFlag: false, TaskStartDate: values['ProjectStartDate'] ?? null }]];
}

type Check = (context: RuleContext, values: Values, before: Row | undefined) => void;

/** @throws Refusal */
export function checkWrite(context: RuleContext, type: string, values: Values, before: Row | undefined): void {
  for (const [field, kind] of Object.entries(LISTS[type] ?? {})) {
    const value = values[field] ?? null;
    if (value !== null && context.database.setUp(kind, value) === undefined) throw notValid(field, value);
  }
  CHECKS[type]?.(context, values, before);
}

export function notValid(field: string, value: Value): Refusal {
  return invalid(`The value of the attribute ${field} isn't valid: ${String(value)}.`, field);
}

/** Lists of values, by the set-up that holds them. */
const LISTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  hubOrganizations: { SourceSystem: 'sourceSystems' },
  'hubOrganizations.Address': { Country: 'countries' },
  contracts: { OrgName: 'businessUnits', ContractTypeName: 'contractTypes', CurrencyCode: 'currencies', LegalEntityName: 'legalEntities' },
  'contracts.ContractLine': { LineTypeName: 'lineTypes' },
  'contracts.BillPlan': { BillMethodName: 'billMethods', PaymentTerms: 'paymentTerms', BillToAccountNumber: 'customerAccounts' },
  'contracts.RevenuePlan': { BillMethodName: 'billMethods' },
  projects: { SourceTemplateNumber: 'projectTemplates', BusinessUnitName: 'businessUnits', OwningOrganizationName: 'organizations', LegalEntityName: 'legalEntities', ProjectCurrencyCode: 'currencies', ProjectStatusCode: 'projectStatuses', SourceApplicationCode: 'sourceSystems' },
  rateSchedules: { ProjectRatesSetCode: 'rateSets', JobSetCode: 'rateSets', CurrencyCode: 'currencies' },
  'rateSchedules.Rates': { ProjectRoleName: 'projectRoles', JobName: 'jobs' },
  projectBillingEvents: { EventTypeName: 'eventTypes', BusinessUnitName: 'businessUnits' },
  unprocessedProjectCosts: { BusinessUnit: 'businessUnits', TransactionSource: 'transactionSources', TransactionCurrencyCode: 'currencies', ProjectRoleName: 'projectRoles', Job: 'jobs', ExpenditureType: 'expenditureTypes', ExpenditureOrganization: 'organizations' },
};

const inDateOrder = (from: string, to: string): Check => (_context, values) => {
  const [start, end] = [values[from] ?? null, values[to] ?? null];
  if (start !== null && end !== null && end < start) throw invalid(`The attribute ${to} can't be before ${from}.`, to);
};

const CHECKS: Readonly<Record<string, Check>> = {
  'hubOrganizations.Address': inDateOrder('StartDateActive', 'EndDateActive'),
  contracts(context, values, before) {
    inDateOrder('StartDate', 'EndDate')(context, values, before);
    if (context.database.having('hubOrganizations', 'PartyId', values['PrimaryPartyId'] ?? null).length === 0) throw notValid('PrimaryPartyId', values['PrimaryPartyId'] ?? null);
    const from = before?.values['StsCode'] ?? 'DRAFT';
    const to = values['StsCode'] ?? 'DRAFT';
    if (before === undefined ? to !== 'DRAFT' : from !== 'DRAFT' || (to !== from && to !== 'CANCELED')) throw badRequest(`OKC-196129: You can't change the contract from the status ${String(from)}.`);
  },
  'contracts.ContractLine'({ database, parent }, values) {
    for (const [field, type] of [['BillPlanId', 'contracts.BillPlan'], ['RevenuePlanId', 'contracts.RevenuePlan']] as const) {
      const plan = values[field] ?? null;
      if (plan !== null && (parent === undefined || !database.childrenOf(type, parent.id).some((row) => row.id === plan))) throw notValid(field, plan);
    }
    if (parent?.values['StsCode'] !== 'DRAFT') throw badRequest(`OKC-196129: You can't change lines of a contract in the status ${String(parent?.values['StsCode'])}.`);
  },
  'contracts.ContractLine.AssociatedProject'({ database }, values) {
    if (database.having('projects', 'ProjectId', values['ProjectId'] ?? null).length === 0) throw notValid('ProjectId', values['ProjectId'] ?? null);
  },
  projects: inDateOrder('ProjectStartDate', 'ProjectEndDate'),
  'projects.Tasks'(context, values, before) {
    const { database, parent } = context;
    inDateOrder('TaskStartDate', 'TaskFinishDate')(context, values, before);
    const siblings = parent === undefined ? [] : database.childrenOf('projects.Tasks', parent.id);
    const above = values['ParentTaskId'] ?? null;
    const parentTask = siblings.find((task) => task.id === above);
    if (above !== null && parentTask === undefined) throw notValid('ParentTaskId', above);
    if (before === undefined && parentTask?.values['ChargeableFlag'] === true) throw invalid(`You can't add a subtask to the task ${String(parentTask.values['TaskNumber'])} because it is chargeable.`, 'ParentTaskId');
    if (values['ChargeableFlag'] === true && before !== undefined && siblings.some((task) => task.values['ParentTaskId'] === before.id)) throw invalid('Only tasks at the lowest level can be chargeable.', 'ChargeableFlag');
    for (const field of ['TaskStartDate', 'TaskFinishDate']) {
      const day = values[field] ?? null;
      if (day !== null && (day < (parent?.values['ProjectStartDate'] ?? '') || day > (parent?.values['ProjectEndDate'] ?? '9999'))) throw invalid(`The attribute ${field} must be between the start and finish dates of the project.`, field);
    }
  },
  rateSchedules(_context, values) {
    if (values['ScheduleTypeCode'] === 'JOB' && (values['JobSetCode'] ?? null) === null) throw invalid('You must provide a job set for a rate schedule of the type job.', 'JobSetCode');
  },
  'rateSchedules.Rates'(context, values, before) {
    inDateOrder('StartDateActive', 'EndDateActive')(context, values, before);
    const field = context.parent?.values['ScheduleTypeCode'] === 'JOB' ? 'JobName' : 'ProjectRoleName';
    if ((values[field] ?? null) === null) throw invalid(`You must provide a value for ${field} to create a rate.`, field);
    if ((values['Rate'] ?? null) === null && (values['MarkupPercent'] ?? null) === null) throw invalid('A rate or markup is required to create a rate.', 'Rate');
  },
  projectBillingEvents: checkEvent,
  unprocessedProjectCosts: checkCost,
};

function checkEvent({ database }: RuleContext, values: Values, before: Row | undefined): void {
  if (before?.values['Invoiced'] === 'F') throw badRequest("You can't update the billing event because it has been used on an invoice: it can't be deleted or changed.");
  const contract = database.having('contracts', 'ContractNumber', values['ContractNumber'] ?? null).find((row) => (values['ContractTypeName'] ?? row.values['ContractTypeName'] ?? null) === row.values['ContractTypeName']);
  if (contract === undefined || contract.values['StsCode'] === 'CANCELED') throw notValid('ContractNumber', values['ContractNumber'] ?? null);
  const line = database.childrenOf('contracts.ContractLine', contract.id).find((row) => row.values['LineNumber'] === values['ContractLineNumber']);
  if (line === undefined) throw notValid('ContractLineNumber', values['ContractLineNumber'] ?? null);
  const [project] = database.having('projects', 'ProjectNumber', values['ProjectNumber'] ?? null);
  const isAssociated = project !== undefined && database.having('contracts.ContractLine.AssociatedProject', 'ProjectId', project.id).some((link) => link.parent === line.id);
  if ((values['ProjectNumber'] ?? null) !== null && !isAssociated) throw notValid('ProjectNumber', values['ProjectNumber'] ?? null);
}

/** @throws Refusal where something refers to the record */
export function checkDelete({ database, parent }: RuleContext, type: string, row: Row): void {
  const inUse: Readonly<Record<string, () => boolean>> = {
    hubOrganizations: () => database.having('contracts', 'PrimaryPartyId', row.id).length > 0 || database.setUp('customerAccounts', row.values['PartyNumber']) !== undefined,
    contracts: () => !['DRAFT', 'CANCELED'].includes(String(row.values['StsCode'])) || eventsOf(database, row).length > 0,
    'contracts.ContractLine': () => parent !== undefined && (parent.values['StsCode'] !== 'DRAFT' || eventsOf(database, parent).some((event) => event.values['ContractLineNumber'] === row.values['LineNumber'])),
    'contracts.ContractLine.AssociatedProject': () => {
      const [project] = database.having('projects', 'ProjectId', row.values['ProjectId'] ?? null);
      return project !== undefined && database.having('projectBillingEvents', 'ProjectNumber', project.values['ProjectNumber'] ?? null).length > 0;
    },
    'projects.Tasks': () => parent !== undefined && (database.childrenOf(type, parent.id).some((task) => task.values['ParentTaskId'] === row.id) || costsOn(database, parent, row)),
    projectBillingEvents: () => row.values['Invoiced'] === 'F',
  };
  if (inUse[type]?.() === true) throw badRequest(`You can't delete the record because it's in use (${type}).`);
}

function eventsOf(database: Database, contract: Row): Row[] {
  return database.having('projectBillingEvents', 'ContractNumber', contract.values['ContractNumber'] ?? null);
}

function costsOn(database: Database, project: Row, task: Row): boolean {
  return ['unprocessedProjectCosts', 'projectCosts'].some((type) => database.having(type, 'ProjectNumber', project.values['ProjectNumber'] ?? null).some((cost) => cost.values['TaskNumber'] === task.values['TaskNumber']));
}
