import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { SampleTimesheet } from './sample/index.ts';

export interface Sent {
  readonly batch: string;
  readonly lines: number;
  readonly received: number;
  readonly known: number;
  readonly invalid: number;
}

const endSchema = z.looseObject({ batch: z.string(), complete: z.boolean(), lines: z.number(), received: z.number(), known: z.number(), invalid: z.number(), problem: z.unknown().optional() });

/**
 * Sends timesheets to the gateway as one streamed NDJSON body, as a time system's nightly export would.
 * @throws Error where the gateway did not take the whole batch
 */
export async function sendTimesheets(gateway: string, settings: { readonly signingSecret: string; readonly idempotencyKey: string; readonly timesheets: Iterable<SampleTimesheet>; readonly onLine?: (count: number) => void }): Promise<Sent> {
  const { signingSecret, idempotencyKey, timesheets, onLine } = settings;
  const id = `msg_${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 16)}`;
  const now = new Date();
  const response = await fetch(`${gateway}/v1/timesheets`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-ndjson',
      'idempotency-key': idempotencyKey,
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(signingSecret).sign(id, now, `key:${idempotencyKey}`),
    },
    body: Readable.toWeb(Readable.from(lines(timesheets), { objectMode: false, highWaterMark: 1 << 18 })),
    duplex: 'half',
  });
  if (response.body === null || response.status >= 300) throw new Error(`the gateway refuses the month: ${response.status} ${(await response.text()).slice(0, 500)}`);
  let rest = '';
  let answered = 0;
  let last = '';
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + piece).split('\n');
    rest = parts.pop() ?? '';
    answered += parts.length;
    last = parts.at(-1) ?? last;
    onLine?.(answered);
  }
  const end = endSchema.parse(JSON.parse(last));
  if (!end.complete) throw new Error(`the gateway did not take the whole month: ${JSON.stringify(end.problem)}. Start again: what was kept is known.`);
  return end;
}

const LINES_AT_ONCE = 100;

function* lines(timesheets: Iterable<SampleTimesheet>): Generator<string> {
  let chunk = '';
  let count = 0;
  for (const { sheet } of timesheets) {
    chunk += `${JSON.stringify(sheet)}\n`;
    count += 1;
    if (count % LINES_AT_ONCE !== 0) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
