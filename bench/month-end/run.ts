import { setTimeout as delay } from 'node:timers/promises';
import { cpuSeconds, treeMemoryMb } from '../support/usage.ts';
import { compare, expectedLines, type Verdict } from './compare.ts';
import type { Engine, Ground, RunningEngine } from './engines/engine.ts';
import type { Erp, Limits } from './erp.ts';
import type { MonthSheet } from './month.ts';
import { referenceOf } from './work.ts';

export interface RunResult {
  readonly seconds: number;
  readonly timesheetsPerSecond: number;
  readonly entriesPerSecond: number;
  /** Processor seconds per timesheet by part; null where the system does not tell. */
  readonly cpuPerTimesheet: Readonly<Record<string, number>> | null;
  /** The ERP sandbox's, which is no part of the engine. */
  readonly sandboxCpuPerTimesheet: number | null;
  readonly bytesPerTimesheet: number;
  readonly peakMemoryMb: number | null;
  readonly limits: Limits;
  readonly verdict: Verdict;
}

export interface RunSettings {
  readonly engine: Engine;
  readonly ground: Ground;
  readonly erp: Erp;
  readonly warmUp: readonly MonthSheet[];
  readonly sheets: readonly MonthSheet[];
  /** Kill the engine when half is done. */
  readonly crash: boolean;
  readonly limitMs: number;
}

const MEMORY_EVERY_MS = 500;
const LOOK_EVERY_MS = 100;

/** One engine, from an empty installation to the last timesheet posted, compared line by line with what the ERP then has. */
export async function runOnce({ engine, ground, erp, warmUp, sheets, crash, limitMs }: RunSettings): Promise<RunResult> {
  await erp.prepare(ground.month);
  const running = await engine.start(ground);
  try {
    await send(running, 'warm-up', warmUp, Date.now() + 60_000);
    await untilFinished(running, ['warm-up'], warmUp.length, Date.now() + 120_000);

    const [bytesBefore, cpuBefore, sandboxBefore] = [await running.storedBytes(), cpuByPart(running), cpuSeconds(ground.sandboxPid)];
    const memory = watchMemory(running);
    const deadline = Date.now() + limitMs;
    const startedAt = performance.now();
    const sent = send(running, 'month', sheets, deadline);
    sent.catch(() => undefined);
    if (crash) {
      await untilFinished(running, ['warm-up', 'month'], warmUp.length + Math.ceil(sheets.length / 3), deadline);
      ground.tell(`  ${engine.title}: kill -9 with a third done`);
      await running.crash();
    }
    await sent;
    await untilFinished(running, ['warm-up', 'month'], warmUp.length + sheets.length, deadline);
    const seconds = (performance.now() - startedAt) / 1000;
    const peakMemoryMb = memory.stop();
    const [cpuAfter, sandboxAfter] = [cpuByPart(running), cpuSeconds(ground.sandboxPid)];
    const bytes = (await running.storedBytes()) - bytesBefore;
    const entries = sheets.reduce((sum, { sheet }) => sum + sheet.entries.length, 0);
    return {
      seconds,
      timesheetsPerSecond: sheets.length / seconds,
      entriesPerSecond: entries / seconds,
      cpuPerTimesheet: cpuBefore === null || cpuAfter === null || crash ? null : Object.fromEntries(Object.entries(cpuAfter).map(([part, after]) => [part, (after - (cpuBefore[part] ?? 0)) / sheets.length])),
      sandboxCpuPerTimesheet: sandboxBefore === null || sandboxAfter === null ? null : (sandboxAfter - sandboxBefore) / sheets.length,
      bytesPerTimesheet: bytes / sheets.length,
      peakMemoryMb,
      limits: await erp.limits(),
      verdict: compare(expectedLines([...warmUp, ...sheets], await referenceOf(running.storeUrl), ground.month.asOf), await erp.lines()),
    };
  } finally {
    await running.stop();
  }
}

/** As a time system would: what was not acknowledged is sent again. */
async function send(running: RunningEngine, batch: string, sheets: readonly MonthSheet[], deadline: number): Promise<void> {
  for (;;) {
    try {
      return await running.send(batch, sheets);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(500);
    }
  }
}

async function untilFinished(running: RunningEngine, batches: readonly string[], count: number, deadline: number): Promise<void> {
  for (;;) {
    const finished = await running.finished(batches);
    if (finished >= count) return;
    if (Date.now() > deadline) throw new Error(`${finished} of ${count} timesheets were done when the time was over`);
    await delay(LOOK_EVERY_MS);
  }
}

function cpuByPart(running: RunningEngine): Record<string, number> | null {
  const parts = Object.entries(running.pids()).map(([part, pid]) => [part, cpuSeconds(pid)] as const);
  return parts.some(([, seconds]) => seconds === null) ? null : Object.fromEntries(parts.map(([part, seconds]) => [part, seconds ?? 0]));
}

function watchMemory(running: RunningEngine): { stop(): number | null } {
  let peak: number | null = null;
  const look = () => {
    const now = treeMemoryMb(Object.values(running.pids()));
    if (now !== null) peak = Math.max(peak ?? 0, now);
  };
  const timer = setInterval(look, MEMORY_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}
