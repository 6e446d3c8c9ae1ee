import { Client } from '@hubspot/api-client';
import { AssociationSpecAssociationCategoryEnum } from '@hubspot/api-client/lib/codegen/crm/associations/v4/models/AssociationSpec.js';
import assert from 'node:assert/strict';
import { createHubSpot } from '../../../connectors/hubspot/index.ts';
import { isUnsupported, type WriteBack } from '../../../connectors/ports.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { hubspot } from '../../../sandbox/hubspot/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, failureOf, memoryLog } from '../http/support.ts';

const credentials = generateCredentials().hubspot;
const { HubspotDefined, UserDefined } = AssociationSpecAssociationCategoryEnum;
const WAITING: WriteBack = { status: 'Waiting for a person', message: 'One finding: the rate of <Architect> & Co is missing.', projectNumbers: [], at: '2026-11-21T08:00:00.000Z' };
const ACTIVATED: WriteBack = { status: 'Activated', message: 'Projects can be worked on.', projectNumbers: ['DE01-TECH-1', 'US01-TECH-1'], at: '2026-11-21T09:00:00.000Z' };

/** Seen through HubSpot's own client, past the connector. */
describe('Notes on HubSpot\'s timelines', function () {
  this.timeout(20_000);
  let sandbox: RunningSandbox;
  let client: Client;
  const admin = sandboxAdmin(() => sandbox.url);
  before(async () => {
    sandbox = await startSandbox(hubspot, { port: 0, options: { ...credentials, requestsPerTenSeconds: 10_000 } });
    client = new Client({ accessToken: credentials.accessToken, basePath: sandbox.url });
  });
  after(() => sandbox.close());
  afterEach(() => admin.clearFaults());

  async function writeBack(deal: string, status: WriteBack, options: object = { notes: {}, billToLabel: 'Bill to' }): Promise<void> {
    const port = createHubSpot({ system: 'crm', baseUrl: sandbox.url, credentials, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, options, log: memoryLog() });
    assert.ok(!isUnsupported(port.writeBack));
    await port.writeBack(deal, status, callContext());
  }

  async function dealOf(...labels: ('Primary' | 'Bill to' | null)[]): Promise<{ readonly id: string; readonly companies: readonly string[] }> {
    const { id } = await client.crm.deals.basicApi.create({ properties: { dealname: 'Data platform', dealstage: 'closedwon' }, associations: [] });
    const companies: string[] = [];
    for (const label of labels) {
      const company = await client.crm.companies.basicApi.create({ properties: { name: label ?? 'Partner' }, associations: [] });
      companies.push(company.id);
      const types = label === null ? [] : [label === 'Primary' ? { associationCategory: HubspotDefined, associationTypeId: 5 } : { associationCategory: UserDefined, associationTypeId: 27 }];
      if (types.length > 0) await client.crm.associations.v4.basicApi.create('deals', id, 'companies', company.id, types);
      else await client.crm.associations.v4.basicApi.createDefault('deals', id, 'companies', company.id);
    }
    return { id, companies };
  }

  async function notesOn(type: 'deals' | 'companies', id: string) {
    const { results } = await client.crm.associations.v4.basicApi.getPage(type, id, 'notes');
    return await Promise.all(results.map(async ({ toObjectId, associationTypes }) => ({ note: await client.crm.objects.notes.basicApi.getById(toObjectId, ['hs_note_body', 'hs_timestamp', 'q2c_note_key']), types: associationTypes.map(({ typeId }) => typeId) })));
  }

  it('say on the deal and on the company that is billed what delivery has come to, once for each write-back', async () => {
    const { id, companies: [partner = '', main = '', payer = ''] } = await dealOf(null, 'Primary', 'Bill to');
    for (const status of [WAITING, WAITING, ACTIVATED, ACTIVATED]) await writeBack(id, status);
    const told = (await notesOn('deals', id)).map(({ note, types }) => [note.properties['hs_timestamp'], note.properties['hs_note_body'], types]);
    assert.deepEqual(told, [
      [WAITING.at, '<p><strong>Delivery: Waiting for a person</strong></p><p>One finding: the rate of &lt;Architect&gt; &amp; Co is missing.</p>', [213]],
      [ACTIVATED.at, '<p><strong>Delivery: Activated</strong></p><p>Projects can be worked on.</p><p>Projects: DE01-TECH-1, US01-TECH-1</p>', [213]],
    ]);
    assert.deepEqual(await Promise.all([partner, main, payer].map(async (company) => (await notesOn('companies', company)).length)), [0, 0, 2]);
    assert.equal((await client.crm.deals.basicApi.getById(id, ['delivery_status'])).properties['delivery_status'], 'Activated');
  });

  it('are made once where an answer is lost, before or after the note was made', async () => {
    for (const kind of ['cut-before', 'cut-after'] as const) {
      const { id } = await dealOf('Primary');
      await admin.fault({ kind, method: 'POST', path: '/crm/v3/objects/notes$' });
      const failure = await failureOf(writeBack(id, ACTIVATED));
      assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
      await writeBack(id, ACTIVATED);
      assert.equal((await notesOn('deals', id)).length, 1, kind);
    }
  });

  it('are not doubled by one that came to stand between the look-up and the request', async () => {
    const { id } = await dealOf('Primary');
    await Promise.all([writeBack(id, ACTIVATED), writeBack(id, ACTIVATED), writeBack(id, ACTIVATED)]);
    assert.equal((await notesOn('deals', id)).length, 1);
  });

  it('stand on the deal alone where nobody says which company is billed', async () => {
    const { id, companies } = await dealOf(null, null);
    await writeBack(id, WAITING);
    assert.equal((await notesOn('deals', id)).length, 1);
    assert.deepEqual(await Promise.all(companies.map(async (company) => (await notesOn('companies', company)).length)), [0, 0]);
  });

  it('need a property of their own in HubSpot, and say so', async () => {
    const { id } = await dealOf('Primary');
    const failure = await failureOf(writeBack(id, WAITING, { notes: { key: 'no_such_key' } }));
    assert.deepEqual([failure.kind, failure.written], ['configuration', 'no']);
    assert.match(failure.message, /no_such_key/);
    await writeBack(id, WAITING, {});
    assert.equal((await notesOn('deals', id)).length, 0);
  });
});

