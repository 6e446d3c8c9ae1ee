/**
 * Asynchronous requests: `Prefer: respond-async`, jobs, tasks, batches and the idempotency key.
 * https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_161251386312.html
 * Batches: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0127092747.html (100 records at most; the media type of a collection)
 * Sending: subsect_161278579295.html · polling: subsect_161252896355.html · idempotency key: subsect_164494900632.html
 * The answer to a key that is no UUID, and that of a result asked for too early, are (unverified).
 */
import { z } from 'zod';
import type { RecordStore } from '../kit/sandbox.ts';
import { isObject, wireInstant } from './body.ts';
import { nonexistent, Refusal } from './errors.ts';
import { perform, type Answer, type Operation, type ServiceContext } from './operations.ts';

export const JOB_PATH = '/services/rest/async/v1/job';
const MAX_BATCH = 100;

interface Job {
  readonly id: string;
  readonly idempotencyKey?: string;
  readonly progress: 'pending' | 'succeeded' | 'failed';
  readonly startTime: string;
  readonly endTime?: string;
  /** What is to be done, until it is. */
  readonly operation?: Operation;
  readonly size: number;
  /** Of the tasks that were worked on, in the order of the records; a job that broke off has fewer than tasks. */
  readonly answers: readonly Answer[];
}

export interface Jobs {
  submit(operation: Operation, idempotencyKey: string | undefined): Answer;
  job(id: string): object;
  tasks(id: string): object;
  task(id: string, task: string): object;
  result(id: string, task: string): Answer;
  close(): void;
}

export interface AsyncSettings {
  /** A job waits this long before it is worked on, in milliseconds. */
  readonly asyncDelayMs: number;
  /** And is worked on for so long for each of its records. */
  readonly asyncRecordMs: number;
  /** Jobs worked on at the same time. */
  readonly asyncProcessors: number;
}

/** Modes in which jobs go wrong: `async-partial` breaks off after half of the records, `async-stuck` leaves jobs pending until the mode changes. */
export const ASYNC_MODES = ['async-partial', 'async-stuck'] as const;

