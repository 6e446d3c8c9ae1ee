// `npm run bench -- <name> [--json] …`: measures of the whole line, beside something plain in the same run. See docs/benchmarks.md.
import { connectorsBench } from './connectors/main.ts';
import { closedWonBench } from './closed-won/main.ts';
import { monthEndBench } from './month-end/main.ts';

interface Bench {
  readonly about: string;
  /** @returns the exit code */
  run(args: readonly string[]): Promise<number>;
}

const benches: Readonly<Record<string, Bench>> = {
  'closed-won': { about: 'closed-won deals per second from webhook to activated projects, beside a bare Temporal workflow', run: closedWonBench },
  connectors: { about: 'the HTTP layer beside bare got and undici, tokens under load, limiters, memory while paging', run: connectorsBench },
  'month-end': { about: 'approved timesheets per second from intake to posted in the ERP, beside plain Temporal, DBOS and Restate', run: monthEndBench },
};

const [name = '', ...args] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  console.error(`${name === '' ? 'Name a benchmark' : `There is no benchmark "${name}"`}: npm run bench -- <name> [options]`);
  for (const [known, { about }] of Object.entries(benches)) console.error(`  ${known.padEnd(12)} ${about}`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = await bench.run(args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
// Everything that was started has been ended by now; an idle socket shall not hold the process.
process.exit();
