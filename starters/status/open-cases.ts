import type { Endpoints } from '../../connectors/addresses.ts';
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
}

/** The open cases of one process, with what to do about each. */
export async function openCasesOf(db: Db, endpoints: Endpoints, process: string): Promise<OpenCase[]> {
  const open = (await casesOf(db, process)).filter(({ state }) => state === 'open');
  return open.map((row) => ({
    caseId: row.case_id,
    code: row.code,
    owner: row.owner,
    message: row.message,
    dueAt: row.due_at,
    resolve: `npm run q2c -- resolve ${row.case_id} <${row.permitted_actions.join('|')}> --by <you> --reason "<why>"`,
    link: uiLink(endpoints, row.case_id),
  }));
}

export function openCaseLines(open: OpenCase): string[] {
  return ['', `Waiting for ${open.owner}: ${open.code} (due ${open.dueAt ?? 'soon'})`, `  ${open.message}`, `  ${open.resolve}`, `  ${open.link}`];
}
