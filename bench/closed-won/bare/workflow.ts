import { proxyActivities } from '@temporalio/workflow';
import type * as activities from './activities.ts';

const { step } = proxyActivities<typeof activities>({ startToCloseTimeout: '1 minute' });

/** As many steps as asked for, each awaited before the next, as plain code would have it. */
export async function bare(steps: number): Promise<number> {
  let last = 0;
  for (let number = 1; number <= steps; number += 1) last = (await step({ number })).done;
  return last;
}
