import { addDays } from '../../../domain/dates.ts';
import type { TimeProject } from '../../../domain/model/time/context.ts';
import { money } from '../../../domain/money.ts';
import type { SampleFirm } from './firm.ts';
import { laterNumber, type SampleProject } from './projects.ts';
import type { ReferenceRow } from './reference.ts';
import { CATEGORIES, rateOf, type Category } from './rates.ts';

/** Hours that one person has for a capped project in a month, about and at most. */
const HOURS_ABOUT = 16;
const HOURS_AT_MOST = 250;

/** Projects with their rates. */
export function* projectRows(firm: SampleFirm): Generator<ReferenceRow> {
  const staff = new Map<SampleProject, number>();
  for (const { projects } of firm.people) for (const project of projects) staff.set(project, (staff.get(project) ?? 0) + 1);
  for (const project of firm.projects) {
    const document = projectDocument(firm, project, staff.get(project) ?? 0);
    yield projectRow(document);
    if (project.newCodeFrom !== null) yield projectRow({ ...document, number: laterNumber(project), changedTo: null });
    if (project.billingMethod !== null) yield* rateRows(firm, project);
  }
}

function projectRow(document: TimeProject): ReferenceRow {
  return { kind: 'project', key: document.number, scope: document.number, document };
}

function projectDocument({ calendar }: SampleFirm, project: SampleProject, staff: number): TimeProject {
  const { number, entity, trap, inactiveFrom } = project;
  const longAgo = addDays(calendar.oldWeek, -30);
  return {
    number,
    legalEntity: trap === 'legal_entity_unknown' ? 'ZZ98' : entity.code,
    kind: project.billingMethod === null ? 'internal' : 'client',
    absencePayCode: project.use === 'vacation' ? 'LEAVE' : project.use === 'sickness' ? 'SICK' : null,
    status: trap === 'project_pending' ? 'pending' : trap === 'project_not_active' || inactiveFrom !== null ? 'closed' : 'active',
    inactiveFrom: trap === 'project_not_active' ? longAgo : inactiveFrom,
    startDate: calendar.firmStart,
    endDate: trap === 'project_dates_exceeded' ? longAgo : addDays(calendar.firmStart, 4 * 365),
    billingMethod: project.billingMethod,
    currency: project.currency,
    costCenter: project.costCenter,
    tasks: [...project.tasks],
    approvers: project.use === 'client' ? [`pm.${number.toLowerCase()}@northwind-consulting.example`] : [],
    cap: capOf(project, staff),
    changedTo: project.newCodeFrom === null ? null : { number: laterNumber(project), from: project.newCodeFrom },
  };
}

/** `near`: below what the month's work is worth, the rest is written off. `far`: never reached, and nothing beyond it would be taken. */
function capOf({ cap, trap, currency, priceFactor }: SampleProject, staff: number): TimeProject['cap'] {
  const limited = (limit: string, inCurrency: string, beyond: 'refuse' | 'write_off'): TimeProject['cap'] => ({ limit: money(limit, inCurrency), used: money('0', inCurrency), beyond });
  if (trap === 'cap_exceeded') return limited('1', currency, 'refuse');
  if (trap === 'cap_currency_differs') return limited('100000', 'CHF', 'refuse');
  if (cap === null) return null;
  const worth = (category: Category, hours: number) => String(Math.ceil(Number(rateOf(category, currency, priceFactor)) * hours * Math.max(1, staff)));
  return cap === 'near' ? limited(worth('CONSULTANT', HOURS_ABOUT), currency, 'write_off') : limited(worth('PARTNER', HOURS_AT_MOST), currency, 'refuse');
}

function* rateRows({ calendar }: SampleFirm, project: SampleProject): Generator<ReferenceRow> {
  const { number, trap, newRatesFrom, priceFactor, unit } = project;
  if (trap === 'rate_missing') return;
  const start = calendar.firmStart;
  const longAgo = addDays(calendar.oldWeek, -30);
  const row = (category: Category, from: string, to: string | null, factor: number): ReferenceRow => {
    const currency = trap === 'rate_currency_differs' ? 'CHF' : project.currency;
    const perHour = rateOf(category, currency, factor);
    const rate = unit === 'day' ? rateOf(category, currency, factor * 8) : perHour;
    return { kind: 'rate', key: `${number}|${category}|${from}`, scope: number, document: { projectNumber: number, laborCategory: category, unit: trap === 'rate_unit_not_by_time' ? 'month' : unit, rate, currency, from, to } };
  };
  for (const category of CATEGORIES) {
    if (newRatesFrom === null) yield row(category, start, trap === 'rate_not_in_force' ? longAgo : null, priceFactor);
    else {
      yield row(category, start, addDays(newRatesFrom, -1), priceFactor);
      yield row(category, newRatesFrom, null, priceFactor * 1.05);
    }
    if (trap === 'rate_ambiguous') yield row(category, longAgo, null, priceFactor * 1.1);
  }
}
