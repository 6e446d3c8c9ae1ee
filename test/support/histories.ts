import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';
import { z } from 'zod';

/** Histories of representative runs, recorded by `node scripts/record-histories.ts`. */
export const HISTORIES = join(import.meta.dirname, '..', 'workflows', 'histories');

const recordedSchema = z.object({ workflowId: z.string(), history: z.looseObject({ events: z.array(z.looseObject({ eventType: z.string() })).min(1) }) });

export interface RecordedHistory {
  readonly name: string;
  readonly workflowId: string;
  /** The file's own words. */
  readonly text: string;
  readonly history: temporal.api.history.v1.IHistory;
}

/**
 * The SDK's own historyToJSON and historyFromJSON fail where npm installs protobufjs once for each of its packages (another package wants another
 * major version): a type of one copy is none to another. So the copy of @temporalio/proto, which made the types, does it.
 */
const ownRequire = createRequire(createRequire(import.meta.url).resolve('@temporalio/proto'));
const protojson: { toJson(type: unknown, message: unknown): unknown; fromJson(type: unknown, value: unknown): temporal.api.history.v1.IHistory } = ownRequire('protobufjs/ext/protojson');
const { patchProtobufRoot }: { patchProtobufRoot(root: unknown): { lookupType(name: string): unknown } } = ownRequire('@temporalio/proto/lib/patch-protobuf-root');
const historyType = patchProtobufRoot(proto).lookupType('temporal.api.history.v1.History');

export async function recordedHistories(): Promise<RecordedHistory[]> {
  const files = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json')).toSorted((left, right) => (left.replace('.json', '') < right.replace('.json', '') ? -1 : 1));
  return await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(HISTORIES, file), 'utf8');
      const { workflowId, history } = recordedSchema.parse(JSON.parse(text));
      return { name: file.replace('.json', ''), workflowId, text, history: protojson.fromJson(historyType, history) };
    }),
  );
}

/** A workflow's history as text for a file, without what only says on which machine it ran. */
export async function historyText(handle: WorkflowHandle): Promise<string> {
  const history: unknown = protojson.toJson(historyType, proto.temporal.api.history.v1.History.fromObject(await handle.fetchHistory()));
  return `${JSON.stringify({ workflowId: handle.workflowId, history: withoutMachine(history) }, null, 1)}\n`;
}

/** Sticky task queues and identities carry host names, stack traces carry paths; neither matters to a replay. */
function withoutMachine(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMachine);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => {
      if (key === 'identity') return [[key, 'worker']];
      if (key === 'stackTrace') return [];
      if (key === 'name' && 'normalName' in value && typeof value.normalName === 'string' && value.normalName !== '') return [[key, value.normalName]];
      return [[key, withoutMachine(part)]];
    }),
  );
}
