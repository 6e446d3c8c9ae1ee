import type { RecordStore } from './records.ts';
import { postText } from './post-text.ts';

/** One event on its way to whoever subscribed. It is kept until it is accepted or its policy gives up. */
export interface WebhookDelivery {
  readonly id: string;
  /** Name of a policy registered with `deliveryPolicy`. */
  readonly policy: string;
  /** The event alone, in the policy's own text form; `assemble` makes a request of one or more of them. */
  readonly body: string;
  /** Where to; without it the address that `PUT /__admin/webhooks` set. */
  readonly url?: string;
}

export interface DeliveryPolicy {
  /** How many waiting events one request may carry. */
  readonly maxBatch: number;
  /** How long an event waits for company, in milliseconds. */
  readonly windowMs: number;
  readonly firstRetryMs: number;
  readonly maxRetryMs: number;
  readonly giveUpAfterMs: number;
  /** The first attempt and all its retries. */
  readonly maxAttempts: number;
  /** Builds, and signs, one attempt. `attempt` counts from 0. */
  assemble(
    bodies: readonly string[],
    attempt: number,
    at: Date,
    url: string,
  ): { url?: string; headers: Record<string, string>; body: string };
  accepted(status: number, body: string): boolean;
}

export interface DeliveryRecord {
  readonly id: string;
  readonly policy: string;
  readonly body: string;
  readonly url?: string;
  readonly attempt: number;
  readonly dueAt: number;
  readonly firstAt: number;
}

export interface DeliveryReport {
  readonly ids: readonly string[];
  readonly at: string;
  readonly attempt: number;
  readonly status: number;
  readonly outcome: 'accepted' | 'will be retried' | 'given up';
  readonly detail?: string;
}

export interface DeliveryQueue {
  policy(name: string, policy: DeliveryPolicy): void;
  deliver(delivery: WebhookDelivery): void;
  waiting(): DeliveryRecord[];
  reports(): DeliveryReport[];
  start(): void;
  close(): void;
}

const CONCURRENT_REQUESTS = 8;
const KEPT_REPORTS = 500;

/** A durable queue over the record store: what was not accepted before the process died is sent after it starts again. */
export function deliveryQueue(records: RecordStore, webhookUrl: () => string | undefined, now: () => Date): DeliveryQueue {
  const queue = records.collection<DeliveryRecord>('__deliveries');
  const policies = new Map<string, DeliveryPolicy>();
  const inFlight = new Set<string>();
  const reports: DeliveryReport[] = [];
  let requests = 0;
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let closed = false;

  function wakeAt(due: number): void {
    if (closed || due >= timerAt) return;
    clearTimeout(timer);
    timerAt = due;
    timer = setTimeout(pump, Math.max(0, due - now().getTime()));
  }

  function pump(): void {
    timerAt = Number.POSITIVE_INFINITY;
    const at = now().getTime();
    const batches = new Map<string, DeliveryRecord[]>();
    let next = Number.POSITIVE_INFINITY;
    for (const record of queue.all()) {
      if (inFlight.has(record.id)) continue;
      if (record.dueAt > at) {
        next = Math.min(next, record.dueAt);
        continue;
      }
      const key = `${record.policy} ${record.attempt} ${record.url ?? ''}`;
      const batch = batches.get(key);
      if (batch === undefined) batches.set(key, [record]);
      else batch.push(record);
    }
    for (const batch of batches.values()) send(batch);
    if (next !== Number.POSITIVE_INFINITY) wakeAt(next);
  }

  function send(due: readonly DeliveryRecord[]): void {
    const first = due[0];
    const policy = first === undefined ? undefined : policies.get(first.policy);
    const url = first?.url ?? webhookUrl();
    if (first === undefined || policy === undefined || url === undefined) return;
    for (let start = 0; start < due.length && requests < CONCURRENT_REQUESTS; start += policy.maxBatch) {
      void attempt(policy, due.slice(start, start + policy.maxBatch), url);
    }
  }

  async function attempt(policy: DeliveryPolicy, batch: readonly DeliveryRecord[], url: string): Promise<void> {
    const at = now();
    const number = batch[0]?.attempt ?? 0;
    for (const record of batch) inFlight.add(record.id);
    requests += 1;
    const answer = await exchange(policy, batch, number, at, url);
    requests -= 1;
    for (const record of batch) inFlight.delete(record.id);
    if (closed) return;
    const outcomes = records.transaction(() => batch.map((record) => settle(policy, record, answer.accepted)));
    reports.push({
      ids: batch.map((record) => record.id),
      at: at.toISOString(),
      attempt: number,
      status: answer.status,
      outcome: outcomes[0] ?? 'given up',
      ...(answer.detail === undefined ? {} : { detail: answer.detail }),
    });
    if (reports.length > KEPT_REPORTS) reports.shift();
    wakeAt(now().getTime());
  }

  async function exchange(policy: DeliveryPolicy, batch: readonly DeliveryRecord[], number: number, at: Date, url: string) {
    try {
      const request = policy.assemble(
        batch.map((record) => record.body),
        number,
        at,
        url,
      );
      const answer = await postText(request.url ?? url, request.headers, request.body);
      return { status: answer.status, accepted: policy.accepted(answer.status, answer.body), detail: undefined };
    } catch (error) {
      return { status: 0, accepted: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }

  function settle(policy: DeliveryPolicy, record: DeliveryRecord, accepted: boolean): DeliveryReport['outcome'] {
    if (queue.get(record.id) === undefined) return 'given up';
    const at = now().getTime();
    const attempts = record.attempt + 1;
    if (accepted || attempts >= policy.maxAttempts || at - record.firstAt > policy.giveUpAfterMs) {
      queue.delete(record.id);
      return accepted ? 'accepted' : 'given up';
    }
    const wait = Math.min(policy.firstRetryMs * 2 ** record.attempt, policy.maxRetryMs);
    queue.put(record.id, { ...record, attempt: attempts, dueAt: at + wait });
    return 'will be retried';
  }

  return {
    policy: (name, policy) => void policies.set(name, policy),
    deliver(delivery) {
      const policy = policies.get(delivery.policy);
      if (policy === undefined) throw new Error(`no delivery policy is named ${delivery.policy}; register it first`);
      if (delivery.url === undefined && webhookUrl() === undefined) return;
      const at = now().getTime();
      queue.put(delivery.id, { ...delivery, attempt: 0, firstAt: at, dueAt: at + policy.windowMs });
      wakeAt(at + policy.windowMs);
    },
    waiting: () => queue.all(),
    reports: () => [...reports],
    start: () => wakeAt(now().getTime()),
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
