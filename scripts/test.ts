// `npm test`: type check, lint, import directions, then every suite under test/. `npm test -- rules store` runs those suites only.
// What failed beside other suites on a busy machine is run once more alone: a failure that does not repeat is told as unsteady, one that repeats fails.
import { spawn } from 'node:child_process';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { runCommand } from './commands.ts';
import { projectFolder } from './data-folder.ts';
import { openLanes, type Lanes } from './test-lanes.ts';
import { planSuites, type Suite } from './test-plan.ts';

const outcomeSchema = z.object({ passed: z.int(), failed: z.int(), skipped: z.int(), failures: z.array(z.object({ title: z.string(), message: z.string(), file: z.string().nullable() })) });
type Outcome = z.infer<typeof outcomeSchema>;

const suiteLimitMs = 20 * 60_000;
/** So many suites at a time: they mostly wait, for stand-ins that are slow on purpose and for servers. */
const LANES = 4;
/** Of those that start servers these take longest and begin first. */
const longest = ['line', 'workflows', 'connectors/tryton', 'q2c', 'matrix', 'payroll', 'expenses', 'relay'];
const bin = (name: string) => join(projectFolder, 'node_modules', '.bin', name);

const checks = [
  { name: 'types', command: bin('tsc'), args: ['--noEmit'] },
  { name: 'lint', command: bin('oxlint'), args: ['--type-aware', '--quiet'] },
  { name: 'import directions', command: process.execPath, args: [join(projectFolder, 'scripts', 'check-imports.ts')] },
] as const;

async function main(asked: readonly string[], lanes: Lanes): Promise<number> {
  const total = { passed: 0, failed: 0, skipped: 0 };
  let failedChecks = 0;
  async function runChecks(): Promise<void> {
    for (const check of checks) {
      const started = Date.now();
      const result = await runCommand(check.command, check.args, { cwd: projectFolder, timeoutMs: 5 * 60_000 });
      const ok = result.code === 0;
      total[ok ? 'passed' : 'failed'] += 1;
      if (!ok) failedChecks += 1;
      heading(check.name, started, ok ? 'passed' : 'FAILED');
      if (!ok) console.log(indented(result.output));
    }
  }
  const suites = planSuites(projectFolder).filter((suite) => asked.length === 0 || asked.some((name) => suite.folder === name || suite.folder.startsWith(`${name}/`)));
  if (suites.length === 0) throw new Error(`There is no suite ${asked.join(', ')} under test/`);
  const again: Suite[] = [];
  const unsteady: Suite[] = [];
  let failedSuites = 0;
  async function runLane(lane: number, waiting: Suite[]): Promise<void> {
    for (let suite = waiting.shift(); suite !== undefined; suite = waiting.shift()) {
      const environment = await lanes.environment(lane, suite.needsServers);
      const started = Date.now();
      const outcome = await runSuite(suite, environment);
      total.passed += outcome.passed;
      total.failed += outcome.failed;
      if (outcome.failed > 0) failedSuites += 1;
      total.skipped += outcome.skipped;
      heading(suite.name, started, counts(outcome));
      tellFailures(outcome);
      if (outcome.failed > 0) again.push({ ...suite, files: suite.files.filter((file) => outcome.failures.some((failure) => failure.file === null || failure.file === file)) });
    }
  }
  async function runAgain(suite: Suite): Promise<void> {
    const environment = await lanes.environment(0, suite.needsServers);
    const started = Date.now();
    const outcome = await runSuite(suite, environment);
    heading(`${suite.name}, alone`, started, `${counts(outcome)} of ${suite.files.length} spec file${suite.files.length === 1 ? '' : 's'}`);
    tellFailures(outcome);
    if (outcome.failed === 0 && outcome.passed > 0) unsteady.push(suite);
  }
  const runLanes = (waiting: Suite[]) => Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(lane, waiting)));
  await Promise.all([asked.length === 0 ? runChecks() : undefined, runLanes(suites.filter((suite) => !suite.needsServers))]);
  await runLanes(suites.filter((suite) => suite.needsServers).toSorted((left, right) => place(left) - place(right)));
  for (const suite of again.filter(({ files }) => files.length > 0)) await runAgain(suite);
  console.log(`\n${counts(total)}`);
  if (unsteady.length > 0) console.log(`UNSTEADY: failed above beside other suites and passed alone: ${unsteady.flatMap(({ files }) => files.map((file) => relative(projectFolder, file))).join(', ')}`);
  return failedChecks === 0 && failedSuites === unsteady.length ? 0 : 1;
}

function runSuite(suite: Suite, environment: Readonly<Record<string, string>>): Promise<Outcome> {
  return new Promise((resolve) => {
    // Room for what is short-lived: a twentieth less processor time.
    const child = spawn(process.execPath, ['--enable-source-maps', '--max-semi-space-size=32', join(projectFolder, 'scripts', 'test-suite.ts'), ...suite.files], {
      cwd: projectFolder,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment, NODE_ENV: 'test' },
    });
    let printed = '';
    let report = '';
    const keep = (chunk: Buffer) => {
      printed = (printed + chunk.toString('utf8')).slice(-8_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      report += chunk.toString('utf8');
    });
    const timer = setTimeout(() => {
      printed += `\nstopped: not finished after ${suiteLimitMs / 60_000} minutes`;
      child.kill('SIGKILL');
    }, suiteLimitMs);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const parsed = report === '' ? undefined : outcomeSchema.safeParse(JSON.parse(report)).data;
      if (parsed !== undefined) return resolve(parsed);
      resolve({ passed: 0, failed: 1, skipped: 0, failures: [{ title: `${suite.name} did not finish (${signal ?? `exit code ${String(code)}`})`, message: printed, file: null }] });
    });
  });
}

function place({ folder }: Suite): number {
  const at = longest.indexOf(folder);
  return at < 0 ? longest.length : at;
}

function tellFailures({ failures }: Outcome): void {
  for (const { title, message } of failures) console.log(indented(`✗ ${title}\n${indented(message)}`));
}

function heading(name: string, started: number, result: string): void {
  console.log(`${name.padEnd(28)} ${`${((Date.now() - started) / 1000).toFixed(1)} s`.padStart(8)}   ${result}`);
}

function counts({ passed, failed, skipped }: Pick<Outcome, 'passed' | 'failed' | 'skipped'>): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}

const lanes = openLanes();
try {
  process.exitCode = await main(process.argv.slice(2), lanes);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await lanes.close();
}
process.exit();
