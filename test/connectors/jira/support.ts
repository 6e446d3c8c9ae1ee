import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { createJira } from '../../../connectors/jira/index.ts';
import type { ServiceDeskPort } from '../../../connectors/service-desk-port.ts';
import { jira } from '../../../sandbox/jira/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { silent } from '../conformance/documents.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import type { ServiceDeskOffice } from '../conformance/service-desk.ts';
import { testClock, type TestClock } from '../conformance/timesheet-source.ts';

/** One exchange with the site, as it went over the wire. */
export interface Exchange {
  readonly method: string;
  /** Below /rest, with the names of its parameters. */
  readonly route: string;
  readonly query: unknown;
  readonly request: unknown;
  readonly status: number;
  readonly answer: unknown;
}

const textSchema = z.object({ type: z.string(), text: z.string().optional() });
const documentSchema = z.object({ content: z.array(z.object({ content: z.array(textSchema).default([]) })) });
const issueSchema = z.object({
  id: z.string(),
  status: z.string(),
  resolution: z.string().nullable(),
  properties: z.record(z.string(), z.unknown()),
  fields: z.object({ summary: z.string(), description: documentSchema.nullable(), priority: z.string(), duedate: z.string().nullable(), labels: z.array(z.string()), components: z.array(z.string()), requestType: z.string().nullable() }),
});
export type StoredIssue = z.infer<typeof issueSchema>;
const commentSchema = z.object({ issueId: z.string(), body: documentSchema, properties: z.array(z.object({ key: z.string(), value: z.unknown() })) });

export interface JiraSite {
  readonly url: string;
  readonly clock: TestClock;
  readonly office: ServiceDeskOffice;
  readonly faults: ReturnType<typeof sandboxFaults>;
  readonly admin: ReturnType<typeof sandboxAdmin>;
  readonly exchanges: readonly Exchange[];
  readonly credentials: { readonly email: string; readonly apiToken: string };
  connect(options?: object, changes?: { readonly credentials?: unknown; readonly path?: string }): ServiceDeskPort;
  issue(id: string): Promise<StoredIssue>;
  issuesOf(caseId: string): Promise<StoredIssue[]>;
  close(): Promise<void>;
}

/** A site of its own, on a free port, whose search stands still until a test lets it catch up. */
export async function startSite(options: Readonly<Record<string, unknown>> = {}): Promise<JiraSite> {
  const credentials = { email: 'q2c@northwind-consulting.example', apiToken: randomBytes(24).toString('base64url') };
  const clock = testClock('2026-11-21T12:00:00.000Z');
  const exchanges: Exchange[] = [];
  const running: RunningSandbox = await startSandbox(
    {
      ...jira,
      register(context) {
        context.app.addHook('onSend', async (request, reply, payload) => {
          const route = request.routeOptions.url ?? '';
          if (route.includes('/rest/')) exchanges.push({ method: request.method, route: route.slice(route.indexOf('/rest/')), query: request.query, request: request.body, status: reply.statusCode, answer: typeof payload === 'string' && payload !== '' && request.fault === undefined ? JSON.parse(payload) : undefined });
          return payload;
        });
        return jira.register(context);
      },
    },
    { port: 0, options: { ...credentials, searchLagMs: 60_000, requestsPerSecond: null, issueWrites: null, ...options }, now: () => new Date(clock.now()) },
  );
  const admin = sandboxAdmin(() => running.url);
  const stored = async () => z.array(issueSchema).parse((await admin.state())['issues'] ?? []);
  const issue = async (id: string) => {
    const found = (await stored()).find((each) => each.id === id);
    if (found === undefined) throw new Error(`Jira has no issue ${id}`);
    return found;
  };
  const issuesOf = async (caseId: string) => (await stored()).filter(({ properties }) => z.object({ caseId: z.literal(caseId) }).safeParse(properties['q2c.case']).success);
  const seed = async (record: object) => void (await admin.seed({ issues: [record] }));
  const office: ServiceDeskOffice = {
    async shows(externalId) {
      const { fields, status } = await issue(externalId);
      const comments = z.array(commentSchema).parse((await admin.state())['comments'] ?? []).filter(({ issueId }) => issueId === externalId);
      return {
        externalId,
        open: status === 'waiting' || status === 'progress',
        summary: fields.summary,
        description: fields.description === null ? '' : plainText(fields.description),
        priority: fields.priority,
        due: fields.duedate,
        labels: fields.labels,
        comments: comments.map(({ body, properties }) => ({ text: plainText(body), internal: properties.some(({ key }) => key === 'sd.public.comment') })),
      };
    },
    count: async (caseId) => (await issuesOf(caseId)).length,
    others: async (count) => void (await admin.seed({ issues: Array.from({ length: count }, (_, index) => ({ summary: `The printer is out of paper (${index})` })) })),
    closeByHand: (id) => seed({ id, status: 'resolved' }),
    commentByHand: (id, comment) => seed({ id, comment }),
    labelByHand: async (id, label) => seed({ id, labels: [...(await issue(id)).fields.labels, label] }),
    deleteByHand: (id) => seed({ id, remove: true }),
    settle: () => {
      clock.advance(120_000);
      return Promise.resolve();
    },
  };
  return {
    url: running.url,
    clock,
    office,
    admin,
    exchanges,
    credentials,
    faults: sandboxFaults(() => running.url),
    connect: (own = {}, changes = {}) => createJira({ system: 'service-desk', baseUrl: `${running.url}${changes.path ?? ''}`, credentials: changes.credentials ?? credentials, options: { project: 'FIN', ...own }, log: silent, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 } }),
    issue,
    issuesOf,
    close: () => running.close(),
  };
}

function plainText({ content }: z.infer<typeof documentSchema>): string {
  return content.map((block) => block.content.map(({ type, text }) => (type === 'hardBreak' ? '\n' : (text ?? ''))).join('')).join('\n\n');
}
