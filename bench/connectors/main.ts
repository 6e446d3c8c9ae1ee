import { parseArgs } from 'node:util';
import type { Findings } from '../support/findings.ts';
import { endInOrderOnSignals, using } from '../support/open.ts';
import { asJsonLines } from '../support/report.ts';
import { adaptation } from './adaptation.ts';
import { layer } from './layer.ts';
import { limits } from './limits.ts';
import { paging } from './paging.ts';
import { startStage, type Stage } from './stage-process.ts';
import { tokens } from './tokens.ts';

const USAGE = `npm run bench -- connectors [options]
  --json    one JSON object per line
  --quick   little of everything, to see that it works: its figures mean nothing`;

/** @returns the exit code: 1 where a token was fetched twice, a limiter refused a request (also after the first adaptation to a lower one) or a record was missed */
export async function connectorsBench(args: readonly string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ args: [...args], options: { json: flag, quick: flag, help: flag } });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { json, quick } = values;
  endInOrderOnSignals((line) => console.error(line));
  const parts: readonly ((stage: Stage) => Promise<Findings>)[] = [
    (stage) => layer(stage, { calls: quick ? 500 : 5_000, rounds: quick ? 1 : 5 }),
    tokens,
    (stage) => limits(stage, { netsuiteCalls: quick ? 200 : 3_000, hubspotCalls: quick ? 30 : 300 }),
    (stage) => adaptation(stage, { seconds: quick ? 5 : 25 }),
    (stage) => paging(stage, quick ? 10_000 : 100_000),
  ];
  return await using(startStage, async (stage) => {
    let failed = false;
    for (const part of parts) {
      const findings = await part(stage);
      failed ||= findings.failed;
      console.log(json ? asJsonLines(findings.measures) : `${findings.report}\n`);
    }
    return failed ? 1 : 0;
  });
}
