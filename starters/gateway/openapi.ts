import { z } from 'zod';
import { lagoBodySchema, LAGO_EVENTS } from '../../connectors/lago/webhook.ts';
import { STRIPE_EVENTS, stripeEventBodySchema } from '../../connectors/stripe/webhook.ts';
import { CLOCKIFY_EVENTS, clockifyApprovalBodySchema } from '../../connectors/clockify/webhook.ts';
import { opportunitySchema } from '../../domain/model/opportunity.ts';
import { expenseReportSchema } from '../../domain/model/time/expense-report.ts';
import { timesheetSchema } from '../../domain/model/time/timesheet.ts';
import { exampleDeal } from './examples.ts';
import { webhookEventSchema } from './hubspot.ts';
import { PROBLEM_CONTENT_TYPE, problemSchema, refusalStatus, toProblem } from './problem.ts';
import type { RefusalReason } from './problem.ts';
import { answersSchema, batchRecordSchema, batchRecordsEndSchema, sentDocumentSchema } from './time/answers.ts';
import { batchSchema, bulkEndSchema, recordAnswerSchema, smallAnswerSchema, timePaths } from './time/openapi.ts';

export const acceptedDealSchema = z.object({
  id: z.string().describe('the webhook-id of the event'),
  status: z.enum(['accepted', 'duplicate']),
  process: z.string().describe('ID of the workflow that carries the deal'),
  inbox: z.int().describe('number of the event in the inbox, for "q2c inbox" and "q2c replay"'),
});

export const hubspotAnswerSchema = z.object({
  status: z.enum(['accepted', 'duplicate', 'ignored']),
  events: z.array(z.object({ id: z.string(), status: z.enum(['accepted', 'duplicate']) })),
  ignored: z.int().describe('events about other objects than deals'),
});

const WEBHOOK_REFUSALS: readonly RefusalReason[] = ['malformed', 'bad_signature', 'conflict', 'too_large', 'unsupported_media_type', 'schema', 'too_many', 'store_unavailable'];

/** The API's description as OpenAPI 3.1, made from the same schemas that check what comes in. */
export function openApiDocument(publicUrl?: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'q2c webhook gateway',
      version: '1.0.0',
      description: 'Takes signed events about deals, approved timesheets, expense reports and billing documents, makes them durable and hands them to their processes. An answer in the 200s means: kept, but for what it names as invalid.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    ...(publicUrl === undefined ? {} : { servers: [{ url: publicUrl }] }),
    tags: [{ name: 'deals' }, { name: 'time' }, { name: 'billing' }, { name: 'operation' }],
    paths: { ...eventPaths(), ...timePaths({ ref, refusals }), ...operationPaths() },
    components: {
      schemas: {
        Opportunity: jsonSchema(opportunitySchema),
        AcceptedDeal: jsonSchema(acceptedDealSchema),
        HubSpotEvent: jsonSchema(webhookEventSchema),
        ClockifyApprovalRequest: jsonSchema(clockifyApprovalBodySchema),
        StripeEvent: jsonSchema(stripeEventBodySchema),
        LagoEvent: jsonSchema(lagoBodySchema),
        HubSpotAnswer: jsonSchema(hubspotAnswerSchema),
        Timesheet: jsonSchema(timesheetSchema),
        ExpenseReport: jsonSchema(expenseReportSchema),
        RecordAnswer: jsonSchema(recordAnswerSchema),
        TimeAnswer: jsonSchema(smallAnswerSchema),
        BulkEnd: jsonSchema(bulkEndSchema),
        Batch: jsonSchema(batchSchema),
        BatchRecord: jsonSchema(batchRecordSchema),
        BatchRecordsEnd: jsonSchema(batchRecordsEndSchema),
        SentDocument: jsonSchema(sentDocumentSchema),
        Answers: jsonSchema(answersSchema),
        Problem: jsonSchema(problemSchema),
      },
      securitySchemes: {
        standardWebhooks: { type: 'apiKey', in: 'header', name: 'webhook-signature', description: 'Standard Webhooks: "v1," and base64 HMAC-SHA256 over "<webhook-id>.<webhook-timestamp>.<body>"; the timestamp may be off by 300 seconds.' },
        apiToken: { type: 'http', scheme: 'bearer', description: 'apiToken from the gateway\'s credentials, for senders that cannot sign; nobody has one unless it is set.' },
        hubspotSignature: { type: 'apiKey', in: 'header', name: 'X-HubSpot-Signature-v3', description: 'base64 HMAC-SHA256 with the client secret over method, full URI, body and X-HubSpot-Request-Timestamp; valid for 300,000 ms.' },
        clockifyToken: { type: 'apiKey', in: 'header', name: 'clockify-signature', description: 'The authentication token of the webhook, as Clockify shows it.' },
        stripeSignature: { type: 'apiKey', in: 'header', name: 'Stripe-Signature', description: 't=<seconds>,v1=<hex HMAC-SHA256 of "t.body"> with the signing secret of the webhook endpoint; valid for 300 seconds.' },
        lagoSignature: { type: 'apiKey', in: 'header', name: 'X-Lago-Signature', description: 'base64 HMAC-SHA256 of the body with the organization\'s HMAC key, or a JWT (RS256) that carries the body; which of the two is agreed.' },
        salesforceToken: { type: 'apiKey', in: 'query', name: 'token', description: 'The token agreed with the Salesforce administrator; the message must also carry the connected organization ID.' },
      },
    },
  };
}

