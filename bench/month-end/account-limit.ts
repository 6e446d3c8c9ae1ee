import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { alone, beside, type Findings } from '../support/findings.ts';
import { asTable, rounded } from '../support/report.ts';
import { compareLines, expectedLines } from './compare.ts';
import { DEFAULT_CONCURRENCY, type CommonGround } from './ground.ts';
import { withOurLine, type OurLine } from './line.ts';
import { oneSheetEach, type MonthSheet } from './month.ts';
import { untilFinished } from './run.ts';
import { referenceOf, SYSTEM } from './work.ts';

const WORKERS = 3;
/** So slow that every slot has a request under way nearly always; a real account takes some 300 ms. */
const LATENCY_MS = 800;
/** What the account really takes in the second phase: another integration uses the rest. */
const LOWER = 8;
const WARM_UP = 40;
const SENT_AT_ONCE = 20;
const LOOK_EVERY_MS = 250;
const LIMIT_MS = 300_000;

interface Phase {
  readonly seconds: number;
  readonly most: number;
  readonly refused: number;
  /** When each was refused, milliseconds since 1970. */
  readonly refusals: readonly number[];
  /** The first of the phase. */
  readonly adaptation: Adaptation | undefined;
}

type Adaptation = z.infer<typeof adaptationSchema>;

const adaptationSchema = z.object({ at: z.number(), allowed: z.number() });

/**
 * Several worker processes on one store and one server, more to post than the account takes at once: first with the limit that is configured, then
 * with an account that takes fewer than that. Sent as single events, of which many are worked on at once; pages of a bulk are at most eight.
 */
export async function accountLimit(common: CommonGround, settings: { readonly timesheets: number; readonly firm: number; readonly latencyMs: number; readonly tell: (line: string) => void }): Promise<Findings> {
  const { timesheets, firm, latencyMs, tell } = settings;
  const month = await oneSheetEach(WARM_UP + 2 * timesheets, firm, 0);
  tell(`${WORKERS} worker processes, ${timesheets} timesheets at an account that takes ${DEFAULT_CONCURRENCY} requests at once, then ${timesheets} at one that takes ${LOWER}:`);
  const { configured, lower, finished, verdict } = await withOurLine(common, month, async ({ running, query }) => {
    let sentSoFar = 0;
    async function phase(sheets: readonly MonthSheet[], limit: number): Promise<Phase> {
      await common.erp.setLimits({ limit, latencyMs: LATENCY_MS });
      const watching = watch(common, query);
      const startedAt = performance.now();
      sentSoFar += sheets.length;
      await sendOneByOne(running, sheets);
      await untilFinished(running, sentSoFar, Date.now() + LIMIT_MS);
      const seconds = (performance.now() - startedAt) / 1000;
      const { peak, refused } = await common.erp.limits();
      return { seconds, most: peak, refused, ...(await watching.end()) };
    }

    const sheets = [...month.sheets];
    try {
      sentSoFar = WARM_UP;
      await running.send('warm-up', sheets.splice(0, WARM_UP));
      await untilFinished(running, WARM_UP, Date.now() + LIMIT_MS);
      const first = await phase(sheets.splice(0, timesheets), DEFAULT_CONCURRENCY);
      const second = await phase(sheets, LOWER);
      return { configured: first, lower: second, finished: await running.finished(), verdict: compareLines(expectedLines(month.sheets, await referenceOf(running.storeUrl), month.asOf), await common.erp.lines()) };
    } finally {
      await common.erp.setLimits({ limit: DEFAULT_CONCURRENCY, latencyMs });
    }
  }, WORKERS);
  const { adaptation } = lower;
  const after = adaptation === undefined ? lower.refused : lower.refusals.filter((at) => at > adaptation.at).length;
  const held = configured.refused === 0 && configured.most <= DEFAULT_CONCURRENCY && after === 0;
  const row = (name: string, { seconds, most, refused }: Phase, afterwards: number) => [name, `${rounded(seconds)} s`, String(most), String(refused - afterwards), String(afterwards)];
  return {
    measures: [
      beside('erp_most_at_once_over_all_workers', configured.most, 'requests', 'configured_limit', DEFAULT_CONCURRENCY),
      alone('erp_refused_at_the_configured_limit', configured.refused, 'requests'),
      beside('erp_most_at_once_at_a_lower_account', lower.most, 'requests', 'account_limit', LOWER),
      alone('erp_refused_until_the_first_adaptation', lower.refused - after, 'requests'),
      alone('erp_refused_after_the_first_adaptation', after, 'requests'),
    ],
    report: [
      '',
      `One limit over ${WORKERS} worker processes, ${LATENCY_MS} ms for each request to the ERP, ${DEFAULT_CONCURRENCY} at once configured, ${timesheets} single timesheets each:`,
      asTable([['', 'took', 'ERP: most at once', 'refused until the first adaptation', 'refused after it'], row(`the account takes ${DEFAULT_CONCURRENCY}`, configured, 0), row(`the account takes ${LOWER}`, lower, after)]),
      `${adaptation === undefined ? 'The limit was not lowered' : `From the first refusal on all workers together send at most ${adaptation.allowed} at once`}. ${finished} timesheets done; ${verdict.text}.`,
    ].join('\n'),
    failed: !verdict.exact || !held,
  };
}

async function sendOneByOne(running: OurLine['running'], sheets: readonly MonthSheet[]): Promise<void> {
  const { sendOne } = running;
  if (sendOne === undefined) throw new Error('this engine takes no single timesheets');
  const waiting = [...sheets];
  await Promise.all(Array.from({ length: SENT_AT_ONCE }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await sendOne(next);
  }));
}

/** The ERP keeps its last requests only, and the store the last adaptation, so both are asked again and again. */
function watch(common: CommonGround, query: OurLine['query']): { end(): Promise<Pick<Phase, 'refusals' | 'adaptation'>> } {
  const since = Date.now();
  const seen = new Map<number, number>();
  let adaptation: Adaptation | undefined;
  let over = false;
  async function look(): Promise<void> {
    const found = Map.groupBy((await common.erp.refusals()).filter((at) => at >= since), (at) => at);
    for (const [at, same] of found) seen.set(at, Math.max(seen.get(at) ?? 0, same.length));
    adaptation ??= (await query(adaptationSchema, `select extract(epoch from lowered_at)::float8 * 1000 as at, allowed from target_limit where target = $1 and lowered_at >= to_timestamp($2 / 1000.0)`, [SYSTEM, since]))[0];
  }
  const watching = (async () => {
    while (!over) {
      await look();
      await delay(LOOK_EVERY_MS);
    }
    await look();
  })();
  watching.catch(() => undefined);
  return {
    async end() {
      over = true;
      await watching;
      return { refusals: [...seen].flatMap(([at, times]) => Array.from({ length: times }, () => at)), adaptation };
    },
  };
}
