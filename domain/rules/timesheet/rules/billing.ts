import { mayPass, mustChange, notConfigured, type TimeFinding } from '../finding.ts';
import { billingStatus, costRateOf, isIntercompany, projectRates, transferRateOf } from '../rates-in-force.ts';
import { isTakenBack, type EntryRule } from '../review.ts';

/** Only what can be billed is entered as billable. */
export const billingEligibilityRule: EntryRule = (review) => {
  const { entry, project } = review;
  if (project === undefined || !entry.billable || isTakenBack(review)) return [];
  if (project.kind === 'internal' || project.billingMethod === null) {
    return [mustChange(entry, 'BILLABLE_ON_INTERNAL_PROJECT', 'billable', { message: `Project ${project.number} is internal: its time is not billed.`, mend: 'Mark the entry as not billable, or pick the client project the work was for.' })];
  }
  const task = project.tasks.find(({ code }) => code === entry.task);
  if (task?.billable === false) {
    return [mustChange(entry, 'BILLABLE_ON_NON_BILLABLE_TASK', 'task', { message: `Task ${task.code} of project ${project.number} is not billable.`, mend: 'Mark the entry as not billable, or pick a billable task.' })];
  }
  return [];
};

/** For work billed by the hour there is one rate in force on the work date, in the project's currency, which its legal entity bills in. */
export const rateRule: EntryRule = (review) => {
  const { entry, project, laborCategory, index } = review;
  if (project === undefined || laborCategory === undefined || billingStatus(review) !== 'actuals') return [];
  const findings: TimeFinding[] = [];
  const entity = index.entity(project.legalEntity);
  if (entity !== undefined && !entity.billingCurrencies.includes(project.currency)) {
    findings.push(notConfigured(entry, 'CURRENCY_NOT_BILLED', 'projectNumber', { message: `Project ${project.number} is in ${project.currency}; ${entity.code} bills in ${entity.billingCurrencies.join(', ')}.`, mend: 'Correct the project, or let the legal entity bill in that currency (config/legal-entities.yaml).' }));
  }
  const { all, inForce } = projectRates(review);
  const [rate, ...others] = inForce;
  if (rate === undefined) {
    findings.push(
      all.length === 0
        ? mustChange(entry, 'RATE_MISSING', 'laborCategory', { message: `Project ${project.number} has no rate for ${laborCategory}.`, mend: "Pick a role the project has a rate for, or have its rate card extended by a change order." })
        : mustChange(entry, 'RATE_NOT_IN_FORCE', 'workDate', { message: `Project ${project.number} has no rate for ${laborCategory} on ${entry.workDate} (${all.map(({ from, to }) => `${from} to ${to ?? 'open end'}`).join(', ')}).`, mend: "Correct the work date, or have the project's rate card extended." }),
    );
  } else if (others.length > 0) {
    findings.push(notConfigured(entry, 'RATE_AMBIGUOUS', 'laborCategory', { message: `Project ${project.number} has ${inForce.length} rates for ${laborCategory} on ${entry.workDate}.`, mend: 'End one of the rates before the other begins.' }));
  } else if (rate.unit === 'month') {
    findings.push(notConfigured(entry, 'RATE_UNIT_NOT_BY_TIME', 'laborCategory', { message: `The rate of ${laborCategory} in project ${project.number} is by the month; hours cannot be billed by it.`, mend: 'Give the project an hourly or daily rate, or change its billing method to a retainer.' }));
  } else if (rate.currency !== project.currency) {
    findings.push(notConfigured(entry, 'RATE_CURRENCY_DIFFERS', 'laborCategory', { message: `The rate of ${laborCategory} is in ${rate.currency}, project ${project.number} in ${project.currency}.`, mend: "Have the project's rate card corrected." }));
  }
  return findings;
};