export function asyncJobs(records: RecordStore, context: () => ServiceContext, now: () => Date, mode: () => string, settings: AsyncSettings): Jobs {
  const jobs = records.collection<Job>('asyncJob');
  const byKey = jobs.indexBy((job) => job.idempotencyKey);
  const timers = new Set<NodeJS.Timeout>();
  const queue: string[] = [];
  let running = 0;

  function schedule(id: string): void {
    queue.push(id);
    startNext();
  }

  function startNext(): void {
    const id = running < settings.asyncProcessors ? queue.shift() : undefined;
    if (id === undefined) return;
    running += 1;
    const wait = settings.asyncDelayMs + settings.asyncRecordMs * (jobs.get(id)?.size ?? 0);
    const timer = setTimeout(() => {
      timers.delete(timer);
      running -= 1;
      if (mode() === 'async-stuck') queue.push(id);
      else work(id);
      startNext();
    }, wait);
    timers.add(timer);
  }

  function work(id: string): void {
    const job = jobs.get(id);
    if (job?.operation === undefined) return;
    const operations = split(job.operation);
    const reached = mode() === 'async-partial' ? operations.slice(0, Math.floor(operations.length / 2)) : operations;
    records.transaction(() => {
      const answers = reached.map((each) => perform(context(), each));
      const failed = answers.length < operations.length || answers.some((answer) => answer.status >= 400);
      const { operation: _, ...rest } = job;
      jobs.put(id, { ...rest, answers, progress: failed ? 'failed' : 'succeeded', endTime: wireInstant(now()) });
    });
  }

  function find(id: string): Job {
    return jobs.get(id) ?? absent(`${JOB_PATH}/${id}`);
  }
  function findTask(id: string, taskId: string): { job: Job; answer: Answer | undefined } {
    const job = find(id);
    if (!/^[1-9]\d*$/.test(taskId) || Number(taskId) > job.size) return absent(`${JOB_PATH}/${id}/task/${taskId}`);
    return { job, answer: job.answers[Number(taskId) - 1] };
  }
  const link = (rel: string, path: string): object => ({ rel, href: `${context().base}${path}` });

  for (const job of jobs.filter((each) => each.progress === 'pending')) schedule(job.id);

  return {
    submit(operation, idempotencyKey) {
      if (idempotencyKey !== undefined) {
        checkKey(idempotencyKey);
        const earlier = byKey(idempotencyKey)[0];
        if (earlier !== undefined) throw duplicate(earlier.id);
      }
      const id = String(records.nextId('asyncJob'));
      jobs.put(id, { id, progress: 'pending', startTime: wireInstant(now()), operation, size: split(operation).length, answers: [], ...(idempotencyKey === undefined ? {} : { idempotencyKey }) });
      schedule(id);
      return { status: 202, headers: { 'Preference-Applied': 'respond-async', Location: `${context().base}${JOB_PATH}/${id}` } };
    },
    job(id) {
      const job = find(id);
      return {
        links: [link('self', `${JOB_PATH}/${id}`)],
        completed: job.progress !== 'pending',
        id,
        progress: job.progress,
        task: { links: [link('self', `${JOB_PATH}/${id}/task`)] },
      };
    },
    tasks(id) {
      const items = Array.from({ length: find(id).size }, (_, index) => ({ links: [link('self', `${JOB_PATH}/${id}/task/${index + 1}`)], id: String(index + 1) }));
      return { links: [link('self', `${JOB_PATH}/${id}/task`)], count: items.length, hasMore: false, items, offset: 0, totalResults: items.length };
    },
    task(id, taskId) {
      const { job, answer } = findTask(id, taskId);
      const path = `${JOB_PATH}/${id}/task/${taskId}`;
      const pending = job.progress === 'pending';
      return {
        links: [link('related', `${path}/result`), link('self', path)],
        completed: !pending,
        id: taskId,
        progress: pending ? 'pending' : answer !== undefined && answer.status < 400 ? 'succeeded' : 'failed',
        startTime: job.startTime,
        ...(job.endTime === undefined ? {} : { endTime: job.endTime }),
      };
    },
    result: (id, taskId) => findTask(id, taskId).answer ?? absent(`${JOB_PATH}/${id}/task/${taskId}/result`),
    close() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** A batch on a collection becomes one task for each of its records; that they are in the order of the batch is (unverified). */
function split(operation: Operation): Operation[] {
  if (operation.batch !== true) return [operation];
  const items = isObject(operation.body) ? operation.body['items'] : undefined;
  if (operation.key !== undefined || operation.method === 'GET' || operation.method === 'DELETE' || !Array.isArray(items)) {
    throw new Refusal(400, [{ detail: 'A batch needs POST, PATCH or PUT on a record type, with a body of items.', 'o:errorCode': 'INVALID_CONTENT', 'o:errorPath': 'items' }]);
  }
  if (items.length > MAX_BATCH) throw new Refusal(400, [{ detail: `A batch may have ${MAX_BATCH} records at most.`, 'o:errorCode': 'INVALID_CONTENT', 'o:errorPath': 'items' }]);
  return items.map((item: unknown) => {
    const { batch: _, ...one } = operation;
    const { id, externalId } = isObject(item) ? item : {};
    const key = typeof id === 'string' ? id : typeof externalId === 'string' ? `eid:${externalId}` : undefined;
    return { ...one, body: item, ...(operation.method === 'POST' || key === undefined ? {} : { key }) };
  });
}

function checkKey(key: string): void {
  if (z.uuid().safeParse(key).success) return;
  throw new Refusal(400, [{ detail: 'The idempotency key must be a UUID.', 'o:errorCode': 'INVALID_HEADER', 'o:errorHeader': 'X-NetSuite-Idempotency-Key' }]);
}

function duplicate(jobId: string): Refusal {
  const detail = 'A request with the same idempotency key is already submitted. See the "Location" header for a link to the previously submitted job';
  const headers = { 'Preference-Applied': 'respond-async', Location: `${JOB_PATH}/${jobId}` };
  return new Refusal(400, [{ detail, 'o:errorCode': 'IDEMPOTENCY_ERROR' }], { headers, title: 'Conflict' });
}

function absent(url: string): never {
  throw nonexistent(url, 'The requested job, task or result does not exist.');
}
