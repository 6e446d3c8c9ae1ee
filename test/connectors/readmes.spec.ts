import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url).pathname;

/** What docs/connectors.md promises of each folder's README, and `q2c connector` begins it with. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ['the endpoints or files used', /^(What is (called|exchanged)|Endpoints used)\b/],
  ['the permissions to grant', /^Permissions/],
  ['the set-up in the system\'s own screens', /^Set[- ]up\b/],
  ['the limits', /^Limits\b/],
  ['the known gaps', /\bgaps\b/],
];
/** More than a heading and a dash: the text up to the next heading of the same level. */
const LEAST_TEXT = 80;

function sectionsOf(readme: string): { readonly heading: string; readonly text: string }[] {
  return readme.split(/^## /m).slice(1).map((section) => ({ heading: section.slice(0, section.indexOf('\n')).trim(), text: section.slice(section.indexOf('\n')).trim() }));
}

describe('The README of a connector', () => {
  const folders = globSync('connectors/*/index.ts', { cwd: ROOT }).map((path) => path.split('/')[1] ?? '').toSorted();

  it('is there for every system that is spoken to', () => {
    assert.ok(folders.length >= 20, folders.join(', '));
  });

  for (const folder of folders) {
    it(`of ${folder} says what is called, what to grant, how to set it up, the limits and the gaps`, () => {
      const sections = sectionsOf(readFileSync(`${ROOT}connectors/${folder}/README.md`, 'utf8'));
      for (const [what, heading] of PARTS) assert.ok(sections.some((section) => heading.test(section.heading) && section.text.length >= LEAST_TEXT), `${what}: ${sections.map((section) => section.heading).join(', ')}`);
    });
  }
});
