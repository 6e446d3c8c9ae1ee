import { sql } from 'kysely';
import { auditedWhen } from './audit-trail.ts';
import type { Db } from './database.ts';
import { quarantineEvents, type InboxEvent } from './inbox.ts';
import { plainText, type JsonValue } from './json.ts';
import { enqueueNotification } from './notifications.ts';
import type { BatchKind } from './time/intake.ts';

/** Most lines of one batch that are kept in quarantine; the rest are counted. */
export const MOST_KEPT_LINES = 1000;
/** Past so many bytes of one batch only the first part of each further line is kept. */
const KEPT_WHOLE_BYTES = 67_108_864;
/** How much is kept of a line that is not kept whole, bytes. */
export const KEPT_PART_BYTES = 65_536;
const MOST_ERROR_TEXT = 300;

export const LINE_KIND: Readonly<Record<BatchKind, string>> = { timesheets: 'timesheet.line', expenses: 'expense.line' };
const BATCH_KIND: ReadonlyMap<string, BatchKind> = new Map([['timesheet.line', 'timesheets'], ['expense.line', 'expenses']]);
export const LINE_KINDS: readonly string[] = [...BATCH_KIND.keys()];

/** What the documents of a kept line are; undefined for an event that is no line of a batch. */
export function lineKind(eventKind: string): BatchKind | undefined {
  return BATCH_KIND.get(eventKind);
}

/** A line of a batch, or a document sent by itself, that cannot be read as a document. */
export interface UnreadLine {
  readonly line: number;
  /** Of the document, as far as they can be read. */
  readonly id: string | null;
  readonly version: number | null;
  /** As it came, or its first part. */
  readonly raw: Buffer;
  /** Length and SHA-256 (hexadecimal) of the whole line. */
  readonly bytes: number;
  readonly sha256: string;
  readonly findings: readonly { readonly path: string; readonly message: string }[];
}

/** What the inbox tells of a kept line besides its raw body. */
export interface LineFacts {
  readonly line: number;
  readonly id: string | null;
  readonly version: number | null;
  readonly bytes: number;
  readonly sha256: string;
}

export type WaitingLine = LineFacts & { readonly inbox: number };

/**
 * Keeps lines in the inbox's quarantine, each once however often its batch is sent; a batch that has been sealed is open again until the next
 * seal, which tells a person of them.
 * @param passedOver how many lines this sending of the batch brought before that were not kept
 * @returns the inbox number of each, in order; null for one past the bound.
 * @throws Error for an unknown batch.
 */
export async function keepUnreadLines(db: Db, batchId: string, lines: readonly UnreadLine[], passedOver: number): Promise<(number | null)[]> {
  if (lines.length === 0) return [];
  return await db.transaction().execute(async (transaction) => {
    const { rows } = await sql<{ source: string; kind: BatchKind; kept: number; bytes: number }>`
      with held as (update time_batch set state = 'receiving', sealed_at = null, touched_at = clock_timestamp() where id = ${batchId} returning id, source, kind)
      select held.source, held.kind, count(i.id) as kept, coalesce(sum(octet_length(i.raw_body)), 0)::double precision as bytes
      from held left join inbox i on i.source = held.source and i.business_key = held.id and i.kind = any(${[...LINE_KINDS]}::text[])
      group by held.source, held.kind`.execute(transaction);
    const [batch] = rows;
    if (batch === undefined) throw new Error(`there is no batch ${batchId}: open it first`);
    const { source, kind } = batch;
    const eventIds = lines.map(({ line, sha256 }) => `line:${batchId}#${line}@${sha256.slice(0, 32)}`);
    const known = await transaction.selectFrom('inbox').select(['id', 'event_id']).where('source', '=', source).where('conflict_of', 'is', null).where('event_id', 'in', eventIds).execute();
    const numbers = new Map(known.map((row) => [row.event_id, row.id]));
    let room = MOST_KEPT_LINES - batch.kept;
    let whole = KEPT_WHOLE_BYTES - batch.bytes;
    const fresh = lines.flatMap((line, at) => {
      const eventId = eventIds[at] ?? '';
      if (numbers.has(eventId) || room <= 0) return [];
      room -= 1;
      const rawBody = line.raw.length > whole ? line.raw.subarray(0, KEPT_PART_BYTES) : line.raw;
      whole -= rawBody.length;
      const { line: number, id, version, bytes, sha256, findings } = line;
      const facts: LineFacts = { line: number, id, version, bytes, sha256 };
      const event = { source, eventId, kind: LINE_KIND[kind], businessKey: batchId, version: version === null ? null : String(version), occurredAt: null, headers: {}, rawBody, payload: facts, contentHash: sha256 };
      return [{ event, error: inShort(line), findings: findings.map(({ path, message }): JsonValue => ({ path, message })) }];
    });
    const receipts = await quarantineEvents(transaction, fresh);
    fresh.forEach(({ event }, at) => numbers.set(event.eventId, receipts[at]?.id ?? 0));
    const inbox = eventIds.map((eventId) => numbers.get(eventId) ?? null);
    const lost = passedOver + inbox.filter((number) => number === null).length;
    if (lost > 0) await sql`update time_batch set unread_not_kept = greatest(unread_not_kept, ${lost}::integer) where id = ${batchId}`.execute(transaction);
    return inbox;
  });
}

