import assert from 'node:assert/strict';
import { checkImports, importsOf } from '../../scripts/check-imports.ts';
import { removeTemporaryFolders, temporaryFolder, writeTree } from './support.ts';

function problemsOf(files: Readonly<Record<string, string>>): string[] {
  const folder = temporaryFolder();
  writeTree(folder, files);
  return checkImports(folder);
}

describe('the import directions', () => {
  after(removeTemporaryFolders);

  it('let arrows point from the outside in', () => {
    assert.deepEqual(problemsOf({
      'domain/money.ts': 'export const money = 1;',
      'store/inbox.ts': "import { money } from '../domain/money.ts';\nexport const inbox = money;",
      'activities/post.ts': "import { inbox } from '../store/inbox.ts';\nexport const post = inbox;",
      'workflows/flow.ts': "import type { post } from '../activities/post.ts';\nexport type Flow = typeof post;",
      'test/any.spec.ts': "import '../activities/post.ts';",
    }), []);
  });

  it('fail on an arrow that points back, with file and line', () => {
    assert.deepEqual(problemsOf({ 'domain/money.ts': "// a rule\nimport { inbox } from '../store/inbox.ts';", 'store/inbox.ts': 'export const inbox = 1;' }), [
      'domain/money.ts:2: domain must not import store (store/inbox.ts); it may import nothing of ours',
    ]);
  });

  it('let workflows see activities as types only', () => {
    const activity = { 'activities/post.ts': 'export const post = 1; export type Post = number;' };
    assert.deepEqual(problemsOf({ ...activity, 'workflows/flow.ts': "import { type Post } from '../activities/post.ts';" }), []);
    assert.match(problemsOf({ ...activity, 'workflows/flow.ts': "import { post, type Post } from '../activities/post.ts';" })[0] ?? '', /workflows may import activities with `import type` only/);
  });

  it('keep the sandbox apart from connectors and domain, also by re-export and dynamic import', () => {
    const problems = problemsOf({
      'connectors/a.ts': 'export const a = 1;',
      'domain/b.ts': 'export const b = 1;',
      'sandbox/x.ts': "export { a } from '../connectors/a.ts';\nexport const later = () => import('../domain/b.ts');",
    });
    assert.deepEqual(problems.map((line) => line.split(' (')[0]), ['sandbox/x.ts:1: sandbox must not import connectors', 'sandbox/x.ts:2: sandbox must not import domain']);
  });

  it('let nothing but tools import tests, benchmarks and scripts', () => {
    assert.match(problemsOf({ 'test/builders.ts': '', 'workers/main.ts': "import '../test/builders.ts';" })[0] ?? '', /workers must not import test, which nothing depends on/);
  });

  it('fail on a cycle of files, unless it exists for types only', () => {
    assert.deepEqual(problemsOf({ 'domain/a.ts': "import './b.ts';", 'domain/b.ts': "import './c.ts';", 'domain/c.ts': "import './a.ts';" }), [
      'domain/a.ts: a cycle of imports: domain/a.ts -> domain/b.ts -> domain/c.ts -> domain/a.ts',
    ]);
    assert.deepEqual(problemsOf({ 'domain/a.ts': "import './b.ts';", 'domain/b.ts': "import type { A } from './a.ts';" }), []);
  });

  it('read statements over several lines and leave comments and texts alone', () => {
    const found = importsOf("import {\n  a,\n  b,\n} from './x.ts';\n// import './not.ts';\n/* import './neither.ts'; */\nconst text = 'imported from somewhere';\nexport type { C } from './y.ts';");
    assert.deepEqual(found, [{ specifier: './x.ts', typeOnly: false, line: 4 }, { specifier: './y.ts', typeOnly: true, line: 8 }]);
  });

  it('are read quickly, however long a file is', () => {
    const before = process.cpuUsage();
    importsOf(`export const table = [\n${'  { code: 1, name: 2 },\n'.repeat(5_000)}];\n`);
    assert.ok(process.cpuUsage(before).user < 1_000_000, 'a second of this process, however busy the machine is');
  });
});
