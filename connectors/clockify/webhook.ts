import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

export const CLOCKIFY_EVENTS = ['NEW_APPROVAL_REQUEST', 'APPROVAL_REQUEST_STATUS_UPDATED'] as const;
export type ClockifyEventType = (typeof CLOCKIFY_EVENTS)[number];

/** What the secrets provider keeps for the gateway: of each webhook its authentication token, as Clockify shows it (README.md, "Set-up"). */
export const clockifyWebhookSecretSchema = z.object({
  workspaceId: z.string().min(1),
  webhookTokens: z.object({ NEW_APPROVAL_REQUEST: z.string().min(1), APPROVAL_REQUEST_STATUS_UPDATED: z.string().min(1) }),
});
export type ClockifyWebhookSecret = z.infer<typeof clockifyWebhookSecretSchema>;

const identifier = z.string().regex(/^[0-9a-f]{24}$/, 'an ID of 24 hexadecimal digits');

/** The body of both events; Clockify may add fields, they are kept. */
export const clockifyApprovalBodySchema = z.looseObject({
  id: identifier,
  workspaceId: identifier,
  dateRange: z.looseObject({ start: z.iso.datetime({ offset: true }), end: z.iso.datetime({ offset: true }) }),
  owner: z.looseObject({ userId: identifier }),
  status: z.looseObject({ state: z.enum(['PENDING', 'APPROVED', 'WITHDRAWN_SUBMISSION', 'WITHDRAWN_APPROVAL', 'REJECTED']), updatedAt: z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString()) }),
});
export type ClockifyApprovalBody = z.infer<typeof clockifyApprovalBodySchema>;

export interface ClockifyWebhookEvent {
  readonly type: ClockifyEventType;
  /** The same for every delivery of one event, which Clockify itself does not number. */
  readonly eventId: string;
  /** The approval request, which is the timesheet: to be read by this ID, as the body is not signed. */
  readonly timesheetId: string;
  readonly occurredAt: string;
  readonly body: ClockifyApprovalBody;
}

export type ClockifyWebhookResult =
  | { readonly ok: true; readonly event: ClockifyWebhookEvent }
  | {
      readonly ok: false;
      /** unsigned, bad_signature: not from our webhooks · other_event: genuine, but of no concern · malformed, other_workspace: genuine, but not what was agreed */
      readonly reason: 'unsigned' | 'bad_signature' | 'other_event' | 'malformed' | 'other_workspace';
      readonly detail: string;
      readonly mend: string;
    };

/**
 * Checks a delivery of Clockify. `clockify-signature` carries the webhook's own token as it is: it tells who sends, but neither protects the body
 * nor tells a repeated delivery from a new one. So the event is a hint and the timesheet is read by its ID.
 * @param headers names in lower case
 */
export function verifyClockifyWebhook(delivery: { readonly headers: Readonly<Record<string, string | undefined>>; readonly rawBody: Buffer }, secret: ClockifyWebhookSecret): ClockifyWebhookResult {
  const token = delivery.headers['clockify-signature'];
  const type = delivery.headers['clockify-webhook-event-type'];
  if (token === undefined || token === '') return refused('unsigned', 'the header clockify-signature is missing', "Deliver by Clockify's own webhooks.");
  const known = CLOCKIFY_EVENTS.find((event) => event === type);
  const tokens = known === undefined ? Object.values(secret.webhookTokens) : [secret.webhookTokens[known]];
  // Every token is compared, and each in the same time whatever it holds.
  if (tokens.filter((expected) => isSame(expected, token)).length === 0) {
    return refused('bad_signature', `clockify-signature is not the token of ${known === undefined ? 'any of our webhooks' : `the webhook for ${known}`}`, 'Give the secrets provider the token that Clockify shows with the webhook (Preferences > Advanced > Manage webhooks); a regenerated token ends the one before.');
  }
  if (known === undefined) return refused('other_event', `the event ${type === undefined ? 'is not named' : type.slice(0, 80)}`, `Let the webhooks announce ${CLOCKIFY_EVENTS.join(' and ')} only.`);
  const body = clockifyApprovalBodySchema.safeParse(jsonOf(delivery.rawBody));
  if (!body.success) return refused('malformed', z.prettifyError(body.error), 'The body is not that of an approval request: compare connectors/clockify/webhook.ts with the delivery in the quarantine.');
  const { id, workspaceId, status } = body.data;
  if (workspaceId !== secret.workspaceId) return refused('other_workspace', `the event is of workspace ${workspaceId}, connected is ${secret.workspaceId}`, 'Create the webhook in the connected workspace.');
  return { ok: true, event: { type: known, eventId: [id, known, status.state, status.updatedAt].join('/'), timesheetId: id, occurredAt: status.updatedAt, body: body.data } };
}

function refused(reason: Extract<ClockifyWebhookResult, { ok: false }>['reason'], detail: string, mend: string): ClockifyWebhookResult {
  return { ok: false, reason, detail, mend };
}

function isSame(expected: string, given: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(expected), digest(given));
}

function jsonOf(rawBody: Buffer): unknown {
  try {
    return JSON.parse(rawBody.toString('utf8'));
  } catch {
    return undefined;
  }
}
