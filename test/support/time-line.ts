import type { TimesheetContext } from '../../domain/model/time/context.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { startPage } from '../../starters/relay/start-page.ts';
import { sql } from 'kysely';
import { openBatch, receiveRecords, sealBatch } from '../../store/time/intake.ts';
import { claimPages } from '../../store/time/pages.ts';
import { putReference, type ReferenceRow } from '../../store/time/reference.ts';
import { AS_OF, aTimeContext } from '../builders/time.ts';
import { theFirm } from '../builders/firm.ts';
import { startTestLine, type TestLine, type TestLineOptions } from './line.ts';

/** The reference rows that give the same context as the builder's. */
export function referenceRows(context: TimesheetContext): ReferenceRow[] {
  return [
    ...context.people.map((person) => ({ kind: 'person', key: person.email, scope: person.email, document: person })),
    ...context.projects.map((project) => ({ kind: 'project', key: project.number, scope: project.number, document: project })),
    ...context.assignments.map((one) => ({ kind: 'assignment', key: `${one.person}|${one.projectNumber}|${one.from}`, scope: one.person, document: one })),
    ...context.rates.map((rate) => ({ kind: 'rate', key: `${rate.projectNumber}|${rate.laborCategory}|${rate.from}`, scope: rate.projectNumber, document: rate })),
    ...context.transferRates.map((rate) => ({ kind: 'transfer_rate', key: `${rate.employer}|${rate.client}|${rate.laborCategory}|${rate.from}`, scope: rate.employer, document: rate })),
    ...context.costRates.map((rate) => ({ kind: 'cost_rate', key: `${rate.legalEntity}|${rate.laborCategory}|${rate.from}`, scope: rate.legalEntity, document: rate })),
    ...context.roles.map((role) => ({ kind: 'role', key: `${role.system}|${role.role}`, scope: role.system, document: role })),
  ];
}

export interface TimeLine extends TestLine {
  /** Adds people, projects and what goes with them to what timesheets are judged by; the builders' where a part is left out. */
  knows(parts: Partial<TimesheetContext>): Promise<void>;
  /** Takes the timesheets in as one batch and starts what carries them. */
  submit(...sheets: readonly Timesheet[]): Promise<string>;
  /** Waits until nothing received is undecided and nothing planned is unposted. */
  posted(): Promise<void>;
  outcomes(): Promise<readonly { readonly timesheet: string; readonly entry: string; readonly outcome: string; readonly codes: readonly string[] }[]>;
}

/** The whole line with the people and projects of the builders' context, judged at its moment. */
export async function startTimeLine(parts: Partial<TimesheetContext> = {}, options: TestLineOptions = {}): Promise<TimeLine> {
  const { config } = await theFirm(options.overlays ?? []);
  const line = await startTestLine({ now: () => new Date(AS_OF), ...options });
  const { db } = line.store;
  const knows = async (more: Partial<TimesheetContext>) => {
    await putReference(db, 'test', referenceRows(aTimeContext(config, more)));
  };
  await knows(parts);
  let batches = 0;

  async function startReady(): Promise<void> {
    for (const page of await claimPages(db, { perEntity: 100 })) {
      await startPage(line.client, db, page, { priority: 2, cutoffAt: null });
      await sql`update time_page set state = 'started', started_at = now() where batch = ${page.batch} and page = ${page.page} and state = 'ready'`.execute(db);
    }
  }

  return {
    ...line,
    knows,
    async submit(...sheets) {
      batches += 1;
      const batch = await openBatch(db, { source: 'test', kind: 'timesheets', idempotencyKey: `batch-${batches}` });
      await receiveRecords(db, batch.id, sheets);
      await sealBatch(db, batch.id);
      await startReady();
      return batch.id;
    },
    async posted() {
      await line.until('everything received is decided and posted', async () => {
        await startReady();
        const { rows } = await sql<{ open: number }>`
          select ((select count(*) from time_record where state = 'received') + (select count(*) from labor_posting where state not in ('done', 'cancelled')))::integer as open`.execute(db);
        return rows[0]?.open === 0;
      });
    },
    async outcomes() {
      const { rows } = await sql<{ timesheet: string; entry: string; outcome: string; codes: string[] }>`
        select r.record_id || '@' || r.version as timesheet, o.entry_id || '@' || o.entry_version as entry, o.outcome, o.codes
        from time_outcome o join time_record r on r.id = o.record order by r.record_id, r.version, o.record, o.position`.execute(db);
      return rows;
    },
  };
}
