import { trimmed } from '../lines.ts';
import type { Finding } from '../../../findings.ts';
import { listed, mayPass, mustChange, type DealRule } from '../rule.ts';

/** People named at lines are ours, and the line says in which labor category they work. */
export const resourcesRule: DealRule = ({ lines, config }) =>
  lines.flatMap(({ index, line }): Finding[] => {
    if (line.resourceEmail === null) return [];
    const domains = config.firm.resourceEmailDomains;
    const domain = line.resourceEmail.slice(line.resourceEmail.lastIndexOf('@') + 1).toLowerCase();
    return [
      ...(trimmed(line.laborCategory) === null
        ? [mustChange('RESOURCE_WITHOUT_LABOR_CATEGORY', `lines[${index}].laborCategory`, { message: `${line.resourceEmail} is named without a labor category.`, mend: 'Pick the labor category of the line, or leave the resource out.' })]
        : []),
      ...(domains.length === 0 || domains.some((own) => own.toLowerCase() === domain)
        ? []
        : [mayPass('RESOURCE_NOT_OURS', `lines[${index}].resourceEmail`, { message: `${line.resourceEmail} is no address of ours (${listed(domains)}).`, mend: 'Name one of our people, or leave the role open.' })]),
    ];
  });
