import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporaryFolders, temporaryFolder, writeProgram, writeTree } from './support.ts';

const script = join(import.meta.dirname, '..', '..', 'scripts', 'bootstrap.mjs');
const lock = (version: string) => JSON.stringify({ lockfileVersion: 3, packages: { '': {}, 'node_modules/zod': { version } } });

/** A checkout whose `npm` is a stand-in that notes each call and installs a Node that says `nodeVersion`. */
function checkout(nodeVersion = 'v24.1.0') {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'scripts'));
  copyFileSync(script, join(folder, 'scripts', 'bootstrap.mjs'));
  writeTree(folder, { 'package-lock.json': lock('1.0.0') });
  const calls = join(folder, 'calls');
  writeProgram(
    join(folder, 'path', 'npm'),
    `echo "$@" >> '${calls}'`,
    `[ -e '${folder}/offline' ] && { echo 'npm error network unreachable' >&2; exit 1; }`,
    `[ "$1" = ci ] && [ -e '${folder}/incomplete' ] && { echo 'npm error code EUSAGE' >&2; echo 'npm error Missing: @swc/core-darwin-arm64@ from lock file' >&2; exit 1; }`,
    `mkdir -p '${folder}/node_modules/.bin'`,
    `printf '#!/bin/sh\\necho ${nodeVersion}\\n' > '${folder}/node_modules/.bin/node'`,
    `chmod +x '${folder}/node_modules/.bin/node'`,
  );
  return {
    folder,
    installs: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n').length : 0),
    run: (...args: string[]) => spawnSync(process.execPath, [join(folder, 'scripts', 'bootstrap.mjs'), ...args], { encoding: 'utf8', env: { PATH: `${join(folder, 'path')}:/usr/bin:/bin` } }),
  };
}

describe('what runs before npm start and npm test', () => {
  after(removeTemporaryFolders);

  it('installs the dependencies of a fresh clone, once', () => {
    const { run, installs } = checkout();
    const first = run();
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stdout, /^Installing dependencies/);
    assert.equal(run().stdout, '');
    assert.equal(installs(), 1);
  });

  it('installs again when package-lock.json has changed', () => {
    const { folder, run, installs } = checkout();
    run();
    writeFileSync(join(folder, 'package-lock.json'), lock('2.0.0'));
    assert.match(run('--quiet').stderr, /package-lock\.json has changed/);
    assert.equal(installs(), 2);
  });

  it("takes somebody's own npm ci as it is when it fits the lock file, and only then", () => {
    const { folder, run, installs } = checkout();
    writeProgram(join(folder, 'node_modules', '.bin', 'node'), 'echo v24.0.0');
    writeTree(folder, { 'node_modules/.package-lock.json': JSON.stringify({ packages: { 'node_modules/zod': { version: '1.0.0' } } }) });
    assert.equal(run().status, 0);
    assert.equal(installs(), 0);
    const other = checkout();
    writeTree(other.folder, { 'node_modules/.package-lock.json': JSON.stringify({ packages: { 'node_modules/zod': { version: '0.9.0' } } }) });
    other.run();
    assert.equal(other.installs(), 1);
  });

  it('says what failed and what to do when npm cannot install, and tries again the next time', () => {
    const { folder, run, installs } = checkout();
    writeFileSync(join(folder, 'offline'), '');
    const failed = run('--quiet');
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /npm failed[\s\S]*network unreachable[\s\S]*registry/);
    run();
    assert.equal(installs(), 2);
  });

  it('takes the locked versions also where the lock file leaves out the packages of other systems', () => {
    const { folder, run } = checkout();
    writeFileSync(join(folder, 'incomplete'), '');
    assert.equal(run().status, 0);
    assert.match(readFileSync(join(folder, 'calls'), 'utf8'), /^ci .*\ninstall --no-save /);
  });

  it("says what to do when the project's own Node is too old or missing", () => {
    const old = checkout('v22.9.0').run();
    assert.equal(old.status, 1);
    assert.match(old.stderr, /needs Node 24, but node_modules\/\.bin\/node is v22\.9\.0[\s\S]*install script/);
  });
});
