import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { createOracle } from '../../../connectors/oracle/index.ts';
import { isUnsupported, type ErpPort } from '../../../connectors/ports.ts';
import { allTypes } from '../../../sandbox/oracle/resources.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { laborLine, reversalOf } from '../conformance/labor-documents.ts';
import { answerMisfits, requestMisfits, sentIn, SHAPES, trafficMisfits, type Sent } from './descriptions.ts';
import { NONE, offered, OPTIONS, startEnvironment, WITH_ACCOUNTS, type TestEnvironment } from './environment.ts';
import { soapMisfits } from './soap-shape.ts';

function asked(method: string, path: string, body?: object): Sent {
  return sentIn({ method, url: `/fscmRestApi/resources/11.13.18.05/${path}`, contentType: '', body: body === undefined ? '' : JSON.stringify(body), status: 0, answerType: '', answer: '' })[0] ?? assert.fail();
}

describe('What the connector sends to Oracle Fusion and reads there, against the shapes of its resources', function () {
  this.timeout(20_000);
  let environment: TestEnvironment;
  let erp: ErpPort;

  before(async () => {
    environment = await startEnvironment();
    const options = { ...OPTIONS, ...WITH_ACCOUNTS, labor: { workTypes: { billable: '10010', nonBillable: '10011' } } };
    erp = createOracle({ system: 'oracle', baseUrl: environment.url(), credentials: environment.credentials, options, log: silent, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 10 } });
  });
  after(() => environment.close());

  it('is made of resources, parameters and fields that are there, of their types and lengths, in every step of a deal and of time', async () => {
    const text = 'Ä very long name '.repeat(20);
    const long = 'Ä very long description of what was sold '.repeat(60);
    const deal = dealOf(uniqueTag(), { billingMethod: 'fixed_fee', customer: { name: 'Ä'.repeat(255), taxRegistrationNumber: '9'.repeat(40), billingAddress: { street: `${text}\n${text}\nthird\nfourth\nfifth`, city: text, region: text, postalCode: '12345', country: 'US' } } });
    const { customer } = deal;
    await erp.customer.write({ document: customer, references: NONE }, null, callContext());
    await erp.customer.write({ document: { ...customer, name: 'Acme renamed' }, references: NONE }, null, callContext());
    const references = { ...NONE, customers: { [customer.id]: customer.id } };
    const lines = deal.contract.lines.map((line) => ({ ...line, description: long }));
    const contract = offered(erp.contract);
    await contract.write({ document: { ...deal.contract, lines, purchaseOrder: long }, references }, null, callContext());
    await contract.write({ document: { ...deal.contract, lines: [...lines, ...lines.map((line) => ({ ...line, projectNumber: 'US01-OTHER', billingMethod: 'time_and_materials' as const }))] }, references }, null, callContext());
    const known = { ...references, contracts: { [deal.contract.id]: deal.contract.id } };
    await erp.project.write({ document: { ...deal.project, name: long }, references: known }, null, callContext());
    await erp.project.write({ document: deal.project, references: known }, null, callContext());
    const { project } = deal;
    for (const billOn of ['2027-01-31', '2027-02-28']) {
      const items = project.billingSchedule.items.map((item) => ({ ...item, billOn, description: long }));
      await offered(erp.billingSchedule).write({ document: { project, schedule: { ...project.billingSchedule, items } }, references: known }, null, callContext());
    }
    for (const rate of ['100', '0.125', '1e3']) {
      const [first] = project.rateCard.lines;
      assert.ok(first !== undefined);
      const rateCard = { ...project.rateCard, lines: [{ ...first, rate: String(Number(rate)) }, ...(rate === '100' ? [] : [{ laborCategory: 'PARTNER', unit: 'day' as const, rate: '2000' }])] };
      await offered(erp.rateCard).write({ document: { project, rateCard }, references: known }, null, callContext());
    }
    await erp.setProjectStatus({ document: project, externalId: project.number }, 'active', callContext());
    await environment.admin.seed({ projectEnterpriseResources: [{ ResourceEmail: 'ada@northwind-consulting.example' }] });
    const place = { system: 'oracle', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', people: ['ada@northwind-consulting.example'], projects: [project.number], task: '2-1' };
    const entry = laborLine(place);
    assert.ok(!isUnsupported(erp.labor));
    for (const posting of [{ ...entry, notes: long }, reversalOf(entry)]) assert.deepEqual((await erp.labor.post([posting, laborLine(place)], callContext())).map((answer) => answer.outcome), ['posted', 'posted']);
    await erp.project.undo({ document: { document: project, references: known }, externalId: project.number, created: true }, callContext());
    await contract.undo({ document: { document: deal.contract, references }, externalId: deal.contract.id, created: true }, callContext());
    await erp.customer.undo({ document: { document: customer, references: NONE }, externalId: customer.id, created: true }, callContext());

    const sent = environment.exchanges.flatMap(sentIn);
    const done = new Set(sent.map(({ method, resource }) => `${method} ${resource}`));
    for (const [resource, { create, update }] of Object.entries(SHAPES).filter(([each]) => !['RevenuePlan', 'ProjectStandardCostCollectionFlexfields', 'projectCosts'].includes(each))) {
      assert.ok(create === undefined ? done.has(`GET ${resource}`) : done.has(`POST ${resource}`), `${resource} was neither read nor made; ${[...done].join(', ')}`);
      if (update !== undefined && resource !== 'AssociatedProject') assert.ok(done.has(`PATCH ${resource}`), `PATCH ${resource} was not sent`);
    }
    assert.ok(environment.exchanges.filter(({ url, status }) => url.startsWith('/crmService/') && status === 200).length >= 2, 'the account is made by SOAP, and closed');
    assert.deepEqual(trafficMisfits(environment.exchanges), []);
  });

  it('has nothing in the sandbox that the shapes do not have', () => {
    for (const { name, fields } of allTypes()) {
      const shape = SHAPES[name.split('.').at(-1) ?? ''] ?? assert.fail(name);
      assert.deepEqual(Object.keys(fields).filter((field) => ({ ...shape.shown, ...shape.create, ...shape.update })[field] === undefined), [], name);
    }
  });

  const task = { TaskNumber: '1', TaskName: 'Design' };
  for (const [what, sent, expected] of [
    ['a field that there is not', asked('POST', 'projects/1/child/Tasks', { ...task, Colour: 'red' }), 'Tasks.Colour is not described'],
    ['without a field that must be there', asked('POST', 'projects/1/child/Tasks', { TaskNumber: '1' }), 'Tasks.TaskName is missing'],
    ['a text that is too long', asked('POST', 'projects/1/child/Tasks', { ...task, TaskName: 'x'.repeat(256) }), 'is not of String(255)'],
    ['a date of its own making', asked('POST', 'projects/1/child/Tasks', { ...task, TaskStartDate: '1 May' }), 'is not of Date'],
    ['a number as a text', asked('POST', 'projects/1/child/Tasks', { ...task, ParentTaskId: '7' }), 'is not of Integer'],
    ['a text as a number', asked('POST', 'contracts/x/child/ContractLine', { LineNumber: 1, LineTypeName: 'Free-form, project' }), 'LineNumber: 1 is not of String(150)'],
    ['null where it cannot be', asked('POST', 'projects/1/child/Tasks', { ...task, BillableFlag: null }), 'is not of Boolean'],
    ['a field that is given once', asked('PATCH', 'contracts/x', { RevenuePlan: [] }), 'contracts.RevenuePlan is not described'],
    ['a change of what cannot be changed', asked('PATCH', 'projectEnterpriseResources/1', {}), 'update of projectEnterpriseResources is not described'],
    ['an unknown resource', asked('GET', 'projectColours'), 'projectColours is not described'],
    ['an unknown field to read', asked('GET', 'projects?fields=ProjectId,Colour'), 'projects.Colour is not described'],
    ['an unknown field to look for', asked('GET', "projects?q=ProjectNumber = 'Colour' AND Colour = 1"), 'projects.Colour is not described'],
    ['an unknown parameter', asked('GET', 'projects?filter=x'), 'filter is no parameter of projects'],
  ] as const) {
    it(`is checked indeed: ${what}`, () => assert.deepEqual(requestMisfits(sent).filter((misfit) => misfit.includes(expected)).length, 1, requestMisfits(sent).join('; ')));
  }

  it('is checked in answers too: pages, and the fields of records', () => {
    const answered = (path: string, answer: object): string => answerMisfits({ ...asked('GET', path), status: 200, answer }).join('; ');
    assert.equal(answered('projects/1', { ProjectId: 1, ProjectEndDate: null, links: [] }), '');
    assert.match(answered('projects/1', { ProjectId: '1', Colour: 'red' }), /ProjectId: "1" is not of Integer; projects.Colour is not described/);
    assert.match(answered('projects', { items: [{ Colour: 'red' }], count: 1, hasMore: false, limit: 25, offset: 0, links: [] }), /^projects.Colour is not described$/);
    assert.match(answered('projects', { rows: [] }), /items/);
  });

  it('is checked in SOAP calls: well-formed, in their namespaces, with the elements there are', async () => {
    const call = environment.exchanges.find(({ url }) => url.startsWith('/crmService/')) ?? assert.fail('no SOAP call');
    assert.deepEqual([soapMisfits('asked', call.body), soapMisfits('answered', call.answer)], [[], []]);
    assert.deepEqual(soapMisfits('asked', call.body.replaceAll('cus:', 'other:').replace('xmlns:cus=', 'xmlns:other=')), [], 'prefixes are the caller\'s own');
    for (const [from, to, expected] of [
      ['</typ:customerAccount>', '', 'not well-formed'],
      ['customerAccountService/"', 'customerAccountService"', 'PartyId is not described'],
      ['<cus:PartyId>', '<typ:PartyId>', 'not well-formed'],
      ['<cus:CreatedByModule>HZ_WS</cus:CreatedByModule>', '', '0 of CreatedByModule'],
      ['<cus:Status>A</cus:Status>', '<cus:Status>Active</cus:Status>', '"Active" is not of A|I'],
      ['<cus:Status>A</cus:Status>', '<cus:Colour>red</cus:Colour>', 'Colour is not described'],
      ['mergeCustomerAccount>', 'dropCustomerAccount>', 'dropCustomerAccount is not described'],
    ] as const) assert.ok(soapMisfits('asked', call.body.replaceAll(from, to)).join('; ').includes(expected), `${expected}: ${soapMisfits('asked', call.body.replaceAll(from, to)).join('; ')}`);
    const refused = await fetch(`${environment.url()}/crmService/CustomerAccountService`, { method: 'POST', headers: { 'content-type': 'text/xml; charset=utf-8', authorization: `Basic ${btoa(`${environment.credentials.username}:${environment.credentials.password}`)}` }, body: call.body.replaceAll(/<cus:PartyId>\d+/g, '<cus:PartyId>1') });
    assert.equal(refused.status, 500);
    assert.deepEqual(soapMisfits('refused', await refused.text()), []);
  });
});
