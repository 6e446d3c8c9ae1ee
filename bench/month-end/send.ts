import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { sendTimesheets } from '../../starters/month-end/send.ts';
import type { MonthSheet } from './month.ts';

export interface Sender {
  /** As one streamed body under an idempotency key. @throws Error where not every line was taken */
  bulk(batch: string, sheets: readonly MonthSheet[]): Promise<void>;
  /** One timesheet by itself. */
  single(sheet: MonthSheet): Promise<void>;
}

const canonicalSchema = z.looseObject({ signingSecret: z.string() });

/** Sends timesheets to our gateway as the canonical API has it, signed as Standard Webhooks describes. */
export function senderTo(gatewayUrl: string, credentials: Readonly<Record<string, unknown>>): Sender {
  const { signingSecret } = canonicalSchema.parse(credentials['canonical']);
  return {
    async bulk(batch, sheets) {
      const { invalid, lines } = await sendTimesheets(gatewayUrl, { signingSecret, idempotencyKey: batch, timesheets: sheets });
      if (invalid > 0 || lines !== sheets.length) throw new Error(`the gateway took ${lines - invalid} of ${sheets.length} timesheets`);
    },
    async single({ sheet }) {
      const [id, at, body] = [`${sheet.id}.${sheet.version}`, new Date(), JSON.stringify(sheet)];
      const answer = await fetch(`${gatewayUrl}/v1/timesheets`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(Math.floor(at.getTime() / 1000)), 'webhook-signature': new Webhook(signingSecret).sign(id, at, body) },
        body,
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`the gateway does not take timesheet ${sheet.id}: ${answer.status} ${text.slice(0, 500)}`);
    },
  };
}
