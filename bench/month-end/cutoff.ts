import { z } from 'zod';
import { shareInTime } from '../../domain/rules/cutoff/share-in-time.ts';
import { alone, beside, type Findings } from '../support/findings.ts';
import type { CommonGround } from './ground.ts';
import { withOurLine } from './line.ts';
import { timesheetsIn, wholeMonth } from './month.ts';
import { untilFinished } from './run.ts';

/** The day before US01's and AU02's payroll cutoff in the sample firm's calendar: their time goes first, that of the others can wait. */
const CLOCK = '2026-11-08T12:00:00.000Z';
const WARM_UP = 60;
const LIMIT_MS_PER_TIMESHEET = 500;

const recordSchema = z.object({ page: z.number(), priority: z.number(), arrival: z.number(), readyAt: z.number(), doneAt: z.number() });
type Worked = z.infer<typeof recordSchema>;

/**
 * The order in which a backlog is worked off near a payroll cutoff, against first in, first out at the same rate. The cutoff falls where as many
 * timesheets are done as are due, so that an order that puts one that is not due before one that is costs one that makes it.
 */
export async function cutoffOrder(common: CommonGround, consultants: number, tell: (line: string) => void): Promise<Findings> {
  const month = { ...(await wholeMonth(consultants)), asOf: CLOCK };
  const [warmUp, sheets] = [month.sheets.slice(0, WARM_UP), month.sheets.slice(WARM_UP)];
  tell(`a backlog of ${sheets.length} timesheets near the payroll cutoff of some of them:`);
  const records = await withOurLine(common, month, async ({ running, query }) => {
    await running.send('warm-up', warmUp);
    await untilFinished(running, timesheetsIn(warmUp), Date.now() + 120_000);
    await running.send('backlog', sheets);
    await untilFinished(running, timesheetsIn(month.sheets), Date.now() + 60_000 + sheets.length * LIMIT_MS_PER_TIMESHEET);
    return await query(
      recordSchema,
      `select p.page, p.priority, r.id::float8 as arrival, extract(epoch from p.ready_at)::float8 * 1000 as "readyAt", extract(epoch from coalesce((select max(done_at) from labor_posting l where l.record = r.id), r.decided_at))::float8 * 1000 as "doneAt"
       from time_batch b join time_record r on r.batch = b.id join time_page p on p.batch = r.batch and p.page = r.page where b.idempotency_key = 'backlog'`,
    );
  });
  const due = records.filter(({ priority }) => priority === 1).length;
  if (due === 0 || due === records.length) throw new Error(`${due} of ${records.length} timesheets were near their cutoff: with these there is no order to measure`);
  const share = (inOrder: readonly { readonly priority: number }[]) => inOrder.slice(0, due).filter(({ priority }) => priority === 1).length / due;
  const ours = share(records.toSorted((left, right) => left.doneAt - right.doneAt));
  const fifo = share(records.toSorted((left, right) => left.arrival - right.arrival));
  const best = bestShare(records, due);
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  return {
    measures: [beside('share_that_made_the_cutoff', ours, 'share', 'first_in_first_out', fifo), beside('share_that_made_the_cutoff', ours, 'share', 'best_possible_order', best), alone('timesheets_near_cutoff', due, 'timesheets')],
    report: ['', `Cutoff: of ${due} timesheets near their payroll cutoff among ${records.length}, ${percent(ours)} were posted by the time as many were done as were due; first in, first out at the same rate would have made ${percent(fifo)}, the best possible order ${percent(best)}.`].join('\n'),
    failed: false,
  };
}

/** What the best order of these pages can have in time at the rate they were worked off with, from when each was ready (domain/rules/cutoff). */
function bestShare(records: readonly Worked[], due: number): number {
  const begin = Math.min(...records.map(({ readyAt }) => readyAt));
  const rate = records.length / ((Math.max(...records.map(({ doneAt }) => doneAt)) - begin) / 1000);
  const never = records.length / rate + 1;
  const pages = [...Map.groupBy(records, ({ page }) => page).values()].flatMap((page) => {
    const [first] = page;
    return first === undefined ? [] : [{ arrivesAt: (first.readyAt - begin) / 1000, cutoffAt: first.priority === 1 ? due / rate : never, records: page.length }];
  });
  return (shareInTime('cutoff', pages, rate) * records.length - (records.length - due)) / due;
}
