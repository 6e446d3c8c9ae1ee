import type { TimesheetContext } from '../../model/time/context.ts';
import { inForceOn } from './index-context.ts';
import { isTakenBack, type EntryInReview } from './review.ts';

export type BillingStatus = 'actuals' | 'in_fee' | 'none';

/** How the entry is billed: by the hour, within a fee, or not at all. */
export function billingStatus(review: Pick<EntryInReview, 'entry' | 'project' | 'hours'>): BillingStatus {
  const { entry, project } = review;
  if (project === undefined || project.billingMethod === null || project.kind === 'internal' || !entry.billable || isTakenBack(review)) return 'none';
  return project.billingMethod === 'time_and_materials' || project.billingMethod === 'capped' ? 'actuals' : 'in_fee';
}

/** The project's rates for the labor category, all of them and those in force on the work date. The newest code's rates go before those of an earlier one. */
export function projectRates({ index, projectNumbers, laborCategory, entry }: EntryInReview): { readonly all: readonly TimesheetContext['rates'][number][]; readonly inForce: readonly TimesheetContext['rates'][number][] } {
  const all = index.rates(projectNumbers).filter((rate) => rate.laborCategory === laborCategory);
  const inForce = inForceOn(all, entry.workDate);
  const [first] = inForce;
  return { all, inForce: inForce.filter((rate) => rate.projectNumber === first?.projectNumber) };
}

export function isIntercompany({ person, project }: Pick<EntryInReview, 'person' | 'project'>): boolean {
  return person !== undefined && project !== undefined && person.legalEntity !== project.legalEntity;
}

export function transferRateOf({ index, person, project, laborCategory, entry }: EntryInReview): TimesheetContext['transferRates'][number] | undefined {
  const fitting = index.context.transferRates.filter((rate) => rate.employer === person?.legalEntity && rate.client === project?.legalEntity && rate.laborCategory === laborCategory);
  return inForceOn(fitting, entry.workDate)[0];
}

/** `kept` is false where the employer's cost rates are not ours to apply: its ERP values the hours. */
export function costRateOf({ index, person, laborCategory, entry }: Pick<EntryInReview, 'index' | 'person' | 'laborCategory' | 'entry'>): { readonly kept: boolean; readonly rate: { readonly rate: string; readonly currency: string } | undefined } {
  if (person?.kind === 'subcontractor') return { kept: true, rate: person.subcontract ?? undefined };
  const ofEmployer = index.context.costRates.filter((rate) => rate.legalEntity === person?.legalEntity);
  return { kept: ofEmployer.length > 0, rate: inForceOn(ofEmployer.filter((rate) => rate.laborCategory === laborCategory), entry.workDate)[0] };
}
