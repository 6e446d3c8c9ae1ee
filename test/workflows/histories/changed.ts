import { sleep } from '@temporalio/workflow';
import type { DealOutcome, DealProcessInput } from '../../../domain/process/deal-process.ts';
import { runDealProcess } from '../../../workflows/deal-process.ts';

export { changeOrder } from '../../../workflows/change-order.ts';
export { exceptionCase } from '../../../workflows/exception-case.ts';

/** As a careless change would have it: it waits before it begins, which no recorded run did. */
export async function closedWon(input: DealProcessInput): Promise<DealOutcome> {
  await sleep('1 second');
  return await runDealProcess(input);
}
