import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import { reasonOf } from '../http/budget.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { About, NetSuite, RecordName } from './client.ts';

/** As many as NetSuite takes: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0127092747.html */
export const BATCH_SIZE = 100;
/** Keys in one SuiteQL list; Oracle takes up to 1,000. */
const KEYS_IN_QUERY = 500;
const SHORTEST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 5_000;
/** After this the batch is in doubt; handing over the same batch again finds the same job. */
const JOB_PATIENCE_MS = 240_000;
/** Answers that may be lost in a row once a batch is handed over. */
const LOST_ANSWERS = 5;

export interface Item {
  readonly key: string;
  readonly body: object;
}

export interface BatchWriter {
  /** The internal IDs of those that are there, by external ID. Throws SystemFailure. */
  find(keys: readonly string[], about: About): Promise<Map<string, string>>;
  /**
   * Makes records in a batch, waits for it and answers the internal ID or the failure of each. What is there already under its key stays as it is.
   * @throws SystemFailure with `written: 'unknown'` where some may have been made
   */
  make(items: readonly Item[], about: About): Promise<Map<string, string | SystemFailure>>;
}

/**
 * Batches of one kind of record. A job's own results are not read one by one (a request each): what was made is asked for in one query. Where
 * something is missing the job is waited for, and what is missing then is written singly, whose answer names the reason. The batch creates and
 * never updates: a record that is there already is left alone.
 */
export function createBatchWriter(netSuite: NetSuite, record: RecordName): BatchWriter {
  /** How long jobs take, so that the first question after one mostly is the only one. */
  let expectedMs = 60;

  async function find(keys: readonly string[], about: About): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    for (let start = 0; start < keys.length; start += KEYS_IN_QUERY) {
      for (const [key, id] of await netSuite.idsOf(record, keys.slice(start, start + KEYS_IN_QUERY), about)) found.set(key, id);
    }
    return found;
  }

  /** Until NetSuite is done with the job, so that what is not there then never comes of it. False where it was done at once. */
  async function wait(job: string, about: About): Promise<boolean> {
    const startedAt = performance.now();
    let pause = expectedMs;
    for (let asked = 1; performance.now() - startedAt < JOB_PATIENCE_MS; asked += 1) {
      if (await patiently(() => netSuite.isCompleted(job, about), about)) return asked > 1;
      await sleepFor(pause, about);
      pause = Math.min(pause * 1.5, LONGEST_WAIT_MS);
    }
    throw new SystemFailure({
      kind: 'in_doubt', code: 'NETSUITE_JOB_PENDING', system: netSuite.system, object: about.object, written: 'unknown',
      message: `NetSuite has not finished job ${job} with ${about.object} after ${JOB_PATIENCE_MS / 60_000} minutes.`,
      mend: 'Nothing to do: the records are looked up, then the same batch is handed over again, which NetSuite recognises.',
    });
  }

  /** Keeps the IDs of those that are there, and answers the others. */
  async function missing(items: readonly Item[], made: Map<string, string | SystemFailure>, about: About): Promise<readonly Item[]> {
    const ids = await patiently(() => find(items.map((item) => item.key), about), about);
    for (const [key, id] of ids) made.set(key, id);
    return items.filter((item) => !ids.has(item.key));
  }

  /** Hands over until a job of its own has worked on what is left; answers what is left then. */
  async function throughJobs(items: readonly Item[], made: Map<string, string | SystemFailure>, about: About): Promise<readonly Item[]> {
    let left = items;
    let before = '';
    for (let again = true; again && left.length > 0; ) {
      const handed = left;
      const work = async (): Promise<boolean> => {
        const { job, known } = await netSuite.submit(record, handed.map((item) => item.body), idempotencyKey(record, handed, before), about);
        return afterFirstWrite(async () => {
          const handedAt = performance.now();
          await sleepFor(expectedMs, about);
          left = await missing(handed, made, about);
          if (left.length === 0) expectedMs = Math.max(expectedMs * 0.95, SHORTEST_WAIT_MS);
          else {
            if (await wait(job, about)) expectedMs = Math.min(performance.now() - handedAt, expectedMs * 1.5, LONGEST_WAIT_MS);
            left = await missing(left, made, about);
          }
          before = job;
          return known;
        });
      };
      again = await (before === '' ? work() : afterFirstWrite(work));
    }
    return left;
  }

  async function singly({ key, body }: Item, made: Map<string, string | SystemFailure>, about: About): Promise<void> {
    try {
      made.set(key, await netSuite.upsert(record, key, body, about));
    } catch (error) {
      if (!isSystemFailure(error) || error.failure.written === 'unknown') throw error;
      made.set(key, error);
    }
  }

  return {
    find,
    async make(items, about) {
      const made = new Map<string, string | SystemFailure>();
      const left = await throughJobs(items, made, about);
      for (const item of left) await afterFirstWrite(() => singly(item, made, about));
      return made;
    },
  };
}

/** Asks again where an answer is lost: the batch is handed over already, and to stop asking would leave it in doubt. */
async function patiently<T>(ask: () => Promise<T>, about: About): Promise<T> {
  for (let lost = 1; ; lost += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isSystemFailure(error) || error.failure.kind === 'configuration' || lost > LOST_ANSWERS) throw error;
      await sleepFor(Math.min(Math.max(100 * 2 ** lost, error.failure.retryAfterMs ?? 0), LONGEST_WAIT_MS), about);
    }
  }
}

async function sleepFor(milliseconds: number, { context }: About): Promise<void> {
  await sleep(milliseconds, undefined, { signal: context.signal }).catch(() => {
    throw reasonOf(context.signal);
  });
}

/** The same for the same records of one kind after the same job: a UUID as RFC 9562 version 8 has it, made of a hash. A time bill and its charge share their key. */
function idempotencyKey(record: RecordName, items: readonly Item[], before: string): string {
  const hash = createHash('sha256').update(record === 'timeBill' ? before : `${record} ${before}`);
  for (const item of items) hash.update('\n').update(item.key);
  const digits = hash.digest('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
