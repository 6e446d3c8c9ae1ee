import type { Client, SendRequestOptions } from 'jira.js/core';
import { z } from 'zod';
import type { Exchange } from './support.ts';

/**
 * What jira.js, a public client whose operations and models are made from Atlassian's OpenAPI description, has of the operations that the connector
 * calls. Under this variable, read while it is loaded (so import it by this file only), its models are closed: a field or value that Atlassian does not
 * describe is a mistake.
 */
process.env['AUDIT_SCHEMAS'] = 'true';
const cloud = await import('jira.js/cloud');
delete process.env['AUDIT_SCHEMAS'];
export const { createCloudClient } = cloud;

/** Where the client takes any value, its own models of what stands there. */
const update = cloud.IssueUpdateDetailsSchema.extend({ update: z.record(z.string(), z.array(cloud.FieldUpdateOperationSchema)).optional() });
const refusal = cloud.ErrorCollectionSchema.extend({ errors: z.record(z.string(), z.string()).optional() });
const transitionFields = z.looseObject({ transitions: z.array(z.looseObject({ fields: z.record(z.string(), cloud.FieldMetadataSchema).optional() })) });

interface Operation {
  readonly method: string;
  /** As the sandbox names it: ":issue" for the ID or key. */
  readonly route: string;
  /** Of success; the client does not tell it. */
  readonly status: number;
  readonly body: z.ZodType | null;
  /** What the client would send and wait for. @throws ZodError for a body of the wrong shape */
  asked(request: unknown): Promise<SendRequestOptions>;
  readonly more: z.ZodType | null;
}
const ISSUE = 'FIN-1';

function operation<Body extends z.ZodType>(method: string, route: string, status: number, body: Body, call: (client: Client, body: z.output<Body>) => Promise<unknown>): Operation {
  return { method, route, status, body, more: null, asked: (request) => optionsOf((client) => call(client, body.parse(request))) };
}

function reading(route: string, call: (client: Client) => Promise<unknown>, more: z.ZodType | null = null): Operation {
  return { method: 'GET', route, status: 200, body: null, more, asked: () => optionsOf(call) };
}

/** All that the connector calls. */
export const OPERATIONS: readonly Operation[] = [
  operation('POST', '/rest/api/3/issue', 201, update, (client, body) => cloud.createIssue(client, body)),
  reading('/rest/api/3/issue/:issue', (client) => cloud.getIssue(client, { issueIdOrKey: ISSUE })),
  operation('PUT', '/rest/api/3/issue/:issue', 204, update, (client, body) => cloud.editIssue(client, { issueIdOrKey: ISSUE, ...body })),
  operation('POST', '/rest/api/3/issue/bulkfetch', 200, cloud.BulkFetchIssueRequestSchema, (client, body) => cloud.bulkFetchIssues(client, body)),
  operation('POST', '/rest/api/3/search/jql', 200, cloud.SearchAndReconcileRequestSchema, (client, body) => cloud.searchAndReconsileIssuesUsingJqlPost(client, body)),
  reading('/rest/api/3/issue/:issue/comment', (client) => cloud.getComments(client, { issueIdOrKey: ISSUE })),
  operation('POST', '/rest/api/3/issue/:issue/comment', 201, cloud.CommentSchema, (client, body) => cloud.addComment(client, { issueIdOrKey: ISSUE, ...body })),
  operation('POST', '/rest/api/3/comment/list', 200, cloud.IssueCommentListRequestSchema, (client, body) => cloud.getCommentsByIds(client, body)),
  reading('/rest/api/3/issue/:issue/transitions', (client) => cloud.getTransitions(client, { issueIdOrKey: ISSUE }), transitionFields),
  operation('POST', '/rest/api/3/issue/:issue/transitions', 204, update, (client, body) => cloud.doTransition(client, { issueIdOrKey: ISSUE, ...body })),
];

export const nameOf = ({ method, route }: Pick<Exchange, 'method' | 'route'>): string => `${method} ${route}`;

/** All of an exchange that the client does not have: parameters, fields, types and what is missing, of the request and of its answer. */
export async function misfits(exchange: Exchange): Promise<string[]> {
  const { method, route, query, request, status, answer } = exchange;
  const found = OPERATIONS.find((each) => each.method === method && each.route === route);
  if (found === undefined) return [`${nameOf(exchange)} is no operation of the list`];
  const said = (all: readonly string[]): string[] => all.map((mistake) => `${nameOf(exchange)}: ${mistake}`);
  // Whom the door sends away, or a fault, has its body unread.
  if (found.body !== null && request === undefined && (answer === undefined || [401, 429].includes(status))) return said(answerMisfits(found, undefined, status, answer));
  const asked = found.body === null ? [] : mistakes('asked', found.body, request);
  if (asked.length > 0) return said(asked);
  const options = await found.asked(request);
  return said([
    ...(options.method === method && options.url === route.replace(':issue', ISSUE) ? [] : [`the client calls ${options.method} ${options.url}`]),
    ...unknownOf(query, options.searchParams).map((name) => `asked: ${name} is no parameter`),
    ...(found.body === null ? [] : unknownOf(request, options.body).map((name) => `asked: ${name} is not in the body`)),
    ...answerMisfits(found, options.schema, status, answer),
  ]);
}

function answerMisfits({ status: success, more }: Operation, schema: z.ZodType | undefined, status: number, answer: unknown): string[] {
  // What a fault spoilt is not noted, and a 204 has nothing.
  if (answer === undefined) return [];
  if (status >= 400) return mistakes('refused', refusal, answer);
  if (status !== success) return [`answered with ${status}, not ${success}`];
  return schema === undefined ? ['answered: a body where there is none'] : [...mistakes('answered', schema, answer), ...(more === null ? [] : mistakes('answered', more, answer))];
}

function mistakes(what: string, schema: z.ZodType, value: unknown): string[] {
  return (schema.safeParse(value).error?.issues ?? []).map(({ path, message }) => `${what}: ${path.join('.')}: ${message}`);
}

function unknownOf(given: unknown, known: unknown): string[] {
  const names = new Set(Object.keys(z.looseObject({}).parse(known ?? {})));
  return Object.keys(z.looseObject({}).parse(given ?? {})).filter((name) => !names.has(name));
}

/** What a function of the client gives its transport to send. */
async function optionsOf(call: (client: Client) => Promise<unknown>): Promise<SendRequestOptions> {
  let taken: SendRequestOptions | undefined;
  await call({
    sendRequest(options) {
      taken = options;
      return Promise.reject(new Error('taken, not sent'));
    },
  }).catch((error: unknown) => {
    if (taken === undefined) throw error;
  });
  if (taken === undefined) throw new Error('the client sends nothing');
  return taken;
}
