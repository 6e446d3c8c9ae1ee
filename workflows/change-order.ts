import { setWorkflowOptions } from '@temporalio/workflow';
import { onDeployment } from './versioning.ts';
import type { DealOutcome, DealProcessInput } from '../domain/process/deal-process.ts';
import { runDealProcess } from './deal-process.ts';

/** An amended deal's projects are brought up to date; aborted, they are put back as they were. ID: `change-order/<crm>/<opportunity>`. */
export async function changeOrder(input: DealProcessInput): Promise<DealOutcome> {
  return await runDealProcess(input);
}

// It may wait for people across deployments: changes go in by patches, guarded by replayed histories.
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), changeOrder);
