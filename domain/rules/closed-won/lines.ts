import type { BillingMethodRule, FirmConfig, LegalEntity, ProjectTemplate, ServiceLine } from '../../config/schema.ts';
import type { Opportunity, OpportunityLine } from '../../model/opportunity.ts';

/** A code as picked in the CRM, and where: at the line or at the deal. */
export interface PickedCode {
  readonly value: string | null;
  readonly path: string;
}

/** A line of the deal with what the firm's configuration knows of it. */
export interface SoldLine {
  readonly index: number;
  readonly line: OpportunityLine;
  readonly picked: { readonly legalEntity: PickedCode; readonly serviceLine: PickedCode; readonly billingMethod: PickedCode; readonly projectTemplate: PickedCode };
  readonly legalEntity: LegalEntity | undefined;
  readonly serviceLine: ServiceLine | undefined;
  readonly billingMethod: BillingMethodRule | undefined;
  readonly template: ProjectTemplate | undefined;
}

/** Lines that make one project. */
export interface ProjectGroup {
  readonly key: string;
  readonly legalEntity: LegalEntity;
  readonly serviceLine: ServiceLine;
  readonly billingMethod: BillingMethodRule;
  readonly template: ProjectTemplate;
  readonly lines: readonly SoldLine[];
}

/**
 * Reads each line as the firm knows it. A line's own code goes before the deal's. The deal's project template is meant for the deal's own
 * service line: a line of another service line takes that line's default template.
 */
export function soldLines(deal: Opportunity, config: FirmConfig): SoldLine[] {
  return deal.lines.map((line, index) => {
    const pick = (field: 'legalEntity' | 'serviceLine' | 'billingMethod' | 'projectTemplate'): PickedCode => {
      const own = trimmed(line[field]);
      const general = trimmed(deal[field]);
      return own !== null || general === null ? { value: own, path: `lines[${index}].${field}` } : { value: general, path: field };
    };
    const serviceLineCode = pick('serviceLine');
    const serviceLine = byCode(config.serviceLines, serviceLineCode.value);
    const named = pick('projectTemplate');
    const forOtherLine = named.path === 'projectTemplate' && trimmed(deal.serviceLine) !== null && serviceLineCode.value !== trimmed(deal.serviceLine);
    const projectTemplate = named.value === null || forOtherLine ? { value: serviceLine?.defaultTemplate ?? null, path: `lines[${index}].projectTemplate` } : named;
    const picked = { legalEntity: pick('legalEntity'), serviceLine: serviceLineCode, billingMethod: pick('billingMethod'), projectTemplate };
    return {
      index,
      line,
      picked,
      legalEntity: byCode(config.legalEntities, picked.legalEntity.value),
      serviceLine,
      billingMethod: byCode(config.billingMethods, picked.billingMethod.value),
      template: byCode(config.projectTemplates, projectTemplate.value),
    };
  });
}

/** Groups the lines that are known in full: one project for each legal entity, service line, billing method and template. */
export function projectGroups(lines: readonly SoldLine[]): ProjectGroup[] {
  const groups = new Map<string, ProjectGroup & { lines: SoldLine[] }>();
  for (const sold of lines) {
    const { legalEntity, serviceLine, billingMethod, template } = sold;
    if (legalEntity === undefined || serviceLine === undefined || billingMethod === undefined || template === undefined) continue;
    const key = [legalEntity.code, serviceLine.code, billingMethod.code, template.code].join('/');
    const group = groups.get(key) ?? { key, legalEntity, serviceLine, billingMethod, template, lines: [] };
    group.lines.push(sold);
    groups.set(key, group);
  }
  return [...groups.values()].toSorted((left, right) => (left.key < right.key ? -1 : 1));
}

export function trimmed(code: string | null): string | null {
  const text = code?.trim() ?? '';
  return text === '' ? null : text;
}

function byCode<T extends { readonly code: string }>(list: readonly T[], code: string | null): T | undefined {
  return list.find((candidate) => candidate.code === code);
}
