import { firmConfigSchema, type FirmConfig } from '../../domain/config/schema.ts';
import { addDays, type Instant, type LocalDate } from '../../domain/dates.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { costRateSchema, projectRateSchema, timeAssignmentSchema, timePersonSchema, timeProjectSchema, transferRateSchema, type TimeAssignment, type TimePerson, type TimeProject, type TimesheetContext } from '../../domain/model/time/context.ts';
import { accountingPeriodSchema, payPeriodSchema, type AccountingPeriod, type PayPeriod } from '../../domain/model/time/periods.ts';
import { timeEntitySchema, timeRoleSchema } from '../../domain/model/time/reference.ts';
import type { PostedEntry } from '../../domain/model/time/enriched-entry.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { accountingPeriodsOf, closingOf, payPeriodsOf } from '../../domain/rules/timesheet/period-calendar.ts';
import { createProjectFamilies } from '../../domain/rules/timesheet/project-family.ts';
import { termsByPerson, termsOn } from '../../domain/rules/timesheet/terms.ts';
import { activeConfig, activeConfigHash } from '../../store/config-versions.ts';
import type { Db } from '../../store/database.ts';
import { keepPeriods } from '../../store/time/periods.ts';
import { allReference, referenceVersion } from '../../store/time/reference.ts';

type ContextEntity = TimesheetContext['legalEntities'][number];
type Slice = Omit<TimesheetContext, 'posted' | 'refused' | 'waivers' | 'withdrawals'>;

/** What timesheets are judged by, besides what was posted before. */
export interface Reference {
  readonly config: FirmConfig;
  readonly configHash: string;
  /** By the terms of the day. */
  readonly person: (email: string, date: LocalDate) => TimePerson | undefined;
  /** A project with every other code it had or will have. */
  readonly projectFamily: (number: string) => readonly TimeProject[];
  /** @throws SystemFailure of kind configuration for a legal entity without books in any ERP */
  readonly erpOf: (legalEntity: string, projectNumber?: string) => string;
  /**
   * The part that one timesheet needs: small, so that judging it stays cheap however large the firm is.
   * @param beside what is posted of its people: its projects say what is leave, its legal entities in which period it can be taken back
   */
  readonly sliceFor: (sheet: Timesheet, asOf: Instant, capsUsed: ReadonlyMap<string, { readonly used: string; readonly currency: string }>, beside?: readonly PostedEntry[]) => Slice;
}

/** Periods this far around the entries are part of the slice: late entries are booked later than they were worked. */
const DAYS_BEFORE = 70;
const MONTHS_AROUND = 14;

/** Keeps the reference data in memory and reads it anew when it or the configuration changes. */
export function createReference(db: Db): () => Promise<Reference> {
  let known: { readonly version: number; readonly configHash: string; readonly reference: Reference } | undefined;
  let reading: Promise<Reference> | undefined;
  return async () => {
    const [version, configHash] = await Promise.all([referenceVersion(db), activeConfigHash(db)]);
    if (known !== undefined && known.version === version && known.configHash === configHash) return known.reference;
    reading ??= read(db)
      .then((reference) => {
        known = { version, configHash: reference.configHash, reference };
        return reference;
      })
      .finally(() => {
        reading = undefined;
      });
    return await reading;
  };
}

