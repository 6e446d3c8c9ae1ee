import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createHarvest } from '../../connectors/harvest/index.ts';
import { createNetSuite } from '../../connectors/netsuite/index.ts';
import { createProjectOperations } from '../../connectors/project-operations/index.ts';
import type { ErpPort, TimePort } from '../../connectors/ports.ts';
import type { ProjectStatus } from '../../domain/model/project.ts';
import { outcomeOf } from './conformance/bad-answers.ts';
import { callContext, dealOf, silent, uniqueTag } from './conformance/documents.ts';
import { failureOf } from './conformance/records.ts';
import { answerJson, testServer } from './http/support.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
const ID = '712c0000-0000-8000-8000-000000000001';
const DONE = ['--b', 'Content-Type: application/http', '', 'HTTP/1.1 204 No Content', '', '', '--b--', ''].join('\r\n');
const settings = (system: string, baseUrl: string) => ({ system, baseUrl, log: silent, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 } });

interface Case {
  readonly name: string;
  readonly connect: (url: string) => Pick<ErpPort | TimePort, 'setProjectStatus'>;
  /** What the system has after each write, whatever was asked; each with what was asked and what is answered. */
  readonly held: readonly (readonly [project: object, asked: ProjectStatus, answered: ProjectStatus])[];
}

const CASES: readonly Case[] = [
  {
    name: 'Project Operations',
    connect: (url) => createProjectOperations({ ...settings('project-operations', url), credentials: { tenantId: 't', clientId: 'c', clientSecret: 's' }, options: { authority: 'environment' } }),
    held: [[{ statecode: 1 }, 'active', 'closed'], [{ statecode: 0 }, 'closed', 'active'], [{ statecode: 0 }, 'pending', 'pending'], [{ statecode: 1 }, 'cancelled', 'cancelled']],
  },
  {
    name: 'NetSuite',
    connect: (url) => createNetSuite({ ...settings('netsuite', url), credentials: { accountId: 'a', clientId: 'c', certificateId: 'i', privateKeyPem: privateKey }, options: {} }),
    held: [[{ entityStatus: { id: '1' } }, 'active', 'closed'], [{ entityStatus: { id: '2' } }, 'closed', 'active'], [{ entityStatus: { id: '4' } }, 'pending', 'pending']],
  },
  {
    name: 'Harvest',
    connect: (url) => createHarvest({ ...settings('harvest', url), credentials: { accountId: '1', accessToken: 't' }, options: {} }),
    held: [[{ id: 7, is_active: false }, 'active', 'pending'], [{ id: 7, is_active: true }, 'closed', 'active'], [{ id: 7, is_active: false }, 'cancelled', 'cancelled']],
  },
];

describe('The status of a project, where the system has another than was asked for', () => {
  const { project: document } = dealOf(uniqueTag());

  /** A system that holds its project so, whatever is written. */
  async function holding(held: object) {
    return testServer(({ url, method }, response) => {
      if (url.endsWith('token')) answerJson(response, 200, { access_token: 'token', token_type: 'Bearer', expires_in: 3600 });
      else if (url.endsWith('$batch')) response.writeHead(200, { 'content-type': 'multipart/mixed; boundary=b' }).end(DONE);
      else if (method === 'PATCH' && !('id' in held)) response.writeHead(204).end();
      else answerJson(response, 200, held);
    });
  }

  for (const { name, connect, held } of CASES) {
    it(`${name} tells the one it has`, async () => {
      for (const [project, asked, answered] of held) {
        const server = await holding(project);
        try {
          assert.equal(await connect(server.url).setProjectStatus({ document, externalId: name === 'Project Operations' ? ID : '7' }, asked, callContext()), answered, JSON.stringify(project));
        } finally {
          await server.close();
        }
      }
    });
  }

  /** Sign-in answers as ever; all else answers so. */
  const BADLY: Readonly<Record<string, readonly [status: number, headers: Readonly<Record<string, string>>, body: string, road: RegExp]>> = {
    'a web page': [200, { 'content-type': 'text/html' }, '<!doctype html><title>502</title>', /^contract HTTP_HTML (?:no|unknown)$/],
    'half a document': [200, { 'content-type': 'application/json' }, '{"id":', /^contract \w+ (?:no|unknown)$/],
    'another shape': [200, { 'content-type': 'application/json' }, '{"unexpected":[]}', /^contract \w+ (?:no|unknown)$/],
    'a redirect to a sign-in page': [302, { location: 'https://login.example.com/' }, '', /^configuration HTTP_302 no$/],
  };
  for (const { name, connect } of CASES) {
    it(`${name} answers badly: each answer has its one road`, async () => {
      for (const [what, [status, headers, body, road]] of Object.entries(BADLY)) {
        const server = await testServer(({ url }, response) => {
          if (url.endsWith('token')) answerJson(response, 200, { access_token: 'token', token_type: 'Bearer', expires_in: 3600 });
          else response.writeHead(status, headers).end(body);
        });
        try {
          const { setProjectStatus } = connect(server.url);
          assert.match(await outcomeOf(() => setProjectStatus({ document, externalId: name === 'Project Operations' ? ID : '7' }, 'active', callContext()), what), road, what);
        } finally {
          await server.close();
        }
      }
    });
  }

  it('NetSuite names a status that the options do not know', async () => {
    const server = await holding({ entityStatus: { id: '99' } });
    const netSuite = CASES.find(({ name }) => name === 'NetSuite')?.connect(server.url) ?? assert.fail();
    const failure = await failureOf(() => netSuite.setProjectStatus({ document, externalId: '7' }, 'active', callContext()));
    await server.close();
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'NETSUITE_PROJECT_STATUS', 'unknown']);
    assert.match(failure.message, /status 99/);
  });
});
