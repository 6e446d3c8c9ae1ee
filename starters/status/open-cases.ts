import type { Endpoints } from '../../connectors/addresses.ts';
import { ticketsOf } from '../../store/case-tickets.ts';
import { casesOf } from '../../store/cases.ts';
import type { Db } from '../../store/database.ts';
import { uiLink } from './links.ts';

export interface OpenCase {
  readonly caseId: string;
  readonly code: string;
  readonly owner: string;
  readonly message: string;
  readonly dueAt: string | null;
  /** The command that resolves it. */
  readonly resolve: string;
  readonly link: string;
  /** Its ticket at the service desk, as people know it; null where it has none. */
  readonly ticket: string | null;
}

/** The open cases of one process, with what to do about each. */
export async function openCasesOf(db: Db, endpoints: Endpoints, process: string): Promise<OpenCase[]> {
  const open = (await casesOf(db, process)).filter(({ state }) => state === 'open');
  const tickets = new Map((await ticketsOf(db, open.map((row) => row.case_id))).filter(({ state }) => state !== 'gone').map((ticket) => [ticket.caseId, ticket.number ?? ticket.externalId]));
  return open.map((row) => ({
    caseId: row.case_id,
    code: row.code,
    owner: row.owner,
    message: row.message,
    dueAt: row.due_at,
    resolve: `npm run q2c -- resolve ${row.case_id} <${row.permitted_actions.join('|')}> --by <you> --reason "<why>"`,
    link: uiLink(endpoints, row.case_id),
    ticket: tickets.get(row.case_id) ?? null,
  }));
}

export function openCaseLines(open: OpenCase): string[] {
  return ['', `Waiting for ${open.owner}: ${open.code} (due ${open.dueAt ?? 'soon'})`, `  ${open.message}`, `  ${open.resolve}`, `  ${open.link}`, ...(open.ticket === null ? [] : [`  ticket ${open.ticket}`])];
}
