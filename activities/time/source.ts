import { bySystemsClock } from '../../connectors/http/clock-skew.ts';
import { isUnsupported } from '../../connectors/ports.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { openBatch, receiveRecords, sealBatch } from '../../store/time/intake.ts';
import { advanceWatermark, readWatermark } from '../../store/watermarks.ts';
import { callContext } from '../context.ts';
import { standingCaseOf } from '../sweep.ts';
import { takeSwept } from '../swept-batch.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { toTemporal } from '../failures.ts';
import type { TimeSourceActivities } from './contract.ts';

/** Looked at again at each sweep: a change may become visible some time after its own timestamp. What comes again is known. */
const OVERLAP_MS = 10 * 60_000;
const FIRST_SWEEP_MS = 62 * 24 * 3_600_000;

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
        const counts = await takeSwept<Timesheet>(
          db,
          {
            system,
            kind: 'timesheets',
            since,
            receive: async (batch, sheets) => {
              const taken = { received: 0, known: 0 };
              for (const { status } of await receiveRecords(db, batch, sheets)) taken[status] += 1;
              return taken;
            },
            progress: (sheets) => context.heartbeat(`${sheets} timesheets`),
          },
          async ({ put }) => {
            for await (const change of timesheets.changed(since, context)) await put('sheet' in change ? { document: change.sheet } : change);
          },
        );
        const until = bySystemsClock(system, startedAt).toISOString();
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
