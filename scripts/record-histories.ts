import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { recordedHistories, HISTORIES } from '../test/support/histories.ts';

// Records the histories that test/workflows/replay.spec.ts replays, by runs on a real Temporal server and a real store. Only for when
// processes in production no longer run by the recorded ones: recording anew to silence a failing replay breaks those that still run.
const root = join(import.meta.dirname, '..');
for (const { name } of await recordedHistories()) await rm(join(HISTORIES, `${name}.json`));
const mocha = spawn(process.execPath, [join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), 'test/workflows/histories/record.ts', '--exit'], { cwd: root, stdio: 'inherit' });
await once(mocha, 'exit');
process.exitCode = mocha.exitCode ?? 1;
