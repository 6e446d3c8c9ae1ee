import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { filesOf, pascal } from './connector/files.ts';
import { KINDS, type Kind } from './connector/kinds.ts';
import { wired, wiresOf } from './connector/wiring.ts';

const nameSchema = z.string().regex(/^[a-z][a-z0-9]{1,30}$/, 'lower-case letters and digits, such as "acme"');
const optionsSchema = z.object({ kind: z.custom<Kind>((kind) => typeof kind === 'string' && Object.hasOwn(KINDS, kind)), title: z.string().min(2).max(60).optional(), in: z.string() });

export function connectorCommands(program: Command): void {
  const connector = program.command('connector').description('Systems that the line speaks with');
  const kinds = Object.entries(KINDS).map(([kind, { about }]) => `  ${kind.padEnd(13)} ${about}`).join('\n');
  connector
    .command('new <name>')
    .description('Begins a connector: its folder, a sandbox, an overlay of the configuration and conformance tests that fail until it is built (docs/connectors.md)')
    .addOption(new Option('--kind <kind>', 'what it is for, see below').choices(Object.keys(KINDS)).makeOptionMandatory())
    .option('--title <text>', 'the system\'s name as people know it')
    .option('--in <folder>', 'the project', '.')
    .addHelpText('after', `\nKinds:\n${kinds}`)
    .action(async (given: string, rawOptions: unknown) => {
      const name = nameSchema.parse(given);
      const { kind, title = pascal(name), in: folder } = optionsSchema.parse(rawOptions);
      const written = await beginConnector(resolve(folder), { name, kind, title });
      process.stdout.write(`${written.map((file) => `  ${file}`).join('\n')}\n\nNow: node_modules/.bin/mocha 'test/connectors/${name}/*.spec.ts' --exit fails, test by test. docs/connectors.md leads on.\n`);
    });
}

/** @returns the files made and changed @throws Error where there is such a connector, or a file to be wired has another shape */
export async function beginConnector(root: string, connector: Parameters<typeof filesOf>[0]): Promise<readonly string[]> {
  const files = filesOf(connector);
  const there = [...files.keys()].find((file) => existsSync(join(root, file)));
  if (there !== undefined) throw new Error(`there is a ${there} already: choose another name`);
  const changed = new Map<string, string>();
  for (const wire of wiresOf(connector)) changed.set(wire.file, wired(changed.get(wire.file) ?? (await readFile(join(root, wire.file), 'utf8')), wire));
  for (const [file, text] of [...files, ...changed]) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
  return [...files.keys(), ...[...changed.keys()].map((file) => `${file} (wired)`)];
}
