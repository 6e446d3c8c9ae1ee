import assert from 'node:assert/strict';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import type { GatewayDeps, GatewayInbox, InboundEvent, QuarantinedEvent, Receipt } from '../../starters/gateway/deps.ts';
import { problemSchema } from '../../starters/gateway/problem.ts';
import { createGateway } from '../../starters/gateway/server.ts';

export const NOW = new Date('2026-11-21T08:00:00.000Z');
export const PUBLIC_URL = 'https://hooks.firm.example';
export const ORGANIZATION = '00D5g000004XyZ1EAK';
export const PORTAL = 48215077;
export const WORKSPACE = '6420aa0b1c2d3e4f5a6b7c8d';

export interface KeptEvent extends InboundEvent {
  readonly row: number;
  readonly state: 'received' | 'quarantined' | 'conflict';
  readonly findings: QuarantinedEvent['findings'];
}

export interface MemoryInbox extends GatewayInbox {
  readonly rows: KeptEvent[];
  /** What the store does from now on. */
  mode: 'up' | 'down' | 'hangs';
}

/** The store's rule in memory: one row per source and event ID, other content under it kept as evidence. */
export function memoryInbox(): MemoryInbox {
  const rows: KeptEvent[] = [];
  const keep = (event: InboundEvent, state: KeptEvent['state'], findings: KeptEvent['findings']): Receipt => {
    const first = rows.find((row) => row.source === event.source && row.eventId === event.eventId && row.state !== 'conflict');
    if (first === undefined) {
      rows.push({ ...event, row: rows.length + 1, state, findings });
      return { status: 'accepted', id: rows.length };
    }
    if (contentOf(first) === contentOf(event)) return { status: 'duplicate', id: first.row };
    rows.push({ ...event, row: rows.length + 1, state: 'conflict', findings });
    return { status: 'conflict', id: first.row };
  };
  const inbox: MemoryInbox = {
    rows,
    mode: 'up',
    receive: async (events) => {
      await available(inbox.mode);
      return events.map((event) => keep(event, 'received', []));
    },
    quarantine: async ({ findings, ...event }) => {
      await available(inbox.mode);
      return keep(event, 'quarantined', findings);
    },
    check: () => available(inbox.mode),
  };
  return inbox;
}

async function available(mode: MemoryInbox['mode']): Promise<void> {
  if (mode === 'down') throw new Error('connect ECONNREFUSED');
  if (mode === 'hangs') await new Promise<never>(() => undefined);
}

const contentOf = (event: InboundEvent) => event.contentHash ?? createHash('sha256').update(event.rawBody).digest('hex');

export const secrets = {
  webhookToken: randomBytes(24).toString('hex'),
  clientSecret: randomBytes(24).toString('hex'),
  signingSecret: `whsec_${randomBytes(24).toString('base64')}`,
  stripe: { secretKey: `sk_test_${randomBytes(24).toString('hex')}`, webhookSecret: `whsec_${randomBytes(24).toString('hex')}` },
  lago: { algorithm: 'hmac' as const, hmacKey: randomBytes(24).toString('hex') },
  clockifyTokens: { NEW_APPROVAL_REQUEST: randomBytes(24).toString('hex'), APPROVAL_REQUEST_STATUS_UPDATED: randomBytes(24).toString('hex') },
};

export interface TestGateway {
  readonly app: FastifyInstance;
  readonly inbox: MemoryInbox;
  readonly logged: string[];
}

export function testGateway(changes: Partial<GatewayDeps> = {}): TestGateway {
  const inbox = memoryInbox();
  const logged: string[] = [];
  const app = createGateway({
    inbox,
    credentials: {
      salesforce: { organizationId: ORGANIZATION, webhookToken: secrets.webhookToken },
      hubspot: { clientSecret: secrets.clientSecret, portalId: String(PORTAL) },
      canonical: { signingSecret: secrets.signingSecret },
      clockify: { workspaceId: WORKSPACE, webhookTokens: secrets.clockifyTokens },
      stripe: secrets.stripe,
      lago: secrets.lago,
    },
    now: () => NOW,
    log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) }),
    publicUrl: PUBLIC_URL,
    ...changes,
  });
  return { app, inbox, logged };
}

export interface Request {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly payload: string | Buffer;
}

