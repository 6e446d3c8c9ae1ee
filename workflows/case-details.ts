import type { CaseView, Resolution } from '../domain/process/exception-case.ts';

/** What the Temporal UI shows of a case, in words for the person who must act (Markdown). */
export function caseDetails(view: CaseView, firstApproval: Resolution | null): string {
  const { input, terms } = view;
  const lines = [`**${input.message}**`, '', input.mend];
  if (input.findings.length > 1) {
    lines.push('', ...input.findings.map((finding, index) => `${index + 1}. \`${finding.code}\` ${finding.message} — ${finding.mend}`));
  }
  if (input.evidence !== null) lines.push('', `The system said: \`${input.evidence.slice(0, 500).replaceAll('`', "'")}\``);
  if (terms !== null) {
    lines.push('', `State: **${view.state}** · owner: **${view.owner ?? ''}** · severity: ${terms.policy.severity} · due: ${terms.dueAt}`);
    if (view.state === 'open' || view.state === 'second_person') {
      const example = { action: terms.actions[0] ?? 'retry', by: 'your-id', reason: 'why' };
      lines.push('', `Permitted: ${terms.actions.join(', ')}. Resolve by signal \`resolve\` with \`${JSON.stringify(example)}\`, or \`npm run q2c -- resolve ${view.caseId} ${example.action} --by ${example.by} --reason "${example.reason}"\`.`);
    }
  }
  if (firstApproval !== null && view.state === 'second_person') {
    lines.push('', `${firstApproval.by} wants to override (“${firstApproval.reason}”); a second person must do the same.`);
  }
  if (view.refused.length > 0) lines.push('', 'Refused so far:', ...view.refused.map((reason) => `- ${reason}`));
  if (view.resolution !== null) lines.push('', `Resolved with **${view.resolution.action}** by ${view.resolution.by}: ${view.resolution.reason}`);
  return lines.join('\n');
}