function eventPaths() {
  return {
    '/v1/deals': {
      post: {
        operationId: 'sendDeal',
        tags: ['deals'],
        summary: 'Send one deal as a canonical opportunity document',
        description: 'Documents of an older schemaVersion are brought to the newest. `crm` is always taken as "canonical".',
        security: [{ standardWebhooks: [] }],
        parameters: [header('webhook-id', 'Unique per event; a repeated event keeps its ID.'), header('webhook-timestamp', 'Seconds since 1970 when the event was signed.')],
        requestBody: { required: true, content: { 'application/json': { schema: ref('Opportunity'), examples: { closedWon: { value: exampleDeal } } } } },
        responses: { '202': json('The event is kept.', ref('AcceptedDeal'), { id: 'evt_01', status: 'accepted', process: `closed-won/canonical/${exampleDeal.id}`, inbox: 1 }), ...refusals() },
      },
    },
    '/webhooks/hubspot': {
      post: {
        operationId: 'hubspotWebhook',
        tags: ['deals'],
        summary: 'HubSpot webhook, signature version 3',
        security: [{ hubspotSignature: [] }],
        parameters: [header('X-HubSpot-Request-Timestamp', 'Milliseconds since 1970 when the delivery was signed.')],
        requestBody: { required: true, content: { 'application/json': { schema: { type: 'array', maxItems: 1000, items: ref('HubSpotEvent') } } } },
        responses: { '200': json('All events are kept.', ref('HubSpotAnswer')), ...refusals() },
      },
    },
    '/webhooks/clockify': {
      post: {
        operationId: 'clockifyWebhook',
        tags: ['time'],
        summary: 'Clockify webhook about an approval request',
        description: 'A hint: the timesheet is read by the ID of the approval request. Events of other kinds are acknowledged and ignored.',
        security: [{ clockifyToken: [] }],
        parameters: [header('clockify-webhook-event-type', `One of ${CLOCKIFY_EVENTS.join(', ')}.`)],
        requestBody: { required: true, content: { 'application/json': { schema: ref('ClockifyApprovalRequest') } } },
        responses: { '200': hintAnswer, ...refusals() },
      },
    },
    '/webhooks/stripe': {
      post: {
        operationId: 'stripeWebhook',
        tags: ['billing'],
        summary: 'Stripe webhook about an invoice, credit note, payment or refund',
        description: `A snapshot event, one of ${STRIPE_EVENTS.join(', ')}; others are acknowledged and ignored. ${KEPT_ONLY}`,
        security: [{ stripeSignature: [] }],
        requestBody: { required: true, content: { 'application/json': { schema: ref('StripeEvent') } } },
        responses: { '200': hintAnswer, ...refusals() },
      },
    },
    '/webhooks/lago': {
      post: {
        operationId: 'lagoWebhook',
        tags: ['billing'],
        summary: 'Lago webhook about an invoice, credit note or payment',
        description: `One of ${LAGO_EVENTS.join(', ')}; others are acknowledged and ignored. ${KEPT_ONLY}`,
        security: [{ lagoSignature: [] }],
        parameters: [header('X-Lago-Unique-Key', 'The same for each delivery of one event.')],
        requestBody: { required: true, content: { 'application/json': { schema: ref('LagoEvent') } } },
        responses: { '200': hintAnswer, ...refusals() },
      },
    },
    '/webhooks/salesforce': {
      post: {
        operationId: 'salesforceOutboundMessage',
        tags: ['deals'],
        summary: 'Salesforce outbound message about opportunities',
        security: [{ salesforceToken: [] }],
        requestBody: { required: true, content: { 'text/xml': { schema: { type: 'string', description: 'SOAP envelope with notifications of http://soap.sforce.com/2005/09/outbound' } } } },
        responses: { '200': { description: 'All notifications are kept: notificationsResponse with Ack true.', content: { 'text/xml': { schema: { type: 'string' } } } }, ...refusals() },
      },
    },
    '/webhooks/{system}': {
      post: {
        operationId: 'unknownSystem',
        tags: ['deals'],
        summary: 'Any other system: not connected',
        security: [],
        parameters: [{ name: 'system', in: 'path', required: true, schema: { type: 'string' } }],
        responses: refusals(['unknown_system']),
      },
    },
  };
}

