import type { Endpoints } from '../../connectors/addresses.ts';

/** The page of a workflow in the Temporal UI. */
export function uiLink(endpoints: Endpoints, workflowId: string): string {
  const base = endpoints.ui?.url ?? 'http://127.0.0.1:8233';
  return `${base}/namespaces/${endpoints.temporal?.namespace ?? 'default'}/workflows/${encodeURIComponent(workflowId)}`;
}
