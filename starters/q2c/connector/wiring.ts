import { namesOf, type NewConnector } from './names.ts';

/** One line that a file of the project gains; `before` is the text it goes in front of, the last place that matches. */
export interface Wire {
  readonly file: string;
  readonly before: RegExp;
  readonly line: (text: string) => string;
}

/** What makes a new connector known: its sandbox, its credentials, its options, its product and its maker. */
export function wiresOf({ name }: NewConnector): readonly Wire[] {
  const { folder, product, camel, pascal } = namesOf(name);
  const same = (line: string) => () => line;
  return [
    { file: 'sandbox/names.ts', before: /^\} as const;$/m, line: (text) => `  ${product}: ${nextOffset(text)},\n` },
    { file: 'sandbox/all.ts', before: /^\nconst DEFINITIONS/m, line: same(`import { ${camel}Sandbox } from './${folder}/sandbox.ts';\n`) },
    { file: 'sandbox/all.ts', before: /(?<=^const DEFINITIONS.*) \};$/m, line: same(`, ${product}: ${camel}Sandbox`) },
    { file: 'sandbox/credentials.ts', before: /^\}\);\nexport type Credentials/m, line: same(`  ${product}: z.object({ apiKey: Text }),\n`) },
    { file: 'sandbox/credentials.ts', before: /^ {2}\};\n\}\n\nfunction rsaKeyPair/m, line: same(`    ${product}: { apiKey: token(32) },\n`) },
    { file: 'connectors/options.ts', before: /^\n\/\*\* What each product's connector takes/m, line: same(`import { ${camel}OptionsSchema } from './${folder}/options.ts';\n`) },
    { file: 'connectors/options.ts', before: /^\};\n*$(?![\s\S])/m, line: same(`  ${product}: ${camel}OptionsSchema,\n`) },
    { file: 'workers/systems.ts', before: /^import type \{ FirmConfig/m, line: same(`import { create${pascal} } from '../connectors/${folder}/index.ts';\n`) },
    { file: 'workers/systems.ts', before: /(?<=^const CONNECTORS[\s\S]*?)^\};$/m, line: same(`  ${product}: create${pascal},\n`) },
    { file: 'domain/config/schema.ts', before: /(?<=^ {2}product: z\.enum\(\[.*)\]\),$/m, line: same(`, '${product}'`) },
  ];
}

/** @throws Error where the file has no such place any more */
export function wired(text: string, { file, before, line }: Wire): string {
  const at = text.search(before);
  if (at < 0) throw new Error(`${file} has changed its shape: add the line by hand: ${line(text).trim()}`);
  return text.slice(0, at) + line(text) + text.slice(at);
}

function nextOffset(text: string): number {
  const taken = [...text.matchAll(/^ {2}\w+: (\d+),$/gm)].map(([, offset]) => Number(offset));
  return Math.max(...taken) + 1;
}
