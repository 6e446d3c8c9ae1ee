import type { FirmConfig } from '../../config/schema.ts';
import type { Finding } from '../../findings.ts';
import type { DealPlan } from '../../model/deal-plan.ts';
import type { Opportunity } from '../../model/opportunity.ts';
import { planDeal } from './plan.ts';
import { rerouted } from './reroute.ts';
import { validateDeal } from './validate.ts';

/** Raised with every change of a rule or of planning that changes what is decided: a decision names the rules it was made by. */
export const RULES_VERSION = '2';

/** What people have decided about a deal and what binds the rules. */
export interface Allowances {
  readonly findings: readonly { readonly code: string; readonly path: string }[];
  readonly reroutes: readonly { readonly from: string; readonly to: string }[];
}

/**
 * Decides a deal: its plan, or every finding that nobody has let pass. Pure: the same inputs always give the same decision, so it can be made again by an auditor.
 * @param inForce the plan that an amended deal is at work by; null for a deal that none is
 */
export function decideDeal(opportunity: Opportunity, config: FirmConfig, configHash: string, allowed: Allowances, inForce: DealPlan | null = null): { readonly findings: readonly Finding[]; readonly plan: DealPlan | null } {
  const effective = rerouted(config, allowed.reroutes);
  const passes = new Set(allowed.findings.map(({ code, path }) => `${code} ${path}`));
  const findings = validateDeal(opportunity, effective, opportunity.modifiedAt.slice(0, 10)).filter((finding) => !(finding.overridable && passes.has(`${finding.code} ${finding.path}`)));
  return { findings, plan: findings.length > 0 ? null : planDeal(opportunity, effective, configHash, inForce) };
}
