import { setTimeout as delay } from 'node:timers/promises';
import { asTable, rounded } from '../support/report.ts';
import { percentile } from '../support/statistics.ts';
import { alone, beside, type Findings } from '../support/findings.ts';
import type { CommonGround } from './ground.ts';
import { postedAt, withOurLine } from './line.ts';
import { distinctSheets, wholeMonth, type MonthSheet } from './month.ts';
import { sendUntilTaken, untilFinished } from './run.ts';

const FLOODING = 'US01';
const TIMES = 50;
/** Each legal entity sends so many timesheets at once, so often. */
const NORMAL_BATCH = 4;
const EVERY_SECONDS = 2;
const WARM_UP_EACH = 5;
const LIMIT_MS_PER_TIMESHEET = 500;

interface Phase {
  readonly p50: number;
  readonly p99: number;
  readonly samples: number;
  readonly refused: number;
  readonly most: number;
}

/**
 * Every legal entity sends at its normal rate; then one sends fifty times as much while the others go on. What the others wait, from receipt to their
 * last line in the ERP, before and during the flood.
 */
export async function fairness(common: CommonGround, settings: { readonly consultants: number; readonly seconds: number; readonly tell: (line: string) => void }): Promise<Findings> {
  const { consultants, seconds, tell } = settings;
  const month = await wholeMonth(consultants);
  const rounds = Math.ceil(seconds / EVERY_SECONDS);
  const enough = ([, sheets]: readonly [string, readonly MonthSheet[]]) => sheets.length >= WARM_UP_EACH + 2 * rounds * NORMAL_BATCH;
  const stock = new Map([...Map.groupBy(distinctSheets(month.sheets), ({ legalEntity }) => legalEntity)].filter(enough));
  const warmUp = [...stock.values()].flatMap((sheets) => sheets.splice(0, WARM_UP_EACH));
  let sentSoFar = 0;
  tell(`${stock.size} legal entities with ${NORMAL_BATCH} timesheets every ${EVERY_SECONDS} s each for ${seconds} s, then ${FLOODING} with ${NORMAL_BATCH * TIMES}:`);

  const { baseline, flood, flooded } = await withOurLine(common, month, async ({ running, query }) => {
    async function phase(name: string, batchOf: (legalEntity: string) => number): Promise<Phase> {
      await common.erp.forgetLimits();
      const sending: Promise<void>[] = [];
      const startedAt = performance.now();
      for (let round = 0; round < rounds; round += 1) {
        for (const [entity, sheets] of stock) {
          const batch: MonthSheet[] = sheets.splice(0, batchOf(entity));
          if (batch.length === 0) continue;
          sentSoFar += batch.length;
          const sent = sendUntilTaken(running, `${name}-${entity}-${round}`, batch, Date.now() + 60_000);
          sent.catch(() => undefined);
          sending.push(sent);
        }
        await delay(Math.max(0, startedAt + (round + 1) * EVERY_SECONDS * 1000 - performance.now()));
      }
      await Promise.all(sending);
      await untilFinished(running, sentSoFar, Date.now() + 60_000 + sentSoFar * LIMIT_MS_PER_TIMESHEET);
      const waits = (await postedAt(query, `${name}-%`)).filter(({ legalEntity }) => legalEntity !== FLOODING).map((one) => one.postedAt - one.receivedAt);
      const { refused, peak } = await common.erp.limits();
      return { p50: percentile(waits, 0.5), p99: percentile(waits, 0.99), samples: waits.length, refused, most: peak };
    }

    sentSoFar = warmUp.length;
    await running.send('warm-up', warmUp);
    await untilFinished(running, sentSoFar, Date.now() + 120_000);
    const before = await phase('baseline', () => NORMAL_BATCH);
    const during = await phase('flood', (entity) => (entity === FLOODING ? NORMAL_BATCH * TIMES : NORMAL_BATCH));
    return { baseline: before, flood: during, flooded: (await postedAt(query, `flood-${FLOODING}-%`)).length };
  });
  const row = (name: string, { p50, p99, samples, refused, most }: Phase) => [name, String(samples), `${rounded(p50)} ms`, `${rounded(p99)} ms`, String(most), String(refused)];
  return {
    measures: [
      beside('others_p99_ms_in_flood', flood.p99, 'ms', 'baseline', baseline.p99),
      beside('others_p50_ms_in_flood', flood.p50, 'ms', 'baseline', baseline.p50),
      alone('erp_refused_in_flood', flood.refused, 'requests'),
      alone('erp_most_at_once_in_flood', flood.most, 'requests'),
    ],
    report: [
      '',
      `Fairness: what the other legal entities wait, from receipt to their last line in the ERP, while ${FLOODING} sends ${TIMES} times its normal rate (${flooded} of its timesheets had lines to post):`,
      asTable([['', 'timesheets', 'p50', 'p99', 'ERP: most at once', 'refused'], row('baseline', baseline), row('flood', flood), ['ratio', '', (flood.p50 / baseline.p50).toFixed(2), (flood.p99 / baseline.p99).toFixed(2), '', '']]),
    ].join('\n'),
    failed: false,
  };
}
