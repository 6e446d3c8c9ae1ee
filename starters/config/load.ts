import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { z } from 'zod';
import { checkConfig, schemaProblems } from '../../domain/config/check.ts';
import { pathText, quoted, type ConfigProblem } from '../../domain/config/mistake.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { sectionsOf } from '../../domain/config/sections.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { overlay, parseLocated, plain, positionOf, type Located, type Position } from './located.ts';

export interface ConfigMistake extends Position {
  /** "legalEntities[2].billingCurrencies"; empty where the file as a whole is meant. */
  readonly path: string;
  readonly expected: string;
  readonly found: string;
  readonly message: string;
}

export type LoadedConfig =
  | { readonly ok: true; readonly config: FirmConfig; /** sha256 of the merged configuration. */ readonly hash: string; readonly files: readonly string[] }
  | { readonly ok: false; readonly mistakes: readonly ConfigMistake[] };

export interface LoadSettings {
  /** Folders under `overlays/` to lay over the base, in this order. */
  readonly overlays?: readonly string[];
  /** By product: what its connector expects as `options`. */
  readonly optionSchemas?: Readonly<Record<string, z.ZodType>>;
}

/**
 * Reads and checks a configuration folder as a whole: every `*.yaml` in it, then each named overlay.
 * Answers all mistakes of all files at once. Throws only what the file system throws for the folder itself.
 */
export async function loadFirmConfig(dir: string, settings: LoadSettings = {}): Promise<LoadedConfig> {
  const mistakes: ConfigMistake[] = [];
  const files: string[] = [];
  const name = basename(resolve(dir));

  /** Sections of files that cannot be read: nothing more is said of them. */
  const unreadable = new Set<string>();

  async function readFolder(folder: string, label: string): Promise<Located> {
    const sections = new Map<string, { keyAt: Position; node: Located }>();
    for (const entry of await yamlFiles(folder)) {
      const file = `${label}/${entry}`;
      files.push(file);
      const { root, mistakes: syntax, readable } = parseLocated(file, await readFile(join(folder, entry), 'utf8'));
      mistakes.push(...syntax.map(({ at, message }) => mistake(at, '', 'well-formed YAML', message)));
      if (root.kind !== 'map') {
        if (!readable) unreadable.add('*');
        else if (plain(root) !== null) mistakes.push(mistake(root.at, '', 'a mapping of sections', quoted(plain(root))));
        continue;
      }
      for (const [key, section] of root.entries) {
        const before = sections.get(key);
        if (before !== undefined) mistakes.push(mistake(section.keyAt, key, 'each section in one file only', `"${key}" again, after ${before.keyAt.file}:${before.keyAt.line}`));
        else if (!readable) unreadable.add(key);
        else sections.set(key, section);
      }
    }
    return { kind: 'map', at: { file: label, line: 1, column: 1 }, entries: sections };
  }

  let root: Located = await readFolder(dir, name);
  for (const folder of settings.overlays ?? []) {
    const label = `${name}/overlays/${folder}`;
    try {
      root = overlay(root, await readFolder(join(dir, 'overlays', folder), label));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      mistakes.push(mistake({ file: label, line: 1, column: 1 }, '', 'a folder with the overlay that was named', 'none'));
    }
  }

  const raw = Object.fromEntries(root.kind === 'map' ? [...root.entries].map(([key, entry]) => [key, plain(entry.node)]) : []);
  const checked = checkConfig(raw);
  const told = ({ path: [section = ''] }: ConfigProblem) => !unreadable.has(String(section)) && !(unreadable.has('*') && raw[section] === undefined);
  const problems = [...(checked.ok ? [] : checked.problems.filter(told)), ...checkOptions(raw, settings.optionSchemas ?? {})];
  mistakes.push(...problems.map((problem) => mistake(positionOf(root, problem.path, problem.atKey ?? false), pathText(problem.path), problem.expected, problem.found)));
  if (!checked.ok || mistakes.length > 0) {
    return { ok: false, mistakes: mistakes.toSorted((left, right) => left.file.localeCompare(right.file) || left.line - right.line || left.column - right.column) };
  }
  return { ok: true, config: checked.config, hash: sha256(canonicalJson(checked.config)), files };
}

/** One line for each mistake: "config/legal-entities.yaml:12:5 legalEntities[2].billingCurrencies: expected …, found …". */
export function formatMistakes(mistakes: readonly ConfigMistake[]): string {
  return mistakes.map((one) => `${one.file}:${one.line}:${one.column} ${one.path === '' ? '' : `${one.path}: `}${one.message}`).join('\n');
}

async function yamlFiles(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((file) => /\.ya?ml$/.test(file)).toSorted();
}

function checkOptions(raw: Readonly<Record<string, unknown>>, schemas: Readonly<Record<string, z.ZodType>>): ConfigProblem[] {
  return sectionsOf(raw).systems.entries.flatMap(({ index, value: system }) => {
    const parsed = schemas[system.product]?.safeParse(system.options);
    return parsed === undefined || parsed.success ? [] : schemaProblems(parsed.error, system.options, ['systems', index, 'options']);
  });
}

function mistake(at: Position, path: string, expected: string, found: string): ConfigMistake {
  return { ...at, path, expected, found, message: `expected ${expected}, found ${found}` };
}
