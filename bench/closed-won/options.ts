import { parseArgs } from 'node:util';
import { z } from 'zod';

const whole = (most: number) => z.coerce.number<string>().int().min(1).max(most);

const optionsSchema = z.object({
  json: z.boolean().default(false),
  deals: whole(2000).default(128),
  'in-flight': z.string().default('1,8,32').transform((text) => text.split(',')).pipe(z.array(whole(200)).min(1).max(8)),
  runs: whole(20).default(3),
  profile: z.string().optional(),
});
export type ClosedWonOptions = z.infer<typeof optionsSchema>;

export const USAGE = `npm run bench -- closed-won [options]
  --json             one JSON object per line
  --deals N          most deals in one measurement (128); with few in flight it takes fewer
  --in-flight LIST   how many deals at a time (1,8,32)
  --runs N           measurements of each kind, ours and the peer's in turn (3)
  --profile FOLDER   CPU profiles of the worker, and what each deal costs in requests and statements`;

/** @throws Error saying which option is wrong */
export function parseOptions(args: readonly string[]): ClosedWonOptions {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean' }, deals: { type: 'string' }, 'in-flight': { type: 'string' }, runs: { type: 'string' }, profile: { type: 'string' } } });
  const parsed = optionsSchema.safeParse(values);
  if (!parsed.success) throw new Error(`${parsed.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`).join('\n')}\n\n${USAGE}`);
  return parsed.data;
}
