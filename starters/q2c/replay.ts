import type { EventSource } from '../gateway/intake.ts';
import type { Finding } from '../gateway/problem.ts';
import type { Db } from '../../store/database.ts';
import { loadEvent } from '../../store/inbox-relay.ts';
import { requeue } from '../../store/inbox-replay.ts';
import { lineKind } from '../../store/inbox-lines.ts';
import { quarantineEvent, receiveEvents, type InboxEvent } from '../../store/inbox.ts';
import { replayLine } from './replay-line.ts';

export type Replayed =
  /** `others`: events that its raw body held besides. `object` is empty where it concerns no deal. */
  | { readonly outcome: 'replayed'; readonly object: string; readonly others: number }
  | { readonly outcome: 'waiting' | 'unknown' }
  | { readonly outcome: 'unreadable'; readonly findings: readonly Finding[] };

export interface Replay {
  readonly id: number;
  readonly by: string;
  readonly reason: string;
  /** Only for a line of a batch: the document to take for it. */
  readonly mended?: Buffer;
}

/**
 * Takes an event into the line again. One that could not be read when it came is read anew from its raw body, as its source's parser reads
 * today; what still cannot be read stays in quarantine.
 * @throws Error where the event has to be read anew and its system's credentials (which say whose events are ours) are not known, or a mended document
 * is given for an event, which only its system can mend
 */
export async function replayEvent(db: Db, sources: () => Promise<readonly EventSource[]>, replay: Replay): Promise<Replayed> {
  const event = await loadEvent(db, replay.id);
  if (event === undefined) return { outcome: 'unknown' };
  const line = lineKind(event.kind);
  if (line !== undefined) return await replayLine(db, line, event, replay);
  if (replay.mended !== undefined) throw new Error(`inbox event ${event.id} is no line of a batch: it is read again from what ${event.source} sent. Mend it there, or mend our schema or mapping, and replay it without --with.`);
  if (event.state === 'received') return { outcome: 'waiting' };
  if (event.state !== 'quarantined' && event.business_key !== '') return await again(db, replay, event.business_key);
  const source = (await sources()).find(({ system }) => system === event.source);
  if (source === undefined) throw new Error(`inbox event ${event.id} cannot be read anew: the credentials of ${event.source} are not known here. Run this where the gateway runs, or set Q2C_SECRETS_FILE.`);
  return await reread(db, source, event, replay);
}

async function reread(db: Db, source: EventSource, event: InboxEvent, replay: Replay): Promise<Replayed> {
  const opened = source.reopen({ eventId: event.event_id, contentHash: event.content_hash, headers: event.headers, rawBody: event.raw_body });
  if (opened.outcome === 'refused') return { outcome: 'unreadable', findings: [{ path: '', message: opened.refusal.detail }] };
  const [first, ...others] = opened.events;
  if (first === undefined) {
    if (opened.quarantine.length > 0) return { outcome: 'unreadable', findings: opened.quarantine.flatMap(({ findings }) => findings) };
    return await again(db, { ...replay, parsed: { kind: 'unrelated', businessKey: '', version: null, payload: event.payload } }, '');
  }
  // The others before the row that stands for them all: a crash in between leaves it in quarantine, and receiving twice makes duplicates.
  await receiveEvents(db, others);
  for (const { findings, ...unread } of opened.quarantine) await quarantineEvent(db, unread, { error: 'still does not follow its schema', findings: findings.map(({ path, message }) => ({ path, message })) });
  return await again(db, { ...replay, parsed: first }, first.businessKey, others.length);
}

async function again(db: Db, replay: Parameters<typeof requeue>[1], object: string, others = 0): Promise<Replayed> {
  return (await requeue(db, replay)) ? { outcome: 'replayed', object, others } : { outcome: 'waiting' };
}
