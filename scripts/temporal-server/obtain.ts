import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadClientConfigProfile } from '@temporalio/envconfig';
import { cacheFolder, findOnPath, isExecutable, lastLines, runCommand, type Environment, type Progress } from '../commands.ts';
import { withLock } from '../lock.ts';
import { downloadBySdk, type Download } from './sdk-download.ts';

export type ObtainedServer =
  | { readonly kind: 'address'; readonly address: string; readonly namespace: string }
  | { readonly kind: 'executable'; readonly path: string; readonly from: 'PATH' | 'cache' | 'download' | 'go build' };

export interface ObtainOptions {
  /** Version of the `temporal` program, e.g. 1.5.1. */
  readonly version: string;
  readonly progress: Progress;
  readonly environment?: Environment;
  /** false: a running server named by the environment does not count (tests want a server of their own). */
  readonly acceptAddress?: boolean;
  readonly download?: Download;
}

const downloadLimitMs = 60_000;
const buildLimitMs = 20 * 60_000;
const isWindows = process.platform === 'win32';

/** No way led to a Temporal server; the message lists what was tried and what to install. */
export class NoTemporalServerError extends Error {
  constructor(tried: readonly string[], version: string) {
    super(
      [
        'No Temporal server could be obtained. Tried:',
        ...tried.map((line) => `  - ${line.replaceAll('\n', '\n      ')}`),
        'Do one of these, then run the command again:',
        '  - install the Temporal CLI (https://docs.temporal.io/cli/setup-cli) so that `temporal` is on PATH',
        `  - install Go 1.24 or newer (https://go.dev/dl) and make a Go module proxy reachable; Temporal CLI ${version} is then built from source`,
        '  - set TEMPORAL_ADDRESS to a Temporal server that runs already',
      ].join('\n'),
    );
    this.name = 'NoTemporalServerError';
  }
}

/**
 * Finds a Temporal server: one that the environment names, `temporal` on PATH, the project's cached program, the SDK's download,
 * a build by Go. What was downloaded or built goes to the cache folder, so it is done once per machine and version.
 * @throws NoTemporalServerError
 */
export async function obtainTemporalServer(options: ObtainOptions): Promise<ObtainedServer> {
  const environment = options.environment ?? process.env;
  if (options.acceptAddress !== false) {
    const named = serverOfEnvironment(environment);
    if (named !== undefined) return { kind: 'address', ...named };
  }
  const tried: string[] = options.acceptAddress === false ? [] : ['TEMPORAL_ADDRESS and temporal.toml: name no server'];

  const onPath = findOnPath('temporal', environment);
  if (onPath === undefined) tried.push('`temporal` on PATH: not there');
  else if (await runs(onPath)) return { kind: 'executable', path: onPath, from: 'PATH' };
  else tried.push(`\`temporal\` on PATH (${onPath}): \`temporal --version\` fails`);

  const folder = join(cacheFolder(environment), `temporal-${options.version}`);
  const cached = join(folder, isWindows ? 'temporal.exe' : 'temporal');
  if (isExecutable(cached)) return { kind: 'executable', path: cached, from: 'cache' };
  mkdirSync(folder, { recursive: true });

  return withLock(
    `${folder}.lock`,
    async () => {
      if (isExecutable(cached)) return { kind: 'executable', path: cached, from: 'cache' };
      tried.push('cached program: not there yet');
      for (const way of [download, goBuild]) {
        const work = mkdtempSync(join(folder, 'work-'));
        try {
          const outcome = await way(options, environment, work);
          if (outcome.kind === 'failed') {
            tried.push(outcome.why);
            continue;
          }
          if (!(await runs(outcome.path))) {
            tried.push(`${outcome.from}: the program it gave does not run on this machine`);
            continue;
          }
          chmodSync(outcome.path, 0o755);
          renameSync(outcome.path, cached);
          return { kind: 'executable', path: cached, from: outcome.from };
        } finally {
          rmSync(work, { recursive: true, force: true });
        }
      }
      throw new NoTemporalServerError(tried, options.version);
    },
    (by) => options.progress(`Waiting for process ${by.pid}, which is obtaining the Temporal server …`),
  );
}

/** The address and namespace that TEMPORAL_ADDRESS or a profile of Temporal's environment configuration names, if any. */
export function serverOfEnvironment(environment: Environment = process.env): { address: string; namespace: string } | undefined {
  const variables = Object.fromEntries(Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const profile = loadClientConfigProfile({ overrideEnvVars: variables });
  return profile.address === undefined ? undefined : { address: profile.address, namespace: profile.namespace ?? 'default' };
}

type WayOutcome = { readonly kind: 'found'; readonly path: string; readonly from: 'download' | 'go build' } | { readonly kind: 'failed'; readonly why: string };

async function download(options: ObtainOptions, environment: Environment, work: string): Promise<WayOutcome> {
  options.progress(`Downloading the Temporal server (CLI ${options.version}), at most ${downloadLimitMs / 1000} s …`);
  const outcome = await (options.download ?? downloadBySdk)({ what: 'dev-server', version: `v${options.version}`, folder: work, timeoutMs: downloadLimitMs, environment });
  return outcome.kind === 'found' ? { ...outcome, from: 'download' } : { kind: 'failed', why: `download by the Temporal SDK: ${outcome.why}` };
}

async function goBuild(options: ObtainOptions, environment: Environment, work: string): Promise<WayOutcome> {
  const go = findOnPath('go', environment);
  if (go === undefined) return { kind: 'failed', why: 'build with Go: `go` is not on PATH' };
  options.progress('The download cannot be reached. Building the Temporal server with Go instead: about 3 minutes, once per machine …');
  const result = await runCommand(go, ['install', `github.com/temporalio/cli/cmd/temporal@v${options.version}`], {
    cwd: work,
    environment: { ...environment, GOBIN: work, GOFLAGS: '-mod=mod' },
    timeoutMs: buildLimitMs,
    beat: { everyMs: 15_000, tell: (seconds) => options.progress(`  building the Temporal server, ${seconds} s so far …`) },
  });
  const built = join(work, isWindows ? 'temporal.exe' : 'temporal');
  if (result.code === 0 && isExecutable(built)) return { kind: 'found', path: built, from: 'go build' };
  return { kind: 'failed', why: `build with Go (go install github.com/temporalio/cli/cmd/temporal@v${options.version}):\n${lastLines(result.output)}` };
}

async function runs(path: string): Promise<boolean> {
  const result = await runCommand(path, ['--version'], { timeoutMs: 20_000 });
  return result.code === 0;
}
