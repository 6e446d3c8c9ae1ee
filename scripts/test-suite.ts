// Runs the given spec files in one mocha and writes the outcome as JSON to file descriptor 3; started by scripts/test.ts.
import { writeSync } from 'node:fs';
import fc from 'fast-check';
import Mocha from 'mocha';

/** Properties try the same cases each time, so that what fails fails for everybody; another seed, or "random", looks for new ones on purpose. */
const seed = process.env['Q2C_PROPERTY_SEED'] ?? '20261121';
if (seed !== 'random') fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });

/** Beside other suites on a small machine a test takes several times as long as alone, and none is about that. What hangs is told by the limits of its own waits. */
const LEAST_TIMEOUT_MS = 180_000;

const mocha = new Mocha({ timeout: LEAST_TIMEOUT_MS, ui: 'bdd', color: false });
for (const file of process.argv.slice(2)) mocha.addFile(file);

const outcome = { passed: 0, failed: 0, skipped: 0, failures: [] as { title: string; message: string; file: string | null }[] };

function report(): void {
  writeSync(3, JSON.stringify(outcome));
}

try {
  await mocha.loadFilesAsync();
} catch (error) {
  outcome.failed += 1;
  outcome.failures.push({ title: 'the spec files could not be loaded', message: error instanceof Error ? (error.stack ?? error.message) : String(error), file: null });
  report();
  process.exit(1);
}

/** What it says itself may be short, as it is for somebody who runs it alone. */
function giveTime(runnable: Mocha.Runnable): void {
  if (runnable.timeout() > 0) runnable.timeout(Math.max(runnable.timeout(), LEAST_TIMEOUT_MS));
}

class Quiet extends Mocha.reporters.Base {
  constructor(runner: Mocha.Runner) {
    super(runner);
    for (const event of ['hook', 'test']) runner.on(event, giveTime);
    runner.on('pass', () => (outcome.passed += 1));
    runner.on('pending', () => (outcome.skipped += 1));
    runner.on('fail', (test: Mocha.Runnable, error: unknown) => {
      outcome.failed += 1;
      outcome.failures.push({ title: test.titlePath().join(' › '), message: messageOf(error), file: test.file ?? test.parent?.file ?? null });
    });
  }
}

/** The stack, and where two values were compared, both of them. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = (error.stack ?? error.message).split('\n').filter((line) => !/node_modules\/mocha|node:internal/.test(line));
  const cause = error.cause instanceof Error ? [`caused by: ${error.cause.stack ?? error.cause.message}`] : [];
  return [...own, ...cause].join('\n');
}

mocha.reporter(Quiet).run(() => {
  report();
  process.exit(outcome.failed === 0 ? 0 : 1);
});
