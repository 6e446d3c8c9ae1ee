import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { beginConnector } from '../../starters/q2c/connector.ts';
import { KINDS, type Kind } from '../../starters/q2c/connector/kinds.ts';
import { projectFolder } from '../../scripts/data-folder.ts';

const run = promisify(execFile);
const resultSchema = z.object({ passes: z.array(z.object({ fullTitle: z.string() })), failures: z.array(z.object({ fullTitle: z.string(), err: z.object({ message: z.string().default('') }) })) });
const NOT_SOURCE = new Set(['node_modules', '.git', '.data', '.library']);
const KIND_NAMES = Object.keys(KINDS).filter((kind): kind is Kind => Object.hasOwn(KINDS, kind));

describe('q2c connector new', function () {
  this.timeout(180_000);
  let copy: string;

  before(async () => {
    copy = await mkdtemp(join(tmpdir(), 'q2c-connector-'));
    for (const entry of await readdir(projectFolder)) if (!NOT_SOURCE.has(entry)) await cp(join(projectFolder, entry), join(copy, entry), { recursive: true });
    await symlink(join(projectFolder, 'node_modules'), join(copy, 'node_modules'));
  });
  after(() => rm(copy, { recursive: true, force: true }));

  it('begins a connector of each kind that fits the project and whose tests fail until it is built', async () => {
    for (const [index, kind] of KIND_NAMES.entries()) await beginConnector(copy, { name: `acme${index}`, kind, title: `Acme ${kind}` });
    await run(join(copy, 'node_modules/.bin/tsc'), ['--noEmit'], { cwd: copy }).catch((error: unknown) => assert.fail(z.object({ stdout: z.string() }).parse(error).stdout));
    await run(process.execPath, [join(copy, 'scripts/check-imports.ts'), copy], { cwd: copy });
    const { stdout } = await run(process.execPath, [join(copy, 'node_modules/mocha/bin/mocha.js'), 'test/connectors/acme*/*.spec.ts', '--reporter', 'json', '--exit'], { cwd: copy, maxBuffer: 64 * 1024 * 1024 }).catch((error: unknown) => z.object({ stdout: z.string() }).parse(error));
    const { passes, failures } = resultSchema.parse(JSON.parse(stdout.slice(stdout.indexOf('{'))));
    const of = (tests: readonly { readonly fullTitle: string }[], kind: Kind) => tests.filter(({ fullTitle }) => fullTitle.startsWith(`Acme ${kind} `)).length;
    for (const kind of KIND_NAMES) assert.ok(of(failures, kind) > of(passes, kind), `${kind}: ${of(failures, kind)} fail, ${of(passes, kind)} pass`);
    assert.deepEqual(failures.filter(({ err }) => /Cannot find|is not a function|SyntaxError/.test(err.message)), []);
    assert.match(await readFile(join(copy, 'connectors/acme0/README.md'), 'utf8'), /Known gaps/);
  });

  it('leaves a connector that is there alone', async () => {
    await assert.rejects(beginConnector(copy, { name: 'harvest', kind: 'time', title: 'Harvest' }), /there is a connectors\/harvest\/options.ts already/);
  });
});
