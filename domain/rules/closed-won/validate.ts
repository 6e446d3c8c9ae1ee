import type { FirmConfig } from '../../config/schema.ts';
import type { LocalDate } from '../../dates.ts';
import type { Finding } from '../../findings.ts';
import type { Opportunity } from '../../model/opportunity.ts';
import { projectGroups, soldLines } from './lines.ts';
import type { DealRule } from './rule.ts';
import { accountHierarchyRule } from './rules/account-hierarchy.ts';
import { amountsRule } from './rules/amounts.ts';
import { billingMethodRule } from './rules/billing-method.ts';
import { capRule, milestoneRule } from './rules/billing-terms.ts';
import { contractRule } from './rules/contract.ts';
import { currencyRule } from './rules/currency.ts';
import { datesRule } from './rules/dates.ts';
import { legalEntityRule } from './rules/legal-entity.ts';
import { projectTemplateRule } from './rules/project-template.ts';
import { purchaseOrderRule } from './rules/purchase-order.ts';
import { laborCategoryRule, ratesRule } from './rules/rates.ts';
import { resourcesRule } from './rules/resources.ts';
import { practiceRule, serviceLineRule } from './rules/service-line.ts';
import { stageRule } from './rules/stage.ts';
import { taxRule } from './rules/tax.ts';

const RULES: readonly DealRule[] = [
  stageRule,
  accountHierarchyRule,
  legalEntityRule,
  serviceLineRule,
  practiceRule,
  billingMethodRule,
  projectTemplateRule,
  contractRule,
  purchaseOrderRule,
  currencyRule,
  amountsRule,
  taxRule,
  laborCategoryRule,
  ratesRule,
  capRule,
  milestoneRule,
  datesRule,
  resourcesRule,
];

/**
 * Everything that stands between a won deal and its projects: all findings of all rules at once, none twice.
 * Never throws for a deal that follows the schema. `asOf` is the day the deal is judged on.
 */
export function validateDeal(opportunity: Opportunity, config: FirmConfig, asOf: LocalDate): Finding[] {
  const lines = soldLines(opportunity, config);
  const review = { deal: opportunity, config, asOf, lines, groups: projectGroups(lines) };
  const findings = RULES.flatMap((rule) => rule(review));
  return [...new Map(findings.map((finding) => [`${finding.code} ${finding.path} ${finding.message}`, finding])).values()];
}
