/**
 * Asynchronous requests: `Prefer: respond-async`, jobs, tasks and the idempotency key.
 * https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_161251386312.html
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

interface Task {
  readonly id: string;
  readonly operation: Operation;
  readonly answer?: Answer;
}

interface Job {
  readonly id: string;
  readonly idempotencyKey?: string;
  readonly progress: 'pending' | 'succeeded' | 'failed';
  readonly startTime: string;
  readonly endTime?: string;
  readonly tasks: readonly Task[];
}

export interface Jobs {
  submit(operation: Operation, idempotencyKey: string | undefined): Answer;
  job(id: string): object;
  tasks(id: string): object;
  task(id: string, task: string): object;
  result(id: string, task: string): Answer;
  close(): void;
}

export function asyncJobs(records: RecordStore, context: () => ServiceContext, now: () => Date, delayMs: number): Jobs {
  const jobs = records.collection<Job>('asyncJob');
  const byKey = jobs.indexBy((job) => job.idempotencyKey);
  const timers = new Set<NodeJS.Timeout>();

  function schedule(id: string): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work(id);
    }, delayMs);
    timers.add(timer);
  }

  function work(id: string): void {
    const job = jobs.get(id);
    if (job === undefined || job.progress !== 'pending') return;
    records.transaction(() => {
      const tasks = job.tasks.map((task) => ({ ...task, answer: perform(context(), task.operation) }));
      const failed = tasks.some((task) => task.answer.status >= 400);
      jobs.put(id, { ...job, tasks, progress: failed ? 'failed' : 'succeeded', endTime: wireInstant(now()) });
    });
  }

  function find(id: string): Job {
    return jobs.get(id) ?? absent(`${JOB_PATH}/${id}`);
  }
  function findTask(id: string, taskId: string): { job: Job; task: Task } {
    const job = find(id);
    return { job, task: job.tasks.find((task) => task.id === taskId) ?? absent(`${JOB_PATH}/${id}/task/${taskId}`) };
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
      const tasks = split(operation).map((each, index) => ({ id: String(index + 1), operation: each }));
      jobs.put(id, { id, progress: 'pending', startTime: wireInstant(now()), tasks, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) });
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
      const items = find(id).tasks.map((task) => ({ links: [link('self', `${JOB_PATH}/${id}/task/${task.id}`)], id: task.id }));
      return { links: [link('self', `${JOB_PATH}/${id}/task`)], count: items.length, hasMore: false, items, offset: 0, totalResults: items.length };
    },
    task(id, taskId) {
      const { job, task } = findTask(id, taskId);
      const path = `${JOB_PATH}/${id}/task/${taskId}`;
      return {
        links: [link('related', `${path}/result`), link('self', path)],
        completed: task.answer !== undefined,
        id: taskId,
        progress: task.answer === undefined ? 'pending' : task.answer.status < 400 ? 'succeeded' : 'failed',
        startTime: job.startTime,
        ...(job.endTime === undefined ? {} : { endTime: job.endTime }),
      };
    },
    result: (id, taskId) => findTask(id, taskId).task.answer ?? absent(`${JOB_PATH}/${id}/task/${taskId}/result`),
    close() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

/** A batch on a collection becomes one task for each of its records. */
function split(operation: Operation): Operation[] {
  const items = isObject(operation.body) ? operation.body['items'] : undefined;
  if (operation.key !== undefined || !Array.isArray(items)) return [operation];
  if (items.length > MAX_BATCH) throw new Refusal(400, [{ detail: `A batch may have ${MAX_BATCH} records at most.`, 'o:errorCode': 'INVALID_CONTENT', 'o:errorPath': 'items' }]);
  return items.map((item: unknown) => {
    const { id, externalId } = isObject(item) ? item : {};
    const key = typeof id === 'string' ? id : typeof externalId === 'string' ? `eid:${externalId}` : undefined;
    return { ...operation, body: item, ...(operation.method === 'POST' || key === undefined ? {} : { key }) };
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
