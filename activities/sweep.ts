import { bySystemsClock } from '../connectors/http/clock-skew.ts';
import { isUnsupported, type ChangedDeal } from '../connectors/ports.ts';
import { standingCaseOf } from '../store/cases.ts';
import { dealProcess } from '../store/deal-processes.ts';
import { receiveEvents } from '../store/inbox.ts';
import { advanceWatermark, readWatermark } from '../store/watermarks.ts';
import { callContext } from './context.ts';
import type { SweepActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { toTemporal } from './failures.ts';

export { standingCaseOf } from '../store/cases.ts';

/** Looked at again at each sweep: CRMs show a change in their search up to some minutes late. */
const OVERLAP_MS = 10 * 60_000;
const FIRST_SWEEP_MS = 24 * 3_600_000;

export interface MissedEventSweepActivities extends SweepActivities {
  /** The open case of a CRM's sweep, or the ID that the next one takes: the same until it is in the register, so that there is one at a time. */
  caseOfSweep(input: { readonly crm: string }): Promise<{ readonly process: string; readonly caseId: string; readonly open: boolean }>;
}

export function createSweep(deps: ActivityDependencies): MissedEventSweepActivities {
  const { db } = deps.store;
  return {
    async sweepMissedEvents({ crm }) {
      const context = callContext(deps.log, `sweep/${crm}`);
      try {
        const { changedClosedWon } = deps.systems.crm(crm);
        if (isUnsupported(changedClosedWon)) return { notOffered: changedClosedWon.unsupported };
        const name = `sweep/${crm}`;
        const startedAt = Date.now();
        const last = await readWatermark(db, name);
        const since = new Date(last === undefined ? startedAt - FIRST_SWEEP_MS : Date.parse(last) - OVERLAP_MS).toISOString();
        let looked = 0;
        // A deal and each of its lines is a change of its own: the newest says it all.
        const newest = new Map<string, ChangedDeal>();
        let failed: { readonly error: unknown } | undefined;
        try {
          for await (const changed of changedClosedWon(since, context)) {
            looked += 1;
            if ((newest.get(changed.opportunityId)?.version ?? '') < changed.version) newest.set(changed.opportunityId, changed);
          }
        } catch (error) {
          // What was told before it is taken all the same; the next sweep begins where this one did.
          failed = { error };
        }
        let missed = 0;
        for (const changed of newest.values()) {
          const known = await dealProcess(db, { crm, opportunityId: changed.opportunityId });
          if (known !== undefined && (known.version_seen ?? '') >= changed.version) continue;
          const payload = { sweep: true, ...changed };
          const [received] = await receiveEvents(db, [{ source: crm, eventId: `sweep/${changed.opportunityId}/${changed.version}`, kind: 'deal.changed', businessKey: changed.opportunityId, version: changed.version, occurredAt: changed.modifiedAt, headers: {}, rawBody: Buffer.from(JSON.stringify(payload)), payload }]);
          if (received?.status === 'accepted') missed += 1;
        }
        if (missed > 0) deps.log.warn({ crm, missed }, 'closed-won deals had come without an event; they are in the inbox now');
        if (failed !== undefined) throw failed.error;
        const until = bySystemsClock(crm, startedAt).toISOString();
        await advanceWatermark(db, { name, from: last ?? null, to: until });
        return { looked, missed, until };
      } catch (error) {
        throw toTemporal(error);
      }
    },
    async caseOfSweep({ crm }) {
      return await standingCaseOf(db, `missed-event-sweep/${crm}`);
    },
  };
}
