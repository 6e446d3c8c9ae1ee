import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { MonthSheet } from './month.ts';

export interface Sender {
  /** As one NDJSON body under an idempotency key. @throws Error where not every line was taken */
  bulk(batch: string, sheets: readonly MonthSheet[]): Promise<void>;
  /** One timesheet by itself. */
  single(sheet: MonthSheet): Promise<void>;
}

const canonicalSchema = z.looseObject({ signingSecret: z.string() });
const endSchema = z.looseObject({ complete: z.boolean(), lines: z.number(), invalid: z.number() });

/** Sends timesheets to our gateway as the canonical API has it, signed as Standard Webhooks describes. */
export function bulkSender(gatewayUrl: string, credentials: Readonly<Record<string, unknown>>): Sender {
  const webhook = new Webhook(canonicalSchema.parse(credentials['canonical']).signingSecret);

  async function post(key: string, contentType: string, signed: string, body: string): Promise<string> {
    const at = new Date();
    const answer = await fetch(`${gatewayUrl}/v1/timesheets`, {
      method: 'POST',
      headers: { 'content-type': contentType, 'idempotency-key': key, 'webhook-id': key, 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)), 'webhook-signature': webhook.sign(key, at, signed) },
      body,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the gateway does not take the timesheets: ${answer.status} ${text.slice(0, 500)}`);
    return text;
  }

  return {
    async bulk(batch, sheets) {
      const answer = await post(batch, 'application/x-ndjson', `key:${batch}`, sheets.map(({ sheet }) => `${JSON.stringify(sheet)}\n`).join(''));
      const end = endSchema.parse(JSON.parse(answer.trimEnd().split('\n').at(-1) ?? '{}'));
      if (!end.complete || end.invalid > 0 || end.lines !== sheets.length) throw new Error(`the gateway took ${end.lines - end.invalid} of ${sheets.length} timesheets`);
    },
    async single({ sheet }) {
      const body = JSON.stringify(sheet);
      await post(`${sheet.system}/${sheet.id}/${sheet.version}`, 'application/json', body, body);
    },
  };
}
