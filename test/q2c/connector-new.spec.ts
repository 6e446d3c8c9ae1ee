import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { projectFolder } from '../../scripts/data-folder.ts';
import type { SandboxDefinition, startSandbox as start } from '../../sandbox/kit/sandbox.ts';
import { beginConnector } from '../../starters/q2c/connector.ts';
import { isKind, KINDS, USUAL_KIND } from '../../starters/q2c/connector/kinds.ts';
import { namesOf } from '../../starters/q2c/connector/names.ts';
import { sandboxAdmin } from '../connectors/conformance/admin.ts';
import { applyStep, stepsOf, type WalkthroughStep } from './walkthrough.ts';

const run = promisify(execFile);
const outcomeSchema = z.object({ stdout: z.string(), stderr: z.string() });
const testSchema = z.object({ fullTitle: z.string(), err: z.object({ message: z.string().default('') }) });
const resultSchema = z.object({ passes: z.array(testSchema), failures: z.array(testSchema) });
const recordSchema = z.object({ id: z.string().optional(), version: z.number().optional(), name: z.string().optional(), changedAt: z.string().optional() });
const answerSchema = recordSchema.extend({ code: z.string().optional(), items: z.array(recordSchema).optional(), next: z.string().nullable().optional() });
type Result = z.infer<typeof resultSchema>;
/** What a connector stands among; the rest of the project is not needed to judge it. */
const COPIED = ['domain', 'connectors', 'sandbox', 'config', 'activities', 'store', 'workers', 'workflows', 'starters', 'scripts', 'test/builders', 'test/connectors/conformance', 'test/connectors/http', 'tsconfig.json', 'package.json'];
const KIND_NAMES = Object.keys(KINDS).filter(isKind);
const HEADINGS = ['Endpoints used', 'Permissions to grant', 'Set up', 'Limits', 'Known gaps'];