function inShort({ line, id, version, findings }: UnreadLine): string {
  const [first] = findings;
  const about = id === null ? '' : ` (${id}${version === null ? '' : ` version ${version}`})`;
  const what = first === undefined ? 'cannot be read' : `${first.path === '' ? '' : `${first.path}: `}${first.message}`;
  return plainText(`line ${line}${about}: ${what}`.slice(0, MOST_ERROR_TEXT));
}

/** Lines of a batch that are still in quarantine. */
export async function waitingLines(db: Db, batchId: string): Promise<WaitingLine[]> {
  const { rows } = await sql<WaitingLine>`
    select i.id as inbox, (i.payload->>'line')::integer as line, i.payload->>'id' as id, (i.payload->>'version')::double precision as version,
      (i.payload->>'bytes')::double precision as bytes, i.payload->>'sha256' as sha256
    from time_batch b join inbox i on i.source = b.source and i.business_key = b.id and i.kind = any(${[...LINE_KINDS]}::text[]) and i.state = 'quarantined'
    where b.id = ${batchId} order by i.id`.execute(db);
  return rows;
}

/** Who hears of lines that could not be read: what they hold is not known, so nobody but those who look after the interfaces. */
const RECIPIENT = 'integration_support';

export interface UnreadOfBatch {
  readonly id: string;
  readonly source: string;
  readonly kind: BatchKind;
  readonly key: string;
  /** Documents of the batch that could be read. */
  readonly lines: number;
  readonly kept: number;
  readonly notKept: number;
  /** YYYY-MM-DDTHH, UTC. */
  readonly hour: string;
}

/**
 * Puts one message for all unread lines of a batch into the outbox, and another only where a later sending brought more. Documents sent one
 * by one are batches of their own: of them one message an hour goes out, so that a sender that is broken does not fill a mailbox.
 */
export async function tellOfUnreadLines(db: Db, batch: UnreadOfBatch): Promise<void> {
  const { id, source, kind, key, lines, kept, notKept, hour } = batch;
  if (kept + notKept === 0) return;
  const alone = lines === 0 && kept + notKept === 1;
  const beyond = notKept === 0 ? '' : ` ${notKept} more were only counted: what is past ${MOST_KEPT_LINES} lines of a batch has to be sent again.`;
  const message = alone
    ? `A document for ${kind} from ${source} (batch ${id}, key ${key}) could not be read and is in quarantine; others of this hour are told of by the inbox alone. npm run q2c -- inbox --state quarantined shows them: replay each after the fix, or dismiss it.`
    : `${kept} lines of batch ${id} (${kind} from ${source}, key ${key}) could not be read as documents and are in quarantine; the others are taken.${beyond} npm run q2c -- inbox --batch ${id} shows each: replay it after the fix, or dismiss it.`;
  await enqueueNotification(db, { caseId: `unreadable/${alone ? `${source}/${kind}/${hour}` : id}`, occasion: 'unreadable_lines', number: kept, recipient: RECIPIENT, message });
}

/** Whether less of the line is kept than came. */
export function isCut(event: InboxEvent): boolean {
  return event.payload !== null && typeof event.payload === 'object' && 'bytes' in event.payload && Number(event.payload['bytes']) > event.raw_body.length;
}

export interface Taken {
  readonly ids: readonly number[];
  readonly batch: string;
  readonly by: string;
  /** In words, with who and why: "sent again and taken". */
  readonly disposition: string;
  /** What else the audit trail keeps. */
  readonly details?: Readonly<Record<string, JsonValue>>;
}

/** The lines' documents came in after all: they leave quarantine as they came, with a word in the audit trail. @returns how many did. */
export async function markLinesTaken(db: Db, { ids, batch, by, disposition, details = {} }: Taken): Promise<number> {
  if (ids.length === 0) return 0;
  const what = ids.length === 1 ? `inbox event ${ids[0] ?? ''}` : `${ids.length} lines of batch ${batch}`;
  const entry = { process: null, actor: by, action: 'inbox.line_taken', object: ids.length === 1 ? what : `batch ${batch}`, system: null, message: plainText(`${what} left quarantine: ${disposition}`), details: { ids, batch, ...details } };
  const { rows } = await sql<{ n: number }>`
    with taken as (
      update inbox set state = 'dispatched', disposition = ${plainText(disposition)}::text, last_error = null, settled_at = now()
      where id = any(${[...ids]}::bigint[]) and state in ('quarantined', 'ignored')
      returning id
    ),
    audited as (${auditedWhen('taken', [entry])})
    select count(*) as n from taken`.execute(db);
  return rows[0]?.n ?? 0;
}