async function read(db: Db): Promise<Reference> {
  const active = await activeConfig(db);
  const config = firmConfigSchema.parse(active?.document);
  const persons: TimePerson[] = [];
  const projects = new Map<string, TimeProject>();
  const assignments: TimeAssignment[] = [];
  const rates: TimesheetContext['rates'] = [];
  const transferRates: TimesheetContext['transferRates'] = [];
  const costRates: TimesheetContext['costRates'] = [];
  const roles: TimesheetContext['roles'] = [];
  const periods: AccountingPeriod[] = [];
  const payPeriods: PayPeriod[] = [];
  const erps = new Map(config.routing.map(({ legalEntity, erp }) => [legalEntity, erp]));
  const entities = new Map<string, ContextEntity>(config.legalEntities.map(({ code, country, timeZone, functionalCurrency, billingCurrencies, costCenters }) => [code, { code, country, timeZone, functionalCurrency, billingCurrencies, costCenters: costCenters.map((center) => center.code) }]));
  for (const { kind, document } of await allReference(db)) {
    if (kind === 'person') persons.push(timePersonSchema.parse(document));
    else if (kind === 'project') {
      const project = timeProjectSchema.parse(document);
      projects.set(project.number, project);
    } else if (kind === 'assignment') assignments.push(timeAssignmentSchema.parse(document));
    else if (kind === 'rate') rates.push(projectRateSchema.parse(document));
    else if (kind === 'transfer_rate') transferRates.push(transferRateSchema.parse(document));
    else if (kind === 'cost_rate') costRates.push(costRateSchema.parse(document));
    else if (kind === 'role') roles.push(timeRoleSchema.parse(document));
    else if (kind === 'accounting_period') periods.push(accountingPeriodSchema.parse(document));
    else if (kind === 'pay_period') payPeriods.push(payPeriodSchema.parse(document));
    else if (kind === 'entity') {
      const { erp, ...entity } = timeEntitySchema.parse(document);
      if (!entities.has(entity.code)) entities.set(entity.code, entity);
      if (erp !== null && !erps.has(entity.code)) erps.set(entity.code, erp);
    }
  }
  const ownerOf = new Map([...entities.values()].flatMap(({ code, costCenters }) => costCenters.map((center) => [center, code] as const)));
  const people = termsByPerson(persons);
  const assignmentsOf = Map.groupBy(assignments, ({ person }) => person);
  const ratesOf = Map.groupBy(rates, ({ projectNumber }) => projectNumber);
  const transfersOf = Map.groupBy(transferRates, ({ employer }) => employer);
  const costsOf = Map.groupBy(costRates, ({ legalEntity }) => legalEntity);
  const rolesOf = Map.groupBy(roles, ({ system }) => system);
  const calendar = await calendarsOf(db, config, entities, periods, payPeriods);
  const projectFamily = createProjectFamilies(projects);
  const laborCategories = config.laborCategories.map(({ code }) => code);

  return {
    config,
    configHash: active?.hash ?? '',
    person: (email, date) => termsOn(people.get(email) ?? [], date),
    projectFamily,
    erpOf(legalEntity, projectNumber) {
      const erp = (projectNumber === undefined ? undefined : projects.get(projectNumber)?.erp) ?? erps.get(legalEntity);
      if (erp !== undefined) return erp;
      throw new SystemFailure({ kind: 'configuration', code: 'ERP_NOT_ROUTED', message: `legal entity ${legalEntity} has no ERP to post to.`, mend: 'Add it to config/routing.yaml and activate the configuration.', system: 'q2c', object: `legal entity ${legalEntity}`, written: 'no' });
    },
    sliceFor(sheet, asOf, capsUsed, beside = []) {
      const emails = new Set([sheet.person, ...sheet.entries.map(({ person }) => person)]);
      const terms = [...emails].flatMap((email) => people.get(email) ?? []);
      const family = new Map([...new Set(sheet.entries.map(({ projectNumber }) => projectNumber))].flatMap((number) => projectFamily(number).map((project) => [project.number, project] as const)));
      const others = [...new Set(beside.map(({ labor }) => labor.projectNumber))].flatMap((number) => (family.has(number) ? [] : (projects.get(number) ?? [])));
      const codes = [...new Set([...terms.map(({ legalEntity }) => legalEntity), ...[...family.values()].map(({ legalEntity }) => legalEntity), ...beside.flatMap(({ labor }) => [labor.legalEntity, labor.employer])])];
      const employers = [...new Set(terms.map(({ legalEntity }) => legalEntity))];
      const countries = new Set(terms.map(({ legalEntity }) => entities.get(legalEntity)?.country));
      const dates = sheet.entries.map(({ workDate }) => workDate).toSorted();
      const from = addDays(dates[0] ?? sheet.weekStart, -DAYS_BEFORE);
      const calendars = codes.map((code) => calendar(code));
      // A cost center of somebody else's is told from one that nobody has.
      const owners = sheet.entries.flatMap(({ costCenter }) => (costCenter === null ? [] : (ownerOf.get(costCenter) ?? [])));
      return {
        schema: 'timesheet-context',
        schemaVersion: 1,
        asOf,
        configHash: active?.hash ?? '',
        hoursPerDay: config.firm.hoursPerDay,
        legalEntities: [...new Set([...codes, ...owners])].flatMap((code) => entities.get(code) ?? []),
        laborCategories,
        roles: rolesOf.get(sheet.system) ?? [],
        people: terms,
        projects: [...family.values(), ...others].map((project) => withUse(project, capsUsed.get(project.number))),
        assignments: [...emails].flatMap((email) => assignmentsOf.get(email) ?? []).filter(({ projectNumber }) => family.has(projectNumber)),
        rates: [...family.keys()].flatMap((number) => ratesOf.get(number) ?? []),
        transferRates: employers.flatMap((employer) => transfersOf.get(employer) ?? []).filter(({ client }) => codes.includes(client)),
        costRates: employers.flatMap((employer) => costsOf.get(employer) ?? []),
        ruleSets: config.regionalRules.filter(({ code, country }) => countries.has(country) || terms.some(({ ruleSet }) => ruleSet === code)),
        payCodes: config.payCodes,
        closings: config.timeClosing,
        periods: calendars.flatMap((one) => one.periods.filter(({ to }) => to >= from)),
        payPeriods: calendars.flatMap((one) => one.payPeriods.filter(({ to }) => to >= from)),
      };
    },
  };
}

