import { Client } from '@hubspot/api-client';
import { AssociationSpecAssociationCategoryEnum } from '@hubspot/api-client/lib/codegen/crm/deals/models/AssociationSpec.js';
import { FilterOperatorEnum } from '@hubspot/api-client/lib/codegen/crm/deals/models/Filter.js';
import assert from 'node:assert/strict';
import { startPortal, type Portal } from './portal.ts';

const HUBSPOT_DEFINED = AssociationSpecAssociationCategoryEnum.HubspotDefined;

describe('HubSpot sandbox: @hubspot/api-client works against it', () => {
  let portal: Portal;
  let client: Client;
  before(async () => {
    portal = await startPortal();
    client = new Client({ accessToken: portal.credentials.accessToken, basePath: portal.sandbox.url });
  });
  after(() => portal.sandbox.close());

  it('writes deals, companies and line items, links them, searches and batches', async () => {
    const company = await client.crm.companies.basicApi.create({ properties: { name: 'Northwind' }, associations: [] });
    const lines = await client.crm.lineItems.batchApi.create({
      inputs: [
        { properties: { name: 'Build', quantity: '10', price: '150' }, associations: [] },
        { properties: { name: 'Advise', quantity: '2', price: '200' }, associations: [] },
      ],
    });
    const deal = await client.crm.deals.basicApi.create({
      properties: { dealname: 'Data platform', dealstage: 'contractsent', amount: '1900' },
      associations: lines.results.map((line) => ({
        to: { id: line.id },
        types: [{ associationCategory: HUBSPOT_DEFINED, associationTypeId: 19 }],
      })),
    });
    await client.crm.associations.v4.basicApi.createDefault('deals', deal.id, 'companies', company.id);
    await client.crm.deals.basicApi.update(deal.id, { properties: { dealstage: 'closedwon' } });

    const read = await client.crm.deals.basicApi.getById(deal.id, ['dealname', 'dealstage'], undefined, ['companies', 'line_items']);
    assert.equal(read.properties['dealstage'], 'closedwon');
    assert.deepEqual(
      read.associations?.['line items']?.results.map((entry) => entry.id),
      lines.results.map((line) => line.id),
    );
    assert.deepEqual(
      read.associations?.['companies']?.results.map((entry) => entry.id),
      [company.id],
    );

    const linked = await client.crm.associations.v4.basicApi.getPage('deals', deal.id, 'line_items');
    assert.equal(linked.results.length, 2);
    assert.equal(linked.results[0]?.associationTypes[0]?.typeId, 19);
    const many = await client.crm.associations.v4.batchApi.getPage('deals', 'line_items', { inputs: [{ id: deal.id }] });
    assert.equal(many.results[0]?.to.length, 2);

    const found = await client.crm.deals.searchApi.doSearch({
      filterGroups: [{ filters: [{ propertyName: 'dealstage', operator: FilterOperatorEnum.Eq, value: 'closedwon' }] }],
      properties: ['dealname'],
      limit: 10,
    });
    assert.deepEqual([found.total, found.results[0]?.properties['dealname']], [1, 'Data platform']);

    const batch = await client.crm.lineItems.batchApi.read({
      inputs: lines.results.map(({ id }) => ({ id })),
      properties: ['name', 'amount'],
      propertiesWithHistory: [],
    });
    assert.deepEqual(
      batch.results.map((line) => line.properties['amount']),
      ['1500', '400'],
    );
    await client.crm.deals.batchApi.update({ inputs: [{ id: deal.id, properties: { delivery_status: 'Activated' } }] });
    await client.crm.lineItems.batchApi.archive({ inputs: lines.results.map(({ id }) => ({ id })) });
    assert.equal((await client.crm.deals.basicApi.getById(deal.id, ['delivery_status'])).properties['delivery_status'], 'Activated');
  });

  it('upserts by a unique property: new the first time, the same record the second', async () => {
    const upsert = (amount: string) =>
      client.crm.deals.batchApi.upsert({
        inputs: [{ idProperty: 'external_id', id: 'U-1', properties: { dealname: 'Upserted', amount } }],
      });
    const first = await upsert('1');
    const second = await upsert('2');
    assert.deepEqual([first.results[0]?._new, second.results[0]?._new], [true, false]);
    assert.equal(first.results[0]?.id, second.results[0]?.id);
  });

  it('answers for each input of an upsert alone where each has a trace ID, and for all together where not', async () => {
    const upsert = (trace: boolean) =>
      client.crm.objects.batchApi.upsert('2-3465404', {
        inputs: ['good', 'bad'].map((key) => ({
          idProperty: 'delivery_key',
          id: key,
          properties: key === 'bad' ? { delivery_updated_at: 'yesterday' } : { delivery_status: 'Activated' },
          ...(trace ? { objectWriteTraceId: `trace-${key}` } : {}),
        })),
      });
    const mixed = await upsert(true);
    assert.deepEqual(mixed.results.map((record) => record.properties['delivery_key']), ['good']);
    assert.ok('errors' in mixed && 'numErrors' in mixed);
    assert.equal(mixed.numErrors, 1);
    assert.deepEqual(mixed.errors?.map(({ category, context }) => [category, context['objectWriteTraceId']]), [['VALIDATION_ERROR', ['trace-bad']]]);
    await assert.rejects(upsert(false), (error: unknown) => typeof error === 'object' && error !== null && 'code' in error && error.code === 400);
  });

  it('reads properties, pipelines and owners', async () => {
    const properties = await client.crm.properties.coreApi.getAll('deals');
    assert.ok(properties.results.some((property) => property.name === 'billing_method' && property.options.length === 5));
    const pipelines = await client.crm.pipelines.pipelinesApi.getAll('deals');
    assert.ok(pipelines.results[0]?.stages.some((stage) => stage.id === 'closedwon' && stage.metadata?.['isClosed'] === 'true'));
    assert.ok((await client.crm.owners.ownersApi.getPage()).results.length > 0);
  });

  it('hands an error to the client with HubSpot’s body', async () => {
    await assert.rejects(client.crm.deals.basicApi.getById('1'), (error: unknown) => {
      assert.ok(typeof error === 'object' && error !== null && 'code' in error);
      assert.equal(error.code, 404);
      return true;
    });
  });
});
