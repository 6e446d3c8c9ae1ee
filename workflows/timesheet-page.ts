import { setWorkflowOptions } from '@temporalio/workflow';
import type { TimesheetPageInput, TimesheetPageOutcome } from '../domain/process/time-process.ts';
import { handOver } from './hand-over.ts';
import { createTimeSteps } from './time-steps.ts';
import { onDeployment } from './versioning.ts';

/**
 * A page of received timesheets of one legal entity, up to the postings of all that is right in it. The records stay in the store; what is
 * refused gets a process and an exception case of its own, and the others go on. ID: `timesheets/<batch>/<page>`.
 */
export async function timesheetPage(input: TimesheetPageInput): Promise<TimesheetPageOutcome> {
  const { batch, page, legalEntity, priority } = input;
  const selection = { batch, page };
  const steps = createTimeSteps({ subject: `page ${page} of batch ${batch}`, legalEntity, selection, priority });
  const decision = await steps.decide(false);
  // The cases are there before the postings, so that nobody waits for a slow ERP to learn what is wrong.
  await handOver(decision, { open: true, priority });
  const refused = await steps.carryOut(decision);
  const { records, entries, accepted, repeats, rejected, held, withdrawn } = decision;
  await steps.seeTo(refused);
  const outcome: TimesheetPageOutcome = { records, entries, accepted, repeats, rejected, held, withdrawn, posted: steps.postedLines(), handedOver: decision.open.length };
  await steps.store.finishPage({ selection, summary: { ...outcome } });
  steps.enter('done');
  return outcome;
}

// It may wait for people or a system across deployments: changes go in by patches, guarded by replayed histories.
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), timesheetPage);
