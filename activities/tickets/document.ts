import { z } from 'zod';
import type { CaseTicket } from '../../connectors/service-desk-port.ts';
import { findingSchema } from '../../domain/findings.ts';
import type { ToldOfCase } from '../../store/case-tickets.ts';
import type { CaseRow } from '../../store/cases.ts';

const severitySchema = z.enum(['low', 'medium', 'high', 'critical']).catch('high');
/** Owners are codes in the configuration: "finance_operations". */
const inWords = (owner: string) => owner.replaceAll('_', ' ');

/** What a service desk shows of a case. Pure. */
export function documentOf(row: CaseRow, link: string | null): CaseTicket {
  const findings = findingSchema.array().catch([]).parse(row.findings);
  return {
    caseId: row.case_id,
    code: row.code,
    summary: `${row.code}: ${row.subject}`,
    description: [
      row.message,
      row.mend,
      ...findings.slice(0, 20).map(({ code, path, message, mend }) => `- ${code}${path === '' ? '' : ` at ${path}`}: ${message} ${mend}`),
      `Who decides: ${inWords(row.owner)}. Permitted: ${row.permitted_actions.join(', ')}.`,
      `The exception case is resolved in the line, not by closing this ticket: npm run q2c -- resolve ${row.case_id} <action> --by <you> --reason "<why>". The ticket then closes itself.`,
    ].join('\n\n'),
    severity: severitySchema.parse(row.severity),
    owner: row.owner,
    dueAt: row.due_at === null ? null : new Date(row.due_at).toISOString(),
    link,
  };
}

export function toldOf(row: CaseRow): ToldOfCase {
  const { severity, owner, due_at: due, escalations, last_change: lastChange } = row;
  return { severity, owner, dueAt: due === null ? null : new Date(due).toISOString(), escalations, lastChange };
}

/** What changed since the ticket was told, each with a key by which it is said once. Pure. */
export function newsOf(before: ToldOfCase, now: ToldOfCase): { readonly key: string; readonly text: string }[] {
  const news: { key: string; text: string }[] = [];
  const why = now.lastChange === null || now.lastChange === before.lastChange ? '' : ` (${now.lastChange})`;
  if (now.escalations > before.escalations) news.push({ key: `escalation ${now.escalations}`, text: `Escalated for the ${ordinal(now.escalations)} time, to ${inWords(now.owner)}${why}.` });
  else if (now.owner !== before.owner) news.push({ key: `owner ${now.owner} after ${before.owner}`, text: `Now with ${inWords(now.owner)}${why}.` });
  else if (why !== '') news.push({ key: `change ${now.lastChange ?? ''}`.slice(0, 200), text: `The case says: ${now.lastChange ?? ''}` });
  if (now.dueAt !== before.dueAt) news.push({ key: `due ${now.dueAt ?? 'never'}`, text: now.dueAt === null ? 'It is due at no set time now.' : `Due ${now.dueAt} now.` });
  return news;
}

/** How the case ended, for the ticket. Pure. */
export function endOf(row: CaseRow): string {
  if (row.state === 'closed') return `The exception case closed by itself: ${row.resolution ?? 'its reason is gone'}.`;
  const reason = z.looseObject({ reason: z.string() }).safeParse(row.resolution_details).data?.reason;
  return `The exception case was resolved with "${row.resolution ?? ''}" by ${row.resolved_by ?? 'somebody'}${reason === undefined ? '' : `: ${reason}`}.`;
}

export const STILL_OPEN = 'This ticket was closed here, but the exception case is still open: closing the ticket does not resolve it.';

function ordinal(number: number): string {
  return number === 1 ? 'first' : number === 2 ? 'second' : number === 3 ? 'third' : `${number}th`;
}
