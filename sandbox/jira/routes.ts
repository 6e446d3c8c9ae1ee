import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AtlassianDocument } from './document.ts';
import { fields as fieldErrors, invalidBody, removed } from './errors.ts';
import { Property, textLength } from './fields.ts';
import { issueView, jiraTime, type Comment, type Issue, type Issues } from './issues.ts';
import { parseJql } from './jql.ts';
import type { JiraOptions } from './options.ts';
import { CATEGORIES, RESOLUTIONS, STATUSES, TRANSITIONS } from './reference-data.ts';

const Params = z.object({ issue: z.string().default('') });
const Query = z.record(z.string(), z.union([z.string(), z.array(z.string()).transform((all) => all.join(','))]));
const Search = z.strictObject({
  jql: z.string().default(''),
  fields: z.array(z.string()).default(['id']),
  properties: z.array(z.string()).max(5).default([]),
  maxResults: z.int().min(1).max(5000).default(50),
  nextPageToken: z.string().optional(),
  reconcileIssues: z.array(z.int()).max(50).default([]),
});
const BulkFetch = z.strictObject({ issueIdsOrKeys: z.array(z.string()).min(1), fields: z.array(z.string()).default(['*navigable']), properties: z.array(z.string()).max(5).default([]) });
const NewComment = z.strictObject({ body: z.unknown(), properties: z.array(Property).default([]) });
const CommentIds = z.strictObject({ ids: z.array(z.int()).max(1000) });
const DoTransition = z.looseObject({ transition: z.looseObject({ id: z.string() }), fields: z.record(z.string(), z.unknown()).default({}) });
const LONGEST_COMMENT = 32_767;

