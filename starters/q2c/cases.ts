import type { Command } from 'commander';
import { z } from 'zod';
import { findingSchema } from '../../domain/findings.ts';
import { resolutionSchema } from '../../domain/process/resolution.ts';
import { ticketOf, ticketsOf, type StoredTicket } from '../../store/case-tickets.ts';
import { caseById, openCases } from '../../store/cases.ts';
import { resolveUpdate } from '../../workflows/contracts/exception-case.ts';
import { uiLink } from '../status/links.ts';
import { withSession } from './session.ts';
import { table } from '../status/table.ts';

export function caseCommands(program: Command): void {
  program
    .command('exceptions')
    .description('The exception cases that wait for a person, the most urgent first')
    .option('--owner <role>', 'only those of one owner, such as finance_operations')
    .option('--deal <deal>', 'only those of one deal, such as salesforce/006…')
    .action(async (options: { owner?: string; deal?: string }) => {
      await withSession(program, async (session) => {
        const cases = (await openCases(session.store().db, options.owner === undefined ? {} : { owner: options.owner })).filter((row) => options.deal === undefined || row.process.endsWith(options.deal));
        const tickets = new Map((await ticketsOf(session.store().db, cases.map((row) => row.case_id))).map((ticket) => [ticket.caseId, ticket]));
        const text = cases.length === 0
          ? 'No exception case is open.'
          : cases.map((row) => [
              `${row.code} · ${row.severity} · owner ${row.owner} · due ${row.due_at ?? ''}`,
              `  ${row.message}`,
              `  ${row.mend}`,
              ...z.array(findingSchema).parse(row.findings).map((finding) => `  - ${finding.code} at ${finding.path}: ${finding.message} ${finding.mend}`),
              `  case ${row.case_id}`,
              ...ticketLine(tickets.get(row.case_id)),
              `  npm run q2c -- resolve ${row.case_id} <${row.permitted_actions.join('|')}> --by <you> --reason "<why>"`,
              `  ${uiLink(session.endpoints, row.case_id)}`,
            ].join('\n')).join('\n\n');
        session.print(cases.map((row) => ({ ...row, ticket: tickets.get(row.case_id) ?? null })), text);
      });
    });

  program
    .command('resolve')
    .argument('<case>', 'the case ID')
    .argument('<action>', 'retry, correct, override, reroute, return_to_submitter, confirm_done, confirm_not_done or abort')
    .description('Resolves an exception case; answers at once whether it is permitted')
    .requiredOption('--by <person>', 'who decides: an ID of config/people.yaml')
    .requiredOption('--reason <text>', 'why; it goes into the audit trail')
    .option('--external-id <id>', "with confirm_done: the record's ID in the system")
    .option('--system <id>', 'with reroute: the system to use instead')
    .action(async (caseId: string, action: string, options: { by: string; reason: string; externalId?: string; system?: string }) => {
      await withSession(program, async (session) => {
        const resolution = resolutionSchema.parse({ action, ...options });
        const client = await session.client();
        const answer = await client.workflow.getHandle(caseId).executeUpdate(resolveUpdate, { args: [resolution] });
        session.print(answer, answer.accepted ? answer.message : `Refused: ${answer.message}`);
        if (!answer.accepted) process.exitCode = 1;
      });
    });

  program
    .command('case')
    .argument('<case>', 'the case ID')
    .description('One exception case with its findings and history')
    .action(async (caseId: string) => {
      await withSession(program, async (session) => {
        const row = await caseById(session.store().db, caseId);
        if (row === undefined) throw new Error(`there is no case ${caseId}: npm run q2c -- exceptions lists the open ones`);
        const shown = { ...row, ticket: (await ticketOf(session.store().db, caseId)) ?? null };
        session.print(shown, table(['field', 'value'], Object.entries(shown).map(([field, value]) => [field, typeof value === 'string' ? value : JSON.stringify(value)])));
      });
    });
}

function ticketLine(ticket: StoredTicket | undefined): string[] {
  if (ticket === undefined) return [];
  const { desk, number, externalId, url, state, closedByHand } = ticket;
  const how = state === 'gone' ? ' · deleted there' : closedByHand ? ' · closed there, which does not resolve the case' : '';
  return [`  ticket ${number ?? externalId} in ${desk}${url === null ? '' : ` · ${url}`}${how}`];
}
