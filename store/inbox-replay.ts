import { sql } from 'kysely';
import { auditedWhen } from './audit-trail.ts';
import type { Db } from './database.ts';
import { INBOX_CHANNEL } from './inbox-channel.ts';
import { jsonTextOrNull, plainText } from './json.ts';
import type { InboxState } from './schema.ts';

export interface Requeue {
  readonly id: number;
  readonly by: string;
  readonly reason: string;
  /** Only where it is in this state; any but 'received' unless told. */
  readonly from?: InboxState;
  /** The event read again from its raw body, where it could not be read before. */
  readonly parsed?: { readonly kind: string; readonly businessKey: string; readonly version: string | null; readonly payload: unknown };
}

/** Replays an event that was settled in whatever way; the audit trail says who wanted it. @returns false where it is waiting already, or unknown. */
export async function requeue(db: Db, replay: Requeue): Promise<boolean> {
  const { id, by, reason, parsed } = replay;
  const entry = { process: null, actor: by, action: 'inbox.requeued', object: `inbox event ${id}`, system: null, message: `${by} replays inbox event ${id}: ${reason}`, details: { id, reason } };
  const { rows } = await sql<{ requeued: boolean }>`
    with requeued as (
      update inbox set
        state = 'received', attempts = 0, next_attempt_at = null, lease_until = null, claimed_by = null, last_error = null, findings = '[]', settled_at = null,
        workflow_id = null, disposition = null,
        kind = coalesce(${textOrNull(parsed?.kind)}::text, kind), business_key = coalesce(${textOrNull(parsed?.businessKey)}::text, business_key),
        version = coalesce(${textOrNull(parsed?.version)}::text, version), payload = coalesce(${jsonTextOrNull(parsed?.payload)}::jsonb, payload)
      where id = ${id} and state <> 'received' and state = coalesce(${replay.from ?? null}::text, state)
      returning id
    ),
    audited as (${auditedWhen('requeued', [entry])}),
    woken as (select pg_notify(${INBOX_CHANNEL}::text, '') from requeued)
    select exists (select from requeued) as requeued from (select 1) as one left join woken on true`.execute(db);
  return rows[0]?.requeued === true;
}

/** A person looked at an event in quarantine and wants nothing done with it: it stays as it came, with the reason. @returns false where it is not in quarantine. */
export async function dismissEvent(db: Db, dismissal: { readonly id: number; readonly by: string; readonly reason: string }): Promise<boolean> {
  const { id, by, reason } = dismissal;
  const entry = { process: null, actor: by, action: 'inbox.dismissed', object: `inbox event ${id}`, system: null, message: `${by} sets inbox event ${id} aside: ${reason}`, details: { id, reason } };
  const { rows } = await sql<{ dismissed: boolean }>`
    with dismissed as (
      update inbox set state = 'ignored', disposition = ${plainText(`set aside by ${by}: ${reason}`)}::text, settled_at = now()
      where id = ${id} and state = 'quarantined'
      returning id
    ),
    audited as (${auditedWhen('dismissed', [entry])})
    select exists (select from dismissed) as dismissed`.execute(db);
  return rows[0]?.dismissed === true;
}

function textOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : plainText(text);
}
