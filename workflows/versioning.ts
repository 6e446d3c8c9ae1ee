import { workflowInfo } from '@temporalio/workflow';
import type { WorkflowDefinitionOptions } from '@temporalio/common';

/**
 * Declares what a deployment of a new build does to a running workflow. The server refuses the declaration from a worker that is not
 * versioned (tried with 1.29.1), so it is made where deployments are switched on (Q2C_BUILD_ID) and left out on the local server.
 */
export function onDeployment(versioningBehavior: 'PINNED' | 'AUTO_UPGRADE'): () => WorkflowDefinitionOptions {
  return () => ((workflowInfo().currentDeploymentVersion?.deploymentName ?? '') === '' ? {} : { versioningBehavior });
}
