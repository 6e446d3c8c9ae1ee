import type { Command } from 'commander';
import { inboxDepth, listInbox, requeue } from '../../store/inbox-relay.ts';
import { withSession } from './session.ts';
import { table } from '../status/table.ts';

export function inboxCommands(program: Command): void {
  program
    .command('inbox')
    .description('Events as they came in, the newest first')
    .option('--state <state>', 'received, dispatched, ignored, quarantined or failed')
    .option('--limit <n>', 'how many', '50')
    .action(async (options: { state?: 'received' | 'dispatched' | 'ignored' | 'quarantined' | 'failed'; limit: string }) => {
      await withSession(program, async (session) => {
        const { db } = session.store();
        const rows = await listInbox(db, { ...(options.state === undefined ? {} : { state: options.state }), limit: Number(options.limit) });
        const depth = await inboxDepth(db);
        const text = table(['id', 'received', 'source', 'object', 'state', 'went to'], rows.map((row) => [String(row.id), row.received_at, row.source, row.business_key, row.state, row.workflow_id ?? row.last_error ?? row.disposition ?? '']));
        session.print({ depth, rows }, `${text}\n\n${JSON.stringify(depth)}`);
      });
    });

  program
    .command('replay')
    .argument('<id>', 'the ID in the inbox')
    .description('Takes an event into the line again: a quarantined one after the fix, or one already relayed (its process joins or ignores it)')
    .requiredOption('--by <person>')
    .requiredOption('--reason <text>')
    .action(async (id: string, options: { by: string; reason: string }) => {
      await withSession(program, async (session) => {
        const done = await requeue(session.store().db, { id: Number(id), ...options });
        session.print({ replayed: done }, done ? `Event ${id} is in the line again.` : `Event ${id} is not known.`);
        if (!done) process.exitCode = 1;
      });
    });
}
