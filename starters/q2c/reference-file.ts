import { z } from 'zod';
import { isReferenceKind, referenceKinds } from '../../domain/model/time/reference.ts';
import type { ReferenceRow } from '../../store/time/reference.ts';

export interface LineMistake {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

export type ReferenceFile = { readonly ok: true; readonly rows: readonly ReferenceRow[] } | { readonly ok: false; readonly mistakes: readonly LineMistake[] };

const rowSchema = z.strictObject({ kind: z.string(), key: z.string().min(1), scope: z.string().min(1), document: z.record(z.string(), z.unknown()) });

/**
 * Reads rows of reference data, one JSON object a line: {kind, key, scope, document}. Every mistake of every line is named; a file with a
 * mistake gives no rows at all.
 */
export function readReferenceFile(bytes: Uint8Array): ReferenceFile {
  const mistakes: LineMistake[] = [];
  const rows: ReferenceRow[] = [];
  const seen = new Map<string, number>();
  const lines = textLines(bytes);
  if (lines === undefined) return { ok: false, mistakes: [{ line: 1, message: 'the file is not UTF-8 text' }] };
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    if (text.trim() === '') continue;
    const read = readLine(text);
    if ('messages' in read) {
      mistakes.push(...read.messages.map((message) => ({ line, message })));
      continue;
    }
    const name = `${read.row.kind} ${read.row.key}`;
    const first = seen.get(name);
    if (first !== undefined) mistakes.push({ line, message: `${name} stands in line ${first} already` });
    else seen.set(name, line);
    rows.push(read.row);
  }
  return mistakes.length === 0 ? { ok: true, rows } : { ok: false, mistakes };
}

/** Undefined where it is no UTF-8. A byte order mark is left out. */
function textLines(bytes: Uint8Array): string[] | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).split(/\r?\n/);
  } catch {
    return undefined;
  }
}

function readLine(text: string): { readonly row: ReferenceRow } | { readonly messages: readonly string[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { messages: [`no JSON: ${error instanceof Error ? error.message : String(error)}`] };
  }
  const shape = rowSchema.safeParse(value);
  if (!shape.success) return { messages: messagesOf(shape.error, '') };
  const { kind, key, scope } = shape.data;
  if (!isReferenceKind(kind)) return { messages: [`kind: "${kind}" is none of ${Object.keys(referenceKinds).join(', ')}`] };
  const read = referenceKinds[kind].read(shape.data.document);
  if (!read.ok) return { messages: messagesOf(read.error, 'document.') };
  const messages = [
    ...(read.keys.includes(key) ? [] : [`key: "${key}" is not the key of this ${kind}, which is "${read.keys.join('" or "')}"`]),
    ...(read.scope === scope ? [] : [`scope: "${scope}" is not the scope of this ${kind}, which is "${read.scope}"`]),
  ];
  return messages.length > 0 ? { messages } : { row: { kind, key, scope, document: read.document } };
}

function messagesOf(error: z.ZodError, under: string): string[] {
  return error.issues.map((issue) => `${under}${issue.path.join('.') || '(row)'}: ${issue.message}`);
}
