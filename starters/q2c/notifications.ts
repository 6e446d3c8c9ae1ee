import type { Command } from 'commander';
import { listNotifications } from '../../store/notifications.ts';
import { table } from '../status/table.ts';
import { withSession } from './session.ts';

export function notificationCommands(program: Command): void {
  program
    .command('notifications')
    .description('Messages to the owners of cases, the newest first, and whether they have gone out')
    .option('--pending', 'only those that have not')
    .option('--limit <n>', 'how many', '50')
    .action(async (options: { pending?: boolean; limit: string }) => {
      await withSession(program, async (session) => {
        const rows = await listNotifications(session.store().db, { pending: options.pending === true, limit: Number(options.limit) });
        const lines = rows.map((row) => [row.created_at, row.sent_at === null ? 'waits to be sent' : `sent by ${row.sent_via ?? ''}`, `${row.occasion} ${row.number}`, row.recipient, row.case_id, row.message]);
        session.print(rows, rows.length === 0 ? 'There are no messages.' : table(['at', 'state', 'occasion', 'to', 'case', 'message'], lines));
      });
    });
}
