import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { ConfigPath } from '../../domain/config/mistake.ts';
import { entryKey, isSectionName } from '../../domain/config/sections.ts';

export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A value of a YAML file that remembers where it stands. */
export type Located =
  | { readonly kind: 'scalar'; readonly at: Position; readonly value: unknown }
  | { readonly kind: 'list'; readonly at: Position; readonly items: readonly Located[] }
  | { readonly kind: 'map'; readonly at: Position; readonly entries: ReadonlyMap<string, { readonly keyAt: Position; readonly node: Located }> };

export interface SyntaxMistake {
  readonly at: Position;
  readonly message: string;
}

export interface ParsedFile {
  readonly root: Located;
  readonly mistakes: readonly SyntaxMistake[];
  /** False where the file's structure is broken, so that what was read of it is a guess. */
  readonly readable: boolean;
}

/** Parses one YAML file; syntax mistakes come back beside what could be read. Of those that break its structure only the first: it causes the others. */
export function parseLocated(file: string, text: string): ParsedFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const position = (offset: number | undefined): Position => {
    const { line, col } = counter.linePos(offset ?? 0);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const breaking = document.errors.filter((error) => error.code !== 'DUPLICATE_KEY').toSorted((left, right) => left.pos[0] - right.pos[0]);
  const told = [...document.errors.filter((error) => error.code === 'DUPLICATE_KEY'), ...breaking.slice(0, 1), ...document.warnings];
  return {
    root: locate(document.contents, document, position),
    mistakes: told.map((error) => ({ at: position(error.pos[0]), message: error.message })),
    readable: breaking.length === 0,
  };
}

function locate(node: unknown, document: Document, position: (offset: number | undefined) => Position): Located {
  if (isAlias(node)) return locate(node.resolve(document), document, position);
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }) => {
      const keyAt = position(isScalar(key) ? key.range?.[0] : undefined);
      const located = locate(value, document, position);
      return [String(isScalar(key) ? key.value : key), { keyAt, node: located.at.line === 1 && value === null ? { ...located, at: keyAt } : located }] as const;
    });
    return { kind: 'map', at: position(node.range?.[0]), entries: new Map(entries) };
  }
  if (isSeq(node)) return { kind: 'list', at: position(node.range?.[0]), items: node.items.map((item) => locate(item, document, position)) };
  return isScalar(node) ? { kind: 'scalar', at: position(node.range?.[0]), value: node.value } : { kind: 'scalar', at: position(undefined), value: null };
}

export function plain(node: Located): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plain);
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.node)]));
  }
}

/** Where a path stands; where it does not exist, where the nearest part of it does. */
export function positionOf(root: Located, path: ConfigPath, atKey: boolean): Position {
  let current = root;
  let at = root.at;
  for (const [index, part] of path.entries()) {
    if (current.kind === 'map') {
      const entry = current.entries.get(String(part));
      if (entry === undefined) return at;
      at = atKey && index === path.length - 1 ? entry.keyAt : entry.node.at;
      current = entry.node;
    } else if (current.kind === 'list' && typeof part === 'number') {
      const item = current.items[part];
      if (item === undefined) return at;
      at = item.at;
      current = item;
    } else return at;
  }
  return at;
}

/**
 * Lays an overlay over a base: mappings are merged key by key, the configuration's lists entry by entry by their key
 * (an entry with a key that the base lacks is added), everything else is replaced.
 */
export function overlay(base: Located, over: Located): Located {
  if (base.kind !== 'map' || over.kind !== 'map') return over;
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    if (below === undefined) entries.set(key, entry);
    else entries.set(key, { keyAt: entry.keyAt, node: overlayList(key, below.node, entry.node) ?? overlay(below.node, entry.node) });
  }
  return { ...base, entries };
}

function overlayList(section: string, base: Located, over: Located): Located | undefined {
  if (!isSectionName(section) || base.kind !== 'list' || over.kind !== 'list') return undefined;
  const items = [...base.items];
  for (const item of over.items) {
    const key = entryKey(section, plain(item));
    const index = key === undefined ? -1 : items.findIndex((candidate) => entryKey(section, plain(candidate)) === key);
    const below = items[index];
    if (below === undefined) items.push(item);
    else items[index] = overlay(below, item);
  }
  return { ...base, items };
}
