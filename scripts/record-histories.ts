import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { recordedHistories, HISTORIES } from '../test/support/histories.ts';

// Records the histories that test/workflows/replay.spec.ts replays, by runs on a real Temporal server and a real store: `deals` or `time`. Only
// for when processes in production no longer run by the recorded ones: recording anew to silence a failing replay breaks those that still run.
const OF_TIME = /^(timesheet|expense|payroll|books)/;
const RECORDERS: Readonly<Record<string, { readonly file: string; readonly holds: (name: string) => boolean }>> = {
  deals: { file: 'record.ts', holds: (name) => !OF_TIME.test(name) },
  time: { file: 'record-time.ts', holds: (name) => OF_TIME.test(name) },
};

const recorder = RECORDERS[process.argv[2] ?? ''];
if (recorder === undefined) throw new Error(`Say which to record anew: node scripts/record-histories.ts ${Object.keys(RECORDERS).join('|')}`);
const root = join(import.meta.dirname, '..');
for (const { name } of await recordedHistories()) if (recorder.holds(name)) await rm(join(HISTORIES, `${name}.json`));
const mocha = spawn(process.execPath, [join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), `test/workflows/histories/${recorder.file}`, '--exit'], { cwd: root, stdio: 'inherit' });
await once(mocha, 'exit');
process.exitCode = mocha.exitCode ?? 1;
