import { cpuSeconds } from '../support/usage.ts';
import type { Installation, PartName } from './installation.ts';
import type { LoadResult } from './load.ts';

export interface LevelResult {
  readonly inFlight: number;
  readonly ours: readonly LoadResult[];
  readonly theirs: readonly LoadResult[];
  /** Processor seconds per deal by process, over all our runs; null where the system does not tell. */
  readonly cpuPerDeal: Readonly<Partial<Record<PartName, number | null>>>;
  /** The same for one bare workflow. */
  readonly cpuPerBare: Readonly<Partial<Record<PartName, number | null>>>;
}

export interface LevelSettings {
  readonly inFlight: number;
  readonly runs: number;
  readonly count: number;
  readonly installation: Installation;
  readonly tell: (text: string) => void;
  readonly ours: (limitMs: number) => Promise<LoadResult>;
  readonly theirs: (limitMs: number) => Promise<LoadResult>;
}

/** No measurement takes longer: a deal that takes four seconds is a defect, not a slow deal. */
const LIMIT_MS_PER_DEAL = 4_000;
const PARTS: readonly PartName[] = ['server', 'store', 'sandbox', 'worker', 'gateway', 'bare worker'];

/** Ours and theirs in turn, so that whatever else the machine does falls on both. */
export async function measureLevel({ inFlight, runs, count, installation, tell, ours, theirs }: LevelSettings): Promise<LevelResult> {
  const limitMs = 30_000 + count * LIMIT_MS_PER_DEAL;
  const results = { ours: [] as LoadResult[], theirs: [] as LoadResult[] };
  const used = { ours: new Map<PartName, number | null>(), theirs: new Map<PartName, number | null>() };

  async function once(side: 'ours' | 'theirs', load: (limitMs: number) => Promise<LoadResult>): Promise<number> {
    const before = usage(installation);
    const result = await load(limitMs);
    for (const [part, seconds] of usage(installation)) {
      const [start, sum] = [before.get(part) ?? null, used[side].get(part) ?? 0];
      used[side].set(part, start === null || seconds === null || sum === null ? null : sum + seconds - start);
    }
    results[side].push(result);
    return result.perSecond;
  }

  for (let run = 1; run <= runs; run += 1) {
    const [own, bare] = [await once('ours', ours), await once('theirs', theirs)];
    tell(`  ${inFlight} in flight, run ${run} of ${runs}: ${own.toFixed(2)} deals/s, bare ${bare.toFixed(2)}/s`);
  }
  const perPiece = (side: 'ours' | 'theirs') => Object.fromEntries([...used[side]].map(([part, seconds]) => [part, seconds === null ? null : seconds / (count * runs)]));
  return { inFlight, ...results, cpuPerDeal: perPiece('ours'), cpuPerBare: perPiece('theirs') };
}

function usage({ pids }: Installation): Map<PartName, number | null> {
  return new Map(PARTS.map((part) => [part, cpuSeconds(pids[part])]));
}