describe('q2c connector new', function () {
  this.timeout(300_000);
  let copy: string;
  let steps: readonly WalkthroughStep[];
  let typeErrors: readonly string[];
  let result: Result;

  /** The walkthrough's connector as it is after so many steps, under a name of its own, so that all stages are judged at once. */
  const stage = (after: number) => (text: string) => text.replaceAll('acme', `acme${after}`).replaceAll(/Acme(?! HR)/g, `Acme${after}`).replaceAll('ACME', `ACME${after}`);
  const of = (tests: Result['passes'], title: string) => tests.filter(({ fullTitle }) => fullTitle.startsWith(`${title} `));

  before(async () => {
    copy = await mkdtemp(join(tmpdir(), 'q2c-connector-'));
    for (const entry of COPIED) await cp(join(projectFolder, entry), join(copy, entry), { recursive: true });
    await symlink(join(projectFolder, 'node_modules'), join(copy, 'node_modules'));
    for (const kind of KIND_NAMES) await beginConnector(copy, { name: `fresh-${kind}`, kind, title: `Fresh ${kind}` });
    steps = stepsOf(await readFile(join(projectFolder, 'docs/connector-walkthrough.md'), 'utf8'));
    for (const [after, { said }] of steps.entries()) {
      if (said === null) continue;
      await beginConnector(copy, { name: `acme${after}`, kind: 'hr', title: `Acme HR ${after}` });
      for (const step of steps.slice(0, after + 1)) await applyStep(copy, step, stage(after));
    }
    const made = ['connectors', 'sandbox', 'test/connectors'].flatMap((folder) => [`${folder}/fresh-*/**/*`, `${folder}/acme*/**/*`]);
    await writeFile(join(copy, 'tsconfig.made.json'), JSON.stringify({ extends: './tsconfig.json', include: [...made, 'workers/systems.ts', 'connectors/options.ts', 'sandbox/all.ts'] }));
    const { stdout: typed } = await run(join(copy, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.made.json'], { cwd: copy }).catch((error: unknown) => outcomeSchema.parse(error));
    typeErrors = typed.split('\n').filter((line) => /fresh|acme/i.test(line));
    const { stdout, stderr } = await run(process.execPath, [join(copy, 'node_modules/mocha/bin/mocha.js'), 'test/connectors/{fresh,acme}*/*.spec.ts', '--reporter', 'json', '--exit'], { cwd: copy, maxBuffer: 64 * 1024 * 1024 }).catch((error: unknown) => outcomeSchema.parse(error));
    assert.ok(stdout.includes('{'), stderr);
    result = resultSchema.parse(JSON.parse(stdout.slice(stdout.indexOf('{'))));
  });
  after(() => rm(copy, { recursive: true, force: true }));

  it('begins a connector of each kind that fits the project', async () => {
    assert.deepEqual(typeErrors, []);
    await run(process.execPath, [join(projectFolder, 'scripts/check-imports.ts'), copy], { cwd: copy });
  });

  for (const kind of KIND_NAMES) {
    it(`begins one for ${kind} with tests that fail until it is built, and say what to build in which file`, () => {
      const failures = of(result.failures, `Fresh ${kind}`);
      const passes = of(result.passes, `Fresh ${kind}`);
      assert.ok(failures.length > 5 * passes.length && failures.length > 5, `${failures.length} fail, ${passes.length} pass`);
      assert.deepEqual(failures.filter(({ err }) => /Cannot find|is not a function|SyntaxError/.test(err.message)), []);
      const { folder } = namesOf(`fresh-${kind}`);
      const telling = failures.filter(({ err }) => err.message.startsWith('not built yet: ') && (err.message.includes(`connectors/${folder}/index.ts`) || err.message.includes(`test/connectors/${folder}/office.ts`)));
      assert.ok(telling.length >= failures.length - 2, `${telling.length} of ${failures.length} say what to build`);
    });
  }

  it('begins a sandbox that lets nobody in without its key, keeps to its limit and says so, gives pages and versions, and fails when told', async () => {
    const { startSandbox } = z.object({ startSandbox: z.custom<typeof start>((value) => typeof value === 'function') }).parse(await import(join(copy, 'sandbox/kit/sandbox.ts')));
    const { freshHrSandbox } = z.object({ freshHrSandbox: z.custom<SandboxDefinition>((value) => typeof value === 'object') }).parse(await import(join(copy, 'sandbox/fresh-hr/sandbox.ts')));
    const sandbox = await startSandbox(freshHrSandbox, { port: 0, options: { apiKey: 'key', requestsPerMinute: 10 }, now: () => new Date('2026-06-15T12:00:15Z') });
    const admin = sandboxAdmin(() => sandbox.url);
    const ask = async (path: string, { key = 'key', version = '', ...init }: { readonly method?: string; readonly body?: string; readonly key?: string; readonly version?: string } = {}) => {
      const answer = await fetch(`${sandbox.url}${path}`, { ...init, headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...(version === '' ? {} : { 'if-match': version }) } });
      return { status: answer.status, headers: answer.headers, body: answerSchema.parse(await answer.json()) };
    };
    try {
      assert.deepEqual([(await ask('/people', { key: 'other' })).status, (await ask('/people', { key: 'other' })).body.code], [401, 'unauthorized']);
      await admin.seed({ people: [{ name: 'Ada', externalId: 'a' }, { name: 'Ben' }, { name: 'Chi' }] });
      const first = await ask('/people?limit=2');
      assert.deepEqual([first.headers.get('x-ratelimit-limit'), first.headers.get('x-ratelimit-remaining'), first.headers.get('x-ratelimit-reset')], ['10', '9', '45']);
      assert.deepEqual([first.body.items?.map(({ name }) => name), first.body.next], [['Ada', 'Ben'], '2']);
      assert.deepEqual((await ask('/people?after=2')).body, { items: [{ id: '3', version: 1, name: 'Chi', changedAt: '2026-06-15T12:00:15.000Z' }], next: null });
      const change = (name: string, version: string) => ask('/people/3', { method: 'PATCH', body: JSON.stringify({ name }), version });
      assert.deepEqual([(await change('Chidi', '1')).body.version, (await change('Chika', '1')).body.code], [2, 'stale']);
      const add = (body: string) => ask('/people', { method: 'POST', body });
      assert.deepEqual([(await add('{"name":"Eve","externalId":"a"}')).body.code, (await add('{}')).body.code, (await add('{')).body.code], ['conflict', 'invalid', 'invalid']);
      await admin.fault({ kind: 'expired-token' });
      assert.deepEqual([(await ask('/people/1')).status, (await ask('/people/1')).body.name, (await ask('/people/9')).body.code], [401, 'Ada', 'not_found']);
      await ask('/people/1');
      const refused = await ask('/people/1');
      assert.deepEqual([refused.status, refused.body.code, refused.headers.get('retry-after'), refused.headers.get('x-ratelimit-remaining')], [429, 'too_many_requests', '45', '0']);
    } finally {
      await sandbox.close();
    }
  });

  it('begins a README with every heading that a connector\'s must have, as the walkthrough fills them in', async () => {
    const shown = steps.flatMap(({ pieces }) => pieces).find(({ file }) => file.endsWith('/README.md'));
    assert.ok(shown !== undefined && 'whole' in shown);
    for (const readme of [await readFile(join(copy, 'connectors/fresh-time/README.md'), 'utf8'), shown.whole]) for (const heading of HEADINGS) assert.ok(readme.includes(`\n## ${heading}`), heading);
  });

  it('is led on by the walkthrough in less than an hour, and its tests say after each step what the page says', () => {
    const minutes = steps.reduce((sum, step) => sum + step.minutes, 0);
    assert.ok(minutes > 0 && minutes < 50, `${minutes} minutes`);
    const stages = [...steps.entries()].filter(([, { said }]) => said !== null);
    assert.ok(stages.length > 2);
    const failing = (after: number) => of(result.failures, `Acme HR ${after}`).map(({ fullTitle, err }) => `${fullTitle}: ${err.message}`);
    for (const [after, { title, said }] of stages) assert.deepEqual({ passing: of(result.passes, `Acme HR ${after}`).length, failing: failing(after).length }, said, `after "${title}":\n${failing(after).join('\n')}`);
    assert.deepEqual(stages.at(-1)?.[1].said?.failing, 0);
  });

  it('takes a name of several words, however they are joined', () => {
    const names = { folder: 'acme-hr', product: 'acme_hr', camel: 'acmeHr', pascal: 'AcmeHr', upper: 'ACME_HR' };
    assert.deepEqual([namesOf('acme-hr'), namesOf('acme_hr')], [names, names]);
    for (const name of ['Acme', 'acme hr', '../acme', '1acme', 'acme-', '', 'a'.repeat(31)]) assert.throws(() => namesOf(name), /such as "acme" or "acme-hr"/, name);
  });

  it('leaves what is there alone', async () => {
    await assert.rejects(beginConnector(copy, { name: 'harvest', kind: 'time', title: 'Harvest' }), /there is a connectors\/harvest\/options.ts already/);
    await assert.rejects(beginConnector(copy, { name: 'harvest-assignments', kind: 'resources', title: 'Harvest' }), /"harvest_assignments" is the name of something the configuration knows already/);
  });

  it('needs no more than a name: where nobody can be asked what it is for, it takes the usual kind and says how to choose another', async () => {
    const { stdout, stderr } = await run(process.execPath, [join(projectFolder, 'starters/q2c/main.ts'), 'connector', 'new', 'just-a-name', '--in', copy], { cwd: copy });
    assert.match(stderr, new RegExp(`begins as a system for ${USUAL_KIND}`));
    for (const kind of KIND_NAMES) assert.match(stderr, new RegExp(`^  ${kind} `, 'm'));
    assert.match(stdout, /test\/connectors\/just-a-name\/\*\.spec\.ts/);
    assert.match(await readFile(join(copy, 'config/overlays/just-a-name/systems.yaml'), 'utf8'), /kind: time\n {4}product: just_a_name\n/);
  });
});
