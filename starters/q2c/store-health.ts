import { sql } from 'kysely';
import { openCases } from '../../store/cases.ts';
import { activeConfigHash } from '../../store/config-versions.ts';
import type { Db } from '../../store/database.ts';
import { inboxDepth } from '../../store/inbox-relay.ts';
import { listNotifications } from '../../store/notifications.ts';
import { inDoubtPostings } from '../../store/posting-settlement.ts';
import { loweredLimits } from '../../store/target-limit.ts';
import { loweredRates } from '../../store/target-rate.ts';
import { timeHealth } from '../../store/time/health.ts';

export interface Check {
  readonly what: string;
  readonly ok: boolean;
  /** What was found; where it is not well, also what to do. */
  readonly detail: string;
}

const EVENT_WAITS_SECONDS = 60;
const PAGE_WAITS_SECONDS = 120;
const IN_DOUBT_MINUTES = 10;
const MESSAGE_WAITS_MINUTES = 10;
const LOOKED_AT = 1000;
const NAMED = 5;

/** What the line's own records say of its health. @throws where the store cannot be reached */
export async function storeHealth(db: Db, now: Date): Promise<Check[]> {
  await sql`select 1`.execute(db);
  const hash = await activeConfigHash(db);
  return [
    { what: 'store', ok: true, detail: 'answers' },
    { what: 'configuration', ok: hash !== undefined, detail: hash === undefined ? 'none is active: npm run q2c -- config activate --by <you>' : hash.slice(0, 12) },
    await inbox(db),
    ...(await timesheets(db)),
    await writesInDoubt(db, now),
    await exceptionCases(db, now),
    await messagesToOwners(db, now),
    ...(await limitsLowered(db)),
    ...(await ratesLowered(db)),
  ];
}

async function inbox(db: Db): Promise<Check> {
  const { received, oldestSeconds, quarantined } = await inboxDepth(db);
  const late = oldestSeconds > EVENT_WAITS_SECONDS;
  const found = [received === 0 ? 'nothing waits' : `${received} waiting, the oldest for ${Math.round(oldestSeconds)} s`];
  if (late) found.push('its relay runs in the gateway\'s process and needs Temporal: npm run gateway, npm run server');
  if (quarantined > 0) found.push(`${quarantined} in quarantine: npm run q2c -- inbox --state quarantined shows them; replay each after the fix, or dismiss it`);
  return { what: 'inbox', ok: !late && quarantined === 0, detail: found.join('; ') };
}

/** Many pages may wait their turn; none moving is another thing. */
async function timesheets(db: Db): Promise<Check[]> {
  const { ready, oldestReadySeconds, lastStartedSeconds, inDoubt } = await timeHealth(db, { inDoubtMinutes: IN_DOUBT_MINUTES });
  const stuck = oldestReadySeconds > PAGE_WAITS_SECONDS && (lastStartedSeconds === null || lastStartedSeconds > PAGE_WAITS_SECONDS);
  const waiting = ready === 0 ? 'no page waits' : `${ready} pages wait, the oldest for ${Math.round(oldestReadySeconds)} s`;
  const why = '; none was started meanwhile: their dispatcher runs in the gateway\'s process and needs Temporal (npm run gateway, npm run server), or every place is taken by pages that do not get on (npm run q2c -- timesheets, npm run q2c -- exceptions)';
  const doubts = inDoubt.map(({ system, lines }) => `${lines} lines in ${system}`).join(', ');
  return [
    { what: 'timesheets', ok: !stuck, detail: stuck ? `${waiting}${why}` : waiting },
    { what: 'labor in doubt', ok: inDoubt.length === 0, detail: inDoubt.length === 0 ? 'none for long' : `${doubts} for more than ${IN_DOUBT_MINUTES} minutes: look whether the ERP answers and its worker runs, npm run q2c -- exceptions` },
  ];
}

async function writesInDoubt(db: Db, now: Date): Promise<Check> {
  const doubts = await inDoubtPostings(db, LOOKED_AT);
  const old = doubts.filter(({ created_at: begun }) => minutesSince(begun, now) > IN_DOUBT_MINUTES);
  const what = 'writes in doubt';
  if (old.length === 0) return { what, ok: true, detail: doubts.length === 0 ? 'none' : `${doubts.length} just now, to be looked up by the next attempt` };
  const records = some(old.map((posting) => `${posting.object_type} ${posting.canonical_id} in ${posting.system}`));
  return { what, ok: false, detail: `${old.length} for more than ${IN_DOUBT_MINUTES} minutes (${records}): look whether the case is open, npm run q2c -- exceptions, else whether the system and its worker run` };
}

async function exceptionCases(db: Db, now: Date): Promise<Check> {
  const open = await openCases(db, { limit: LOOKED_AT });
  const late = open.filter(({ due_at: due }) => due !== null && Date.parse(due) < now.getTime());
  const what = 'exception cases';
  if (late.length === 0) return { what, ok: true, detail: open.length === 0 ? 'none is open' : `${open.length} open, none past due` };
  return { what, ok: false, detail: `${open.length} open, ${late.length} past due, with ${some([...new Set(late.map(({ owner }) => owner))])}: npm run q2c -- exceptions shows them and how to resolve each` };
}

async function messagesToOwners(db: Db, now: Date): Promise<Check> {
  const pending = await listNotifications(db, { pending: true, limit: LOOKED_AT });
  const late = pending.filter(({ created_at: at }) => minutesSince(at, now) > MESSAGE_WAITS_MINUTES);
  const what = 'messages to owners';
  if (late.length === 0) return { what, ok: true, detail: pending.length === 0 ? 'all sent' : `${pending.length} on their way` };
  return { what, ok: false, detail: `${late.length} wait for more than ${MESSAGE_WAITS_MINUTES} minutes: the gateway's log says why; check that it runs and that Q2C_NOTIFY_URL answers` };
}

/** The line goes on with fewer calls at once, so nothing is broken; but what is configured is not what the account gives. */
async function limitsLowered(db: Db): Promise<Check[]> {
  return (await loweredLimits(db)).map(({ target, configured, allowed, loweredAt, refusals }) => ({
    what: `calls at once to ${target}`,
    ok: true,
    detail: `${allowed} of the ${configured} configured, since it refused for too many at once at ${loweredAt} (${refusals} refused in all); raised again one by one while all are used. Does it stay low: find who else uses the account, or lower limits.concurrency in config/systems.yaml`,
  }));
}

async function ratesLowered(db: Db): Promise<Check[]> {
  return (await loweredRates(db)).map(({ target, configured, allowed, loweredAt, refusals }) => ({
    what: `requests per second to ${target}`,
    ok: true,
    detail: `${allowed.toFixed(2)} ${configured === null ? 'where no limit is configured' : `of the ${configured} configured`}, since it refused for too many at ${loweredAt} (${refusals} refused in all); raised again step by step while all are used. Does it stay low: find who else uses the account, or set limits.requestsPerSecond in config/systems.yaml to what it takes`,
  }));
}

function minutesSince(instant: string, now: Date): number {
  return (now.getTime() - Date.parse(instant)) / 60_000;
}

function some(names: readonly string[]): string {
  return names.length <= NAMED ? names.join(', ') : `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`;
}
