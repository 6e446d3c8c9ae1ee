import type { ConfigPath, ConfigProblem } from './mistake.ts';
import type { ProjectTemplate } from './schema.ts';
import type { Section, Sections } from './sections.ts';

/** A reference to an entry of a list that has none of that name. */
export function unknownReference(path: ConfigPath, value: string, section: Section<unknown>, what: string): ConfigProblem[] {
  if (section.keys.has(value) || !section.keysKnown) return [];
  return [{ path, expected: `a known ${what} (${[...section.keys].join(', ')})`, found: `"${value}"` }];
}

/** Legal entities, service lines, billing methods and project templates: what they say of each other. */
export function checkBusiness(sections: Sections): ConfigProblem[] {
  return [...checkLegalEntities(sections), ...checkServiceLines(sections), ...checkBillingMethods(sections), ...sections.projectTemplates.entries.flatMap(({ index, value }) => checkTemplate(index, value, sections))];
}

function checkLegalEntities({ legalEntities, serviceLines, thresholdRates }: Sections): ConfigProblem[] {
  const costCenters = new Map<string, string>();
  return legalEntities.entries.flatMap(({ index, value: entity }) => {
    const at = (...rest: ConfigPath) => ['legalEntities', index, ...rest];
    const problems: ConfigProblem[] = [];
    if (!entity.billingCurrencies.includes(entity.functionalCurrency)) {
      problems.push({ path: at('billingCurrencies'), expected: `the functional currency ${entity.functionalCurrency} among them`, found: entity.billingCurrencies.join(', ') });
    }
    for (const [position, currency] of entity.billingCurrencies.entries()) {
      if (thresholdRates !== undefined && thresholdRates[currency] === undefined) {
        problems.push({ path: at('billingCurrencies', position), expected: 'a currency that thresholdRates values', found: currency });
      }
    }
    for (const [position, center] of entity.costCenters.entries()) {
      problems.push(...unknownReference(at('costCenters', position, 'serviceLine'), center.serviceLine, serviceLines, 'service line'));
      const before = costCenters.get(center.code);
      if (before !== undefined) problems.push({ path: at('costCenters', position, 'code'), expected: 'each cost center code once', found: `"${center.code}" again, after ${before}` });
      costCenters.set(center.code, `legalEntities[${index}].costCenters[${position}]`);
      const first = entity.costCenters.findIndex((other) => other.serviceLine === center.serviceLine);
      if (first !== position) problems.push({ path: at('costCenters', position, 'serviceLine'), expected: 'one cost center for each service line', found: `${center.serviceLine} again, after costCenters[${first}]` });
    }
    for (const line of serviceLines.keys) {
      if (!entity.costCenters.some((center) => center.serviceLine === line)) {
        problems.push({ path: at('costCenters'), expected: `a cost center for the service line ${line}`, found: 'none' });
      }
    }
    return problems;
  });
}

function checkServiceLines({ serviceLines, projectTemplates, billingMethods }: Sections): ConfigProblem[] {
  return serviceLines.entries.flatMap(({ index, value: line }) => {
    const at = (...rest: ConfigPath) => ['serviceLines', index, ...rest];
    const problems = line.billingMethods.flatMap((method, position) => unknownReference(at('billingMethods', position), method, billingMethods, 'billing method'));
    const template = projectTemplates.entries.find(({ value }) => value.code === line.defaultTemplate)?.value;
    if (template === undefined) return [...problems, ...unknownReference(at('defaultTemplate'), line.defaultTemplate, projectTemplates, 'project template')];
    if (!template.serviceLines.includes(line.code)) {
      problems.push({ path: at('defaultTemplate'), expected: `a template for ${line.code}`, found: `"${template.code}", which is for ${template.serviceLines.join(', ')}` });
    }
    const without = line.billingMethods.filter((method) => !template.billingMethods.includes(method));
    if (without.length > 0) {
      problems.push({ path: at('defaultTemplate'), expected: "a template that fits all of the line's billing methods", found: `"${template.code}", which does not fit ${without.join(', ')}` });
    }
    return problems;
  });
}

function checkBillingMethods({ billingMethods }: Sections): ConfigProblem[] {
  return billingMethods.entries.flatMap(({ index, value: method }): ConfigProblem[] => {
    const path = ['billingMethods', index, 'instalments'];
    if (method.schedule !== 'instalments') {
      return method.instalments.length === 0 ? [] : [{ path, expected: `none, as the schedule is ${method.schedule}`, found: `${method.instalments.length} instalments` }];
    }
    const total = method.instalments.reduce((sum, instalment) => sum + instalment.percent, 0);
    return Math.abs(total - 100) < 1e-9 ? [] : [{ path, expected: 'instalments that add up to 100 percent', found: `${total} percent` }];
  });
}

function checkTemplate(index: number, template: ProjectTemplate, { serviceLines, billingMethods }: Sections): ConfigProblem[] {
  const at = (...rest: ConfigPath) => ['projectTemplates', index, ...rest];
  const problems = [
    ...template.serviceLines.flatMap((line, position) => unknownReference(at('serviceLines', position), line, serviceLines, 'service line')),
    ...template.billingMethods.flatMap((method, position) => unknownReference(at('billingMethods', position), method, billingMethods, 'billing method')),
  ];
  const seen = new Set<string>();
  for (const [position, element] of template.wbs.entries()) {
    if (seen.has(element.code)) problems.push({ path: at('wbs', position, 'code'), expected: 'each element code once in a template', found: `"${element.code}" again` });
    if (element.parent !== null && !seen.has(element.parent)) {
      problems.push({ path: at('wbs', position, 'parent'), expected: 'the code of an element listed before', found: `"${element.parent}"` });
    }
    seen.add(element.code);
    if (element.shareOfHoursPercent > 0 && template.wbs.some((other) => other.parent === element.code)) {
      problems.push({ path: at('wbs', position, 'shareOfHoursPercent'), expected: 'no hours on an element that has children', found: `${element.shareOfHoursPercent}` });
    }
  }
  const total = template.wbs.reduce((sum, element) => sum + element.shareOfHoursPercent, 0);
  if (Math.abs(total - 100) > 1e-9) problems.push({ path: at('wbs'), expected: 'shares of hours that add up to 100 percent', found: `${total} percent` });
  return problems;
}