/** REST API v3 below one prefix: the site's own, or the gateway's for service accounts. */
export function installRoutes(app: FastifyInstance, prefix: string, issues: Issues, options: JiraOptions, now: () => Date, baseUrl: () => string): void {
  const root = `${prefix}/rest/api/3`;
  const issueIn = (request: FastifyRequest): Issue => issues.need(Params.parse(request.params).issue);
  const bodyOf = <Schema extends z.ZodType>(schema: Schema, request: FastifyRequest): z.output<Schema> => {
    const read = schema.safeParse(request.body);
    if (!read.success) throw invalidBody();
    return read.data;
  };
  const listed = (text: string | undefined) => (text === undefined || text === '' ? [] : text.split(','));

  app.post(`${root}/issue`, (request, reply) => {
    const { id, key } = issues.create(request.body);
    return reply.code(201).send({ id, key, self: `${baseUrl()}/rest/api/3/issue/${id}` });
  });
  app.get(`${root}/issue/:issue`, (request, reply) => {
    const query = Query.parse(request.query);
    return reply.send(issueView(issueIn(request), baseUrl(), { fields: query['fields'] === undefined ? null : listed(query['fields']), properties: listed(query['properties']) }));
  });
  app.put(`${root}/issue/:issue`, (request, reply) => {
    issues.edit(issueIn(request), request.body);
    return reply.code(204).send();
  });
  app.post(`${root}/issue/bulkfetch`, (request, reply) => {
    const wanted = bodyOf(BulkFetch, request);
    if (wanted.issueIdsOrKeys.length > 100) throw invalidBody('A maximum of 100 issues can be requested.');
    const found = [...new Set(wanted.issueIdsOrKeys.flatMap((each) => issues.find(each) ?? []))].toSorted((left, right) => Number(left.id) - Number(right.id));
    return reply.send({ issues: found.map((issue) => issueView(issue, baseUrl(), wanted)), issueErrors: [] });
  });

  app.post(`${root}/search/jql`, (request, reply) => {
    const wanted = bodyOf(Search, request);
    const { matches, compare } = parseJql(wanted.jql);
    const from = wanted.nextPageToken === undefined ? 0 : Number(Buffer.from(wanted.nextPageToken, 'base64url').toString());
    const all = issues.indexed(new Set(wanted.reconcileIssues.map(String))).filter(matches).toSorted(compare);
    const page = all.slice(from, from + wanted.maxResults);
    const isLast = from + page.length >= all.length;
    return reply.send({ issues: page.map((issue) => (wanted.fields.length === 1 && wanted.fields[0] === 'id' ? { id: issue.id } : issueView(issue, baseUrl(), wanted))), isLast, ...(isLast ? {} : { nextPageToken: Buffer.from(String(from + page.length)).toString('base64url') }) });
  });
  for (const method of ['GET', 'POST'] as const) app.route({ method, url: `${root}/search`, handler: () => { throw removed(); } });

  const commentView = ({ id, body, created, properties }: Comment, withProperties: boolean) => ({
    id,
    body,
    created: jiraTime(created),
    jsdPublic: !properties.some(({ key, value }) => key === 'sd.public.comment' && z.looseObject({ internal: z.literal(true) }).safeParse(value).success),
    ...(withProperties ? { properties } : {}),
  });
  app.get(`${root}/issue/:issue/comment`, (request, reply) => {
    const query = Query.parse(request.query);
    const startAt = Number(query['startAt'] ?? 0);
    const maxResults = Math.min(Number(query['maxResults'] ?? 100), 5000);
    const oldest = issues.commentsOf(issueIn(request).id);
    const all = query['orderBy'] === '-created' ? oldest.toReversed() : oldest;
    return reply.send({ startAt, maxResults, total: all.length, comments: all.slice(startAt, startAt + maxResults).map((comment) => commentView(comment, false)) });
  });
  app.post(`${root}/issue/:issue/comment`, (request, reply) => {
    const issue = issueIn(request);
    const { body, properties } = bodyOf(NewComment, request);
    const document = AtlassianDocument.safeParse(body);
    if (!document.success || textLength(document.data) <= 1) throw fieldErrors({ comment: 'Comment body is not valid!' });
    if (textLength(document.data) > LONGEST_COMMENT) throw fieldErrors({ comment: 'The entered text is too long. It exceeds the allowed limit of 32,767 characters.' });
    const comment = { id: String(issues.nextId('comments')), issueId: issue.id, body: document.data, properties, created: now().toISOString() };
    issues.comments.put(comment.id, comment);
    return reply.code(201).send(commentView(comment, true));
  });
  app.post(`${root}/comment/list`, (request, reply) => {
    const { ids } = bodyOf(CommentIds, request);
    const withProperties = listed(Query.parse(request.query)['expand']).includes('properties');
    const values = ids.flatMap((id) => issues.comments.get(String(id)) ?? []).map((comment) => commentView(comment, withProperties));
    return reply.send({ maxResults: 1048576, startAt: 0, total: values.length, isLast: true, values });
  });

  const transitionsOf = ({ status }: Issue) => TRANSITIONS.filter(({ from, to }) => from.includes(status) && !(options.deadEnd && STATUSES[to].category === 'done'));
  app.get(`${root}/issue/:issue/transitions`, (request, reply) => {
    const withFields = listed(Query.parse(request.query)['expand']).includes('transitions.fields');
    return reply.send({
      expand: 'transitions',
      transitions: transitionsOf(issueIn(request)).map(({ id, name, to, asksResolution }) => ({
        id,
        name,
        to: { id: STATUSES[to].id, name: STATUSES[to].name, statusCategory: CATEGORIES[STATUSES[to].category] },
        hasScreen: asksResolution,
        isAvailable: true,
        ...(withFields ? { fields: asksResolution ? { resolution: { required: true, key: 'resolution', name: 'Resolution', schema: { type: 'resolution', system: 'resolution' }, operations: ['set'], allowedValues: RESOLUTIONS.map((each) => ({ name: each })) } } : {} } : {}),
      })),
    });
  });
  app.post(`${root}/issue/:issue/transitions`, (request, reply) => {
    const issue = issueIn(request);
    const { transition, fields } = bodyOf(DoTransition, request);
    const chosen = transitionsOf(issue).find(({ id }) => id === transition.id);
    if (chosen === undefined) throw invalidBody(`It seems that you have tried to perform a workflow operation (${transition.id}) that is not valid for the current state of this issue (${issue.key}).`);
    const { resolution: given, ...others } = fields;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined || (given !== undefined && !chosen.asksResolution)) throw fieldErrors({ [unknown ?? 'resolution']: `Field '${unknown ?? 'resolution'}' cannot be set. It is not on the appropriate screen, or unknown.` });
    const resolution = z.looseObject({ name: z.string() }).safeParse(given).data?.name ?? null;
    if (chosen.asksResolution && resolution === null) throw fieldErrors({ resolution: 'Resolution is required.' });
    if (resolution !== null && !RESOLUTIONS.includes(resolution)) throw fieldErrors({ resolution: `Could not find valid 'id' or 'name' in resolution object.` });
    issues.put({ ...issue, status: chosen.to, resolution });
    return reply.code(204).send();
  });
}
