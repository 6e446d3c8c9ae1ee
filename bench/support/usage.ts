import { readdirSync, readFileSync } from 'node:fs';

/** Of proc(5): the kernel counts processor time in ticks of 10 ms on every Linux this runs on. */
const TICKS_PER_SECOND = 100;

interface Stat {
  readonly parent: number;
  readonly seconds: number;
}

/**
 * Memory that each of these processes and all it has started hold now, MB: the private pages of all, and pages shared in memory once; null
 * where /proc is missing.
 */
export function treeMemoryMb(pids: readonly number[]): ReadonlyMap<number, number> | null {
  const parents = new Map(numberedFolders().flatMap((id) => {
    const stat = statOf(id);
    return stat === undefined ? [] : [[id, stat.parent] as const];
  }));
  if (parents.size === 0) return null;
  const held = new Map(pids.map((pid) => [pid, { own: 0, shared: 0 }]));
  for (const id of parents.keys()) {
    let root = id;
    while (!held.has(root) && root > 1) root = parents.get(root) ?? 0;
    const sum = held.get(root);
    if (sum === undefined) continue;
    const status = textOf(`/proc/${id}/status`) ?? '';
    sum.own += kilobytes(status, 'RssAnon');
    sum.shared = Math.max(sum.shared, kilobytes(status, 'RssShmem'));
  }
  return new Map([...held].map(([pid, { own, shared }]) => [pid, (own + shared) / 1024]));
}

function kilobytes(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
}

/** Processor seconds a process and all it has started have used so far, those that have ended included; null where /proc is missing. */
export function cpuSeconds(pid: number): number | null {
  const stats = new Map(numberedFolders().flatMap((id) => {
    const stat = statOf(id);
    return stat === undefined ? [] : [[id, stat] as const];
  }));
  if (!stats.has(pid)) return null;
  const isOf = (id: number): boolean => id === pid || ((stats.get(id)?.parent ?? 0) > 1 && isOf(stats.get(id)?.parent ?? 0));
  return [...stats].reduce((sum, [id, { seconds }]) => (isOf(id) ? sum + seconds : sum), 0);
}

/** The most memory a process has held at once so far, MB (VmHWM of proc(5)); null where /proc is missing. */
export function peakMemoryMb(pid: number): number | null {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) / 1024;
}

function numberedFolders(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function statOf(pid: number): Stat | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
  const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0);
  return { parent: fields[1] ?? 0, seconds: ticks / TICKS_PER_SECOND };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
