import type { LoadedDeal } from '../activities/contract.ts';
import type { Finding } from '../domain/findings.ts';
import type { CaseInput } from '../domain/process/exception-case.ts';

/** One case for all findings of a decision: a single finding goes by its own policy, several by the one for deals that are not ready. */
export function caseOfFindings(deal: LoadedDeal, findings: readonly Finding[]): Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend' | 'subject' | 'findings' | 'without'> {
  const [first, ...others] = findings;
  const only = others.length === 0 ? first : undefined;
  return {
    code: only?.code ?? 'DEAL_NOT_READY',
    kind: findings.some((finding) => finding.kind === 'configuration') ? 'configuration' : 'business_rule',
    subject: `deal ${deal.name}`,
    message: only?.message ?? `${deal.name} for ${deal.client} has ${findings.length} findings.`,
    mend: only?.mend ?? 'Correct what is named below in the CRM or the configuration: the process goes on by itself as soon as no finding is left.',
    findings,
    without: ['reroute', 'confirm_done', 'confirm_not_done', ...(findings.every((finding) => finding.overridable) ? [] : (['override'] as const))],
  };
}

/** @param compare.words whether they must say the same; a configuration that does not help may still change the words (a list of what is known) */
export function sameFindings(left: readonly Finding[], right: readonly Finding[], compare: { readonly words: boolean }): boolean {
  const names = (findings: readonly Finding[]) => findings.map((finding) => `${finding.code} ${finding.path} ${compare.words ? finding.message : ''}`).sort().join('\n');
  return names(left) === names(right);
}
