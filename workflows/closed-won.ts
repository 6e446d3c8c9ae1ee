import { setWorkflowOptions } from '@temporalio/workflow';
import { onDeployment } from './versioning.ts';
import type { DealOutcome, DealProcessInput } from '../domain/process/deal-process.ts';
import { runDealProcess } from './deal-process.ts';

/** A closed-won deal becomes activated projects in every system that needs them. ID: `closed-won/<crm>/<opportunity>`. */
export async function closedWon(input: DealProcessInput): Promise<DealOutcome> {
  return await runDealProcess(input);
}

// It may wait for people across deployments: changes go in by patches, guarded by replayed histories.
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), closedWon);
