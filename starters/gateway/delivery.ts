import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayDeps, GatewayLimits, Receipt } from './deps.ts';
import type { Answer, Delivery, EventSource, Opened } from './intake.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Finding, Refusal } from './problem.ts';

export type Handled = { readonly outcome: 'answered'; readonly answer: Answer } | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** What the sender called, rebuilt from the configured public address or the Host header. */
export function toDelivery(request: FastifyRequest, deps: GatewayDeps, limits: GatewayLimits): Delivery {
  const base = deps.publicUrl?.replace(/\/+$/, '') ?? `${request.protocol}://${request.headers.host ?? ''}`;
  const target = request.raw.url ?? request.url;
  const at = target.indexOf('?');
  return {
    method: request.method,
    uri: `${base}${target}`,
    query: Object.fromEntries(new URLSearchParams(at < 0 ? '' : target.slice(at + 1))),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value])),
    rawBody: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
    now: deps.now(),
    limits,
  };
}

/** Proves the sender, makes every event durable, and only then acknowledges. */
export async function handleDelivery(source: EventSource, delivery: Delivery, deps: GatewayDeps, metrics: GatewayMetrics): Promise<Handled> {
  const opened = await source.open(delivery);
  if (opened.outcome === 'refused') return opened;
  const kept = await keep(opened, deps, delivery.limits.storeTimeoutMs);
  if ('error' in kept) {
    deps.log.error({ err: kept.error, system: source.system, events: opened.events.length + opened.quarantine.length }, 'the inbox could not keep a delivery');
    return { outcome: 'refused', refusal: STORE_DOWN };
  }
  const { receipts, quarantined } = kept;
  for (const status of ['accepted', 'duplicate', 'conflict'] as const) {
    metrics.events(source.system, status, receipts.filter((receipt) => receipt.status === status).length);
  }
  metrics.events(source.system, 'quarantined', quarantined.length);
  metrics.events(source.system, 'ignored', opened.irrelevant);
  const conflicts = [
    ...opened.events.filter((_, index) => receipts[index]?.status === 'conflict'),
    ...opened.quarantine.filter((_, index) => quarantined[index]?.status === 'conflict'),
  ];
  if (conflicts.length > 0) return { outcome: 'refused', refusal: conflictRefusal(source, conflicts.map((event) => event.eventId)) };
  if (quarantined.length > 0) return { outcome: 'refused', refusal: schemaRefusal(source, opened, quarantined.map((receipt) => receipt.id)) };
  return { outcome: 'answered', answer: source.acknowledge(opened, receipts) };
}

export const STORE_DOWN: Refusal = {
  reason: 'store_unavailable',
  detail: 'the inbox could not make the event durable, so it was not accepted',
  mend: 'Send the same event again after the time in Retry-After; an event that was kept after all is recognised as a duplicate.',
  retryAfterSeconds: 30,
};

async function keep(opened: Opened, deps: GatewayDeps, timeoutMs: number): Promise<{ receipts: readonly Receipt[]; quarantined: readonly Receipt[] } | { error: unknown }> {
  try {
    return await within(timeoutMs, async () => {
      const receipts = opened.events.length === 0 ? [] : await deps.inbox.receive(opened.events);
      const quarantined: Receipt[] = [];
      for (const event of opened.quarantine) quarantined.push(await deps.inbox.quarantine(event));
      return { receipts, quarantined };
    });
  } catch (error) {
    return { error };
  }
}

/** @throws Error when the work takes longer than the time given, in milliseconds. */
export async function within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`the store did not answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}

function schemaRefusal(source: EventSource, opened: Opened, rows: readonly number[]): Refusal {
  const errors: Finding[] = opened.quarantine.flatMap((event) => event.findings).slice(0, 50);
  const others = opened.events.length === 0 ? '' : ` The other ${opened.events.length} of this delivery are in the inbox.`;
  return {
    reason: 'schema',
    detail: `${rows.length} signed event(s) from ${source.system} do not follow the schema and are kept in quarantine (inbox ${rows.join(', ')}); no process was started by them.${others}`,
    mend: 'Mend each error and send the event under a new event ID, or mend our schema or mapping and replay it with "q2c replay <inbox number>".',
    errors,
  };
}

function conflictRefusal(source: EventSource, eventIds: readonly string[]): Refusal {
  return {
    reason: 'conflict',
    detail: `${source.system} sent ${eventIds.join(', ')} before with another body: the first one stands, this one is kept as evidence and starts nothing`,
    mend: 'Send a changed event under a new event ID; send a repeated one unchanged.',
  };
}

export function sendRefusal(reply: FastifyReply, answer: { status: number; body: string; contentType: string }, refusal: Refusal): FastifyReply {
  if (refusal.retryAfterSeconds !== undefined) reply.header('retry-after', String(refusal.retryAfterSeconds));
  if (answer.status === 401) reply.header('www-authenticate', 'Signature realm="q2c"');
  return reply.code(answer.status).type(answer.contentType).send(answer.body);
}
