import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { classifyDynamics } from '../../connectors/dynamics/classify.ts';
import { readGustoLimits } from '../../connectors/gusto/limits.ts';
import type { Classifier, Verdict } from '../../connectors/http/classify.ts';
import { classifyHubSpot } from '../../connectors/hubspot/classify.ts';
import { classifyJira } from '../../connectors/jira/classify.ts';
import { readJiraLimits } from '../../connectors/jira/limits.ts';
import { readLagoLimits } from '../../connectors/lago/limits.ts';
import { classifyNetSuite } from '../../connectors/netsuite/classify.ts';
import { classifySalesforce } from '../../connectors/salesforce/classify.ts';
import { readDataverseLimits } from '../../connectors/project-operations/limits.ts';
import { readSalesforceLimits } from '../../connectors/salesforce/limits.ts';
import { classifyStripe } from '../../connectors/stripe/classify.ts';

const verdict = (classify: Classifier, status: number, body: unknown, headers: IncomingHttpHeaders = {}): Verdict => classify({ status, headers, body, text: JSON.stringify(body) }, { object: 'project 1', writes: true });
const lowers = (said: Verdict): string => (said === 'token_refused' ? said : said.tooManyAtOnce === true ? 'calls at once' : said.sparesRate === true ? 'nothing' : 'requests per second');

describe('a vendor\'s limits, as its headers tell them', () => {
  it('are a window of seconds that Lago\'s cloud counts, each kind of request apart', () => {
    assert.deepEqual(readLagoLimits({ 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': '1' }), { windows: [{ name: '50 a second', limit: 50, remaining: 12, resetsInMs: 1000 }] });
    assert.deepEqual(readLagoLimits({}), { windows: [] });
    assert.deepEqual(readLagoLimits({ 'x-ratelimit-limit': 'many', 'x-ratelimit-remaining': '', 'x-ratelimit-reset': '1' }), { windows: [] });
  });

  it('are the minute Gusto counts, with its end as a moment', () => {
    const end = new Date(Math.ceil(Date.now() / 1000) * 1000 + 30_000).toISOString();
    const { windows = [] } = readGustoLimits({ 'x-ratelimit-limit': '200', 'x-ratelimit-remaining': '198', 'x-ratelimit-reset': `${end.slice(0, 10)} ${end.slice(11, 19)} +0000` });
    assert.deepEqual(windows.map(({ name, limit, remaining }) => [name, limit, remaining]), [['minute', 200, 198]]);
    assert.ok((windows[0]?.resetsInMs ?? 0) > 25_000 && (windows[0]?.resetsInMs ?? 0) <= 31_000);
    assert.deepEqual(readGustoLimits({ 'x-ratelimit-limit': '200', 'x-ratelimit-remaining': '198', 'x-ratelimit-reset': 'soon' }), { windows: [] });
  });

  it('are the second Jira counts, until a refusal tells when it ends', () => {
    assert.deepEqual(readJiraLimits({ 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '7' }), { windows: [{ name: 'second', limit: 100, remaining: 7, resetsInMs: 1000 }] });
    const { pauseMs = 0 } = readJiraLimits({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': new Date(Date.now() + 600_000).toISOString() });
    assert.equal(pauseMs, 60_000);
    assert.deepEqual(readJiraLimits({ 'x-ratelimit-remaining': '3' }), {});
  });

  it('are the requests one server of Dataverse counts in five minutes', () => {
    assert.deepEqual(readDataverseLimits({ 'x-ms-ratelimit-burst-remaining-xrm-requests': '5999' }), { windows: [{ name: '300 seconds', limit: 6000, remaining: 5999, resetsInMs: 300_000, moving: true, askAgainAfterMs: 1000 }] });
    assert.deepEqual(readDataverseLimits({}), {});
  });

  it('are what Salesforce leaves us of the organization\'s day, and of this application\'s', () => {
    const { windows = [] } = readSalesforceLimits(0.9)({ 'sforce-limit-info': 'api-usage=100/1000, per-app-api-usage=260/250(appName=q2c)' });
    assert.deepEqual(windows.map(({ name, limit, remaining, askAgainAfterMs }) => [name, limit, remaining, askAgainAfterMs]), [['day', 900, 800, 15_000], ['day of this app', 225, 0, 300_000]]);
    assert.deepEqual(readSalesforceLimits(0.9)({ 'sforce-limit-info': 'api-usage=1/0' }), { windows: [] });
    assert.deepEqual(readSalesforceLimits(0.9)({}), {});
  });
});

describe('a refusal for a limit', () => {
  it('lowers the calls at once where the vendor says that too many were', () => {
    const salesforce = (message: string) => verdict(classifySalesforce, 403, [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message }]);
    assert.equal(lowers(salesforce('ConcurrentRequests (Concurrent API Requests) Limit exceeded.')), 'calls at once');
    const dynamics = (message: string) => verdict(classifyDynamics, 429, { error: { code: '', message } });
    assert.equal(lowers(dynamics('Number of concurrent requests exceeded the limit of 52.')), 'calls at once');
    const stripe = (reason: string) => verdict(classifyStripe, 429, { error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many.' } }, { 'stripe-rate-limited-reason': reason });
    assert.deepEqual(['global-concurrency', 'endpoint-concurrency'].map((reason) => lowers(stripe(reason))), ['calls at once', 'calls at once']);
    assert.equal(lowers(verdict(classifyNetSuite, 429, {})), 'calls at once');
  });

  it('lowers the requests per second where that is what there were too many of', () => {
    const stripe = (reason: string) => verdict(classifyStripe, 429, { error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many.' } }, { 'stripe-rate-limited-reason': reason });
    assert.deepEqual(['global-rate', 'endpoint-rate'].map((reason) => lowers(stripe(reason))), ['requests per second', 'requests per second']);
    assert.equal(lowers(verdict(classifyDynamics, 429, { error: { code: '', message: 'Number of requests exceeded the limit of 6000 over the time window of 300 seconds.' } })), 'requests per second');
    assert.equal(lowers(verdict(classifyJira, 429, {}, { 'ratelimit-reason': 'jira-burst-based' })), 'requests per second');
    assert.equal(lowers(verdict(classifyHubSpot, 429, { policyName: 'TEN_SECONDLY_ROLLING' })), 'requests per second');
  });

  it('lowers nothing for a day\'s allowance, one record\'s limit or a lock', () => {
    assert.equal(lowers(verdict(classifySalesforce, 403, [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }])), 'nothing');
    assert.equal(lowers(verdict(classifyHubSpot, 429, { policyName: 'DAILY' })), 'nothing');
    assert.equal(lowers(verdict(classifyStripe, 429, { error: { type: 'invalid_request_error', code: 'lock_timeout', message: 'Locked.' } })), 'nothing');
    assert.deepEqual(['jira-per-issue-on-write', 'jira-quota-tenant-based'].map((reason) => lowers(verdict(classifyJira, 429, {}, { 'ratelimit-reason': reason }))), ['nothing', 'nothing']);
  });
});
