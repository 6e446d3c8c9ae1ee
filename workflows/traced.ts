import { ContinueAsNew, defaultPayloadConverter, proxySinks, workflowInfo, type Headers, type Next, type Sinks, type WorkflowExecuteInput, type WorkflowInboundCallsInterceptor, type WorkflowInterceptors } from '@temporalio/workflow';

/** A run as a span, in plain values: it leaves the workflow's isolate. */
export interface WorkflowSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly traceFlags: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly failed: boolean;
}

type Trace = Pick<WorkflowSpan, 'traceId' | 'parentSpanId' | 'traceFlags'>;

export interface TraceSinks extends Sinks {
  readonly trace: { readonly ended: (span: WorkflowSpan) => void };
}

/** Where all of Temporal's SDKs and their interceptors for OpenTelemetry keep the trace. */
const HEADER = '_tracer-data';

/**
 * Carries a trace through a workflow: the run becomes a span, and what the run starts is told that it belongs to it. Only bundled where traces are exported.
 *
 * The SDK's own interceptor awaits around each call and draws span IDs from the workflow's random numbers, either of which can change what a run does:
 * a run that began without it might not replay with it. Here nothing is awaited and nothing drawn (the span's ID is part of the run's), so that
 * histories replay with and without, and exporting may be switched on and off while processes run.
 */
export const interceptors = (): WorkflowInterceptors => {
  const run = spanOfRun();
  let trace: Trace = { traceId: run.traceId, parentSpanId: null, traceFlags: 1 };

  const execute = (input: WorkflowExecuteInput, next: Next<WorkflowInboundCallsInterceptor, 'execute'>): Promise<unknown> => {
    trace = parentIn(input.headers) ?? trace;
    const running = next(input);
    const ended = (failed: boolean) => {
      proxySinks<TraceSinks>().trace.ended({ ...trace, spanId: run.spanId, startedAt: workflowInfo().runStartTime.getTime(), endedAt: Date.now(), failed });
    };
    running.then(
      () => ended(false),
      (error: unknown) => ended(!(error instanceof ContinueAsNew)),
    );
    return running;
  };

  const carried = <Input extends { readonly headers: Headers }>(input: Input): Input => ({
    ...input,
    headers: { ...input.headers, [HEADER]: defaultPayloadConverter.toPayload({ traceparent: `00-${trace.traceId}-${run.spanId}-0${trace.traceFlags}` }) },
  });

  return {
    inbound: [{ execute }],
    outbound: [
      {
        scheduleActivity: (input, next) => next(carried(input)),
        scheduleLocalActivity: (input, next) => next(carried(input)),
        startChildWorkflowExecution: (input, next) => next(carried(input)),
        signalWorkflow: (input, next) => next(carried(input)),
        continueAsNew: (input, next) => next(carried(input)),
      },
    ],
  };
};

/** A run ID is a UUID: 32 digits, as a trace's ID, whose last 16 are as random as a span's. */
function spanOfRun(): { readonly traceId: string; readonly spanId: string } {
  const digits = workflowInfo().runId.replaceAll('-', '');
  return { traceId: digits, spanId: digits.slice(16) };
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; null where the run was started without a trace, or with one that another client wrote in its own way. */
export function parentIn(headers: Headers): Trace | null {
  const [, traceId, parentSpanId, flags] = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})/.exec(traceparentIn(headers)) ?? [];
  if (traceId === undefined || parentSpanId === undefined || flags === undefined) return null;
  return { traceId, parentSpanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}

/** Empty where there is none. A payload that cannot be read must not fail the workflow's task: it would fail again for ever. */
function traceparentIn(headers: Headers): string {
  const payload = headers[HEADER];
  if (payload === undefined) return '';
  try {
    const carrier = defaultPayloadConverter.fromPayload<{ readonly traceparent?: unknown } | null>(payload);
    return typeof carrier?.traceparent === 'string' ? carrier.traceparent : '';
  } catch {
    return '';
  }
}
