import { timesheetProcessOf } from '../../domain/process/time-process.ts';
import { findingSchema, type Finding } from '../../domain/findings.ts';
import { appendAudit } from '../../store/audit-trail.ts';
import { publishTimeFacts } from '../../store/reporting-time.ts';
import { giveUpAnswers } from '../../store/time/answers.ts';
import { processesRelieved } from '../../store/time/cancelled.ts';
import { returnRefused, waiveFindings } from '../../store/time/corrections.ts';
import { returnHeld } from '../../store/time/held.ts';
import { reopenRefused, settleDoubtful } from '../../store/time/labor-ledger.ts';
import { pageDone, pageOfRecordDone, SMALL_PAGE } from '../../store/time/pages.ts';
import { recordIdsOf } from '../../store/time/records.ts';
import { openAnswers, openRecords, openTargets, outcomeCounts, releasedRecords, supersededRecords, type OpenRecordRow } from '../../store/time/summary.ts';
import { activityLog, callContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { toTemporal } from '../failures.ts';
import { answersToTell, answerTimeSystem } from './answers.ts';
import type { OpenRecord, TimeActivities } from './contract.ts';
import { decideInParts } from './decide-in-parts.ts';
import { postLabor } from './post.ts';
import { createReference } from './reference.ts';
import { createTurns } from './turns.ts';

/** Decisions about pages at once in one worker: each locks its people, and the database has room for some thousands of locks. */
const PAGES_AT_ONCE = 2;
/** Single timesheets and small pages have turns of their own: they never wait for a large one. */
const SMALL_AT_ONCE = 8;

export function createTimeSteps(deps: ActivityDependencies): TimeActivities {
  const { db } = deps.store;
  const reference = createReference(db);
  const pageInTurn = createTurns(PAGES_AT_ONCE);
  const smallInTurn = createTurns(SMALL_AT_ONCE);

  return {
    async decideTimesheets({ process, selection, again }) {
      try {
        const known = await reference();
        const decided = await decideInParts(db, known, { selection, again, asOf: () => deps.now().toISOString(), inTurn: (records, work) => (records <= SMALL_PAGE ? smallInTurn : pageInTurn)(work) });
        const counts = await outcomeCounts(db, selection);
        if (decided > 0) {
          const { records, entries, accepted, repeats, rejected, held, withdrawn } = counts;
          await appendAudit(db, [{ process, actor: 'q2c', action: 'timesheets.decided', object: process, system: null, message: `${records} timesheets with ${entries} entries: ${accepted} accepted, ${repeats} known, ${rejected} refused, ${held} held, ${withdrawn} withdrawn`, details: { ...counts, configHash: known.configHash, again } }]);
        }
        return {
          ...counts,
          targets: await openTargets(db, selection),
          open: (await openRecords(db, selection)).map(openRecord),
          released: await releasedRecords(db, selection),
          superseded: [...new Set([...(await supersededRecords(db, selection)).map(timesheetProcessOf), ...(await processesRelieved(db, selection)).filter((relieved) => relieved !== process)])],
          answers: await openAnswers(db, selection),
          configHash: known.configHash,
        };
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async refusalOf({ record }) {
      const selection = { records: [record] };
      const open = await openRecords(db, selection);
      if (open.length === 0) return null;
      return { ...(await outcomeCounts(db, selection)), targets: [], open: open.map(openRecord), released: [], superseded: [], answers: await answersToTell(deps, record), configHash: (await reference()).configHash };
    },

    async postLabor(input) {
      try {
        const result = await postLabor(deps, input, callContext(deps.log, input.process));
        if (result.posted > 0) await appendAudit(db, [{ process: input.process, actor: 'q2c', action: 'labor.posted', object: input.process, system: input.system, message: `${result.posted} lines of labor are in ${input.system}`, details: { posted: result.posted, refused: result.refused.length } }]);
        return result;
      } catch (error) {
        activityLog(deps.log).warn({ system: input.system, error: error instanceof Error ? error.message : String(error) }, 'labor is not all posted yet');
        throw toTemporal(error);
      }
    },

    async publishTime({ selection }) {
      return { facts: await publishTimeFacts(db, await recordIdsOf(db, selection)) };
    },

    async answerTimeSystem({ process, selection, system }) {
      try {
        return await answerTimeSystem(deps, { selection, system }, callContext(deps.log, process));
      } catch (error) {
        throw toTemporal(error);
      }
    },

    async giveUpAnswers({ process, selection, system, by, reason, how }) {
      const given = await giveUpAnswers(db, selection, system);
      if (given.length === 0) return;
      await appendAudit(db, [{ process, actor: by, action: 'answers.given_up', object: process, system, message: `${by} told by hand what ${system} would not take, ${given.length} ${given.length === 1 ? 'answer' : 'answers'}: ${reason}`, details: { answers: given, how } }]);
    },

    async finishPage({ selection, summary }) {
      if ('batch' in selection) await pageDone(db, selection, summary);
      else for (const record of selection.records) await pageOfRecordDone(db, record, summary);
    },

    async waiveFindings({ process, record, codes, by, reason }) {
      const entries = await waiveFindings(db, { record, codes, by, reason });
      await appendAudit(db, [{ process, actor: by, action: 'findings.waived', object: process, system: null, message: `${by} let ${codes.join(', ')} pass for ${entries} entries: ${reason}`, details: { record, codes, entries } }]);
    },

    async returnTimesheet({ process, record, by, reason, held = false }) {
      const system = held ? await returnHeld(db, record, `Enter it again once that is there. ${by}: ${reason}`) : await returnRefused(db, record);
      await appendAudit(db, [{ process, actor: by, action: 'timesheet.returned', object: process, system, message: `${by} gave the ${held ? 'waiting' : 'refused'} entries back to the submitter: ${reason}`, details: { record } }]);
      return { system };
    },

    async retryRefused({ record }) {
      await reopenRefused(db, record);
    },

    async settleDoubtful({ process, record, system, outcome, externalId, by, reason }) {
      const lines = await settleDoubtful(db, { record, system, outcome, externalId });
      const said = outcome === 'done' ? 'are there' : 'are not there and are posted again';
      await appendAudit(db, [{ process, actor: by, action: 'labor.settled', object: process, system, message: `${by} looked into ${system}: ${lines} lines ${said}. ${reason}`, details: { record, lines, outcome, externalId } }]);
    },
  };
}

function openRecord({ findings, ...row }: OpenRecordRow): OpenRecord {
  const all: Finding[] = findingSchema.array().array().parse(findings).flat();
  const [first] = all;
  return {
    ...row,
    findings: all.slice(0, 50),
    code: first?.code ?? 'REFUSED',
    kind: all.some(({ kind }) => kind === 'configuration') ? 'configuration' : 'business_rule',
    message: first?.message ?? 'Refused.',
    mend: first?.mend ?? 'Look at the timesheet.',
    overridable: all.length > 0 && all.every(({ overridable }) => overridable),
  };
}
