import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { describedServices, differences } from '../../support/odata/described.ts';
import { modelOfMetadata, type ServiceModel } from '../../support/odata/model.ts';
import { differencesFromOpenApi } from '../../support/odata/openapi.ts';

const ORDERS = `<?xml version="1.0"?><edmx:Edmx Version="1.0" xmlns:edmx="e" xmlns:m="m" xmlns:sap="s"><edmx:DataServices m:DataServiceVersion="2.0"><Schema Namespace="API_X">
<EntityType Name="OrderType"><Key><PropertyRef Name="Order"/></Key>
<Property Name="Order" Type="Edm.String" Nullable="false" MaxLength="10" sap:updatable="false"/><Property Name="Amount" Type="Edm.Decimal" Precision="16" Scale="3" sap:creatable="false" sap:filterable="false"/><Property Name="Day" Type="Edm.DateTime" Precision="0"/><Property Name="Data" Type="API_X.Data" Nullable="false"/>
<NavigationProperty Name="to_Item" Relationship="API_X.order_items" FromRole="From" ToRole="To"/></EntityType>
<EntityType Name="ItemType"><Key><PropertyRef Name="Order"/><PropertyRef Name="Item"/></Key><Property Name="Order" Type="Edm.String" Nullable="false"/><Property Name="Item" Type="Edm.String" Nullable="false"/></EntityType>
<ComplexType Name="Data"><Property Name="Note" Type="Edm.String" MaxLength="Max"/></ComplexType>
<Association Name="order_items"><End Type="API_X.OrderType" Multiplicity="1" Role="From"/><End Type="API_X.ItemType" Multiplicity="*" Role="To"/></Association>
<EntityContainer Name="C"><EntitySet Name="Orders" EntityType="API_X.OrderType" sap:deletable="false"/><FunctionImport Name="Release" ReturnType="API_X.OrderType" m:HttpMethod="POST"><Parameter Name="Order" Type="Edm.String" Mode="In"/></FunctionImport></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>`;
const OURS = {
  sets: { Orders: 'OrderType -remove' },
  types: {
    OrderType: { keys: ['Order'], fields: { Order: 'String(10) required -update', Amount: 'Decimal(16,3) -create -filter', Day: 'DateTime', Data: 'Data required' }, navigations: { to_Item: 'ItemType[]' } },
    Data: { fields: { Note: 'String' } },
  },
  functions: { Release: { method: 'POST', returns: 'OrderType', parameters: { Order: 'String' } } },
};

function described(service: object): ServiceModel {
  return describedServices(JSON.stringify({ service }))['service'] ?? assert.fail();
}

const enumeration = (values: readonly string[]) => described({ sets: { Projects: 'Project' }, types: { Project: { keys: ['Id'], fields: { Id: 'String required', Stage: 'Stage', Start: 'DateTimeOffset', Tags: 'Tag[]' }, navigations: { Tasks: 'Task[]', Owner: 'Person' } } }, enums: { Stage: values } });
const PROJECTS = `<edmx:Edmx Version="4.0" xmlns:edmx="e"><edmx:DataServices><Schema Namespace="N.D">
<EntityType Name="Project"><Key><PropertyRef Name="Id"/></Key><Property Name="Id" Type="Edm.String" Nullable="false"/><Property Name="Stage" Type="N.D.Stage"/><Property Name="Start" Type="Edm.DateTimeOffset"/><Property Name="Tags" Type="Collection(N.D.Tag)"/>
<NavigationProperty Name="Tasks" Type="Collection(N.D.Task)"/><NavigationProperty Name="Owner" Type="N.D.Person"/></EntityType>
<EnumType Name="Stage"><Member Name="Created" Value="0"/><Member Name="InProcess" Value="1"/></EnumType><EntityContainer Name="C"><EntitySet Name="Projects" EntityType="N.D.Project"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`;

