// Child process of the connectors' benchmark: what is called, so that its work is not counted with the caller's.
import { createServer } from 'node:http';
import { startSandboxes } from '../../sandbox/all.ts';
import { generateCredentials } from '../../sandbox/credentials.ts';
import type { StageAddresses } from './stage-process.ts';

/** Long enough for the first call, short enough to wait for. */
const SHORT_TOKEN_SECONDS = 5;

const project = (id: number) => ({ id, name: `Branch network redesign ${id}`, code: `US01-TECH-${id}`, is_active: true, is_billable: true, bill_by: 'Project', budget: 1200.5, hourly_rate: '187.25', notes: 'x'.repeat(120), client: { id: 5, name: 'Harbor Insurance', currency: 'USD' } });
const body = JSON.stringify({ projects: [1, 2, 3].map(project), total_entries: 3, next_page: null });

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(body));
});
server.keepAliveTimeout = 60_000;
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const address = server.address();
const credentials = generateCredentials();
const sandboxes = await startSandboxes({
  portBase: 0,
  credentials,
  only: ['salesforce', 'hubspot', 'netsuite', 'scim'],
  options: { salesforce: { tokenLifetimeSeconds: SHORT_TOKEN_SECONDS }, netsuite: { latencyMs: 20 }, scim: { maxResults: 1000, requestsPerMinute: null } },
});
/** Accounts that take less than is configured for them. */
const tight = await startSandboxes({
  portBase: 0,
  credentials,
  only: ['clockify', 'hubspot', 'netsuite'],
  options: { clockify: { requestsPerSecond: 20 }, hubspot: { requestsPerTenSeconds: 60 }, netsuite: { concurrencyLimit: 5, latencyMs: 300 } },
});
const told: StageAddresses = {
  plain: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
  salesforce: sandboxes.url('salesforce'),
  hubspot: sandboxes.url('hubspot'),
  netsuite: sandboxes.url('netsuite'),
  scim: sandboxes.url('scim'),
  tight: { clockify: tight.url('clockify'), hubspot: tight.url('hubspot'), netsuite: tight.url('netsuite') },
  credentials,
  shortTokenSeconds: SHORT_TOKEN_SECONDS,
};
process.send?.(told);
process.on('disconnect', () => process.exit());
