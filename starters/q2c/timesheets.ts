import type { Command } from 'commander';
import { clockOfEnvironment } from '../../store/clock.ts';
import { batchStatuses, pagesOfBatch, type BatchStatus, type PageStatus } from '../../store/time/batches.ts';
import { cutoffStatus, cutoffText } from '../status/cutoff-status.ts';
import { expenseStatus, expenseText } from '../status/expense-status.ts';
import { table } from '../status/table.ts';
import { timesheetStatus, timesheetText } from '../status/timesheet-status.ts';
import { withSession } from './session.ts';

export function timesheetCommands(program: Command): void {
  program
    .command('timesheets')
    .description('Batches of timesheets and expense reports, the newest first; of one batch each page')
    .option('--batch <id>')
    .option('--limit <n>', 'how many batches', '30')
    .action(async (options: { batch?: string; limit: string }) => {
      await withSession(program, async (session) => {
        const { db } = session.store();
        if (options.batch === undefined) {
          const batches = await batchStatuses(db, { limit: Number(options.limit) });
          session.print(batches, batches.length === 0 ? 'No timesheet has come in yet.' : batchesText(batches));
          return;
        }
        const [batch] = await batchStatuses(db, { id: options.batch });
        if (batch === undefined) throw new Error(`there is no batch ${options.batch}: npm run q2c -- timesheets lists them`);
        const pages = await pagesOfBatch(db, batch.batch);
        session.print({ ...batch, pages }, `${batchesText([batch])}\n\n${pagesText(pages)}${unreadableText(batch)}`);
      });
    });

  program
    .command('timesheet')
    .argument('<timesheet>', 'system/ID, such as harvest/1042')
    .description('What became of a timesheet: each version, entry, posting and pay line, open cases, what to do next')
    .action(async (name: string) => {
      await withSession(program, async (session) => {
        const status = await timesheetStatus(session.store().db, session.endpoints, recordOf(name, 'a timesheet'));
        if (status.versions.length === 0) throw new Error(`no timesheet ${name} has come in: npm run q2c -- timesheets shows what has`);
        session.print(status, timesheetText(status));
      });
    });

  program
    .command('cutoff')
    .description('What will miss the payroll cutoff or the invoice cutoff at the present pace of decisions and of postings, by legal entity')
    .action(async () => {
      await withSession(program, async (session) => {
        const status = await cutoffStatus(session.store().db, clockOfEnvironment()());
        session.print(status, cutoffText(status));
      });
    });

  program
    .command('expense')
    .argument('<report>', 'system/ID, such as harvest/1042')
    .description('What became of an expense report: each version, its findings, postings, open cases, what to do next')
    .action(async (name: string) => {
      await withSession(program, async (session) => {
        const status = await expenseStatus(session.store().db, session.endpoints, recordOf(name, 'an expense report'));
        if (status.versions.length === 0) throw new Error(`no expense report ${name} has come in: npm run q2c -- timesheets shows what has`);
        session.print(status, expenseText(status));
      });
    });
}

/** System and ID of `system/ID`; the ID may hold slashes of its own. */
function recordOf(name: string, what: string): { readonly system: string; readonly id: string } {
  const at = name.indexOf('/');
  if (at < 1 || at === name.length - 1) throw new Error(`"${name}" is not ${what}: write system/ID, such as harvest/1042`);
  return { system: name.slice(0, at), id: name.slice(at + 1) };
}

function batchesText(batches: readonly BatchStatus[]): string {
  return table(
    ['batch', 'received', 'from', 'key', 'kind', 'state', 'documents', 'undecided', 'pages', 'entries', 'unreadable'],
    batches.map((batch) => [batch.batch, batch.receivedAt, batch.source, batch.key, batch.kind, batch.state, String(batch.records.received + batch.records.decided), String(batch.records.received), counted(batch.pages), counted(batch.outcomes), unreadable(batch)]),
  );
}

function unreadable({ unreadable: { notKept, ...kept } }: BatchStatus): string {
  return counted(Object.fromEntries(Object.entries({ ...kept, 'not kept': notKept }).filter(([, count]) => count > 0)));
}

function unreadableText(batch: BatchStatus): string {
  if (batch.unreadable.waiting === 0) return '';
  return `\n\n${batch.unreadable.waiting} lines that could not be read wait in quarantine: npm run q2c -- inbox --batch ${batch.batch} shows each.`;
}

function pagesText(pages: readonly PageStatus[]): string {
  return table(
    ['page', 'legal entity', 'documents', 'state', 'priority', 'cutoff', 'ready', 'started', 'done', 'summary'],
    pages.map((page) => [String(page.page), page.legalEntity, String(page.records), page.state, String(page.priority), page.cutoffAt ?? '', page.readyAt ?? '', page.startedAt ?? '', page.doneAt ?? '', page.summary === null ? '' : JSON.stringify(page.summary)]),
  );
}

function counted(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
