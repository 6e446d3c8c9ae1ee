import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const SUITES = join(import.meta.dirname, 'conformance');

describe('The table of what the conformance suites state', () => {
  it('quotes statements that are there, in every cell, or says why there is none', async () => {
    const suites = (await Promise.all((await readdir(SUITES)).map((name) => readFile(join(SUITES, name), 'utf8')))).join('\n').replaceAll("\\'", "'");
    const rows = (await readFile(join(ROOT, 'docs/conformance.md'), 'utf8')).split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| |') && !line.startsWith('| ---'));
    const cells = rows.flatMap((row) => row.split('|').slice(2, -1).map((cell) => cell.trim()));
    assert.equal(cells.length, 12 * 10);
    const quoted = cells.map((cell) => ({ cell, quotes: [...cell.matchAll(/"([^"]+)"/g)].map(([, quote = '']) => quote) }));
    assert.deepEqual(quoted.filter(({ cell, quotes }) => quotes.length === 0 && !/^— .{8,}/.test(cell)).map(({ cell }) => cell), []);
    assert.deepEqual(quoted.flatMap(({ quotes }) => quotes).filter((quote) => !suites.includes(quote)), []);
  });
});
