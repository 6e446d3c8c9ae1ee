import type { z } from 'zod';
import { afterFirstWrite } from '../partial-write.ts';
import { isRefused } from './classify.ts';
import type { About, Oracle, Stored } from './client.ts';

export interface Part {
  /** What tells it from its siblings. */
  readonly key: string;
  readonly body: object;
  /** Fields that can be given only when it is made. */
  readonly start?: object;
}

export interface PartSet<Row extends object> {
  /** The collection of the children. */
  readonly path: string;
  readonly row: z.ZodType<Row>;
  readonly fields: readonly string[];
  /** Undefined for those that are not ours: they are left alone. */
  readonly keyOf: (row: Row) => string | undefined;
}

/** Makes the parts of a record what they should be: new ones are made, others changed, those no longer wanted removed unless they are used. Every call after the first leaves doubt where it fails. */
export async function writeParts<Row extends object>(oracle: Oracle, parts: PartSet<Row>, wanted: readonly Part[], about: About): Promise<void> {
  const existing = await partsOf(oracle, parts, about);
  const writes: (() => Promise<unknown>)[] = [];
  for (const { key, body, start } of wanted) {
    const before = existing.get(key);
    existing.delete(key);
    writes.push(before === undefined ? () => oracle.create(parts.path, { ...start, ...body }, parts.row, about) : () => oracle.update(before.self, body, before.etag, about));
  }
  for (const row of existing.values()) writes.push(() => removeUnlessUsed(oracle, row.self, about));
  for (const [index, write] of writes.entries()) await (index === 0 ? write() : afterFirstWrite(write));
}

export async function partsOf<Row extends object>(oracle: Oracle, parts: PartSet<Row>, about: About): Promise<Map<string, Stored<Row>>> {
  const rows = await oracle.list(parts.path, { fields: parts.fields }, parts.row, about);
  return new Map(rows.flatMap((row) => {
    const key = parts.keyOf(row);
    return key === undefined ? [] : [[key, row] as const];
  }));
}

/** Whether it is gone. @throws SystemFailure for everything but Oracle's refusal to delete what is used */
export async function removeUnlessUsed(oracle: Oracle, self: string, about: About): Promise<boolean> {
  try {
    await oracle.remove(self, about);
    return true;
  } catch (error) {
    if (!isRefused(error)) throw error;
    return false;
  }
}
