import assert from 'node:assert/strict';
import { createCloudClient, misfits, nameOf, OPERATIONS } from './published-client.ts';
import { startSite, type Exchange, type JiraSite } from './support.ts';

const CREATE = { method: 'POST', route: '/rest/api/3/issue', query: {}, status: 201, answer: { id: '10001', key: 'FIN-1', self: 'https://northwind.example/rest/api/3/issue/10001' } };
const FIELDS = { project: { key: 'FIN' }, issuetype: { name: 'Task' }, summary: 'Rate is not approved' };
const READ = { method: 'GET', route: '/rest/api/3/issue/:issue', query: { fields: 'labels,status', properties: 'q2c.case' }, request: undefined, status: 200, answer: { id: '10001', key: 'FIN-1', fields: {} } };
const DOCUMENT = { version: 1, type: 'doc', content: [] };
const COMMENT = { method: 'POST', route: '/rest/api/3/issue/:issue/comment', query: {}, request: { body: DOCUMENT }, status: 201, answer: { id: '1', body: DOCUMENT } };
const TRANSITIONS = { method: 'GET', route: '/rest/api/3/issue/:issue/transitions', query: { expand: 'transitions.fields' }, request: undefined, status: 200 };

describe('Jira, by a client made from Atlassian\'s description', function () {
  this.timeout(20_000);
  let site: JiraSite | undefined;
  afterEach(async () => site?.close());

  it('has the requests and answers that are right', async () => {
    const right: readonly Exchange[] = [
      { ...CREATE, request: { fields: FIELDS, properties: [{ key: 'q2c.case', value: { caseId: 'c' } }] } },
      { ...CREATE, request: { fields: FIELDS }, status: 400, answer: { errorMessages: [], errors: { summary: 'You must specify a summary of the issue.' } } },
      READ,
      COMMENT,
      { ...TRANSITIONS, answer: { transitions: [{ id: '5', name: 'Resolve', fields: { resolution: { key: 'resolution', name: 'Resolution', operations: ['set'], required: true, schema: { type: 'resolution' } } } }] } },
    ];
    for (const exchange of right) assert.deepEqual(await misfits(exchange), [], nameOf(exchange));
  });

  const wrong: readonly (readonly [string, Exchange, RegExp])[] = [
    ['a body with an unknown field', { ...CREATE, request: { fields: FIELDS, colour: 'red' } }, /asked: : Unrecognized key: "colour"/],
    ['an unknown field below it', { ...CREATE, request: { fields: FIELDS, properties: [{ key: 'q2c.case', val: 1 }] } }, /asked: properties\.0: Unrecognized key: "val"/],
    ['a wrong type', { ...CREATE, request: { fields: FIELDS, properties: { 'q2c.case': 1 } } }, /asked: properties: .*expected array/],
    ['an unknown verb of an edit', { ...READ, method: 'PUT', request: { update: { labels: [{ put: 'x' }] } }, status: 204, answer: undefined }, /asked: update\.labels\.0: Unrecognized key: "put"/],
    ['no body', { ...CREATE, request: undefined }, /asked: : .*expected object/],
    ['a required field left out', { method: 'POST', route: '/rest/api/3/issue/bulkfetch', query: {}, request: { fields: ['labels'] }, status: 200, answer: {} }, /asked: issueIdsOrKeys: .*expected array/],
    ['plain text for a document', { ...COMMENT, request: { body: 'text' } }, /asked: body: .*expected object/],
    ['an unknown parameter', { ...READ, query: { field: 'labels' } }, /asked: field is no parameter/],
    ['a field in the body that only a parameter may be', { ...COMMENT, request: { body: DOCUMENT, expand: 'properties' } }, /Unrecognized key: "expand"/],
    ['an unknown operation', { ...READ, method: 'DELETE' }, /is no operation of the list/],
    ['an answer with an unknown field', { ...READ, answer: { ...READ.answer, colour: 'red' } }, /answered: : Unrecognized key: "colour"/],
    ['an answer of a wrong type', { ...READ, answer: { ...READ.answer, id: 10001 } }, /answered: id: .*expected string/],
    ['an answer that lacks what is required', { ...CREATE, request: { fields: FIELDS }, answer: { id: '10001' } }, /answered: key: .*expected string/],
    ['another status', { ...CREATE, request: { fields: FIELDS }, status: 200 }, /answered with 200, not 201/],
    ['an answer where there is none', { ...READ, method: 'PUT', request: {}, status: 204 }, /answered: a body where there is none/],
    ['a refusal in another shape', { ...READ, status: 404, answer: { error: 'gone' } }, /refused: : Unrecognized key: "error"/],
    ['a refusal whose texts are none', { ...READ, status: 400, answer: { errors: { labels: 1 } } }, /refused: errors\.labels: .*expected string/],
    ['a field of a transition that is no field', { ...TRANSITIONS, answer: { transitions: [{ fields: { resolution: { required: true } } }] } }, /answered: transitions\.0\.fields\.resolution\.key/],
  ];
  for (const [what, exchange, expected] of wrong) {
    it(`finds ${what}`, async () => assert.match((await misfits(exchange)).join('\n'), expected));
  }

  it('makes, reads, comments and ends an issue in the sandbox, which answers in that client\'s shapes', async () => {
    site = await startSite({ searchLagMs: 0 });
    const { email, apiToken } = site.credentials;
    const { issues, issueSearch, issueComments } = createCloudClient({ host: site.url, auth: { type: 'basic', email, apiToken }, onSchemaMismatch: 'throw' });
    const { id, key } = await issues.createIssue({ fields: { ...FIELDS, issuetype: { name: '[System] Service request' }, labels: ['tax'] }, properties: [{ key: 'q2c.case', value: { caseId: 'case-1' } }] });
    await issues.editIssue({ issueIdOrKey: id, update: { labels: [{ remove: 'tax' }, { add: 'billing' }] } });
    const read = await issues.getIssue({ issueIdOrKey: id, fields: ['labels'], properties: ['q2c.case'] });
    assert.deepEqual([read.key, read.fields, read.properties], [key, { labels: ['billing'] }, { 'q2c.case': { caseId: 'case-1' } }]);
    assert.deepEqual((await issues.bulkFetchIssues({ issueIdsOrKeys: [key], fields: ['status'] })).issues?.map((issue) => issue.id), [id]);
    assert.deepEqual((await issueSearch.searchAndReconsileIssuesUsingJqlPost({ jql: 'labels = "billing" ORDER BY created ASC', fields: ['labels'] })).issues?.map((issue) => issue.id), [id]);
    const body = { type: 'doc', version: 1, content: [{ type: 'paragraph', content: [{ type: 'text', text: 'Looked at.' }] }] };
    const comment = await issueComments.addComment({ issueIdOrKey: id, body, properties: [{ key: 'q2c.comment', value: { key: 'k' } }] });
    assert.deepEqual((await issueComments.getComments({ issueIdOrKey: id })).comments?.map((each) => each.id), [comment.id]);
    const [listed] = (await issueComments.getCommentsByIds({ ids: [Number(comment.id)], expand: 'properties' })).values;
    assert.deepEqual(listed?.properties, [{ key: 'q2c.comment', value: { key: 'k' } }]);
    const { transitions = [] } = await issues.getTransitions({ issueIdOrKey: id, expand: 'transitions.fields' });
    const ending = transitions.find(({ to }) => to?.statusCategory?.key === 'done') ?? assert.fail();
    await issues.doTransition({ issueIdOrKey: id, transition: { id: ending.id ?? '' }, fields: { resolution: { name: 'Done' } } });
    assert.equal((await site.office.shows(id)).open, false);
    const seen = new Set<string>();
    for (const exchange of site.exchanges) {
      seen.add(nameOf(exchange));
      assert.deepEqual(await misfits(exchange), []);
    }
    assert.deepEqual(seen, new Set(OPERATIONS.map(nameOf)));
    await assert.rejects(issues.getIssue({ issueIdOrKey: 'FIN-99' }), { name: 'NotFoundError' });
  });
});
