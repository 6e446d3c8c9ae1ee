import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { readSecrets } from '../../connectors/secrets.ts';
import { inboxDepth, listInbox, loadEvent } from '../../store/inbox-relay.ts';
import { dismissEvent } from '../../store/inbox-replay.ts';
import type { InboxState } from '../../store/schema.ts';
import { gatewayCredentialsSchema } from '../gateway/deps.ts';
import { connectedSources } from '../gateway/sources.ts';
import { table } from '../status/table.ts';
import { replayEvent, type Replayed } from './replay.ts';
import { withSession } from './session.ts';

const idSchema = z.coerce.number('expected the number that q2c inbox shows').int().positive();

export function inboxCommands(program: Command): void {
  program
    .command('inbox')
    .description('Events as they came in, the newest first')
    .option('--state <state>', 'received, dispatched, ignored or quarantined')
    .option('--batch <id>', 'lines of this batch that could not be read')
    .option('--raw <id>', 'one event as it came, byte for byte')
    .option('--limit <n>', 'how many', '50')
    .action(async (options: { state?: InboxState; batch?: string; raw?: string; limit: string }) => {
      await withSession(program, async (session) => {
        const { db } = session.store();
        if (options.raw !== undefined) {
          const event = await loadEvent(db, idSchema.parse(options.raw));
          if (event === undefined) throw new Error(`there is no inbox event ${options.raw}: npm run q2c -- inbox lists them`);
          process.stdout.write(event.raw_body);
          return;
        }
        const rows = await listInbox(db, { ...(options.state === undefined ? {} : { state: options.state }), ...(options.batch === undefined ? {} : { businessKey: options.batch }), limit: Number(options.limit) });
        const depth = await inboxDepth(db);
        const text = table(['id', 'received', 'source', 'object', 'state', 'went to'], rows.map((row) => [String(row.id), row.received_at, row.source, row.business_key, row.state, row.workflow_id ?? row.disposition ?? row.last_error ?? '']));
        session.print({ depth, rows }, `${text}\n\n${JSON.stringify(depth)}`);
      });
    });

  program
    .command('replay')
    .argument('<id>', 'the ID in the inbox')
    .description('Takes an event into the line again: a quarantined one, read anew after the fix, or one already relayed (its process joins or ignores it)')
    .option('--with <file>', 'for a line of a batch: the mended document to take in its place')
    .requiredOption('--by <person>')
    .requiredOption('--reason <text>')
    .action(async (given: string, options: { by: string; reason: string; with?: string }) => {
      await withSession(program, async (session) => {
        const id = idSchema.parse(given);
        const { by, reason } = options;
        const mended = options.with === undefined ? {} : { mended: await readFile(options.with) };
        const sources = async () => connectedSources(gatewayCredentialsSchema.parse(await readSecrets(session.dataDir)));
        const replayed = await replayEvent(session.store().db, sources, { id, by, reason, ...mended });
        session.print(replayed, inWords(id, replayed));
        if (replayed.outcome !== 'replayed') process.exitCode = 1;
      });
    });

  program
    .command('dismiss')
    .argument('<id>', 'the ID in the inbox')
    .description('Sets a quarantined event aside for good: it is kept, and nothing is done with it')
    .requiredOption('--by <person>')
    .requiredOption('--reason <text>')
    .action(async (given: string, options: { by: string; reason: string }) => {
      await withSession(program, async (session) => {
        const id = idSchema.parse(given);
        const dismissed = await dismissEvent(session.store().db, { id, ...options });
        session.print({ dismissed }, dismissed ? `Event ${id} is set aside.` : `Event ${id} is not in quarantine.`);
        if (!dismissed) process.exitCode = 1;
      });
    });
}

function inWords(id: number, replayed: Replayed): string {
  switch (replayed.outcome) {
    case 'replayed': {
      const others = replayed.others === 0 ? '' : ` So are ${replayed.others} more that came with it.`;
      return `${replayed.object === '' ? `Event ${id} concerns no deal and leaves quarantine.` : `Event ${id} is in the line again, for ${replayed.object}.`}${others}`;
    }
    case 'waiting':
      return `Event ${id} is in the line already.`;
    case 'unknown':
      return `Event ${id} is not known.`;
    case 'unreadable':
      return [
        `Event ${id} still cannot be read and stays in quarantine:`,
        ...replayed.findings.map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`),
        `Mend what is named (the schema, the credentials; a line of a batch by --with <file>) and replay it again, or set it aside: q2c dismiss ${id} --by <you> --reason <why>`,
      ].join('\n');
  }
}
