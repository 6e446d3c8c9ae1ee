import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file of the walkthrough, or an edit of one. */
type Piece = { readonly file: string; readonly whole: string } | { readonly file: string; readonly from: string; readonly to: string };

export interface WalkthroughStep {
  readonly title: string;
  readonly minutes: number;
  readonly pieces: readonly Piece[];
  /** What the page says that the tests say after this step; null where it does not. */
  readonly said: { readonly passing: number; readonly failing: number } | null;
}

const FENCE = /(?:`([\w./-]+\.(?:ts|md))`[^`\n]*:\n\n)?```(ts|md|diff|text)\n([\s\S]*?)\n```/g;
const HEADING = /^(?<title>.+) \((?<minutes>\d+) minutes\)\n/;
/** mocha leaves the second line out where nothing fails. */
const SAID = /(\d+) passing(?:\n\s*(\d+) failing)?/;

/** The steps of docs/connector-walkthrough.md: headings that say how long they take. */
export function stepsOf(page: string): WalkthroughStep[] {
  return page.split(/^## (?=.+ \(\d+ minutes\)$)/m).flatMap((section) => {
    const { title, minutes } = HEADING.exec(section)?.groups ?? {};
    if (title === undefined) return [];
    let said: WalkthroughStep['said'] = null;
    let file = '';
    const pieces: Piece[] = [];
    for (const [, named, language, text = ''] of section.matchAll(FENCE)) {
      file = named ?? file;
      if (language === 'text') {
        const [, passing, failing = '0'] = SAID.exec(text) ?? [];
        said = { passing: Number(passing), failing: Number(failing) };
      } else if (language === 'ts' || language === 'md') pieces.push({ file, whole: `${text}\n` });
      else pieces.push({ file, from: side(text, '+'), to: side(text, '-') });
    }
    return [{ title, minutes: Number(minutes), pieces, said }];
  });
}

/** Does what a step says, for a connector of another name: `rename` turns the page's into it. @throws AssertionError where an edit does not fit the file */
export async function applyStep(root: string, { title, pieces }: WalkthroughStep, rename: (text: string) => string): Promise<void> {
  for (const piece of pieces) {
    const file = join(root, rename(piece.file));
    if ('whole' in piece) {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, rename(piece.whole));
      continue;
    }
    const before = await readFile(file, 'utf8');
    const parts = before.split(rename(piece.from));
    assert.equal(parts.length, 2, `"${title}": what is to be replaced is not once in ${piece.file}:\n${piece.from}`);
    await writeFile(file, parts.join(rename(piece.to)));
  }
}

/** One side of a diff: its lines without those of the other. */
function side(diff: string, other: '+' | '-'): string {
  return diff.split('\n').filter((line) => !line.startsWith(other)).map((line) => `${line.slice(1)}\n`).join('');
}