interface Signing {
  readonly at?: Date;
  readonly id?: string;
  readonly secret?: string;
  readonly uri?: string;
}

/** Standard Webhooks, written out here so that a mistake in the connector cannot hide. */
export function canonicalRequest(body: unknown, signing: Signing = {}): Request {
  const payload = bytes(body);
  const id = signing.id ?? 'evt_1';
  const timestamp = String(Math.floor((signing.at ?? NOW).getTime() / 1000));
  const key = Buffer.from((signing.secret ?? secrets.signingSecret).slice('whsec_'.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(payload).digest('base64');
  const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
  return { method: 'POST', url: '/v1/deals', headers, payload };
}

export function hubspotRequest(body: unknown, signing: Signing = {}): Request {
  const payload = bytes(body);
  const timestamp = String((signing.at ?? NOW).getTime());
  const signature = createHmac('sha256', signing.secret ?? secrets.clientSecret)
    .update(`POST${signing.uri ?? `${PUBLIC_URL}/webhooks/hubspot`}`)
    .update(payload)
    .update(timestamp)
    .digest('base64');
  const headers = { 'content-type': 'application/json', 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': timestamp };
  return { method: 'POST', url: '/webhooks/hubspot', headers, payload };
}

export function hubspotEvent(changes: Record<string, unknown> = {}) {
  return {
    eventId: 3181526809,
    subscriptionId: 22,
    portalId: PORTAL,
    appId: 1160452,
    occurredAt: NOW.getTime() - 4_000,
    subscriptionType: 'deal.propertyChange',
    attemptNumber: 0,
    objectId: 9000123,
    propertyName: 'dealstage',
    propertyValue: 'closedwon',
    changeSource: 'CRM_UI',
    ...changes,
  };
}

export function salesforceRequest(body: string | Buffer, token: string | null = secrets.webhookToken): Request {
  const url = token === null ? '/webhooks/salesforce' : `/webhooks/salesforce?token=${encodeURIComponent(token)}`;
  return { method: 'POST', url, headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: '""' }, payload: body };
}

export interface NotificationText {
  readonly id?: string;
  readonly opportunity?: string;
  readonly modified?: string;
  readonly name?: string;
}

export function notificationXml({ id = '04l5g00000AbCdEAAV', opportunity = '0065g00000XyZabAAF', modified = '2026-11-21T07:59:50.000Z', name = 'Harbour data platform' }: NotificationText = {}): string {
  return `<Notification><Id>${id}</Id><sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>${opportunity}</sf:Id><sf:Name>${name}</sf:Name><sf:StageName>Closed Won</sf:StageName><sf:SystemModstamp>${modified}</sf:SystemModstamp></sObject></Notification>`;
}

export function outboundMessage(notifications: string = notificationXml(), { organization = ORGANIZATION, session = '' } = {}): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>${organization}</OrganizationId>
   <ActionId>04k5g000000GmTrAAK</ActionId>
   ${session === '' ? '<SessionId xsi:nil="true"/>' : `<SessionId>${session}</SessionId>`}
   <EnterpriseUrl>https://firm.my.salesforce.example/services/Soap/c/64.0</EnterpriseUrl>
   <PartnerUrl>https://firm.my.salesforce.example/services/Soap/u/64.0</PartnerUrl>
   ${notifications}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;
}

function bytes(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Sends a request and expects a complete problem document of this status and reason. */
export async function refusal(gateway: TestGateway, request: Request, status: number, reason: string) {
  const response = await gateway.app.inject(request);
  assert.equal(response.statusCode, status, response.body);
  assert.match(String(response.headers['content-type']), /^application\/problem\+json/);
  const problem = problemSchema.parse(response.json());
  assert.equal(problem.type, `urn:q2c:problem:${reason.replaceAll('_', '-')}`);
  assert.equal(problem.status, status);
  assert.equal(problem.instance, `urn:uuid:${String(response.headers['x-request-id'])}`);
  for (const text of [problem.title, problem.detail, problem.mend]) assert.ok(text.length > 10, `"${text}" says too little`);
  return { problem, response };
}

export async function metric(gateway: TestGateway, line: string): Promise<number> {
  const { body } = await gateway.app.inject({ method: 'GET', url: '/metrics' });
  const found = body.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.slice(line.length + 1));
}
