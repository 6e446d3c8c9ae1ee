import type { FirmConfig } from '../../domain/config/schema.ts';
import type { Approval } from '../../domain/model/time/approval.ts';
import type { TimeAssignment, TimePerson, TimeProject, TimesheetContext } from '../../domain/model/time/context.ts';
import type { EnrichedEntry, PostedEntry } from '../../domain/model/time/enriched-entry.ts';
import type { TimeEntry } from '../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { accountingPeriodsOf, closingOf, payPeriodsOf } from '../../domain/rules/timesheet/period-calendar.ts';

/** The Monday of the week these builders work in; judged on the Monday after. */
export const MONDAY = '2026-11-09';
export const AS_OF = '2026-11-16T12:00:00.000Z';

export const ADA = 'ada@northwind-consulting.example';
export const BOSS = 'grace@northwind-consulting.example';
const OPEN = { from: '2025-01-01', to: null };

/** Eight billable hours of Ada, an engineer, on Monday. */
export function anEntry(parts: Partial<TimeEntry> = {}): TimeEntry {
  return {
    schema: 'time-entry',
    schemaVersion: 1,
    system: 'harvest',
    id: 'E-1',
    version: 1,
    replaces: null,
    person: ADA,
    workDate: MONDAY,
    hours: '8',
    clock: null,
    projectNumber: 'US01-TECH-A',
    task: '2-2',
    role: null,
    laborCategory: 'ENGINEER',
    costCenter: null,
    billable: true,
    notes: `Work of ${parts.id ?? 'E-1'}`,
    ...parts,
  };
}

export function anApproval(parts: Partial<Approval> = {}): Approval {
  return { schema: 'approval', schemaVersion: 1, of: { id: 'TS-1', version: 1 }, status: 'approved', approver: BOSS, decidedAt: '2026-11-16T09:00:00.000Z', reason: null, ...parts };
}

/** Ada's approved timesheet of the week. */
export function aTimesheet(entries: readonly TimeEntry[], parts: Partial<Timesheet> = {}): Timesheet {
  const id = parts.id ?? 'TS-1';
  const version = parts.version ?? 1;
  return { schema: 'timesheet', schemaVersion: 1, system: 'harvest', id, version, replaces: null, person: entries[0]?.person ?? ADA, weekStart: MONDAY, approval: anApproval({ of: { id, version } }), entries: [...entries], ...parts };
}

export function aPerson(parts: Partial<TimePerson> = {}): TimePerson {
  return {
    email: ADA,
    kind: 'employee',
    legalEntity: 'US01',
    ruleSet: null,
    overtime: 'eligible',
    laborCategory: 'ENGINEER',
    costCenter: 'US01-TECH',
    timeZone: 'America/New_York',
    ...OPEN,
    calendar: ['8', '8', '8', '8', '8', '0', '0'],
    approvers: [BOSS],
    subcontract: null,
    ...parts,
  };
}

/** An active time-and-materials project of US01 in USD. */
export function aProject(parts: Partial<TimeProject> = {}): TimeProject {
  return {
    number: 'US01-TECH-A',
    legalEntity: 'US01',
    kind: 'client',
    absencePayCode: null,
    status: 'active',
    inactiveFrom: null,
    startDate: '2026-01-01',
    endDate: '2027-12-31',
    billingMethod: 'time_and_materials',
    currency: 'USD',
    costCenter: 'US01-TECH',
    tasks: [{ code: '2-2', billable: true }, { code: '9', billable: false }],
    approvers: [],
    cap: null,
    changedTo: null,
    ...parts,
  };
}

export function anAssignment(parts: Partial<TimeAssignment> = {}): TimeAssignment {
  return { person: ADA, projectNumber: 'US01-TECH-A', laborCategory: 'ENGINEER', ...OPEN, ...parts };
}

export function aRate(parts: Partial<TimesheetContext['rates'][number]> = {}): TimesheetContext['rates'][number] {
  return { projectNumber: 'US01-TECH-A', laborCategory: 'ENGINEER', unit: 'hour', rate: '220.00', currency: 'USD', ...OPEN, ...parts };
}

/** What Ada's timesheets are judged by: the example firm's configuration, one project, her assignment and its rate. */
export function aTimeContext(config: FirmConfig, parts: Partial<TimesheetContext> = {}): TimesheetContext {
  return {
    schema: 'timesheet-context',
    schemaVersion: 1,
    asOf: AS_OF,
    configHash: 'test',
    hoursPerDay: config.firm.hoursPerDay,
    legalEntities: config.legalEntities.map(({ code, country, timeZone, functionalCurrency, billingCurrencies, costCenters }) => ({ code, country, timeZone, functionalCurrency, billingCurrencies, costCenters: costCenters.map((center) => center.code) })),
    laborCategories: config.laborCategories.map(({ code }) => code),
    roles: [{ system: 'harvest', role: 'Software engineer', laborCategory: 'ENGINEER' }],
    people: [aPerson()],
    projects: [aProject()],
    assignments: [anAssignment()],
    rates: [aRate()],
    transferRates: [],
    costRates: [],
    ruleSets: config.regionalRules,
    payCodes: config.payCodes,
    closings: config.timeClosing,
    ...calendarOf(config),
    posted: [],
    refused: [],
    waivers: [],
    withdrawals: [],
    ...parts,
  };
}

type Calendar = Pick<TimesheetContext, 'periods' | 'payPeriods'>;
const calendars = new WeakMap<FirmConfig, Calendar>();

/** Accounting and pay periods of every legal entity from 2026 on, made once for a configuration. */
function calendarOf(config: FirmConfig): Calendar {
  const known = calendars.get(config);
  if (known !== undefined) return known;
  const terms = config.legalEntities.flatMap((entity) => {
    const closing = closingOf(entity.code, config.timeClosing);
    return closing === undefined ? [] : [{ entity, closing }];
  });
  const made = {
    periods: terms.flatMap(({ entity, closing }) => accountingPeriodsOf(entity, closing, '2026-01-01', 18)),
    payPeriods: terms.flatMap(({ entity, closing }) => payPeriodsOf(entity, closing, '2026-01-01', 18)),
  };
  calendars.set(config, made);
  return made;
}

/** An accepted entry as it stands once it is posted. */
export function posted(labor: EnrichedEntry, state: PostedEntry['state'] = 'in_force'): PostedEntry {
  return { schema: 'posted-time-entry', schemaVersion: 1, state, labor };
}

/** The clock of a local stretch of work given in UTC. */
export function clock(startedAt: string, endedAt: string, breakMinutes = 0): TimeEntry['clock'] {
  return { startedAt: `${startedAt}:00.000Z`, endedAt: `${endedAt}:00.000Z`, breakMinutes };
}
