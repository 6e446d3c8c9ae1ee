import { setTimeout as delay } from 'node:timers/promises';
import { rounded } from '../support/report.ts';
import { percentile } from '../support/statistics.ts';
import { alone, beside, type Findings } from '../support/findings.ts';
import type { CommonGround } from './ground.ts';
import { postedAt, withOurLine, type OurLine } from './line.ts';
import { distinctSheets, wholeMonth, type MonthSheet } from './month.ts';
import { untilFinished } from './run.ts';

const ALONE = 20;
const WARM_UP = 60;
const EVERY_MS = 400;
const LIMIT_MS_PER_TIMESHEET = 400;
/** Anything else is decided and never posted, or waits for something. */
const isPosted = ({ expected }: MonthSheet) => expected.some((outcome) => outcome === 'accepted');

/** One timesheet sent by itself, from its sending to its last line in the ERP: with nothing else to do, and while a month is worked on. */
export async function singleEvents(common: CommonGround, consultants: number, tell: (line: string) => void): Promise<Findings> {
  const month = await wholeMonth(consultants);
  // Everybody's first comes before anybody's second.
  const firsts = month.sheets.slice(0, consultants);
  const bulk = distinctSheets(month.sheets.slice(consultants));
  const singles = firsts.filter((one) => isPosted(one) && one.dirt === null);
  tell(`single timesheets alone, then beside ${bulk.length} timesheets in bulk:`);
  const { quiet, busy, during } = await withOurLine(common, month, async ({ running, query }) => {
    await running.send('warm-up', firsts.slice(-WARM_UP));
    await untilFinished(running, WARM_UP, Date.now() + 120_000);
    const waiting = singles.filter((one) => !firsts.slice(-WARM_UP).includes(one));
    const quietSent = await sendOnes(running, waiting.splice(0, ALONE), () => false);
    await untilFinished(running, WARM_UP + quietSent.size, Date.now() + 60_000);

    const target = WARM_UP + quietSent.size + bulk.length;
    const deadline = Date.now() + 60_000 + bulk.length * LIMIT_MS_PER_TIMESHEET;
    const sent = running.send('month', bulk);
    sent.catch(() => undefined);
    let bulkDone = false;
    const watched = sent.then(() => untilFinished(running, target, deadline)).finally(() => {
      bulkDone = true;
    });
    watched.catch(() => undefined);
    const busySent = await sendOnes(running, waiting, () => bulkDone);
    await watched;
    await untilFinished(running, target + busySent.size, deadline);
    return { quiet: await latencies(query, quietSent), busy: await latencies(query, busySent), during: busySent.size };
  });
  if (busy.length === 0) throw new Error('the bulk was done before a single timesheet was posted: take more --consultants');
  const [quietP50, quietP95, p50, p95] = [percentile(quiet, 0.5), percentile(quiet, 0.95), percentile(busy, 0.5), percentile(busy, 0.95)];
  return {
    measures: [
      beside('single_event_p50_ms', p50, 'ms', 'nothing_else_running', quietP50),
      beside('single_event_p95_ms', p95, 'ms', 'nothing_else_running', quietP95),
      alone('single_event_samples', busy.length, 'timesheets'),
    ],
    report: ['', `One timesheet by itself, from its sending to its last line in the ERP: ${rounded(p50)} ms (p50), ${rounded(p95)} ms (p95) while the bulk ran (${busy.length} of ${during} sent had lines to post); ${rounded(quietP50)} and ${rounded(quietP95)} ms with nothing else to do.`].join('\n'),
    failed: false,
  };
}

/** @returns when each was sent, milliseconds since 1970 */
async function sendOnes(running: OurLine['running'], sheets: readonly MonthSheet[], isOver: () => boolean): Promise<Map<string, number>> {
  if (running.sendOne === undefined) throw new Error('this engine takes no single timesheets');
  const sentAt = new Map<string, number>();
  for (const one of sheets) {
    if (isOver()) break;
    sentAt.set(one.sheet.id, Date.now());
    await running.sendOne(one);
    await delay(EVERY_MS);
  }
  return sentAt;
}

async function latencies(query: OurLine['query'], sentAt: ReadonlyMap<string, number>): Promise<number[]> {
  const posted = await postedAt(query, '%');
  return posted.flatMap(({ timesheet, postedAt: at }) => {
    const sent = sentAt.get(timesheet);
    return sent === undefined ? [] : [at - sent];
  });
}
