import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { endProcess, isRunning, processesWithEnvironment, processIdentitySchema } from './processes.ts';

const runRecordSchema = z.strictObject({
  runId: z.string().min(1),
  parts: z.array(z.strictObject({ name: z.string(), ...processIdentitySchema.shape })),
});
/** What a start has started, in the order it did. */
export type RunRecord = z.infer<typeof runRecordSchema>;

const fileName = 'pids.json';

/** Notes what runs now; undefined when nothing does any more. */
export function recordRun(dataDir: string, record: RunRecord | undefined): void {
  const file = join(dataDir, fileName);
  if (record === undefined) return rmSync(file, { force: true });
  const draft = `${file}.new`;
  writeFileSync(draft, JSON.stringify(record), { mode: 0o600 });
  renameSync(draft, file);
}

/**
 * Ends what a start that was killed (`kill -9`, power) left running in this data folder, last started first. A process that has
 * merely been given the number of one of ours is not touched: its start time is another.
 * @returns the names of the parts that were still running.
 */
export async function endLeftovers(dataDir: string): Promise<string[]> {
  const file = join(dataDir, fileName);
  if (!existsSync(file)) return [];
  const record = readRecord(file);
  if (record === undefined) {
    rmSync(file, { force: true });
    return [];
  }
  const alive = record.parts.filter(isRunning).toReversed();
  for (const { pid, startedAt } of alive) await endProcess({ pid, startedAt }, 'SIGINT', 10_000);
  const descendants = processesWithEnvironment('Q2C_RUN_ID', record.runId);
  await Promise.all(descendants.map((identity) => endProcess(identity, 'SIGTERM', 3_000)));
  rmSync(file, { force: true });
  return alive.map((part) => part.name);
}

function readRecord(file: string): RunRecord | undefined {
  try {
    return runRecordSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
