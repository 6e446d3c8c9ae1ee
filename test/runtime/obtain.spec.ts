import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NoTemporalServerError, obtainTemporalServer, type ObtainOptions } from '../../scripts/temporal-server/obtain.ts';
import type { Download } from '../../scripts/temporal-server/sdk-download.ts';
import { removeTemporaryFolders, temporaryFolder, writeProgram } from './support.ts';

const unreachable: Download = () => Promise.resolve({ kind: 'failed', why: 'no way to temporal.download' });
const works: Download = ({ folder }) => {
  const path = join(folder, 'temporal-v9.9.9');
  writeProgram(path, 'echo temporal version 9.9.9');
  return Promise.resolve({ kind: 'found', path });
};

/** A machine with nothing but a shell; programs are put on its PATH by the tests. */
function machine() {
  const home = temporaryFolder();
  const path = join(home, 'path');
  const lines: string[] = [];
  const cached = join(home, '.cache', 'q2c', 'temporal-9.9.9', 'temporal');
  return {
    home, path, lines, cached,
    obtain: (options: Partial<ObtainOptions> & { readonly variables?: Record<string, string> } = {}) =>
      obtainTemporalServer({
        version: '9.9.9', progress: (line) => lines.push(line), download: unreachable,
        ...options,
        environment: { HOME: home, PATH: `${path}:/usr/bin:/bin`, XDG_CONFIG_HOME: join(home, 'config'), ...options.variables },
      }),
    addGo: () => writeProgram(join(path, 'go'), `echo "$@" >> '${home}/go-calls'`, 'sleep 0.3', `printf '#!/bin/sh\\necho temporal version 9.9.9\\n' > "$GOBIN/temporal"`, 'chmod +x "$GOBIN/temporal"'),
  };
}

describe('where the Temporal server comes from', () => {
  after(removeTemporaryFolders);

  it('first: the address that the environment names', async () => {
    const { obtain, path } = machine();
    writeProgram(join(path, 'temporal'), 'echo temporal version 1');
    assert.deepEqual(await obtain({ variables: { TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_NAMESPACE: 'q2c' } }), { kind: 'address', address: 'temporal.example:7233', namespace: 'q2c' });
  });

  it('second: a temporal on PATH, if it works', async () => {
    const { obtain, path } = machine();
    writeProgram(join(path, 'temporal'), 'echo temporal version 1');
    assert.deepEqual(await obtain(), { kind: 'executable', path: join(path, 'temporal'), from: 'PATH' });
  });

  it('third: the cached program, also where the one on PATH is broken', async () => {
    const { obtain, path, cached } = machine();
    writeProgram(join(path, 'temporal'), 'exit 1');
    writeProgram(cached, 'echo temporal version 9.9.9');
    assert.deepEqual(await obtain(), { kind: 'executable', path: cached, from: 'cache' });
  });

  it("fourth: the SDK's download, kept for the next time", async () => {
    const { obtain, cached } = machine();
    assert.deepEqual(await obtain({ download: works }), { kind: 'executable', path: cached, from: 'download' });
    assert.deepEqual(await obtain(), { kind: 'executable', path: cached, from: 'cache' });
  });

  it('fifth: the build with Go, told of as it takes long, and leaving nothing half-made', async () => {
    const { obtain, addGo, cached, lines, home } = machine();
    addGo();
    assert.deepEqual(await obtain(), { kind: 'executable', path: cached, from: 'go build' });
    assert.equal(readFileSync(join(home, 'go-calls'), 'utf8').trim(), 'install github.com/temporalio/cli/cmd/temporal@v9.9.9');
    assert.ok(lines.some((line) => /Building the Temporal server with Go/.test(line)));
    assert.deepEqual(readdirSync(join(home, '.cache', 'q2c', 'temporal-9.9.9')), ['temporal']);
  });

  it('two starts at once build once', async () => {
    const { obtain, addGo, cached, home } = machine();
    addGo();
    const both = await Promise.all([obtain(), obtain()]);
    assert.deepEqual(both.map((server) => server.kind === 'executable' && server.path), [cached, cached]);
    assert.equal(readFileSync(join(home, 'go-calls'), 'utf8').trim().split('\n').length, 1);
  });

  it('and where every way fails, one message says what was tried and what to install', async () => {
    const { obtain, path, cached } = machine();
    writeProgram(join(path, 'go'), 'echo "go: module lookup disabled" >&2; exit 1');
    const error: unknown = await obtain().then(() => undefined, (reason: unknown) => reason);
    assert.ok(error instanceof NoTemporalServerError);
    for (const expected of [/TEMPORAL_ADDRESS/, /`temporal` on PATH: not there/, /cached program: not there/, /no way to temporal\.download/, /module lookup disabled/, /install the Temporal CLI/, /install Go/]) assert.match(error.message, expected);
    assert.ok(!existsSync(cached));
  });
});
