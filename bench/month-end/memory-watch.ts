import { treeMemoryMb } from '../support/usage.ts';
import type { RunningEngine } from './engines/engine.ts';

export interface PeakMemory {
  /** The most that all parts held together at one moment, MB. */
  readonly total: number;
  /** The most that each held at any moment. */
  readonly parts: Readonly<Record<string, number>>;
}

const EVERY_MS = 500;

/** Looks twice a second; `stop` answers null where the system does not tell. */
export function watchMemory(running: RunningEngine): { stop(): PeakMemory | null } {
  let total = 0;
  const parts: Record<string, number> = {};
  const look = () => {
    const pids = Object.entries(running.pids());
    const now = treeMemoryMb(pids.map(([, pid]) => pid));
    if (now === null) return;
    total = Math.max(total, [...now.values()].reduce((sum, megabytes) => sum + megabytes, 0));
    for (const [part, pid] of pids) parts[part] = Math.max(parts[part] ?? 0, now.get(pid) ?? 0);
  };
  const timer = setInterval(look, EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      look();
      return total === 0 ? null : { total, parts };
    },
  };
}
