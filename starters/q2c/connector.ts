import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { filesOf } from './connector/files.ts';
import { isKind, KINDS, USUAL_KIND, type Kind } from './connector/kinds.ts';
import { namesOf, titleOf, type NewConnector } from './connector/names.ts';
import { wired, wiresOf } from './connector/wiring.ts';

const TITLE = /^[\p{L}\p{N}][\p{L}\p{N} ._&+/()-]{1,59}$/u;
const optionsSchema = z.object({
  kind: z.custom<Kind>(isKind).optional(),
  title: z.string().regex(TITLE, 'letters, digits and spaces, such as "Acme HR"').optional(),
  in: z.string(),
});

export function connectorCommands(program: Command): void {
  const connector = program.command('connector').description('Systems that the line speaks with');
  const kinds = kindList();
  connector
    .command('new <name>')
    .description('Begins a connector: its folder, a sandbox, an overlay of the configuration and conformance tests that fail until it is built (docs/connectors.md)')
    .addOption(new Option('--kind <kind>', `what it is for, see below; asked for on a terminal, else ${USUAL_KIND}`).choices(Object.keys(KINDS)))
    .option('--title <text>', 'the system\'s name as people know it')
    .option('--in <folder>', 'the project', '.')
    .addHelpText('after', `\nKinds:\n${kinds}`)
    .action(async (name: string, rawOptions: unknown) => {
      const { folder } = namesOf(name);
      const options = optionsSchema.parse(rawOptions);
      const kind = options.kind ?? (await askedKind(name));
      const written = await beginConnector(resolve(options.in), { name, kind, title: options.title ?? titleOf(name) });
      process.stdout.write(`${written.map((file) => `  ${file}`).join('\n')}\n\nNow: npx mocha 'test/connectors/${folder}/*.spec.ts' --exit fails, test by test, and says what to build. docs/connectors.md leads on.\n`);
    });
}

/** @returns the files made and changed @throws Error where there is such a connector, or a file to be wired has another shape; nothing is written then */
export async function beginConnector(root: string, connector: NewConnector): Promise<readonly string[]> {
  const files = filesOf(connector);
  const there = [...files.keys()].find((file) => existsSync(join(root, file)));
  if (there !== undefined) throw new Error(`there is a ${there} already: choose another name`);
  const { product } = namesOf(connector.name);
  if ((await readFile(join(root, 'domain/config/schema.ts'), 'utf8')).includes(`'${product}'`)) throw new Error(`"${product}" is the name of something the configuration knows already: choose another name`);
  const changed = new Map<string, string>();
  for (const wire of wiresOf(connector)) changed.set(wire.file, wired(changed.get(wire.file) ?? (await readFile(join(root, wire.file), 'utf8')), wire));
  for (const [file, text] of [...files, ...changed]) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
  return [...files.keys(), ...[...changed.keys()].map((file) => `${file} (wired)`)];
}

/** On a terminal the kind is asked for; elsewhere nobody could answer, so the usual one is taken and said. */
async function askedKind(name: string): Promise<Kind> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    process.stderr.write(`No --kind was given: "${name}" begins as a system for ${USUAL_KIND} (${KINDS[USUAL_KIND].about}).\nIf it is another, remove what is listed here and give one of:\n${kindList()}\n\n`);
    return USUAL_KIND;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const answer = (await terminal.question(`What is "${name}" for?\n${kindList()}\nKind [${USUAL_KIND}]: `)).trim();
      if (answer === '') return USUAL_KIND;
      if (isKind(answer)) return answer;
      process.stderr.write(`"${answer}" is none of them.\n\n`);
    }
  } finally {
    terminal.close();
  }
}

function kindList(): string {
  return Object.entries(KINDS).map(([kind, { about }]) => `  ${kind.padEnd(13)} ${about}`).join('\n');
}
