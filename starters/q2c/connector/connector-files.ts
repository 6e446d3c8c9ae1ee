import { KINDS, type KindTemplate } from './kinds.ts';
import { namesOf, type NewConnector } from './names.ts';

/** The connector itself: sign-in, classification, options, and the port with nothing in it. */
export function connectorFiles({ name, title, kind }: NewConnector): readonly (readonly [string, string])[] {
  const { port, members }: KindTemplate = KINDS[kind];
  const { folder, camel, pascal, upper } = namesOf(name);
  const rejects = members.includes('notYet(');
  const yields = members.includes('notYetAll(');
  return [
    [`connectors/${folder}/options.ts`, `import { z } from 'zod';

/** What the secrets provider keeps for ${title}. */
export const ${camel}CredentialsSchema = z.strictObject({ apiKey: z.string().min(1) });

/** The \`options\` of a system in config/systems.yaml: IDs and names of this account, by our codes. */
export const ${camel}OptionsSchema = z.strictObject({});
`],
    [`connectors/${folder}/classify.ts`, `import { z } from 'zod';
import { meaningOfStatus, type Classifier, type Meaning } from '../http/classify.ts';

/** The vendor's error body. Source: (its page on errors). A reason that is elsewhere: \`answer.headers\`, \`answer.text\`. */
const errorSchema = z.looseObject({ code: z.string(), message: z.string() });

/** One row for each of ${title}'s codes that has a road of its own: transient, in_doubt, business_rule, contract or configuration. */
const ROWS: Readonly<Record<string, Pick<Meaning, 'kind' | 'mend'>>> = {};

/** What ${title}'s refusals mean; what no row says the status decides. */
export const classify${pascal}: Classifier = (answer, request) => {
  const meaning = meaningOfStatus('${upper}', answer, request);
  const said = errorSchema.safeParse(answer.body);
  if (meaning === 'token_refused' || !said.success) return meaning;
  const { code, message } = said.data;
  const row = ROWS[code];
  return { ...meaning, ...row, ...(row === undefined ? {} : { code: \`${upper}_\${code.toUpperCase()}\` }), message: \`${title} refuses \${request.object}: \${message.slice(0, 500)}\` };
};
`],
    [`connectors/${folder}/client.ts`, `import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders } from '../http/auth.ts';
import { createHttpClient, type HttpClient } from '../http/client.ts';
import { classify${pascal} } from './classify.ts';
import { ${camel}CredentialsSchema } from './options.ts';

/** ${title}'s API. Other ways to sign in: connectors/http/auth.ts. */
export function create${pascal}Client(settings: ConnectorSettings): HttpClient {
  const { apiKey } = ${camel}CredentialsSchema.parse(settings.credentials);
  return createHttpClient({
    ...settings,
    auth: fixedHeaders({ authorization: \`Bearer \${apiKey}\` }),
    classify: classify${pascal},
  });
}
`],
    [`connectors/${folder}/index.ts`, `import type { ConnectorSettings } from '../connector.ts';
import type { ${port.type} } from '${port.from}';
import { create${pascal}Client } from './client.ts';
import { ${camel}OptionsSchema } from './options.ts';

${rejects ? `const notYet = (what: string) => (): Promise<never> => Promise.reject(new Error(\`not built yet: \${what} (connectors/${folder}/index.ts)\`));
` : ''}${yields ? `const notYetAll = (what: string) => (): AsyncIterable<never> => ({ [Symbol.asyncIterator]: () => ({ next: notYet(what) }) });
` : ''}
/** ${title}. @throws ZodError for options or credentials of the wrong shape */
export function create${pascal}(settings: ConnectorSettings): ${port.type} {
  ${camel}OptionsSchema.parse(settings.options ?? {});
  create${pascal}Client(settings);
  return {
    kind: '${kind}',
    system: settings.system,
    ${members}
  };
}
`],
    [`connectors/${folder}/README.md`, `# ${title}

What this connector does: (one sentence).

## Endpoints used

| call | for |
| --- | --- |

## Permissions to grant, and where

## Set up, in ${title}'s own screens

## Limits

## Known gaps, and what was not verified

Nothing has been tried on an account of ${title}. Sources: (the pages you read, with the day you read them).
`],
    [`config/overlays/${folder}/systems.yaml`, `# Overlay: ${title}. For an account of your own, put its address here and its credentials into the secrets provider.
systems:
  - id: ${folder}
    kind: ${kind}
    product: ${product(name)}
    name: ${JSON.stringify(title)}
    address: endpoint:sandbox.${product(name)}
    credentials: ${product(name)}
    limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 30 }
`],
  ];
}

function product(name: string): string {
  return namesOf(name).product;
}
