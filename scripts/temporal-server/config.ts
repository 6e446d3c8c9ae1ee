import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';

/** What the SQL Visibility store has room for, per type (Temporal's own table of columns). */
const searchAttributeRoom = { Keyword: 10, KeywordList: 3, Text: 3, Int: 3, Double: 3, Bool: 3, Datetime: 3 } as const;

const searchAttributeTypes = ['Keyword', 'KeywordList', 'Text', 'Int', 'Double', 'Bool', 'Datetime'] as const;
export type SearchAttributeType = (typeof searchAttributeTypes)[number];

const port = z.int().min(1).max(65_535);
const identifier = z.string().regex(/^[A-Za-z][A-Za-z0-9]*$/, 'a name of letters and digits that begins with a letter');

const searchAttributes = z.record(identifier, z.enum(searchAttributeTypes)).check((context) => {
  for (const type of searchAttributeTypes) {
    const names = Object.keys(context.value).filter((name) => context.value[name] === type);
    if (names.length > searchAttributeRoom[type]) {
      context.issues.push({
        code: 'custom',
        input: context.value,
        message: `at most ${searchAttributeRoom[type]} of type ${type}, but there are ${names.length}: ${names.join(', ')}`,
      });
    }
  }
});

export const temporalDevSchema = z.strictObject({
  cliVersion: z.string().regex(/^\d+\.\d+\.\d+$/, 'a version such as 1.5.1'),
  ip: z.ipv4(),
  ports: z.strictObject({ frontend: port, ui: port, metrics: port }),
  database: z.strictObject({
    file: z.string().regex(/^[\w.-]+$/, 'a file name without a folder'),
    pragmas: z.record(z.string().regex(/^[a-z_]+$/, 'the name of an SQLite pragma'), z.union([z.string(), z.number()])),
  }),
  namespace: z.strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{1,62}$/, 'a name of 2 to 63 lower-case letters, digits and hyphens'),
    retentionDays: z.int().min(1).max(365),
  }),
  searchAttributes,
  dynamicConfig: z.record(
    z.string().regex(/^[a-z][A-Za-z]*(\.[A-Za-z]+)+$/, 'the name of a setting such as matching.useNewMatcher'),
    z.union([z.boolean(), z.number(), z.string()]),
  ),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']),
});
export type TemporalDevConfig = z.infer<typeof temporalDevSchema>;

export class TemporalConfigError extends Error {
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(`The configuration of the local Temporal server has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:\n${mistakes.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'TemporalConfigError';
    this.mistakes = mistakes;
  }
}

/**
 * Reads the configuration of the local server, by default temporal-dev.yaml of this checkout.
 * @throws TemporalConfigError with every mistake at once: file, line, path, what was expected.
 */
export function loadTemporalConfig(file = join(import.meta.dirname, '..', '..', 'temporal-dev.yaml'), shownAs = 'temporal-dev.yaml'): TemporalDevConfig {
  return parseTemporalConfig(readFileSync(file, 'utf8'), shownAs);
}

export function parseTemporalConfig(text: string, shownAs = 'temporal-dev.yaml'): TemporalDevConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const syntax = document.errors.map((error) => `${shownAs}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  if (syntax.length > 0) throw new TemporalConfigError(syntax);
  const result = temporalDevSchema.safeParse(document.toJS());
  if (result.success) return result.data;
  throw new TemporalConfigError(result.error.issues.flatMap((issue) => mistakesOf(issue)).map(({ path, expected }) => {
    const found = lineOf(path);
    return `${shownAs}${found === undefined ? '' : `:${found}`}: ${path.join('.') || '(whole file)'}: ${expected}`;
  }));

  function lineOf(path: readonly PropertyKey[]): number | undefined {
    for (let depth = path.length; depth > 0; depth -= 1) {
      const node: unknown = document.getIn(path.slice(0, depth), true);
      const start = rangeStart.safeParse(node).data?.range[0];
      if (start !== undefined) return lines.linePos(start).line;
    }
    return undefined;
  }
}

const rangeStart = z.looseObject({ range: z.tuple([z.number()], z.number()) });

function mistakesOf(issue: z.core.$ZodIssue): { path: PropertyKey[]; expected: string }[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path: [...issue.path, key], expected: 'this key is not known; remove it or correct its spelling' }));
  if (issue.code === 'invalid_key') return issue.issues.map((inner) => ({ path: issue.path, expected: `the key must be ${inner.message}` }));
  if (issue.code === 'invalid_format' || issue.code === 'custom') return [{ path: issue.path, expected: `expected ${issue.message}` }];
  return [{ path: issue.path, expected: issue.message.replace(/^Invalid (input|option): /, '') }];
}

/** Arguments of `temporal` for a server with these settings whose database file lies in `dataDir`. */
export function toArguments(config: TemporalDevConfig, dataDir: string, options: { readonly headless?: boolean } = {}): string[] {
  return [
    'server', 'start-dev',
    '--ip', config.ip,
    '--port', String(config.ports.frontend),
    ...(options.headless === true ? ['--headless'] : ['--ui-port', String(config.ports.ui)]),
    '--metrics-port', String(config.ports.metrics),
    '--db-filename', join(dataDir, config.database.file),
    '--namespace', config.namespace.name,
    '--log-level', config.logLevel,
    '--log-format', 'json',
    ...Object.entries(config.database.pragmas).flatMap(([name, value]) => ['--sqlite-pragma', `${name}=${value}`]),
    ...Object.entries(config.searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ...Object.entries(config.dynamicConfig).flatMap(([name, value]) => ['--dynamic-config-value', `${name}=${JSON.stringify(value)}`]),
  ];
}
