// Runs before `npm start`, `npm test` and the like, on whatever Node the machine has (20 or newer) and without any package:
// installs the dependencies where that is needed and makes sure that the project's own Node is there. Prints nothing when there is
// nothing to do; with --quiet (for commands whose output is read by a program) what it prints goes to stderr.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const stamp = join(modules, '.q2c-lock-hash');
const windows = process.platform === 'win32';
const projectNode = join(modules, '.bin', windows ? 'node.cmd' : 'node');
const neededMajor = 24;
const say = process.argv.includes('--quiet') ? console.error : console.log;

const lockText = readFileSync(join(root, 'package-lock.json'));
const lockHash = createHash('sha256').update(lockText).digest('hex');

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Node ${process.versions.node} is too old to start from. Install Node 20 or newer, then run the command again.`);
}
if (!installed()) install();
checkNode();

function installed() {
  if (!existsSync(modules)) return false;
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8').trim() === lockHash;
  return installedByHand();
}

/** Whether somebody's own `npm ci` left exactly what package-lock.json asks for; npm keeps a list of what it installed. */
function installedByHand() {
  const list = join(modules, '.package-lock.json');
  if (!existsSync(list)) return false;
  const wanted = JSON.parse(lockText.toString('utf8')).packages ?? {};
  const present = JSON.parse(readFileSync(list, 'utf8')).packages ?? {};
  const same = Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || entry.link === true) return true;
    const found = present[path];
    return found === undefined ? entry.optional === true || entry.devOptional === true : found.version === entry.version;
  });
  if (same) writeFileSync(stamp, `${lockHash}\n`);
  return same;
}

function install() {
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    fail('node_modules is a link to another folder, which an installation would empty. Remove the link, or bring that folder up to date where it belongs, then run the command again.');
  }
  const started = Date.now();
  say(`Installing dependencies (npm ci), ${existsSync(modules) ? 'package-lock.json has changed' : 'the first time'} …`);
  let result = npm('ci');
  // A lock file written where the registry lacks the packages of other systems leaves those out, and `npm ci` refuses it for
  // that alone. `npm install` takes the same locked versions and, so called, leaves the lock file as it is.
  if (result.status !== 0 && /code EUSAGE/.test(result.stderr ?? '') && /Missing: .* from lock file/.test(result.stderr ?? '')) result = npm('install', '--no-save');
  if (result.error !== undefined || result.status !== 0) {
    fail(
      [
        'The dependencies could not be installed: npm failed.',
        firstErrors(`${result.stdout ?? ''}\n${result.stderr ?? ''}\n${result.error?.message ?? ''}`),
        'Check that the package registry can be reached (`npm ping`) and that the disk has 1 GB free, then run the command again.',
      ].join('\n'),
    );
  }
  writeFileSync(stamp, `${lockHash}\n`);
  say(`Dependencies installed in ${Math.round((Date.now() - started) / 1000)} s.`);
}

function npm(...command) {
  return spawnSync('npm', [...command, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env: environmentWithoutProjectNode(),
    encoding: 'utf8',
    shell: windows,
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** npm must not run on the Node that it is about to replace. */
function environmentWithoutProjectNode() {
  const own = join(modules, '.bin');
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== own);
  return { ...process.env, PATH: path.join(delimiter) };
}

function checkNode() {
  const mend =
    'It comes with the npm package "node", whose install script fetches the binary. If install scripts are blocked\n' +
    '(`npm config get ignore-scripts`, or npm asks for `npm install-scripts approve`), allow them, remove node_modules and run the command again.';
  if (!existsSync(projectNode)) fail(`The project's own Node (node_modules/.bin/node) is missing.\n${mend}`);
  const result = spawnSync(projectNode, ['--version'], { encoding: 'utf8', shell: windows });
  const version = (result.stdout ?? '').trim();
  const major = Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
  if (major < neededMajor) {
    fail(`The project needs Node ${neededMajor}, but node_modules/.bin/node ${version === '' ? 'does not run' : `is ${version}`}.\n${mend}`);
  }
}

/** npm says what is wrong first and then how it could be called. */
function firstErrors(text) {
  const lines = text.trim().split('\n').filter((line) => line.trim() !== '' && line.trim() !== 'npm error');
  return lines.slice(0, 15).join('\n');
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
