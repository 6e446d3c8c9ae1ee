import { z } from 'zod';
import { afterFirstWrite } from '../partial-write.ts';
import { isInUse } from './classify.ts';
import type { About, Dynamics, Stored } from './client.ts';
import { matching, type EntityKey, type Literal } from './odata.ts';

type Row = Readonly<Record<string, unknown>>;

/** The rows of one entity that belong to a record. */
export interface PartSet {
  readonly set: string;
  /** Key fields that all parts of the record share. */
  readonly of: EntityKey;
  /** The key fields that tell the parts apart. */
  readonly by: readonly string[];
  /** Which of them this connector makes; people's own are left alone. Without it, all. */
  readonly ours?: (row: Row) => boolean;
}

export interface Part {
  readonly key: EntityKey;
  readonly body: object;
}

/** Makes the parts what they should be: new ones are made, others updated, those no longer wanted removed unless they are used. */
export async function writeParts(dynamics: Dynamics, parts: PartSet, wanted: readonly Part[], about: About): Promise<void> {
  const existing = new Map((await partsOf(dynamics, parts, about)).map((row) => [identityOf(parts, row), row]));
  const writes: (() => Promise<unknown>)[] = [];
  for (const { key, body } of wanted) {
    const full = { ...parts.of, ...key };
    const identity = identityOf(parts, plain(key));
    const before = existing.get(identity);
    existing.delete(identity);
    writes.push(before === undefined ? () => dynamics.create(parts.set, { ...plain(full), ...body }, about) : () => dynamics.update(parts.set, full, body, before.etag, about));
  }
  for (const row of existing.values()) writes.push(() => dynamics.remove(parts.set, keyOf(parts, row), about).catch(unlessInUse));
  for (const [index, write] of writes.entries()) await (index === 0 ? write() : afterFirstWrite(write));
}

function unlessInUse(error: unknown): void {
  if (!isInUse(error)) throw error;
}

/** How many there were. @throws SystemFailure also where one is used */
export async function removeParts(dynamics: Dynamics, parts: PartSet, about: About): Promise<number> {
  const rows = await partsOf(dynamics, parts, about);
  for (const row of rows.toReversed()) await dynamics.remove(parts.set, keyOf(parts, row), about);
  return rows.length;
}

export async function partsOf(dynamics: Dynamics, parts: PartSet, about: About): Promise<Stored<Row>[]> {
  const rows = await dynamics.list(parts.set, { filter: matching(parts.of), select: parts.by }, z.looseObject({}), about);
  return parts.ours === undefined ? rows : rows.filter(parts.ours);
}

function keyOf(parts: PartSet, row: Row): EntityKey {
  return { ...parts.of, ...Object.fromEntries(parts.by.map((field): [string, Literal] => [field, literalOf(row[field])])) };
}

function literalOf(value: unknown): Literal {
  return typeof value === 'string' && !isInstant(value) ? value : { raw: String(value) };
}

function plain(key: EntityKey): Record<string, unknown> {
  return Object.fromEntries(Object.entries(key).map(([field, value]) => [field, typeof value === 'string' ? value : isInstant(value.raw) ? value.raw : Number(value.raw)]));
}

/** Dynamics finds texts whatever their case; of an instant only the day counts. */
function identityOf(parts: PartSet, row: Row): string {
  return JSON.stringify(parts.by.map((field) => {
    const text = String(row[field] ?? '');
    return isInstant(text) ? text.slice(0, 10) : text.toUpperCase();
  }));
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}T/.test(text);
}
