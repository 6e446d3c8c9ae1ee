import type { CaseInput, CaseTerms, Resolution } from '../../process/exception-case.ts';

export type Judgement =
  | { readonly verdict: 'accepted' }
  | { readonly verdict: 'needs_second_person'; readonly reason: string }
  | { readonly verdict: 'refused'; readonly reason: string };

/** Whether a person may resolve a case this way, under the terms it was opened with. */
export function judgeResolution(wish: Resolution, input: CaseInput, terms: CaseTerms, firstApproval: Resolution | null): Judgement {
  const roles = Object.hasOwn(terms.people, wish.by) ? terms.people[wish.by] : undefined;
  if (roles === undefined) return refuse(`"${wish.by}" is not known: use an ID of config/people.yaml (${Object.keys(terms.people).join(', ')}).`);
  if (wish.role !== undefined && !roles.includes(wish.role)) return refuse(`${wish.by} does not have the role ${wish.role}, only ${roles.join(', ')}.`);
  if (!terms.actions.includes(wish.action)) return refuse(`"${wish.action}" is not permitted for ${input.code}; permitted: ${terms.actions.join(', ')}.`);
  if (wish.action === 'confirm_done' && wish.externalId === undefined) return refuse('"confirm_done" needs externalId: the ID the record has in the system.');
  if (wish.action === 'reroute' && wish.system === undefined) return refuse('"reroute" needs system: the ID of the system to use instead.');
  if (wish.action === 'reroute' && wish.system !== undefined && !terms.rerouteTo.includes(wish.system)) {
    return refuse(`"${wish.system}" cannot take over from ${input.system ?? 'this system'}; possible: ${terms.rerouteTo.join(', ') || 'none'}.`);
  }
  if (wish.action !== 'override') return { verdict: 'accepted' };

  const fixed = input.findings.filter((finding) => !finding.overridable);
  if (fixed.length > 0) return refuse(`${fixed.map((finding) => finding.code).join(', ')} cannot be overridden: correct the deal or the configuration.`);
  const allowed = terms.policy.override?.roles ?? [];
  if (!allowed.some((role) => roles.includes(role))) return refuse(`An override of ${input.code} needs the role ${allowed.join(' or ')}; ${wish.by} has ${roles.join(', ')}.`);
  if (!terms.secondPerson) return { verdict: 'accepted' };
  if (firstApproval === null) return { verdict: 'needs_second_person', reason: `The amount at stake asks for a second person with the role ${allowed.join(' or ')}.` };
  if (firstApproval.by === wish.by) return refuse(`${wish.by} has approved already: a second person must do so.`);
  return { verdict: 'accepted' };
}

function refuse(reason: string): Judgement {
  return { verdict: 'refused', reason };
}
