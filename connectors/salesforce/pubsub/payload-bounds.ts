import { z } from 'zod';

const node = z.union([
  z.string(),
  z.array(z.unknown()),
  z.looseObject({ type: z.unknown(), name: z.string().optional(), fields: z.array(z.looseObject({ type: z.unknown() })).optional(), items: z.unknown().optional(), values: z.unknown().optional(), size: z.int().nonnegative().optional() }),
]);

const DEEPEST = 64;

/**
 * Holds what a payload says of its own lengths and counts against what there is of it, before it is decoded: a decoder believes a count of a
 * billion items and makes them. Source: Apache Avro specification, "Binary Encoding".
 * @throws Error where it ends early, or says more than it has
 */
export function checkBounds(schema: unknown, payload: Buffer): void {
  const named = new Map<string, unknown>();
  let at = 0;

  const over = (): Error => new Error(`the payload of ${payload.length} bytes is not of its schema: it tells of more than it has`);
  function skip(bytes: bigint): void {
    if (bytes < 0n || bytes > BigInt(payload.length - at)) throw over();
    at += Number(bytes);
  }
  function long(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = payload[at];
      if (byte === undefined) throw over();
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return (value >> 1n) ^ -(value & 1n);
    }
    throw over();
  }
  /** Blocks of items; each item has a byte at least. */
  function blocks(item: () => void): void {
    for (let count = long(); count !== 0n; count = long()) {
      if (count < 0n) {
        count = -count;
        long();
      }
      if (count > BigInt(payload.length - at)) throw over();
      for (let left = Number(count); left > 0; left -= 1) item();
    }
  }
  function primitive(name: string, depth: number): void {
    switch (name) {
      case 'null':
        return;
      case 'boolean':
        return skip(1n);
      case 'int':
      case 'long':
        return void long();
      case 'float':
        return skip(4n);
      case 'double':
        return skip(8n);
      case 'bytes':
      case 'string':
        return skip(long());
      default:
        if (!named.has(name)) throw new Error(`the schema has no type ${name.slice(0, 100)}`);
        return walk(named.get(name), depth + 1);
    }
  }
  function walk(type: unknown, depth: number): void {
    if (depth > DEEPEST) throw new Error(`the payload nests more than ${DEEPEST} types`);
    const part = node.parse(type, { error: () => 'no Avro type' });
    if (typeof part === 'string') return primitive(part, depth);
    if (Array.isArray(part)) {
      const branch = long();
      if (branch < 0n || branch >= BigInt(part.length)) throw over();
      return walk(part[Number(branch)], depth + 1);
    }
    if (part.name !== undefined) named.set(part.name, part);
    switch (part.type) {
      case 'record':
        for (const field of part.fields ?? []) walk(field.type, depth + 1);
        return;
      case 'enum':
        return void long();
      case 'fixed':
        return skip(BigInt(part.size ?? 0));
      case 'array':
        return blocks(() => walk(part.items, depth + 1));
      case 'map':
        return blocks(() => {
          skip(long());
          walk(part.values, depth + 1);
        });
      default:
        return walk(part.type, depth + 1);
    }
  }

  walk(schema, 0);
}
