import type { FirmConfig } from '../../config/schema.ts';
import type { LocalDate } from '../../dates.ts';
import type { Opportunity } from '../../model/opportunity.ts';
import type { Project, WbsElement } from '../../model/project.ts';
import type { ProjectRateCard, RateLine } from '../../model/rate-card.ts';
import type { Assignment } from '../../model/staffing.ts';
import { decimalText, sumMoney, type Currency } from '../../money.ts';
import { planBilling } from './billing-plan.ts';
import { customerKey, contractKey, projectNumber } from './identity.ts';
import { trimmed, type ProjectGroup } from './lines.ts';
import { hoursOf, spreadHours, sumHours } from './quantities.ts';
import { chooseRates } from './rate-choice.ts';
import { listed } from './rule.ts';
import { determineTax } from './tax-treatment.ts';

/** What a deal without findings has. */
export interface ReadyDeal {
  readonly deal: Opportunity;
  readonly config: FirmConfig;
  readonly currency: Currency;
  readonly startDate: LocalDate;
  readonly endDate: LocalDate;
}

/** One project from its lines. @throws RangeError where the deal has findings that nobody may let pass. */
export function planProject(group: ProjectGroup, ready: ReadyDeal): Project {
  const { deal, config, currency, startDate, endDate } = ready;
  const { legalEntity, serviceLine, billingMethod, template } = group;
  const number = projectNumber(deal, { legalEntity: legalEntity.code, serviceLine: serviceLine.code, billingMethod: billingMethod.code, template: template.code });
  const account = expected(deal.accounts[0], number, 'an account');
  const route = expected(config.routing.find((candidate) => candidate.legalEntity === legalEntity.code), number, 'a routing of its legal entity');
  const costCenter = expected(legalEntity.costCenters.find((center) => center.serviceLine === serviceLine.code), number, 'a cost center');
  const tax = determineTax(legalEntity.code, account.billingAddress, config);
  if (tax.outcome !== 'determined') throw notReady(number, 'a tax treatment');
  const lines = group.lines.map(({ line }) => line);
  const value = sumMoney(lines.map((line) => line.amount), currency);
  const caps = lines.map((line) => line.cap).filter((cap) => cap !== null);
  const cap = billingMethod.requiresCap && caps.length > 0 ? sumMoney(caps, currency) : null;
  return {
    schema: 'project',
    schemaVersion: 1,
    id: number,
    number,
    name: `${deal.name.slice(0, 120)}: ${serviceLine.name.slice(0, 50)} (${legalEntity.code})`,
    customerId: customerKey(deal.crm, account.id),
    contractId: contractKey(deal, legalEntity.code),
    legalEntity: { code: legalEntity.code, name: legalEntity.name, country: legalEntity.country, region: legalEntity.region, currency: legalEntity.functionalCurrency, timeZone: legalEntity.timeZone },
    serviceLine: serviceLine.code,
    practice: trimmed(deal.practice),
    costCenter: costCenter.code,
    billingMethod: billingMethod.code,
    template: { code: template.code, version: template.version },
    startDate,
    endDate,
    value,
    cap,
    purchaseOrder: trimmed(deal.purchaseOrder),
    tax: { code: tax.rule.code, description: tax.rule.description, ratePercent: tax.rule.ratePercent, reverseCharge: tax.rule.reverseCharge },
    wbs: planWbs(group, config.firm.hoursPerDay),
    rateCard: planRateCard(group, number, ready),
    billingSchedule: planBilling({ projectNumber: number, method: billingMethod, value, cap, startDate, endDate, paymentTermsDays: legalEntity.paymentTermsDays, lines }),
    assignments: planAssignments(group, ready),
    targets: { erp: route.erp, time: route.time, resources: route.resources, reporting: route.reporting },
  };
}

/** The template's elements, with the hours sold shared over them. */
function planWbs({ template, lines }: ProjectGroup, hoursPerDay: number): WbsElement[] {
  const total = sumHours(lines.map(({ line }) => hoursOf(line, hoursPerDay)));
  const carriers = template.wbs.filter((element) => element.shareOfHoursPercent > 0);
  const hours = total === undefined ? [] : spreadHours(total, carriers.map((element) => element.shareOfHoursPercent));
  return template.wbs.map((element) => ({
    code: element.code,
    name: element.name,
    parentCode: element.parent,
    billable: element.billable,
    plannedHours: hours[carriers.indexOf(element)] ?? null,
  }));
}

/** The firm's rates in force on the start date; what the deal agreed for a labor category goes before them. */
function planRateCard(group: ProjectGroup, number: string, { deal, config, currency, startDate, endDate }: ReadyDeal): ProjectRateCard {
  const choice = chooseRates(group, deal, startDate, config);
  if (choice.outcome !== 'in_force' && choice.outcome !== 'not_approved') throw notReady(number, 'rates in force on its start date');
  const rates = new Map(choice.period.lines.map((line) => [line.laborCategory, line]));
  for (const { line } of group.lines.toSorted((left, right) => (left.line.unit < right.line.unit ? 1 : -1))) {
    const laborCategory = trimmed(line.laborCategory);
    if (laborCategory === null || (line.unit !== 'hour' && line.unit !== 'day')) continue;
    rates.set(laborCategory, { laborCategory, unit: line.unit, rate: decimalText(line.unitPrice) });
  }
  const agreed: RateLine[] = [...rates.values()].toSorted((left, right) => (left.laborCategory < right.laborCategory ? -1 : 1));
  return {
    schema: 'project-rate-card',
    schemaVersion: 1,
    code: `RC-${number}`,
    basedOn: choice.card.code,
    currency,
    effectiveFrom: startDate,
    // Rates agreed for a project hold for all of it, also where the card changes meanwhile.
    effectiveTo: endDate,
    lines: agreed,
  };
}

/** One assignment for each person and labor category; a line without a person is a role still to be filled. */
function planAssignments({ lines }: ProjectGroup, { config, startDate, endDate }: ReadyDeal): Assignment[] {
  const staffed = lines.map(({ line }) => line).filter((line) => trimmed(line.laborCategory) !== null);
  const groups = Map.groupBy(staffed, (line) => `${trimmed(line.laborCategory) ?? ''} ${line.resourceEmail?.toLowerCase() ?? ''}`);
  return [...groups]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([, [first, ...others]]): Assignment[] => {
      if (first === undefined) return [];
      const hours = sumHours([first, ...others].map((line) => hoursOf(line, config.firm.hoursPerDay)));
      return [
        {
          schema: 'assignment',
          schemaVersion: 1,
          resourceEmail: first.resourceEmail?.toLowerCase() ?? null,
          laborCategory: trimmed(first.laborCategory) ?? '',
          from: startDate,
          to: endDate,
          plannedHours: hours === undefined ? null : decimalText(hours.toDecimalPlaces(2)),
        },
      ];
    });
}

export function expected<T>(value: T | null | undefined, subject: string, what: string): T {
  if (value === null || value === undefined) throw notReady(subject, what);
  return value;
}

export function notReady(subject: string, ...what: readonly string[]): RangeError {
  return new RangeError(`${subject} cannot be planned without ${listed(what)}: validate the deal first and settle its findings.`);
}