describe('Our description of an OData service, beside what a vendor publishes of it', () => {
  it('is the same as the metadata it was written from, in version 2 and in version 4', () => {
    assert.deepEqual(differences(described(OURS), modelOfMetadata(ORDERS)), []);
    assert.deepEqual(differences(enumeration(['Created', 'InProcess']), modelOfMetadata(PROJECTS)), []);
  });

  const order = OURS.types.OrderType;
  const otherwise = (change: object) => ({ ...OURS, types: { ...OURS.types, OrderType: { ...order, ...change } } });
  for (const [what, ours, expected] of [
    ['a set that is not there', { ...OURS, sets: { ...OURS.sets, Invoices: 'OrderType' } }, 'Invoices is not published'],
    ['a type that is not there', { ...OURS, types: { ...OURS.types, Colour: { fields: {} } } }, 'there is no type Colour'],
    ['a set that would let records go', { ...OURS, sets: { Orders: 'OrderType' } }, 'Orders: remove is true, published false'],
    ['another key', otherwise({ keys: ['Order', 'Day'] }), 'key of OrderType'],
    ['a field that is not there', otherwise({ fields: { ...order.fields, Colour: 'String' } }), 'OrderType.Colour is not published'],
    ['another type', otherwise({ fields: { ...order.fields, Day: 'String' } }), 'OrderType.Day: type is "String", published "DateTime"'],
    ['another length', otherwise({ fields: { ...order.fields, Order: 'String(12) required -update' } }), 'maxLength is 12, published 10'],
    ['other digits', otherwise({ fields: { ...order.fields, Amount: 'Decimal(16,2) -create -filter' } }), 'scale is 2, published 3'],
    ['null where there is none', otherwise({ fields: { ...order.fields, Data: 'Data' } }), 'required is false, published true'],
    ['a field that may be given where it may not', otherwise({ fields: { ...order.fields, Amount: 'Decimal(16,3) -filter' } }), 'create is true, published false'],
    ['one record where there are many', otherwise({ navigations: { to_Item: 'ItemType' } }), 'to_Item: many is false, published true'],
    ['a function called otherwise', { ...OURS, functions: { Release: { ...OURS.functions.Release, method: 'GET' } } }, 'Release: method is "GET", published "POST"'],
    ['a function with another parameter', { ...OURS, functions: { Release: { ...OURS.functions.Release, parameters: { Order: 'Guid' } } } }, 'Release: parameters is'],
  ] as const) {
    it(`differs by ${what}`, () => assert.ok(differences(described(ours), modelOfMetadata(ORDERS)).join('; ').includes(expected), differences(described(ours), modelOfMetadata(ORDERS)).join('; ')));
  }

  it('may forbid what the vendor allows, and differs by a value that an enumeration does not have', () => {
    assert.deepEqual(differences(described(otherwise({ fields: { ...order.fields, Day: 'DateTime -create -update -filter' } })), modelOfMetadata(ORDERS)), []);
    assert.deepEqual(differences(enumeration(['Created', 'Underway']), modelOfMetadata(PROJECTS)), ['Stage has no Underway']);
  });

  it('cannot be read where a field is described in no known way', () => {
    for (const field of ['', 'String(x)', 'String(10) -remove', 'Decimal(1,2,3)']) assert.throws(() => described(otherwise({ fields: { Order: field } })), /describes no field/, field);
    assert.throws(() => modelOfMetadata('<html/>'));
  });

  it('is compared with an OpenAPI description set by set: types, keys, fields and values', () => {
    const api = (id: object, stages: readonly string[], key = 'Id={id}') => JSON.stringify({
      paths: { '/Projects': { post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Project' } } } } } }, [`/Projects(${key})`]: {} },
      components: { schemas: { Project: { properties: { Id: id, Stage: { allOf: [{ $ref: '#/components/schemas/Stage' }] } } }, Stage: { enum: stages } } },
    });
    const ours = described({ sets: { Projects: 'Project', Elsewhere: 'Project' }, types: { Project: { keys: ['Id'], fields: { Id: 'String required', Stage: 'Stage' } } }, enums: { Stage: ['Created'] } });
    assert.deepEqual(differencesFromOpenApi(ours, api({ type: 'string' }, ['Created', 'Done'])), { sets: ['Projects'], differences: [] });
    assert.deepEqual(differencesFromOpenApi(ours, api({ type: 'integer' }, ['Done'], 'Company={c},Id={id}')).differences, ['key of Projects: Id, there Company,Id', 'Projects.Id is integer there, not String', 'Stage has no Created there']);
    const more = described({ sets: { Projects: 'Plan' }, types: { Plan: { keys: ['Id'], fields: { Colour: 'String', Stage: 'String' } } } });
    assert.deepEqual(differencesFromOpenApi(more, api({ type: 'string' }, [])).differences, ['Projects is of Project, not Plan', 'Projects.Colour is not there', 'Projects.Stage is #/components/schemas/Stage there, not String']);
  });
});
