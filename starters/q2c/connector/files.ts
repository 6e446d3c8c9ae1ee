import { KINDS, type Kind, type KindTemplate } from './kinds.ts';

/** From the folder of a connector's tests to the project. */
const UP = '../../..';

export interface NewConnector {
  /** Folder and product: lower-case letters and digits. */
  readonly name: string;
  /** "Acme HR". */
  readonly title: string;
  readonly kind: Kind;
}

/** "acme" → "Acme", in names of functions and schemas. */
export function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The files of a new connector, by their path in the project. */
export function filesOf({ name, title, kind }: NewConnector): ReadonlyMap<string, string> {
  const template: KindTemplate = KINDS[kind];
  const capital = pascal(name);
  const upper = name.toUpperCase();
  const yields = template.members.includes('notYetAll(');
  return new Map([
    [`connectors/${name}/options.ts`, `import { z } from 'zod';

/** What the secrets provider keeps for ${title}. */
export const ${name}CredentialsSchema = z.strictObject({ apiKey: z.string().min(1) });
export type ${capital}Credentials = z.infer<typeof ${name}CredentialsSchema>;

/** The \`options\` of a system in config/systems.yaml: IDs and names of this account, by our codes. */
export const ${name}OptionsSchema = z.strictObject({});
export type ${capital}Options = z.infer<typeof ${name}OptionsSchema>;
`],
    [`connectors/${name}/classify.ts`, `import { z } from 'zod';
import { meaningOfStatus, type Classifier } from '../http/classify.ts';

/** The vendor's error body, as its documentation has it. */
const errorSchema = z.looseObject({ code: z.string().default(''), message: z.string().default('') });

/** What ${title}'s refusals mean: one row for each code that has a road of its own; the status says the rest. Source: (the vendor's page on errors). */
export const classify${capital}: Classifier = (answer, request) => {
  const said = errorSchema.safeParse(answer.body);
  const meaning = meaningOfStatus('${upper}', answer, request);
  if (meaning === 'token_refused' || !said.success || said.data.message === '') return meaning;
  return { ...meaning, message: \`${title} refused \${request.object}: \${said.data.message.slice(0, 500)}.\` };
};
`],
    [`connectors/${name}/client.ts`, `import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders } from '../http/auth.ts';
import { createHttpClient, type HttpClient } from '../http/client.ts';
import { classify${capital} } from './classify.ts';
import { ${name}CredentialsSchema } from './options.ts';

/** ${title}'s API. Other ways to sign in: connectors/http/auth.ts. */
export function create${capital}Client(settings: ConnectorSettings): HttpClient {
  const { apiKey } = ${name}CredentialsSchema.parse(settings.credentials);
  return createHttpClient({ ...settings, auth: fixedHeaders({ authorization: \`Bearer \${apiKey}\` }), classify: classify${capital} });
}
`],
    [`connectors/${name}/index.ts`, `import type { ConnectorSettings } from '../connector.ts';
import type { ${template.port.type} } from '${template.port.from}';
import { create${capital}Client } from './client.ts';
import { ${name}OptionsSchema } from './options.ts';

const notYet = (what: string) => (): Promise<never> => Promise.reject(new Error(\`${name}: \${what} is not built yet\`));
${yields ? `const notYetAll = (what: string) => (): AsyncIterable<never> => ({ [Symbol.asyncIterator]: () => ({ next: notYet(what) }) });
` : ''}
/** ${title}. @throws ZodError for options or credentials of the wrong shape */
export function create${capital}(settings: ConnectorSettings): ${template.port.type} {
  ${name}OptionsSchema.parse(settings.options ?? {});
  create${capital}Client(settings);
  return {
    kind: '${kind}',
    system: settings.system,
    ${template.members}
  };
}
`],
    [`connectors/${name}/README.md`, `# ${title}

What this connector does: (one sentence).

## Endpoints used

| call | for |
| --- | --- |

## Permissions to grant, and where

## Set up, in ${title}'s own screens

## Limits

## Known gaps, and what was not verified

Nothing has been tried on an account of ${title}. Sources: (the pages you read).
`],
    [`sandbox/${name}/options.ts`, `import { z } from 'zod';

export const ${capital}Options = z.object({
  apiKey: z.string().min(1),
  /** Requests per second; null switches it off. */
  requestsPerSecond: z.int().min(1).nullable().default(null),
});
export type ${capital}Options = z.infer<typeof ${capital}Options>;
`],
    [`sandbox/${name}/sandbox.ts`, `/** ${title}'s API as far as the connector uses it: strict about sign-in, required fields, uniqueness and limits; see the vendor's documentation, never the connector. */
import type { SandboxDefinition } from '../kit/sandbox.ts';
import { ${capital}Options } from './options.ts';

const refusal = (status: number, code: string, message: string) => ({ status, body: { code, message } });

export const ${name}: SandboxDefinition = {
  name: '${name}',
  title: '${title} (sandbox)',
  faultAnswers: ({ kind, status }) => (kind === 'expired-token' ? refusal(401, 'unauthorized', 'The API key is not valid.') : refusal(status, 'error', 'The request could not be carried out.')),
  register({ app, options }) {
    const { apiKey } = ${capital}Options.parse(options);
    app.addHook('onRequest', async (request, reply) => {
      if (request.headers.authorization === \`Bearer \${apiKey}\`) return;
      const { status, body } = refusal(401, 'unauthorized', 'The API key is not valid.');
      await reply.code(status).send(body);
    });
    app.setNotFoundHandler((request, reply) => reply.code(404).send({ code: 'not_found', message: \`There is no \${request.method} \${request.url}.\` }));
  },
};
`],
    [`test/connectors/${name}/conformance.spec.ts`, `${template.suite.imports}
import type { ${template.port.type} } from '${template.port.from.replace('../', '../../../connectors/')}';
import { create${capital} } from '${UP}/connectors/${name}/index.ts';
import { startSandboxes, type RunningSandboxes } from '${UP}/sandbox/all.ts';
import { silent } from '../conformance/documents.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';

const NAME = '${title}';
const PRODUCT = '${name}';

describe(NAME, function () {
  this.timeout(20_000);
  let sandboxes: RunningSandboxes;
  before(async () => {
    sandboxes = await startSandboxes({ only: ['${name}'] });
  });
  after(() => sandboxes.close());
  const port = (): ${template.port.type} => create${capital}({ system: PRODUCT, baseUrl: sandboxes.url('${name}'), credentials: sandboxes.credentials.${name}, options: {}, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 }, log: silent });
  const faults = sandboxFaults(() => sandboxes.url('${name}'));

${template.suite.run}
});
`],
    [`config/overlays/${name}/systems.yaml`, `# Overlay: ${title}. For an account of your own, put its address here and its credentials into the secrets provider.
systems:
  - id: ${name.replaceAll('_', '-')}
    kind: ${kind}
    product: ${name}
    name: ${title}
    address: endpoint:sandbox.${name}
    credentials: ${name}
    limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 30 }
`],
  ]);
}
