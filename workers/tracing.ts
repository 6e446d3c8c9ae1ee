import { context, SpanKind, SpanStatusCode, trace, type HrTime } from '@opentelemetry/api';
import { hrTimeDuration, millisToHrTime } from '@opentelemetry/core';
import { OpenTelemetryActivityInboundInterceptor } from '@temporalio/interceptors-opentelemetry';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { TraceExport } from '../connectors/http/trace-export.ts';
import { systemOfQueue } from '../domain/process/task-queues.ts';
import type { TraceSinks } from '../workflows/traced.ts';

export interface WorkerTracing {
  readonly activity: readonly ActivityInterceptorsFactory[];
  readonly sinks: InjectedSinks<TraceSinks>;
}

export function workerTracing(traces: TraceExport): WorkerTracing {
  return { activity: [tracedActivity], sinks: workflowSpans(traces) };
}

/** A span for each attempt of an activity, below the workflow's run that asked for it. */
const tracedActivity: ActivityInterceptorsFactory = (activity) => {
  const { info } = activity;
  const system = systemOfQueue(info.taskQueue);
  const attributes = { 'q2c.object': info.workflowExecution?.workflowId ?? info.activityId, 'q2c.attempt': info.attempt, ...(system === null ? {} : { 'q2c.system': system }) };
  const spanned = new OpenTelemetryActivityInboundInterceptor(activity);
  return {
    inbound: {
      execute: (input, next) =>
        spanned.execute(input, (given) => {
          trace.getSpan(context.active())?.setAttributes(attributes);
          return next(given);
        }),
    },
  };
};

/** Takes the spans of workflows out of their isolates. A run that is replayed tells of none. */
function workflowSpans({ processor, resource }: TraceExport): InjectedSinks<TraceSinks> {
  return {
    trace: {
      ended: {
        fn(info, span) {
          const [startTime, endTime]: [HrTime, HrTime] = [millisToHrTime(span.startedAt), millisToHrTime(span.endedAt)];
          processor.onEnd({
            name: `RunWorkflow:${info.workflowType}`,
            kind: SpanKind.INTERNAL,
            spanContext: () => ({ traceId: span.traceId, spanId: span.spanId, traceFlags: span.traceFlags }),
            ...(span.parentSpanId === null ? {} : { parentSpanId: span.parentSpanId }),
            startTime,
            endTime,
            duration: hrTimeDuration(startTime, endTime),
            ended: true,
            status: { code: span.failed ? SpanStatusCode.ERROR : SpanStatusCode.OK },
            attributes: { 'q2c.object': info.workflowId, temporalWorkflowId: info.workflowId, run_id: info.runId },
            links: [],
            events: [],
            resource,
            instrumentationLibrary: { name: 'q2c' },
            droppedAttributesCount: 0,
            droppedEventsCount: 0,
            droppedLinksCount: 0,
          });
        },
      },
    },
  };
}
