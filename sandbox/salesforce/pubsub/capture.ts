import { randomUUID } from 'node:crypto';
import type { ApiRequest } from '../call.ts';
import type { SandboxContext } from '../../kit/sandbox.ts';
import type { SalesforceOptions } from '../options.ts';
import type { ObjectType } from '../schema.ts';
import type { SObject, Watchers } from '../store.ts';
import { bitmapOf, eventSchemaOf } from './event-schema.ts';

export interface StoredEvent {
  readonly replay: number;
  readonly id: string;
  readonly entity: string;
  readonly schemaId: string;
  /** Avro, in base64. */
  readonly payload: string;
  readonly at: number;
}

export interface Published {
  readonly entity: ObjectType;
  readonly changeType: string;
  readonly recordIds: readonly string[];
  readonly changeOrigin?: string;
  readonly commitUser: string;
}

export interface Capture {
  readonly captured: NonNullable<Watchers['captured']>;
  /** Runs one request's work: its changes carry its origin and one transaction key. */
  within<R>(request: Pick<ApiRequest, 'path' | 'headers'>, work: () => R): R;
  /** An event without fields: a gap, an overflow. */
  publish(event: Published): void;
  /** Events kept, after a position, in their order. */
  after(replay: number, accepts: (entity: string) => boolean, most: number): StoredEvent[];
  /** The position of the newest event, 0 before the first. */
  latest(): number;
  /** Whether a subscriber may go on from a position: it was given out, and no event after it is gone. */
  knows(replay: number): boolean;
  earliest(): number;
  /** Told, after the change is committed, that there is something new. */
  onNews(listener: () => void): () => void;
}

interface Unit {
  readonly origin: string;
  readonly transactionKey: string;
  sequence: number;
}

const KEPT = 20_000;

/** Change Data Capture: each committed change of a record is an event, kept in the records' own transaction. */
export function changeDataCapture(context: SandboxContext, options: SalesforceOptions): Capture {
  const events = context.records.collection<StoredEvent>('__change_events');
  const position = context.records.collection<{ readonly value: number }>('__change_position');
  const listeners = new Set<() => void>();
  let unit: Unit | undefined;
  let news = false;

  const latest = (): number => position.get('latest')?.value ?? 0;
  const purged = (): number => position.get('purged')?.value ?? 0;

  function store(object: ObjectType, header: { changeType: string; recordIds: readonly string[]; commitUser: string; changedFields: string[]; nulledFields: string[]; changeOrigin: string }, values: SObject | Record<string, never>): void {
    const schema = eventSchemaOf(object);
    const at = context.now().getTime();
    const replay = latest() + 1;
    const { transactionKey, sequenceNumber } = step();
    const payload = schema.encode({ entityName: object.name, ...header, transactionKey, sequenceNumber, commitTimestamp: at, commitNumber: 11_000_000_000_000 + replay, diffFields: [] }, values);
    events.put(String(replay), { replay, id: randomUUID(), entity: object.name, schemaId: schema.id, payload: payload.toString('base64'), at });
    position.put('latest', { value: replay });
    purge(at);
    tell();
  }

  function step(): { transactionKey: string; sequenceNumber: number } {
    if (unit === undefined) return { transactionKey: randomUUID(), sequenceNumber: 1 };
    unit.sequence += 1;
    return { transactionKey: unit.transactionKey, sequenceNumber: unit.sequence };
  }

  function purge(at: number): void {
    const oldestKept = at - options.eventRetentionHours * 3_600_000;
    for (let replay = purged() + 1; replay < latest(); replay += 1) {
      const event = events.get(String(replay));
      if (event !== undefined && event.at >= oldestKept && latest() - replay < KEPT) return;
      events.delete(String(replay));
      position.put('purged', { value: replay });
    }
  }

  /** After the transaction that is under way, which may still be undone. */
  function tell(): void {
    if (news) return;
    news = true;
    setImmediate(() => {
      news = false;
      for (const listener of listeners) listener();
    });
  }

  return {
    captured(object, record, before) {
      const created = before === undefined || before.IsDeleted;
      const changeType = record.IsDeleted ? 'DELETE' : before === undefined ? 'CREATE' : before.IsDeleted ? 'UNDELETE' : 'UPDATE';
      const schema = eventSchemaOf(object);
      const changed = created || record.IsDeleted ? [] : schema.fields.map(({ name }) => name).filter((name) => record[name] !== before[name]);
      const values = Object.fromEntries(schema.fields.map(({ name }) => [name, record.IsDeleted ? null : created || changed.includes(name) ? (record[name] ?? null) : null]));
      store(object, {
        changeType,
        recordIds: [record.Id],
        commitUser: String(record['LastModifiedById']),
        changeOrigin: unit?.origin ?? '',
        changedFields: bitmapOf(schema, changed),
        nulledFields: bitmapOf(schema, changed.filter((name) => (record[name] ?? null) === null)),
      }, { ...values, Id: record.Id, IsDeleted: false });
    },
    within(request, work) {
      const outer = unit;
      const version = /\/v(\d+\.\d+)\//.exec(request.path)?.[1] ?? '64.0';
      unit = { origin: `com/salesforce/api/rest/${version}${clientOf(request.headers)}`, transactionKey: outer?.transactionKey ?? randomUUID(), sequence: outer?.sequence ?? 0 };
      try {
        return work();
      } finally {
        if (outer !== undefined) outer.sequence = unit.sequence;
        unit = outer;
      }
    },
    publish({ entity, changeType, recordIds, changeOrigin = '', commitUser }) {
      store(entity, { changeType, recordIds, commitUser, changeOrigin, changedFields: [], nulledFields: [] }, {});
    },
    after(replay, accepts, most) {
      const found: StoredEvent[] = [];
      for (let next = Math.max(replay, purged()) + 1; next <= latest() && found.length < most; next += 1) {
        const event = events.get(String(next));
        if (event !== undefined && accepts(event.entity)) found.push(event);
      }
      return found;
    },
    latest,
    knows: (replay) => replay >= purged() && replay <= latest(),
    earliest: purged,
    onNews(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function clientOf(headers: ApiRequest['headers']): string {
  const entry = Object.entries(headers).find(([name]) => name.toLowerCase() === 'sforce-call-options')?.[1];
  const client = /client\s*=\s*([^;,\s]+)/.exec(typeof entry === 'string' ? entry : '')?.[1];
  return client === undefined ? '' : `;client=${client}`;
}
