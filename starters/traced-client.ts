import type { ClientInterceptors } from '@temporalio/client';
import type { TraceExport } from '../connectors/http/trace-export.ts';

/** What tells processes which trace they are started in; nothing, and nothing loaded, where no traces are exported. */
export async function clientInterceptors(traces: TraceExport | null): Promise<ClientInterceptors> {
  if (traces === null) return {};
  const { OpenTelemetryWorkflowClientInterceptor } = await import('@temporalio/interceptors-opentelemetry');
  return { workflow: [new OpenTelemetryWorkflowClientInterceptor()] };
}
