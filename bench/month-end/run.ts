import { setTimeout as delay } from 'node:timers/promises';
import { using } from '../support/open.ts';
import { cpuSeconds } from '../support/usage.ts';
import type { Engine, Ground, RunningEngine } from './engines/engine.ts';
import type { Erp, Limits } from './erp.ts';
import { watchMemory, type PeakMemory } from './memory-watch.ts';
import { timesheetsIn, type MonthSheet } from './month.ts';

export interface RunResult {
  readonly entries: number;
  readonly seconds: number;
  readonly timesheetsPerSecond: number;
  readonly entriesPerSecond: number;
  /** Processor seconds per timesheet by part; null where the system does not tell, and where parts were killed. */
  readonly cpuPerTimesheet: Readonly<Record<string, number>> | null;
  /** The ERP sandbox's, which is no part of the engine. */
  readonly sandboxCpuPerTimesheet: number | null;
  readonly bytesPerTimesheet: number;
  readonly memory: PeakMemory | null;
  readonly limits: Limits;
  readonly verdict: Verdict;
}

/** What the ERP and the engine have in the end, against what they should have. */
export interface Verdict {
  readonly exact: boolean;
  readonly text: string;
}

export interface RunSettings {
  readonly engine: Engine;
  readonly ground: Ground;
  readonly erp: Erp;
  readonly warmUp: readonly MonthSheet[];
  readonly sheets: readonly MonthSheet[];
  /** Kill the engine when a third is done. */
  readonly crash: boolean;
  readonly limitMs: number;
  readonly check: (running: RunningEngine) => Promise<Verdict>;
}

const LOOK_EVERY_MS = 100;
const WARM_UP_MS = 120_000;

/** One engine, from an empty installation to the last timesheet posted, and what became of it all. */
export async function runOnce({ engine, ground, erp, warmUp, sheets, crash, limitMs, check }: RunSettings): Promise<RunResult> {
  await erp.prepare(ground.month);
  return await using(() => engine.start(ground), async (running) => {
    await sendUntilTaken(running, 'warm-up', warmUp, Date.now() + WARM_UP_MS);
    await untilFinished(running, timesheetsIn(warmUp), Date.now() + WARM_UP_MS);
    await erp.forgetLimits();

    const bytesBefore = await running.storedBytes();
    const [cpuBefore, sandboxBefore] = [cpuByPart(running), cpuSeconds(ground.sandboxPid)];
    const memory = watchMemory(running);
    const deadline = Date.now() + limitMs;
    const startedAt = performance.now();
    const sent = sendUntilTaken(running, 'month', sheets, deadline);
    sent.catch(() => undefined);
    if (crash) {
      await untilFinished(running, warmUp.length + Math.ceil(sheets.length / 3), deadline);
      await running.crash();
    }
    await sent;
    await untilFinished(running, timesheetsIn([...warmUp, ...sheets]), deadline);
    const seconds = (performance.now() - startedAt) / 1000;
    const peak = memory.stop();
    const [cpuAfter, sandboxAfter] = [cpuByPart(running), cpuSeconds(ground.sandboxPid)];
    const entries = sheets.reduce((sum, { sheet }) => sum + sheet.entries.length, 0);
    return {
      entries,
      seconds,
      timesheetsPerSecond: sheets.length / seconds,
      entriesPerSecond: entries / seconds,
      cpuPerTimesheet: cpuBefore === null || cpuAfter === null || crash ? null : Object.fromEntries(Object.entries(cpuAfter).map(([part, after]) => [part, (after - (cpuBefore[part] ?? 0)) / sheets.length])),
      sandboxCpuPerTimesheet: sandboxBefore === null || sandboxAfter === null ? null : (sandboxAfter - sandboxBefore) / sheets.length,
      bytesPerTimesheet: ((await running.storedBytes()) - bytesBefore) / sheets.length,
      memory: peak,
      limits: await erp.limits(),
      verdict: await check(running),
    };
  });
}

/** As a time system would: what was not acknowledged is sent again. @throws Error of the last attempt, past the deadline */
export async function sendUntilTaken(running: RunningEngine, batch: string, sheets: readonly MonthSheet[], deadline: number): Promise<void> {
  for (;;) {
    try {
      return await running.send(batch, sheets);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(200);
    }
  }
}

/** @throws Error where they are not by then, milliseconds since 1970 */
export async function untilFinished(running: RunningEngine, count: number, deadline: number): Promise<void> {
  for (;;) {
    const finished = await running.finished();
    if (finished >= count) return;
    if (Date.now() > deadline) throw new Error(`${finished} of ${count} timesheets were done when the time was over`);
    await delay(LOOK_EVERY_MS);
  }
}

function cpuByPart(running: RunningEngine): Record<string, number> | null {
  const parts = Object.entries(running.pids()).map(([part, pid]) => [part, cpuSeconds(pid)] as const);
  return parts.some(([, seconds]) => seconds === null) ? null : Object.fromEntries(parts.map(([part, seconds]) => [part, seconds ?? 0]));
}