function operationPaths() {
  const get = (operationId: string, summary: string, type: string, refused: readonly RefusalReason[] = []) => ({
    get: { operationId, tags: ['operation'], summary, security: [], responses: { '200': { description: summary, content: { [type]: {} } }, ...refusals(refused) } },
  });
  return {
    '/': get('frontPage', 'What is offered here', 'text/plain'),
    '/healthz': get('healthz', 'The process is alive', 'application/json'),
    '/readyz': get('readyz', 'The store can be written to', 'application/json', ['store_unavailable']),
    '/metrics': get('metrics', 'Prometheus metrics', 'text/plain'),
    '/openapi.json': get('openapi', 'This document', 'application/json'),
  };
}

function refusals(reasons: readonly RefusalReason[] = WEBHOOK_REFUSALS) {
  return Object.fromEntries(
    reasons.map((reason) => {
      const example = toProblem({ reason, detail: 'what happened', mend: 'what to do next' }, '00000000-0000-4000-8000-000000000000');
      const retry = reason === 'store_unavailable' || reason === 'too_many' ? { headers: { 'Retry-After': { schema: { type: 'integer' }, description: 'seconds' } } } : {};
      return [String(refusalStatus(reason)), { description: example.title, ...retry, content: { [PROBLEM_CONTENT_TYPE]: { schema: ref('Problem'), example } } }];
    }),
  );
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const header = (name: string, description: string) => ({ name, in: 'header', required: true, description, schema: { type: 'string' } });

const json = (description: string, schema: object, example?: unknown) => ({ description, content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } } });

const KEPT_ONLY = 'Kept and shown by "q2c inbox": no process bills through it yet.';
const hintAnswer = json('The event is kept, or is no concern of ours.', { type: 'object', properties: { status: { enum: ['accepted', 'duplicate', 'ignored'] }, events: { type: 'integer' }, ignored: { type: 'integer' } } });

function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', reused: 'inline' });
  return rest;
}
