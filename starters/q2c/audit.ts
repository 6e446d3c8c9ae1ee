import type { Command } from 'commander';
import { sealAuditTrail } from '../../store/audit-chain.ts';
import { auditOf } from '../../store/audit-trail.ts';
import { verifyAuditTrail } from '../../store/audit-verify.ts';
import { changeOrderId, closedWonId } from '../../domain/process/deal-process.ts';
import { reevaluateDecisions } from '../status/reevaluate.ts';
import { withSession } from './session.ts';
import { table } from '../status/table.ts';

export function auditCommands(program: Command): void {
  const audit = program.command('audit').description('The audit trail: append-only and hash-chained');

  audit.command('verify').description('Computes every hash again and names the first line that was changed, removed, inserted or moved').action(async () => {
    await withSession(program, async (session) => {
      const { db } = session.store();
      await sealAuditTrail(db);
      const result = await verifyAuditTrail(db);
      session.print(result, result.ok ? `The audit trail is whole: ${result.sealed} lines, head ${result.head?.hash.slice(0, 16) ?? 'none'}.` : `The audit trail is BROKEN: ${JSON.stringify(result.firstBroken)}`);
      if (!result.ok) process.exitCode = 1;
    });
  });

  audit.command('reevaluate').description('Makes every decision again from its archived inputs and the configuration of its time').action(async () => {
    await withSession(program, async (session) => {
      const result = await reevaluateDecisions(session.store());
      const lines = [`${result.same} of ${result.decided} decisions come out the same${result.otherRules === 0 ? '' : `; ${result.otherRules} were made by other rules`}.`, ...result.different.map(({ process, step, was, is }) => `DIFFERENT: ${process} ${step}: was ${was}, is ${is}`)];
      session.print(result, lines.join('\n'));
      if (result.different.length > 0) process.exitCode = 1;
    });
  });

  audit.command('show').argument('<deal>', 'crm/opportunity').description('Who did what for a deal, in order').action(async (deal: string) => {
    await withSession(program, async (session) => {
      const [crm = '', opportunityId = ''] = deal.split('/');
      const { db } = session.store();
      const rows = [...(await auditOf(db, closedWonId({ crm, opportunityId }))), ...(await auditOf(db, changeOrderId({ crm, opportunityId })))];
      session.print(rows, table(['at', 'who', 'did', 'what'], rows.map((row) => [row.at, row.actor, row.action, row.message])));
    });
  });
}
