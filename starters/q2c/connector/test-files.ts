import { KINDS, type KindTemplate } from './kinds.ts';
import { namesOf, type NewConnector } from './names.ts';

/** From the folder of a connector's tests to the project. */
const UP = '../../..';

/** The conformance suite of its port, the sandbox it runs against, and the office that is to be built: what people do in the system, past the connector. */
export function testFiles({ name, title, kind }: NewConnector): readonly (readonly [string, string])[] {
  const { folder, camel, pascal } = namesOf(name);
  const { port, suite }: KindTemplate = KINDS[kind];
  // A CRM's suite makes its own connectors.
  const asksPort = /\bport(\(|,)/.test(suite.run);
  const portFile = port.from.replace('../', `${UP}/connectors/`);
  return [
    [`test/connectors/${folder}/support.ts`, `import { randomBytes } from 'node:crypto';
import { create${pascal} } from '${UP}/connectors/${folder}/index.ts';
import type { ${port.type} } from '${portFile}';
import type { Log } from '${UP}/connectors/ports.ts';
import { ${camel}Sandbox } from '${UP}/sandbox/${folder}/sandbox.ts';
import { startSandbox } from '${UP}/sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { silent } from '../conformance/documents.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { testClock, type TestClock } from '../conformance/timesheet-source.ts';

export interface ${pascal}Service {
  readonly url: string;
  /** What the system's clock says: it goes on only when told. */
  readonly clock: TestClock;
  /** Records as people make and see them, requests as they came. */
  readonly admin: ReturnType<typeof sandboxAdmin>;
  readonly faults: ReturnType<typeof sandboxFaults>;
  /** The connector, at this system. */
  connect(options?: object, log?: Log): ${port.type};
  /** What no log may show. */
  readonly secret: string;
  /** Runs while the answer to the next such reading is on its way. */
  during(url: RegExp, work: () => Promise<void>): void;
  close(): Promise<void>;
}

/** A system of its own, on a free port. @param options more of the sandbox's options */
export async function start${pascal}(options: Readonly<Record<string, unknown>> = {}): Promise<${pascal}Service> {
  const credentials = { apiKey: randomBytes(24).toString('base64url') };
  const clock = testClock('2026-06-15T12:00:00.000Z');
  let meanwhile: { readonly url: RegExp; readonly work: () => Promise<void> } | null = null;
  const running = await startSandbox(
    {
      ...${camel}Sandbox,
      register(context) {
        context.app.addHook('onSend', async (request, _reply, payload) => {
          const due = meanwhile;
          if (due === null || request.method !== 'GET' || !due.url.test(request.url)) return payload;
          meanwhile = null;
          await due.work();
          return payload;
        });
        return ${camel}Sandbox.register(context);
      },
    },
    { port: 0, options: { ...credentials, requestsPerMinute: null, ...options }, now: () => new Date(clock.now()) },
  );
  return {
    url: running.url,
    clock,
    admin: sandboxAdmin(() => running.url),
    faults: sandboxFaults(() => running.url),
    connect: (own = {}, log = silent) => create${pascal}({ system: '${folder}', baseUrl: running.url, credentials, options: own, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 }, log }),
    secret: credentials.apiKey,
    during(url, work) {
      meanwhile = { url, work };
    },
    close: () => running.close(),
  };
}
`],
    [`test/connectors/${folder}/office.ts`, `${suite.officeImports}
import { notBuilt } from '../conformance/not-built.ts';
import type { ${pascal}Service } from './support.ts';

/**
 * What people do and see in ${title} itself, so that what the connector says is checked on another way than its own: by \`service().admin.seed\` and
 * \`.state\`. Replace \`notBuilt\` part by part; what is left of it fails and says what it is.
 */
${suite.office.replaceAll('SERVICE', `${pascal}Service`).replaceAll('WHERE', `test/connectors/${folder}/office.ts`).replaceAll('SYSTEM', folder)}
`],
    [`test/connectors/${folder}/conformance.spec.ts`, `${suite.imports}
${asksPort ? `import type { ${port.type} } from '${portFile}';
` : ''}import { officeOf } from './office.ts';
import { start${pascal}, type ${pascal}Service } from './support.ts';

const NAME = '${title.replaceAll("'", String.raw`\'`)}';

describe(NAME, function () {
  this.timeout(20_000);
  let service: ${pascal}Service;
${asksPort ? `  let connector: ${port.type};
` : ''}  before(async () => {
    service = await start${pascal}();${asksPort ? `
    connector = service.connect();` : ''}
  });
  after(async () => service?.close());
${asksPort ? `  const port = (): ${port.type} => connector;
` : ''}  const faults = { next: (fault: Parameters<${pascal}Service['faults']['next']>[0]) => service.faults.next(fault), clear: () => service.faults.clear() };
  const office = officeOf(() => service);

  // What differs from vendor to vendor is said here; each field is explained at its type, in ../conformance.
${suite.run}
});
`],
  ];
}