describe('What the connector reads of HubSpot\'s associations', function () {
  this.timeout(20_000);
  let sandbox: RunningSandbox;
  let client: Client;
  before(async () => {
    sandbox = await startSandbox(hubspot, { port: 0, options: { ...credentials, requestsPerTenSeconds: 10_000 } });
    client = new Client({ accessToken: credentials.accessToken, basePath: sandbox.url });
  });
  after(() => sandbox.close());

  it('is what HubSpot\'s own client made of them: the label, the primary company that moves, and the parent', async () => {
    const labels = await client.crm.associations.v4.schema.definitionsApi.getAll('deals', 'companies');
    const billTo = labels.results.find(({ label }) => label === 'Bill to');
    assert.equal(billTo?.category, 'USER_DEFINED');
    const made = async (name: string) => (await client.crm.companies.basicApi.create({ properties: { name }, associations: [] })).id;
    const [first, second, payer, group] = [await made('First'), await made('Second'), await made('Payer'), await made('Group')];
    const { id } = await client.crm.deals.basicApi.create({ properties: { dealname: 'Data platform', dealstage: 'closedwon', deal_currency_code: 'EUR', amount: '1' }, associations: [] });
    const { basicApi } = client.crm.associations.v4;
    await basicApi.create('deals', id, 'companies', first, [{ associationCategory: HubspotDefined, associationTypeId: 5 }]);
    await basicApi.create('deals', id, 'companies', second, [{ associationCategory: HubspotDefined, associationTypeId: 5 }]);
    await basicApi.create('companies', second, 'companies', group, [{ associationCategory: HubspotDefined, associationTypeId: 14 }]);
    const accounts = async (billToLabel?: string | number) =>
      (await createHubSpot({ system: 'crm', baseUrl: sandbox.url, credentials, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, options: billToLabel === undefined ? {} : { billToLabel }, log: memoryLog() }).loadOpportunity(id, callContext())).accounts.map((account) => account.id);
    assert.deepEqual(await accounts(), [second, group]);
    await basicApi.create('deals', id, 'companies', payer, [{ associationCategory: UserDefined, associationTypeId: billTo?.typeId ?? 0 }]);
    assert.deepEqual([await accounts(), await accounts('Bill to'), await accounts(billTo?.typeId)], [[second, group], [payer], [payer]]);
    await assert.rejects(basicApi.create('deals', id, 'companies', payer, [{ associationCategory: HubspotDefined, associationTypeId: 27 }]), 'a label of the account\'s own is of another category');
    await assert.rejects(client.crm.companies.basicApi.update(second, { properties: { hs_parent_company_id: first } }), 'the parent is an association, not a property');
  });
});
