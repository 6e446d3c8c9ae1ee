import { isUnsupported } from '../../connectors/ports.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { openBatch, receiveRecords, sealBatch } from '../../store/time/intake.ts';
import { keepUnreadSheets, type UnreadSheet } from '../../store/time/unread-sheets.ts';
import { advanceWatermark, readWatermark } from '../../store/watermarks.ts';
import { callContext } from '../context.ts';
import { standingCaseOf } from '../sweep.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { toTemporal } from '../failures.ts';
import type { TimeSourceActivities } from './contract.ts';

/** Looked at again at each sweep: a change may become visible some time after its own timestamp. What comes again is known. */
const OVERLAP_MS = 10 * 60_000;
const FIRST_SWEEP_MS = 62 * 24 * 3_600_000;
const CHUNK = 200;

export function createTimeSources(deps: ActivityDependencies): TimeSourceActivities {
  const { db } = deps.store;

  return {
    async fetchTimesheet({ system, timesheetId, event }) {
      const context = callContext(deps.log, `timesheet/${system}/${timesheetId}`);
      try {
        const { timesheets } = deps.systems.time(system);
        if (isUnsupported(timesheets)) return { ignored: timesheets.unsupported };
        const sheet = await deps.withSlot(system, context.signal, (signal) => timesheets.load(timesheetId, { ...context, signal }));
        if (sheet === null) return { ignored: `${system} has no timesheet ${timesheetId}` };
        const batch = await openBatch(db, { source: system, kind: 'timesheets', idempotencyKey: `event/${event}` });
        const [received] = await receiveRecords(db, batch.id, [sheet]);
        await sealBatch(db, batch.id);
        return { batch: batch.id, status: received?.status ?? 'known' };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async sweepTimesheets({ system }) {
      const context = callContext(deps.log, `timesheet-sweep/${system}`);
      try {
        const { timesheets } = deps.systems.time(system);
        if (isUnsupported(timesheets)) return { notOffered: timesheets.unsupported };
        const name = `timesheets/${system}`;
        const startedAt = Date.now();
        const last = await readWatermark(db, name);
        const since = new Date(last === undefined ? startedAt - FIRST_SWEEP_MS : Date.parse(last) - OVERLAP_MS).toISOString();
        const until = new Date(startedAt).toISOString();
        const batch = await openBatch(db, { source: system, kind: 'timesheets', idempotencyKey: `sweep/${since}` });
        const counts = { received: 0, known: 0, unreadable: 0 };
        let chunk: Timesheet[] = [];
        let unread: UnreadSheet[] = [];
        let position = 0;
        let notKept = 0;
        const take = async () => {
          for (const { status } of await receiveRecords(db, batch.id, chunk)) counts[status] += 1;
          chunk = [];
          notKept += await keepUnreadSheets(db, { id: batch.id, source: system }, unread, notKept);
          counts.unreadable += unread.length;
          unread = [];
          context.heartbeat(`${counts.received + counts.known + counts.unreadable} timesheets`);
        };
        try {
          for await (const change of timesheets.changed(since, context)) {
            position += 1;
            if ('sheet' in change) chunk.push(change.sheet);
            else unread.push({ position, id: change.unreadable.id, version: change.unreadable.version, document: change.unreadable.document, why: `${change.unreadable.failure.message} ${change.unreadable.failure.mend}` });
            if (chunk.length + unread.length >= CHUNK) await take();
          }
        } finally {
          // Also where the system failed before its end: what came is good.
          await take();
          await sealBatch(db, batch.id);
        }
        await advanceWatermark(db, { name, from: last ?? null, to: until });
        return { ...counts, until };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async caseOfTimesheetSweep({ system }) {
      return await standingCaseOf(db, `timesheet-sweep/${system}`);
    },
  };
}
