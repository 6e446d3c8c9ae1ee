import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import { firmConfigSchema } from '../../domain/config/schema.ts';
import { isReferenceKind, referenceKinds } from '../../domain/model/time/reference.ts';
import { appendAudit } from '../../store/audit-trail.ts';
import { casesWaitingForConfig } from '../../store/cases.ts';
import { activeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { ensurePeriods } from '../../store/time/periods.ts';
import { putReference, referenceRows, type ReferenceRow } from '../../store/time/reference.ts';
import { lookAgainSignal } from '../../workflows/contracts/time.ts';
import { table } from '../status/table.ts';
import { readReferenceFile } from './reference-file.ts';
import { withSession, type Session } from './session.ts';

const ROWS_AT_ONCE = 2000;
/** Periods that closing terms gave make room for those that are told. */
const OF_CALENDARS: ReadonlySet<string> = new Set(['entity', 'accounting_period', 'pay_period']);

export function referenceCommands(program: Command): void {
  const reference = program.command('reference').description('What time is judged by: people, projects, assignments, rates, roles, periods');

  reference
    .command('load')
    .argument('<file>', 'NDJSON: one {"kind","key","scope","document"} a line; - reads standard input')
    .description('Adds or replaces reference rows; a file with a mistake changes nothing')
    .option('--by <person>', 'who gave it', 'q2c')
    .option('--check', 'names every mistake and changes nothing')
    .action(async (file: string, options: { by: string; check?: boolean }) => {
      const read = readReferenceFile(file === '-' ? await buffer(process.stdin) : await readFile(file));
      await withSession(program, async (session) => {
        if (!read.ok) {
          session.print(read, `Nothing was loaded.\n${read.mistakes.map(({ line, message }) => `${file}:${line} ${message}`).join('\n')}`);
          process.exitCode = 1;
          return;
        }
        if (options.check === true) {
          session.print({ ok: true, rows: read.rows.length }, `${rowsText(read.rows.length)}, all sound.`);
          return;
        }
        const changed = await load(session.store(), read.rows, options.by);
        const woken = changed === 0 ? [] : await wake(session);
        const told = typeof woken === 'string' ? `\nThe processes that wait for it could not be told (${woken}): retry their cases.` : woken.length === 0 ? '' : `\nThese look again: ${woken.join(', ')}`;
        session.print({ ok: true, rows: read.rows.length, changed, woken }, `${rowsText(read.rows.length)}, ${changed} new or changed.${told}`);
      });
    });

  reference
    .command('show')
    .argument('<kind>', Object.keys(referenceKinds).join(', '))
    .argument('[key]', 'all of the kind where it is left out')
    .description('Shows reference rows, who gave them, and when')
    .action(async (kind: string, key: string | undefined) => {
      await withSession(program, async (session) => {
        checkKind(kind);
        const rows = await referenceRows(session.store().db, { kind, ...(key === undefined ? {} : { key }) });
        if (rows.length === 0 && key !== undefined) throw new Error(`there is no ${kind} ${key}: npm run q2c -- reference show ${kind} lists them`);
        if (key === undefined) session.print(rows, rows.length === 0 ? `There is no ${kind} yet.` : table(['key', 'given by', 'on'], rows.map((row) => [row.key, row.source, row.updatedAt])));
        else session.print(rows[0], rows.map(({ document, source, updatedAt }) => `${kind} ${key}, given by ${source} on ${updatedAt}\n${JSON.stringify(document, null, 2)}`).join('\n'));
      });
    });

  reference
    .command('export')
    .description('Prints reference rows as NDJSON, as load takes them')
    .option('--kind <kind>', 'only rows of this kind')
    .action(async (options: { kind?: string }) => {
      await withSession(program, async (session) => {
        if (options.kind !== undefined) checkKind(options.kind);
        const rows = await referenceRows(session.store().db, options);
        process.stdout.write(rows.map(({ kind, key, scope, document }) => `${JSON.stringify({ kind, key, scope, document })}\n`).join(''));
      });
    });
}

/** Rows that say what is known already stay with whoever gave them. @returns how many were new or changed */
async function load({ db }: Store, rows: readonly ReferenceRow[], by: string): Promise<number> {
  const known = new Map((await referenceRows(db)).map((row) => [`${row.kind} ${row.key}`, row]));
  const changed = rows.filter(({ kind, key, scope, document }) => {
    const before = known.get(`${kind} ${key}`);
    return before === undefined || before.scope !== scope || !isDeepStrictEqual(before.document, document);
  });
  if (changed.length === 0) return 0;
  return await db.transaction().execute(async (transaction) => {
    let count = 0;
    for (let from = 0; from < changed.length; from += ROWS_AT_ONCE) count += await putReference(transaction, by, changed.slice(from, from + ROWS_AT_ONCE));
    const kinds = Object.fromEntries([...Map.groupBy(changed, ({ kind }) => kind)].map(([kind, of]) => [kind, of.length]));
    const active = changed.some(({ kind }) => OF_CALENDARS.has(kind)) ? await activeConfig(transaction) : undefined;
    if (active !== undefined) await ensurePeriods(transaction, firmConfigSchema.parse(active.document), new Date());
    await appendAudit(transaction, [{ process: 'reference', actor: by, action: 'reference.loaded', object: 'reference data of time', system: null, message: `${by} loaded ${count} rows of reference data: ${Object.entries(kinds).map(([kind, n]) => `${n} ${kind}`).join(', ')}`, details: kinds }]);
    return count;
  });
}

/** Timesheets and expense reports that wait because something was not known are judged again. @returns them, or why they could not be told */
async function wake(session: Session): Promise<readonly string[] | string> {
  const waiting = (await casesWaitingForConfig(session.store().db)).filter(({ kind, process: of }) => kind === 'configuration' && /^(?:timesheet|expense)\//.test(of));
  if (waiting.length === 0) return [];
  try {
    const client = await session.client();
    const woken: string[] = [];
    for (const id of new Set(waiting.map((row) => row.process))) {
      try {
        await client.workflow.getHandle(id).signal(lookAgainSignal, { reason: 'released' });
        woken.push(id);
      } catch (error) {
        if (!(error instanceof Error && error.name === 'WorkflowNotFoundError')) throw error;
      }
    }
    return woken;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function checkKind(kind: string): void {
  if (!isReferenceKind(kind)) throw new Error(`"${kind}" is no kind of reference data: ${Object.keys(referenceKinds).join(', ')}`);
}

function rowsText(count: number): string {
  return count === 1 ? 'One row' : `${count} rows`;
}
