import { addDays } from '../../../domain/dates.ts';
import type { TimePerson } from '../../../domain/model/time/context.ts';
import type { AccountingPeriod } from '../../../domain/model/time/periods.ts';
import { accountingPeriodsOf, payPeriodsOf } from '../../../domain/rules/timesheet/period-calendar.ts';
import type { SampleCalendar } from './calendar.ts';
import { costCentersOf, type SampleEntity } from './entities.ts';
import type { SampleFirm } from './firm.ts';
import { CATEGORY_WITHOUT_COST, clientsOf, type SamplePerson } from './people.ts';
import { projectAbroad, trapOf } from './plant-entry.ts';
import { needsOf } from './dirt.ts';
import { projectRows } from './project-rows.ts';
import { CATEGORIES, rateOf, ROLES, type Category } from './rates.ts';
import { secondSelf } from './second-self.ts';

/** A row of `time_reference`. */
export interface ReferenceRow {
  readonly kind: string;
  readonly key: string;
  readonly scope: string;
  readonly document: object;
}

/** Everything that the month's timesheets are judged by, besides the firm's configuration. */
export function* referenceOf(firm: SampleFirm): Generator<ReferenceRow> {
  for (const entity of firm.entities) yield* entityRows(firm, entity);
  for (const category of CATEGORIES) yield { kind: 'role', key: `${firm.terms.system}|${ROLES[category]}`, scope: firm.terms.system, document: { system: firm.terms.system, role: ROLES[category], laborCategory: category } };
  for (const person of firm.people) yield* personRows(firm, person);
  yield* projectRows(firm);
  yield* transferRows(firm);
}

function* entityRows({ terms, calendar }: SampleFirm, entity: SampleEntity): Generator<ReferenceRow> {
  const { code, country, timeZone, functionalCurrency, billingCurrencies, closing } = entity;
  yield { kind: 'entity', key: code, scope: code, document: { code, country, timeZone, functionalCurrency, billingCurrencies, costCenters: costCentersOf(code), erp: terms.erp } };
  for (const period of accountingPeriodsOf(entity, closing, calendar.periodsFrom, calendar.periods)) yield { kind: 'accounting_period', key: `${code}|${period.code}`, scope: code, document: inTurn(entity, period, calendar) };
  for (const period of payPeriodsOf(entity, closing, calendar.periodsFrom, calendar.periods)) yield { kind: 'pay_period', key: `${code}|${period.code}`, scope: code, document: period };
  if (!entity.costRates) return;
  for (const category of CATEGORIES) {
    const without = category === CATEGORY_WITHOUT_COST;
    if (without && entity.code === 'DE01') continue;
    const currency = without && entity.code === 'GB01' ? 'EUR' : functionalCurrency;
    const document = { legalEntity: code, laborCategory: category, rate: rateOf(category, currency, COST_SHARE), currency, from: calendar.firmStart, to: null };
    yield { kind: 'cost_rate', key: `${code}|${category}|${calendar.firmStart}`, scope: code, document };
  }
}

const COST_SHARE = 0.45;
const TRANSFER_SHARE = 0.7;

/** GB01 opens a month only when the one before is closed, the others on its first day. */
function inTurn(entity: SampleEntity, period: AccountingPeriod, calendar: SampleCalendar): AccountingPeriod {
  if (entity.code !== 'GB01' || period.from !== calendar.nextMonth) return period;
  const [before] = accountingPeriodsOf(entity, entity.closing, `${calendar.month}-01`, 1);
  return { ...period, opensAt: before?.closesAt ?? period.opensAt };
}

function* personRows(firm: SampleFirm, person: SamplePerson): Generator<ReferenceRow> {
  const document = personDocument(firm, person);
  yield { kind: 'person', key: person.email, scope: person.email, document };
  yield* assignmentRows(firm, person, person.email, person.category);
  const second = secondSelf(firm, person, document);
  if (second === undefined) return;
  yield { kind: 'person', key: second.email, scope: second.email, document: second };
  yield* assignmentRows(firm, person, second.email, second.laborCategory);
}

function personDocument({ calendar }: SampleFirm, person: SamplePerson): TimePerson {
  const { entity, category } = person;
  const subcontractor = person.kind === 'subcontractor';
  const from = calendar.firmStart;
  return {
    email: person.email,
    kind: person.kind,
    legalEntity: entity.code,
    ruleSet: entity.ruleSet,
    overtime: category === 'PARTNER' || category === 'PRINCIPAL' ? 'exempt' : 'eligible',
    laborCategory: category,
    costCenter: person.costCenter,
    timeZone: entity.timeZone,
    from,
    to: null,
    calendar: subcontractor ? null : person.hours.map(String),
    approvers: [person.approver],
    subcontract: subcontractor ? { vendor: `Vendor ${person.index + 1}`, order: `PO-${String(person.index + 1).padStart(6, '0')}`, from, to: null, rate: rateOf(person.category, entity.functionalCurrency, 0.6), currency: entity.functionalCurrency } : null,
  };
}

function* assignmentRows(firm: SampleFirm, person: SamplePerson, email: string, laborCategory: string): Generator<ReferenceRow> {
  const { firmStart, month } = firm.calendar;
  const row = (projectNumber: string, to: string | null): ReferenceRow => ({ kind: 'assignment', key: `${email}|${projectNumber}|${firmStart}`, scope: email, document: { person: email, projectNumber, laborCategory, from: firmStart, to } });
  for (const project of person.projects) yield row(project.number, null);
  const kind = person.dirt?.kind;
  if (kind === undefined) return;
  if (kind === 'transfer_rate_missing' || kind === 'transfer_currency_differs') yield row(projectAbroad(firm, person.entity.code, kind).number, null);
  if (needsOf(kind).trap !== true || kind === 'assignment_missing' || kind === 'labor_category_missing') return;
  yield row(trapOf(firm, kind).number, kind === 'assignment_not_covering_date' ? addDays(`${month}-01`, -10) : null);
}

function* transferRows(firm: SampleFirm): Generator<ReferenceRow> {
  const { entities, calendar } = firm;
  const row = (employer: string, client: string, category: Category, currency: string): ReferenceRow => ({
    kind: 'transfer_rate',
    key: `${employer}|${client}|${category}|${calendar.firmStart}`,
    scope: employer,
    document: { employer, client, laborCategory: category, rate: rateOf(category, currency, TRANSFER_SHARE), currency, from: calendar.firmStart, to: null },
  });
  for (const [index, employer] of entities.entries()) {
    for (const client of clientsOf(index, entities)) for (const category of CATEGORIES) yield row(employer.code, client.code, category, client.functionalCurrency);
  }
  const wrong = projectAbroad(firm, 'US01', 'transfer_currency_differs').entity.code;
  for (const category of CATEGORIES) yield row('US01', wrong, category, 'CHF');
}