/** What is billed so far is counted by the store, not by whoever keeps the project. */
function withUse(project: TimeProject, used: { readonly used: string; readonly currency: string } | undefined): TimeProject {
  if (project.cap === null) return project;
  return { ...project, cap: { ...project.cap, used: used === undefined ? { amount: '0', currency: project.cap.limit.currency } : { amount: used.used, currency: used.currency } } };
}

interface Calendar {
  readonly periods: readonly AccountingPeriod[];
  readonly payPeriods: readonly PayPeriod[];
}

/**
 * The periods of a legal entity. One that has none of a kind yet gets those its closing terms give, for good: payroll runs for the periods in the
 * store, so nothing may be booked in any other.
 */
async function calendarsOf(db: Db, config: FirmConfig, entities: ReadonlyMap<string, ContextEntity>, periods: readonly AccountingPeriod[], payPeriods: readonly PayPeriod[]): Promise<(code: string) => Calendar> {
  const told = Map.groupBy(periods, ({ legalEntity }) => legalEntity);
  const toldPay = Map.groupBy(payPeriods, ({ legalEntity }) => legalEntity);
  const firstMonth: LocalDate = `${new Date().getUTCFullYear() - 1}-07-01`;
  const calendars = new Map<string, Calendar>();
  const made: { accounting_period: AccountingPeriod[]; pay_period: PayPeriod[] } = { accounting_period: [], pay_period: [] };
  for (const [code, entity] of entities) {
    const closing = closingOf(code, config.timeClosing);
    const fresh = {
      periods: told.has(code) || closing === undefined ? [] : accountingPeriodsOf(entity, closing, firstMonth, MONTHS_AROUND * 2),
      payPeriods: toldPay.has(code) || closing === undefined ? [] : payPeriodsOf(entity, closing, firstMonth, MONTHS_AROUND * 2),
    };
    made.accounting_period.push(...fresh.periods);
    made.pay_period.push(...fresh.payPeriods);
    calendars.set(code, { periods: told.get(code) ?? fresh.periods, payPeriods: toldPay.get(code) ?? fresh.payPeriods });
  }
  await keepPeriods(db, made);
  return (code) => calendars.get(code) ?? { periods: told.get(code) ?? [], payPeriods: toldPay.get(code) ?? [] };
}
