import assert from 'node:assert/strict';
import fc from 'fast-check';
import { exampleDeal } from '../../starters/gateway/examples.ts';
import { problemSchema } from '../../starters/gateway/problem.ts';
import { canonicalRequest, hubspotEvent, hubspotRequest, notificationXml, outboundMessage, salesforceRequest, testGateway } from './support.ts';
import type { Request } from './support.ts';

const routes = fc.constantFrom('/v1/deals', '/webhooks/hubspot', '/webhooks/salesforce', '/webhooks/salesforce?token=x', '/webhooks/stripe', '/webhooks/lago', '/webhooks/other');
const contentTypes = fc.constantFrom('application/json', 'text/xml', 'text/plain', 'multipart/form-data', 'application/json; charset=utf-16', ';;;');
const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
  fc.json().map((text) => Buffer.from(text)),
  fc.constantFrom(JSON.stringify(exampleDeal), JSON.stringify([hubspotEvent()]), outboundMessage()).map((text) => Buffer.from(text)),
);
const headerText = fc.string({ unit: fc.constantFrom(...'abcXYZ019+/=_-., v1'.split('')), maxLength: 60 });
const headers = fc.dictionary(fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature', 'x-hubspot-signature-v3', 'x-hubspot-request-timestamp', 'stripe-signature', 'x-lago-signature', 'x-lago-unique-key', 'content-encoding', 'authorization'), fc.oneof(headerText, fc.nat().map(String)));

describe('gateway: whatever anybody sends', () => {
  it('without a valid signature it is refused with a problem document, never an own failure, and leaves nothing in the inbox', async () => {
    const gateway = testGateway();
    await fc.assert(
      fc.asyncProperty(routes, contentTypes, bodies, headers, async (url, type, payload, extra) => {
        const response = await gateway.app.inject({ method: 'POST', url, headers: { ...extra, 'content-type': type }, payload });
        assert.ok(response.statusCode >= 400 && response.statusCode < 500, `${response.statusCode}`);
        assert.equal(problemSchema.parse(response.json()).status, response.statusCode);
        assert.equal(gateway.inbox.rows.length, 0);
      }),
      { numRuns: 400 },
    );
  });

  it('with a valid signature it is kept as an event, kept in quarantine, or unreadable: nothing else', async () => {
    const gateway = testGateway();
    const signers: readonly ((body: Buffer, id: string) => Request)[] = [(body, id) => canonicalRequest(body, { id }), (body) => hubspotRequest(body), (body) => salesforceRequest(body)];
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...signers), bodies, async (sign, body) => {
        const before = gateway.inbox.rows.length;
        const { statusCode } = await gateway.app.inject(sign(body, `evt_${(count += 1)}`));
        const added = gateway.inbox.rows.slice(before);
        if (statusCode === 422) assert.ok(added.every((row) => row.state === 'quarantined'));
        else if (statusCode === 400 || statusCode === 401) assert.equal(added.length, 0);
        else assert.ok(statusCode === 200 || statusCode === 202, `${statusCode}`);
      }),
      { numRuns: 300 },
    );
  });

  it('a deal with anything in any field is accepted or quarantined with the field named', async () => {
    const gateway = testGateway();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(exampleDeal)), fc.anything({ withNullPrototype: false }), async (field, value) => {
        const text = jsonOf({ ...exampleDeal, [field]: value });
        const response = await gateway.app.inject(canonicalRequest(text, { id: `evt_${(count += 1)}` }));
        if (response.statusCode === 202) return;
        assert.equal(response.statusCode, 422, response.body);
        const { errors } = problemSchema.parse(response.json());
        assert.ok(errors.some((error) => error.path.startsWith(field) || error.message.includes('schemaVersion') || error.path === ''), response.body);
      }),
      { numRuns: 300 },
    );
  });

  it('a notification with any text as its name is kept with that text', async () => {
    const gateway = testGateway();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), async (text) => {
        const id = `04l5g0000${String(gateway.inbox.rows.length).padStart(6, '0')}AAV`;
        const name = `<${text.trim()}>`;
        const escaped = name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
        const response = await gateway.app.inject(salesforceRequest(outboundMessage(notificationXml({ id, name: escaped }))));
        assert.equal(response.statusCode, 200, response.body);
        assert.ok(JSON.stringify(gateway.inbox.rows.at(-1)?.payload).includes(JSON.stringify(name)));
      }),
      { numRuns: 100 },
    );
  });
});

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? String(member) : member));
}