/** The cost goes to a cost center that exists in the project's legal entity. */
export const costCenterRule: EntryRule = (review) => {
  const { entry, project, index } = review;
  if (project === undefined || isTakenBack(review)) return [];
  const entity = index.entity(project.legalEntity);
  if (entity === undefined) {
    return [notConfigured(entry, 'LEGAL_ENTITY_UNKNOWN', 'projectNumber', { message: `The legal entity ${project.legalEntity} of project ${project.number} is not one of ours.`, mend: 'Add it to config/legal-entities.yaml, or correct the project.' })];
  }
  if (entry.costCenter === null || entity.costCenters.includes(entry.costCenter)) {
    if (entry.costCenter !== null || entity.costCenters.includes(project.costCenter)) return [];
    return [notConfigured(entry, 'COST_CENTER_MISSING', 'costCenter', { message: `The cost center ${project.costCenter} of project ${project.number} is not one of ${entity.code}.`, mend: "Correct the project's cost center, or add it to config/legal-entities.yaml." })];
  }
  const owner = index.context.legalEntities.find(({ costCenters }) => costCenters.some((code) => code === entry.costCenter));
  return [
    owner === undefined
      ? mustChange(entry, 'COST_CENTER_UNKNOWN', 'costCenter', { message: `There is no cost center ${entry.costCenter}.`, mend: "Leave it empty to take the project's, or pick one that exists." })
      : mustChange(entry, 'COST_CENTER_OF_OTHER_ENTITY', 'costCenter', { message: `Cost center ${entry.costCenter} belongs to ${owner.code}; project ${project.number} is of ${entity.code}.`, mend: `Leave it empty to take the project's, or pick one of ${entity.code}.` }),
  ];
};

/** Staff lent between legal entities has a transfer rate, and hours that we value ourselves a cost rate, each in a currency of its parties. */
export const costRule: EntryRule = (review) => {
  const { entry, person, project, laborCategory, index } = review;
  if (person === undefined || project === undefined || laborCategory === undefined || isTakenBack(review)) return [];
  const findings: TimeFinding[] = [];
  if (isIntercompany(review)) {
    const rate = transferRateOf(review);
    const functional = [person.legalEntity, project.legalEntity].map((code) => index.entity(code)?.functionalCurrency);
    if (rate === undefined) {
      findings.push(notConfigured(entry, 'TRANSFER_RATE_MISSING', 'person', { message: `${person.legalEntity} lends ${laborCategory} to ${project.legalEntity} without a transfer rate on ${entry.workDate}.`, mend: 'Have the intercompany transfer rate agreed and added.' }));
    } else if (!functional.includes(rate.currency)) {
      findings.push(notConfigured(entry, 'TRANSFER_CURRENCY_DIFFERS', 'person', { message: `The transfer rate from ${person.legalEntity} to ${project.legalEntity} is in ${rate.currency}, the functional currency of neither.`, mend: 'Have the transfer rate agreed in the functional currency of one of the two.' }));
    }
  }
  const cost = costRateOf(review);
  if (cost.kept && cost.rate === undefined && person.kind === 'employee') {
    findings.push(notConfigured(entry, 'COST_RATE_MISSING', 'laborCategory', { message: `${person.legalEntity} has no cost rate for ${laborCategory} on ${entry.workDate}.`, mend: 'Add the cost rate, then retry.' }));
  } else if (cost.rate !== undefined && person.kind === 'employee' && cost.rate.currency !== index.entity(person.legalEntity)?.functionalCurrency) {
    findings.push(notConfigured(entry, 'COST_CURRENCY_DIFFERS', 'laborCategory', { message: `The cost rate of ${laborCategory} is in ${cost.rate.currency}; ${person.legalEntity} keeps its books in another currency.`, mend: 'Give the cost rate in the functional currency of the employer.' }));
  }
  return findings;
};

export function capFinding(entry: EntryRuleSubject, words: { readonly project: string; readonly amount: string; readonly left: string; readonly limit: string }): TimeFinding {
  return mayPass(entry, 'CAP_EXCEEDED', 'hours', {
    message: `The entry is worth ${words.amount}, but of the cap of project ${words.project} (${words.limit}) only ${words.left} is left.`,
    mend: 'Have the cap raised by a change order, or enter the time as not billable.',
  });
}

type EntryRuleSubject = Parameters<typeof mayPass>[0];
