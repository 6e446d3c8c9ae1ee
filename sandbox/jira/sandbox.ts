/** Jira Service Management Cloud, REST API v3, as far as tickets of a service project need it. https://developer.atlassian.com/cloud/jira/platform/rest/v3/ */
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { AtlassianDocument } from './document.ts';
import { invalidBody, Refusal, tooMany, unauthorized } from './errors.ts';
import { createGate } from './gate.ts';
import { openIssues, type Issues } from './issues.ts';
import { JiraOptions } from './options.ts';
import { ISSUE_TYPES, PROJECT, STATUSES, type StatusName } from './reference-data.ts';
import { installRoutes } from './routes.ts';

const parts = new WeakMap<SandboxContext, { readonly options: JiraOptions; readonly issues: Issues }>();

const faultAnswers: FaultAnswers = ({ kind, status, retryAfterSeconds, now }) => {
  const refusal = kind === 'expired-token' ? unauthorized() : status === 429 ? tooMany('jira-burst-based', retryAfterSeconds ?? 5, now) : new Refusal(status, [status === 403 ? 'You do not have permission to perform this operation.' : 'Internal server error']);
  return { status: refusal.status, headers: refusal.headers, body: refusal.body };
};

export const jira: SandboxDefinition = {
  name: 'jira',
  title: 'Jira Service Management (sandbox)',
  faultAnswers,

  register(context) {
    const { app } = context;
    const { options, issues } = partsOf(context);
    const gate = createGate(context, options);
    const gateway = `/ex/jira/${options.cloudId}`;
    context.onReset(gate.reset);
    app.setErrorHandler((error, _request, reply) => {
      const refusal = error instanceof Refusal ? error : error instanceof UnreadableBody ? invalidBody() : new Refusal(500, [error instanceof Error ? error.message : String(error)]);
      return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
    });
    // Jira's own answer for paths that are not (unverified).
    app.setNotFoundHandler((request, reply) => reply.code(404).type('application/json').send({ timestamp: context.now().toISOString(), status: 404, error: 'Not Found', message: `No message available`, path: request.url }));
    app.addHook('preHandler', async (request, reply) => {
      if (!request.url.includes('/rest/')) return;
      gate.admit(request.headers.authorization, request.url.startsWith(gateway));
      const route = request.routeOptions.url ?? request.url;
      const writes = request.method === 'PUT' || (request.method === 'POST' && route.includes('/:issue/'));
      const issue = /\/issue\/([^/?]+)/.exec(request.url)?.[1];
      gate.count(`${request.method} ${route}`, writes ? (issue ?? null) : null, reply);
    });
    app.post('/oauth/token', (request, reply) => gate.token(request.body, reply));
    app.get('/browse/:key', (_request, reply) => reply.redirect('/'));
    for (const prefix of ['', gateway]) installRoutes(app, prefix, issues, options, context.now, context.baseUrl);
  },

  /** What people do on Jira's own pages: a known ID is changed (`remove` deletes it), any other record is a new issue. */
  seed(context, collection, record) {
    const { issues } = partsOf(context);
    if (collection !== 'issues') throw new Error(`Jira keeps no '${collection}' that can be seeded; it has issues`);
    const { id, remove, status, comment, ...fields } = record;
    const description = typeof record['description'] === 'string' ? { description: { version: 1, type: 'doc', content: [{ type: 'paragraph', content: [{ type: 'text', text: record['description'] }] }] } } : {};
    const issue = typeof id === 'string' ? issues.need(id) : issues.create({ fields: { project: { key: PROJECT.key }, issuetype: { name: ISSUE_TYPES[0] }, ...fields, ...description } });
    if (remove === true) {
      issues.remove(issue);
      return issue.id;
    }
    const edited = typeof id === 'string' && Object.keys(fields).length > 0 ? issues.edit(issue, { fields: { ...fields, ...description } }) : issue;
    if (typeof status === 'string' && isStatus(status)) issues.put({ ...edited, status, resolution: STATUSES[status].category === 'done' ? 'Done' : null });
    if (typeof comment === 'string') {
      const commentId = String(issues.nextId('comments'));
      issues.comments.put(commentId, { id: commentId, issueId: issue.id, body: AtlassianDocument.parse({ version: 1, type: 'doc', content: [{ type: 'paragraph', content: [{ type: 'text', text: comment }] }] }), properties: [], created: context.now().toISOString() });
    }
    return issue.id;
  },
};

function isStatus(name: string): name is StatusName {
  return Object.hasOwn(STATUSES, name);
}

function partsOf(context: SandboxContext): { readonly options: JiraOptions; readonly issues: Issues } {
  const known = parts.get(context);
  if (known !== undefined) return known;
  const options = JiraOptions.parse(context.options);
  const made = { options, issues: openIssues(context, options) };
  parts.set(context, made);
  return made;
}
