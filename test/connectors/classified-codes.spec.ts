import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url).pathname;
const ourselves = 'test/connectors/classified-codes.spec.ts';
const textsOf = (pattern: string) => globSync(pattern, { cwd: ROOT }).filter((path) => path !== ourselves).map((path) => [path, readFileSync(`${ROOT}${path}`, 'utf8')] as const);

/** Codes that a table names: in quotes (a failure's, or the transport's that it sorts), as the keys of Salesforce's table, and the ends of those that begin as whoever uses it says. */
function codesIn(path: string, text: string): string[] {
  const prefixes = new Set([...text.matchAll(/(?:meaningOfStatus|startsWith)\('([A-Z_]+)'/g)].map(([, prefix]) => prefix));
  const quoted = [...text.matchAll(/'([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)'/g)].map(([, code = '']) => code).filter((code) => !prefixes.has(code));
  const keys = path === 'connectors/salesforce/classify.ts' ? [...text.matchAll(/^ {2}([A-Z]+(?:_[A-Z]+)+): /gm)].map(([, code = '']) => `SALESFORCE_${code}`) : [];
  const ends = [...text.matchAll(/`\$\{code\}(_[A-Z_]+)`/g)].map(([, end = '']) => end);
  return [...new Set([...quoted, ...keys, ...ends])];
}

describe('Every code that a connector gives to an answer', () => {
  const tables = textsOf('connectors/*/{classify,failures}.ts');
  const named = new Set<string>();
  for (const [, text] of textsOf('test/**/*.ts')) for (const [word] of text.matchAll(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g)) named.add(word);
  const isNamed = (code: string) => named.has(code) || (code.startsWith('_') && [...named].some((word) => word.endsWith(code)));

  for (const [path, text] of tables) {
    it(`of ${path} is named by a test`, () => {
      assert.deepEqual(codesIn(path, text).filter((code) => !isNamed(code)), []);
    });
  }

  it('is looked for in each system\'s table', () => {
    assert.ok(tables.length >= 20, `${tables.length} tables`);
    for (const [path, text] of tables) if (path !== 'connectors/http/classify.ts' && !/_HTTP_|WAREHOUSE/.test(text)) assert.ok(codesIn(path, text).length >= 1 || /code: `/.test(text), path);
    assert.equal(isNamed(['NOBODY', 'NAMES', 'THIS'].join('_')), false);
  });

  for (const folder of ['clockify', 'dynamics', 'gusto', 'harvest', 'hubspot', 'jira', 'kantata', 'lago', 'netsuite', 'oracle', 'project-operations', 'salesforce', 'sap', 'scim', 'snowflake', 'stripe', 'tryton', 'warehouse-postgres', 'file-exchange', 'http']) {
    it(`has a spec of its own in test/connectors/${folder}`, () => {
      assert.equal(globSync(`test/connectors/${folder}/{classify,failures}.spec.ts`, { cwd: ROOT }).length, 1);
    });
  }
});
