import { unknownReference } from './check-business.ts';
import type { ConfigPath, ConfigProblem } from './mistake.ts';
import type { Sections } from './sections.ts';

/** Routing, exception policies and people. */
export function checkSystems(sections: Sections): ConfigProblem[] {
  return [...checkRouting(sections), ...checkPayroll(sections), ...checkPolicies(sections)];
}

function checkRouting({ routing, systems, legalEntities }: Sections): ConfigProblem[] {
  const problems = routing.entries.flatMap(({ index, value: route }) => {
    const found = unknownReference(['routing', index, 'legalEntity'], route.legalEntity, legalEntities, 'legal entity');
    for (const kind of ['erp', 'time', 'resources', 'reporting'] as const) {
      const id = route[kind];
      if (id === null) continue;
      const path = ['routing', index, kind];
      const system = systems.entries.find(({ value }) => value.id === id)?.value;
      if (system === undefined) found.push(...unknownReference(path, id, systems, 'system'));
      else if (system.kind !== kind) found.push({ path, expected: `a system of kind ${kind}`, found: `"${id}", which is of kind ${system.kind}` });
      if (kind === 'erp') found.push(...subsidiaryOf(route.legalEntity, id, path, systems));
    }
    return found;
  });
  if (!routing.complete) return problems;
  const unrouted = legalEntities.entries.filter(({ value }) => !routing.keys.has(value.code));
  return [...problems, ...unrouted.map(({ index, value }) => ({ path: ['legalEntities', index, 'code'], expected: `a line for ${value.code} in routing`, found: 'none' }))];
}

function checkPayroll({ payroll, systems, legalEntities }: Sections): ConfigProblem[] {
  return payroll.entries.flatMap(({ index, value: { legalEntity, system: id } }) => {
    const path = ['payroll', index, 'system'];
    const system = systems.entries.find(({ value }) => value.id === id)?.value;
    const found = legalEntity === '*' ? [] : unknownReference(['payroll', index, 'legalEntity'], legalEntity, legalEntities, 'legal entity');
    if (system === undefined) found.push(...unknownReference(path, id, systems, 'system'));
    else if (system.kind !== 'payroll') found.push({ path, expected: 'a system of kind payroll', found: `"${id}", which is of kind ${system.kind}` });
    return found;
  });
}

/** An ERP that knows our entities by IDs of its own must have one for each entity that books in it. */
function subsidiaryOf(legalEntity: string, system: string, path: ConfigPath, systems: Sections['systems']): ConfigProblem[] {
  const subsidiaries = systems.entries.find(({ value }) => value.id === system)?.value.options['subsidiaries'];
  if (typeof subsidiaries !== 'object' || subsidiaries === null || Object.hasOwn(subsidiaries, legalEntity)) return [];
  return [{ path, expected: `a system whose options name the subsidiary of ${legalEntity}`, found: `"${system}", whose options.subsidiaries has ${Object.keys(subsidiaries).join(', ')}` }];
}

function checkPolicies({ exceptionPolicies, people, thresholdRates }: Sections): ConfigProblem[] {
  const holders = (role: string) => people.entries.filter(({ value }) => value.roles.some((held) => held === role)).length;
  const problems = exceptionPolicies.entries.flatMap(({ index, value: policy }) => {
    const at = (...rest: ConfigPath) => ['exceptionPolicies', index, ...rest];
    const found: ConfigProblem[] = [];
    const star = policy.code.indexOf('*');
    if (star !== -1 && star !== policy.code.length - 1) found.push({ path: at('code'), expected: 'a "*" only at the end', found: `"${policy.code}"` });
    if (policy.actions.includes('override') && policy.override === null) found.push({ path: at('override'), expected: 'who may override, as the actions permit it', found: 'nothing' });
    if (!policy.actions.includes('override') && policy.override !== null) found.push({ path: at('actions'), expected: '"override" among them, as the policy says who may', found: policy.actions.join(', ') });
    if (policy.remindHoursBefore >= policy.slaHours) found.push({ path: at('remindHoursBefore'), expected: `less than slaHours (${policy.slaHours})`, found: `${policy.remindHoursBefore}` });
    if (people.complete) {
      for (const field of ['owner', 'escalateTo'] as const) {
        if (holders(policy[field]) === 0) found.push({ path: at(field), expected: 'a role that somebody in people has', found: `"${policy[field]}", which nobody has` });
      }
      const able = policy.override === null ? 0 : new Set(people.entries.filter(({ value }) => policy.override?.roles.some((role) => value.roles.includes(role))).map(({ value }) => value.id)).size;
      const needed = policy.override === null ? 0 : policy.override.secondPersonAbove === null ? 1 : 2;
      if (able < needed) found.push({ path: at('override', 'roles'), expected: `roles that at least ${needed} ${needed === 1 ? 'person has' : 'people have'}`, found: `${able} in people` });
    }
    const threshold = policy.override?.secondPersonAbove ?? null;
    if (threshold !== null && thresholdRates !== undefined && thresholdRates[threshold.currency] === undefined) {
      found.push({ path: at('override', 'secondPersonAbove', 'currency'), expected: 'a currency that thresholdRates values', found: threshold.currency });
    }
    return found;
  });
  if (exceptionPolicies.complete && !exceptionPolicies.keys.has('*')) {
    problems.push({ path: ['exceptionPolicies'], expected: 'a policy with the code "*" for every code that no other names', found: 'none' });
  }
  return problems;
}
