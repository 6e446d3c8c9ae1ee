import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { EngineName } from './engines/engine.ts';

export const PARTS = ['engines', 'crash', 'memory', 'single', 'fairness', 'cutoff', 'limit'] as const;
export type PartName = (typeof PARTS)[number];
const ENGINE_NAMES = ['ours', 'temporal', 'dbos', 'restate'] as const satisfies readonly EngineName[];

const whole = (least: number, most: number) => z.coerce.number<string>().int().min(least).max(most);
const list = <Name extends string>(names: readonly [Name, ...Name[]]) => z.string().transform((text) => text.split(',')).pipe(z.array(z.enum(names)).min(1));

const optionsSchema = z.object({
  json: z.boolean().default(false),
  quick: z.boolean().default(false),
  timesheets: whole(20, 4_000).optional(),
  runs: whole(1, 20).optional(),
  consultants: whole(100, 20_000).optional(),
  latency: whole(0, 5_000).default(20),
  dirty: whole(0, 25).default(3),
  parts: list(PARTS).default([...PARTS]),
  engines: list(ENGINE_NAMES).default([...ENGINE_NAMES]),
  profile: z.string().optional(),
});

export interface MonthEndOptions {
  readonly json: boolean;
  readonly quick: boolean;
  /** In each measured run of an engine. */
  readonly timesheets: number;
  readonly runs: number;
  /** Of the whole month, of which the memory is looked at. */
  readonly consultants: number;
  /** Of a hundred timesheets so many have something wrong. */
  readonly dirty: number;
  /** Of the ERP, milliseconds. */
  readonly latency: number;
  readonly parts: readonly PartName[];
  readonly engines: readonly EngineName[];
  /** Where our worker and gateway leave CPU profiles. */
  readonly profile: string | undefined;
}

export const USAGE = `npm run bench -- month-end [options]
  --json             one JSON object per line
  --timesheets N     timesheets in each measured run of an engine, one per consultant (1600)
  --runs N           runs of each engine, in turn (5)
  --consultants N    of the whole month whose memory is measured, against a quarter of them (4000: 160,000 entries)
  --latency MS       what the ERP sandbox takes for every request (20)
  --dirty PERCENT    timesheets with something wrong in the engines' runs (3)
  --parts LIST       of ${PARTS.join(',')} (all)
  --engines LIST     of ${ENGINE_NAMES.join(',')} (all)
  --quick            little of everything, to see that it works: its figures mean nothing
  --profile FOLDER   CPU profiles of our worker and gateway`;

/** @throws Error saying which option is wrong */
export function parseOptions(args: readonly string[]): MonthEndOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({ args: [...args], options: { json: flag, quick: flag, timesheets: text, runs: text, consultants: text, latency: text, dirty: text, parts: text, engines: text, profile: text } });
  const parsed = optionsSchema.safeParse(values);
  if (!parsed.success) throw new Error(`${parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`).join('\n')}\n\n${USAGE}`);
  const { quick, timesheets, runs, consultants, profile, ...rest } = parsed.data;
  return { ...rest, quick, timesheets: timesheets ?? (quick ? 120 : 1_600), runs: runs ?? (quick ? 1 : 5), consultants: consultants ?? (quick ? 400 : 4_000), profile };
}
