import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** A value that was recorded, and the type it must have: written as a literal, so that a name the type does not know is a mistake too. */
export interface Typed {
  readonly about: string;
  readonly type: string;
  readonly value: unknown;
}

/**
 * What the TypeScript compiler finds wrong with recorded values by the types of a package that is installed.
 * @param prelude - imports and the types that `values` name
 * @returns each mistake once: what the value is about, and the compiler's own words
 */
export async function typeMistakes(prelude: string, values: readonly Typed[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'q2c-published-types-'));
  try {
    const head = prelude.split('\n');
    const lines = values.map(({ type, value }) => `void (${JSON.stringify(value)} satisfies ${type});`);
    await writeFile(join(folder, 'recorded.ts'), [...head, ...lines].join('\n'));
    const compilerOptions = { strict: true, exactOptionalPropertyTypes: true, module: 'nodenext', moduleResolution: 'nodenext', target: 'es2024', lib: ['es2024', 'dom'], types: [], noEmit: true, skipLibCheck: true };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['recorded.ts'] }));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    const run = promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false'], { maxBuffer: 64 * 1024 * 1024 });
    const output = await run.then(() => '', (error: unknown) => (error instanceof Error && 'stdout' in error ? String(error.stdout) : Promise.reject(error)));
    return mistakesOf(output, head.length, values);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function mistakesOf(output: string, before: number, values: readonly Typed[]): string[] {
  const found: string[] = [];
  for (const line of output.split('\n')) {
    const start = /recorded\.ts\((\d+),\d+\): error (.*)$/.exec(line);
    if (start !== null) found.push(`${values[Number(start[1]) - before - 1]?.about ?? `line ${start[1] ?? ''} of what was compiled`}: ${start[2] ?? ''}`);
    else if (line.startsWith('error ')) found.push(line);
    else if (line.trim() !== '' && found.length > 0) found.push(`${found.pop() ?? ''} ${line.trim()}`);
  }
  return [...new Set(found)];
}
