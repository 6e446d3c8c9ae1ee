// The import-direction check of ARCHITECTURE.md: `node scripts/check-imports.ts [folder]`.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { projectFolder } from './data-folder.ts';

/** What each top-level folder may import of ours, besides itself; "types" stands for `import type` alone. */
const allowed: Readonly<Record<string, Readonly<Record<string, 'all' | 'types'>>>> = {
  domain: {},
  store: { domain: 'all' },
  connectors: { domain: 'all' },
  activities: { connectors: 'all', store: 'all', domain: 'all' },
  workflows: { domain: 'all', activities: 'types' },
  workers: { workflows: 'all', activities: 'all', connectors: 'all', store: 'all', domain: 'all' },
  starters: { workflows: 'all', connectors: 'all', store: 'all', domain: 'all' },
  console: { store: 'all', domain: 'all', workflows: 'all' },
  // Speaks the vendors' formats on its own: a mistake shared with connectors/ or domain/ would cancel out.
  sandbox: {},
};

/** These may import anything, but nothing outside this list imports them. */
const tools = new Set(['scripts', 'test', 'bench']);

export interface ImportStatement {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly line: number;
}

const statement = /(?:^|[;\n}])[ \t]*(import|export)\b([^'";]*?)\bfrom[ \t]*['"]([^'"\n]+)['"]|(?:^|\n)[ \t]*import[ \t]*['"]([^'"\n]+)['"]|\bimport\([ \t]*['"]([^'"\n]+)['"][ \t]*\)/g;

/** The import and re-export statements of a TypeScript file. An `import('…')` in a type position counts as a real one. */
export function importsOf(text: string): ImportStatement[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|(^|[\s;{}])\/\/[^\n]*/g, (comment) => comment.replace(/[^\n]/g, ' '));
  return [...code.matchAll(statement)].map((match) => {
    const specifier = match[3] ?? match[4] ?? match[5] ?? '';
    const clause = match[2] ?? '';
    return { specifier, typeOnly: match[3] !== undefined && isTypeOnly(clause), line: code.slice(0, match.index + match[0].lastIndexOf(specifier)).split('\n').length };
  });
}

function isTypeOnly(clause: string): boolean {
  if (/^\s*type\b(?!\s*,)/.test(clause)) return true;
  const names = /^\s*\{([^}]*)\}\s*$/.exec(clause)?.[1]?.split(',').map((name) => name.trim()).filter((name) => name !== '');
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith('type '));
}

/** Every import that points the wrong way and every cycle of files, as `file:line: what is wrong`. */
export function checkImports(root: string): string[] {
  const folders = readdirSync(root).filter((name) => (name in allowed || tools.has(name)) && statSync(join(root, name)).isDirectory());
  const files = folders.flatMap((folder) => sourceFiles(join(root, folder))).map((file) => relative(root, file).replaceAll('\\', '/'));
  const graph = new Map<string, string[]>();
  const problems: string[] = [];
  for (const file of files) {
    const targets: string[] = [];
    for (const found of importsOf(readFileSync(join(root, file), 'utf8'))) {
      if (!found.specifier.startsWith('.')) continue;
      const target = normalize(join(dirname(file), found.specifier)).replaceAll('\\', '/');
      const problem = wrongArrow(file, target, found.typeOnly);
      if (problem !== undefined) problems.push(`${file}:${found.line}: ${problem}`);
      if (!found.typeOnly) targets.push(target);
    }
    graph.set(file, targets);
  }
  return [...problems, ...cyclesOf(graph).map((cycle) => `${cycle[0] ?? ''}: a cycle of imports: ${cycle.join(' -> ')}`)];
}

function wrongArrow(file: string, target: string, typeOnly: boolean): string | undefined {
  const [from = '', to = ''] = [file, target].map((path) => path.split('/')[0]);
  if (from === to || tools.has(from)) return undefined;
  const rule = allowed[from]?.[to];
  if (rule === 'all' || (rule === 'types' && typeOnly)) return undefined;
  if (rule === 'types') return `${from} may import ${to} with \`import type\` only (${target})`;
  if (tools.has(to)) return `${from} must not import ${to}, which nothing depends on (${target})`;
  if (!(to in allowed)) return `${from} must not import ${target}, which is none of the project's rooms`;
  const may = Object.keys(allowed[from] ?? {}).join(', ');
  return `${from} must not import ${to} (${target}); it may import ${may === '' ? 'nothing of ours' : may}`;
}

/** One cycle per group of files that reach each other by imports that exist at run time (Tarjan's components). */
export function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file) ?? 0);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue;
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(file, Math.min(low.get(file) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(file) !== index.get(file)) return;
    const members = stack.splice(stack.indexOf(file));
    if (members.length > 1 || (graph.get(file) ?? []).includes(file)) cycles.push(pathThrough(graph, new Set(members), file));
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return cycles;
}

/** The shortest way from a file back to itself within its component. */
function pathThrough(graph: ReadonlyMap<string, readonly string[]>, members: ReadonlySet<string>, start: string): string[] {
  const paths = [[start]];
  const seen = new Set<string>();
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    for (const next of graph.get(path.at(-1) ?? '') ?? []) {
      if (next === start) return [...path, start];
      if (!members.has(next) || seen.has(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return [start, start];
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sourceFiles(path);
    return /\.(ts|mts|mjs|js)$/.test(entry.name) ? [path] : [];
  });
}

if (import.meta.main) {
  const problems = checkImports(process.argv[2] ?? projectFolder);
  for (const problem of problems) console.error(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
