import type { Logger } from 'pino';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { NotificationRow } from '../../store/notifications.ts';

export type Sent =
  | { readonly outcome: 'sent'; readonly via: string }
  /** `everything`: the receiver is unwell, so the messages after this one wait too. `afterMs`: as long as it asked for. */
  | { readonly outcome: 'failed'; readonly error: string; readonly everything: boolean; readonly afterMs: number | null };

export type Send = (notification: NotificationRow, stop: AbortSignal) => Promise<Sent>;

const TIMEOUT_MS = 10_000;
const MAX_RETRY_AFTER_MS = 3_600_000;

const settingsSchema = z.object({
  Q2C_NOTIFY_URL: z.url({ protocol: /^https?$/, error: 'expected an http(s) address' }),
  Q2C_NOTIFY_SECRET: z.string('expected "whsec_" followed by base64').regex(/^whsec_[A-Za-z0-9+/]{16,}={0,2}$/, 'expected "whsec_" followed by base64'),
});

/**
 * Where messages to case owners go: the webhook of Q2C_NOTIFY_URL, signed with Q2C_NOTIFY_SECRET as Standard Webhooks lays down, or the log.
 * @throws Error naming the setting that is wrong or missing, without its value
 */
export function notifyTarget(env: NodeJS.ProcessEnv, log: Logger): Send {
  if ((env['Q2C_NOTIFY_URL'] ?? '') === '' && (env['Q2C_NOTIFY_SECRET'] ?? '') === '') return toLog(log);
  const settings = settingsSchema.safeParse(env);
  if (settings.success) return toWebhook(settings.data.Q2C_NOTIFY_URL, settings.data.Q2C_NOTIFY_SECRET);
  const wrong = settings.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new Error(`notifications cannot be sent: ${wrong}. Set Q2C_NOTIFY_URL and Q2C_NOTIFY_SECRET, or neither to have them in the log.`);
}

function toLog(log: Logger): Send {
  return async (notification) => {
    const { id, case_id: caseId, occasion, number, recipient, message } = notification;
    log.warn({ notification: id, caseId, occasion, number, recipient }, message);
    return Promise.resolve({ outcome: 'sent', via: 'log' });
  };
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
function toWebhook(url: string, secret: string): Send {
  const webhook = new Webhook(secret);
  const { host } = new URL(url);
  return async (notification, stop) => {
    const id = `notification-${notification.id}`;
    const now = new Date();
    const body = bodyOf(notification);
    const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(Math.floor(now.getTime() / 1000)), 'webhook-signature': webhook.sign(id, now, body) };
    try {
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]) });
      await response.body?.cancel();
      if (response.ok) return { outcome: 'sent', via: `webhook ${host}` };
      const everything = response.status >= 500 || response.status === 429 || response.status === 408;
      return { outcome: 'failed', error: `${host} answers ${response.status}`, everything, afterMs: retryAfterMs(response.headers.get('retry-after'), now) };
    } catch (error) {
      return { outcome: 'failed', error: `${host} does not answer: ${reason(error)}`, everything: true, afterMs: null };
    }
  };
}

function bodyOf({ case_id: caseId, occasion, number, recipient, message, created_at: timestamp }: NotificationRow): string {
  return JSON.stringify({ type: `case.${occasion}`, timestamp, data: { caseId, occasion, number, recipient, message } });
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); an hour at the most. */
function retryAfterMs(header: string | null, now: Date): number | null {
  if (header === null) return null;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  return Number.isFinite(wait) && wait > 0 ? Math.min(wait, MAX_RETRY_AFTER_MS) : null;
}

/** The cause says what happened ("connect ECONNREFUSED"); the address itself may hold a secret. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown reason';
  return error.cause instanceof Error ? error.cause.message : error.name;
}
