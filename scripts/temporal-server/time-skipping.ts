import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder, findOnPath, isExecutable, lastLines, runCommand, type Environment, type Progress } from '../commands.ts';
import { withLock } from '../lock.ts';
import { downloadBySdk } from './sdk-download.ts';

/** Version of Maven's io.temporal:temporal-test-server. */
const version = '1.38.0';

/**
 * The path of a Temporal test server that skips waiting time, for workflow tests with timers of days. Kept in the cache folder;
 * obtained through Maven or the SDK's download. It knows no Visibility queries. Undefined, with the reason told to `log`, where
 * neither way works.
 */
export async function timeSkippingServerPath(log: Progress = console.log, environment: Environment = process.env): Promise<string | undefined> {
  const folder = join(cacheFolder(environment), `temporal-test-server-${version}`);
  const program = join(folder, 'temporal-test-server');
  if (isExecutable(program)) return program;
  mkdirSync(dirname(folder), { recursive: true });
  return withLock(
    `${folder}.lock`,
    async () => {
      if (isExecutable(program)) return program;
      rmSync(folder, { recursive: true, force: true });
      const work = mkdtempSync(`${folder}-work-`);
      try {
        const reasons: string[] = [];
        for (const way of [byMaven, byDownload]) {
          const failure = await way(work, folder, environment);
          if (failure === undefined) {
            renameSync(work, folder);
            return program;
          }
          reasons.push(failure);
        }
        log(`The time-skipping Temporal test server could not be obtained: ${reasons.join('; ')}. Install Maven with Java 17 or open the way to temporal.download.`);
        return undefined;
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    },
    (by) => log(`Waiting for process ${by.pid}, which is obtaining the time-skipping test server …`),
  );
}

async function byMaven(work: string, home: string, environment: Environment): Promise<string | undefined> {
  const maven = findOnPath('mvn', environment);
  const java = findOnPath('java', environment);
  if (maven === undefined || java === undefined) return `Maven: ${maven === undefined ? '`mvn`' : '`java`'} is not on PATH`;
  const pom = join(work, 'pom.xml');
  writeFileSync(
    pom,
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>q2c</groupId><artifactId>test-server</artifactId><version>1</version>
<dependencies><dependency><groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${version}</version></dependency></dependencies></project>\n`,
  );
  const result = await runCommand(maven, ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${join(work, 'lib')}`, '-DincludeScope=runtime'], {
    cwd: work,
    environment,
    timeoutMs: 120_000,
  });
  if (result.code !== 0) return `Maven: ${lastLines(result.output, 2)}`;
  const program = join(work, 'temporal-test-server');
  writeFileSync(program, `#!/bin/sh\nexec '${java}' -cp '${join(home, 'lib')}/*' io.temporal.testserver.TestServer "$@"\n`);
  chmodSync(program, 0o755);
  return undefined;
}

async function byDownload(work: string, _home: string, environment: Environment): Promise<string | undefined> {
  const outcome = await downloadBySdk({ what: 'time-skipping', version: 'default', folder: work, timeoutMs: 30_000, environment });
  if (outcome.kind === 'failed') return `download by the Temporal SDK: ${outcome.why}`;
  renameSync(outcome.path, join(work, 'temporal-test-server'));
  return undefined;
}
