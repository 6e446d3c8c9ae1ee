import type { FastifyBaseLogger } from 'fastify';
import type { z } from 'zod';
import { STORE_DOWN, within } from '../delivery.ts';
import { batchRecordsEndSchema, toldOf } from './answers.ts';
import type { TimeIntake } from './store.ts';

export interface RecordLinesRequest {
  readonly batch: string;
  readonly source: string;
  /** One more than the limit where there are more. */
  readonly records: readonly number[];
  readonly limit: number;
  readonly intake: TimeIntake;
  readonly timeoutMs: number;
  readonly log: FastifyBaseLogger;
  readonly stopping: AbortSignal;
  /** Called whenever more is asked for. */
  readonly progressed: () => unknown;
}

/** Records read at once; a sender that reads slowly has no more of them waiting. */
const CHUNK = 200;

type Problem = NonNullable<z.infer<typeof batchRecordsEndSchema>['problem']>;
const STOPPING: Problem = { reason: 'store_unavailable', detail: 'this gateway is being stopped', mend: 'Ask for the rest with `after` set to `next`.', retryAfterSeconds: 5 };
const NOT_READ: Problem = { reason: 'store_unavailable', detail: 'the store could not be read any further', mend: 'Ask for the rest with `after` set to `next`.', retryAfterSeconds: STORE_DOWN.retryAfterSeconds };

/** One line for each record and the end last: an answer without its end was cut off. */
export async function* recordLines({ batch, source, records, limit, intake, timeoutMs, log, stopping, progressed }: RecordLinesRequest): AsyncGenerator<string> {
  const wanted = records.slice(0, limit);
  let told = 0;
  let last: number | undefined;
  const end = (problem?: Problem) => {
    const isAll = problem === undefined && records.length <= limit;
    return `${JSON.stringify(batchRecordsEndSchema.parse({ batch, complete: problem === undefined, records: told, next: isAll ? null : (last ?? (wanted[0] ?? 1) - 1), ...(problem === undefined ? {} : { problem }) }))}\n`;
  };
  for (let from = 0; from < wanted.length; from += CHUNK) {
    progressed();
    if (stopping.aborted) {
      yield end(STOPPING);
      return;
    }
    let lines: string[];
    try {
      const chunk = wanted.slice(from, from + CHUNK);
      const found = await within(timeoutMs, () => intake.answersOf({ source, records: chunk }));
      lines = found.map((answer) => JSON.stringify({ record: answer.record, ...toldOf(answer) }));
    } catch (error) {
      log.error({ err: error, batch }, 'the records of a batch could not be read to the end');
      yield end(NOT_READ);
      return;
    }
    told += lines.length;
    last = wanted[Math.min(from + CHUNK, wanted.length) - 1];
    yield `${lines.join('\n')}\n`;
  }
  yield end();
}
