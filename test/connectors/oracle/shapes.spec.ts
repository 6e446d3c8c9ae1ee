import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { BATCH_TYPE } from '../../../connectors/oracle/batch.ts';
import { createOracle } from '../../../connectors/oracle/index.ts';
import { isUnsupported, type ErpPort } from '../../../connectors/ports.ts';
import { CONFIG_DIR } from '../../builders/firm.ts';
import { callContext, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import { laborLine, reversalOf } from '../conformance/labor-documents.ts';
import { NONE, offered, OPTIONS, startEnvironment, WITH_ACCOUNTS, type TestEnvironment } from './environment.ts';

const fields = z.record(z.string(), z.string());
const shapesSchema = z.record(z.string(), z.object({ required: z.array(z.string()), create: fields, update: fields.optional() }));
type Shapes = z.infer<typeof shapesSchema>;
type Purpose = 'create' | 'update';
const batchSchema = z.strictObject({ parts: z.array(z.strictObject({ id: z.string().min(1), path: z.string().startsWith('/'), operation: z.literal('create'), payload: z.unknown() })).min(1) });

/** What does not fit, in words. */
function misfits(shapes: Shapes, resource: string, purpose: Purpose, body: unknown): string[] {
  const shape = shapes[resource];
  const described = shape?.[purpose];
  if (shape === undefined || described === undefined || typeof body !== 'object' || body === null) return [`${purpose} of ${resource} is not described`];
  const missing = purpose === 'update' ? [] : shape.required.filter((field) => !(field in body)).map((field) => `${resource}.${field} is missing`);
  return [...missing, ...Object.entries(body).flatMap(([field, value]: [string, unknown]) => {
    const type = described[field];
    if (type === undefined) return [`${resource}.${field} is not described`];
    const parts = /^(\w+)\[\]$/.exec(type)?.[1];
    if (parts !== undefined) return Array.isArray(value) ? value.flatMap((each: unknown) => misfits(shapes, parts, purpose, each)) : [`${resource}.${field} is no list`];
    return fits(type, value) ? [] : [`${resource}.${field}: ${JSON.stringify(value)} is not of ${type}`];
  })];
}

function fits(type: string, value: unknown): boolean {
  const [, name = '', length, nullable] = /^(\w+)(?:\((\d+)\))?(\?)?$/.exec(type) ?? [];
  if (value === null) return nullable === '?';
  if (name === 'Boolean') return typeof value === 'boolean';
  if (name === 'Number') return typeof value === 'number';
  if (name === 'Integer') return Number.isSafeInteger(value);
  if (typeof value !== 'string') return false;
  return name === 'Date' ? z.iso.date().safeParse(value).success : name === 'String' && value.length <= Number(length);
}

/** "…/contracts/<hash>/child/ContractLine/42" is about contract lines. */
function resourceOf(path: string): string {
  const parts = path.split('?', 1)[0]?.split('/').slice(4) ?? [];
  return parts.findLast((_part, index) => index % 3 === 0) ?? '';
}

describe('What the connector sends to Oracle Fusion, against the shapes of its resources', function () {
  this.timeout(20_000);
  let environment: TestEnvironment;
  let proxy: Server;
  let erp: ErpPort;
  let shapes: Shapes;
  const sent: { readonly method: string; readonly resource: string; readonly body: unknown }[] = [];

  before(async () => {
    shapes = shapesSchema.parse(JSON.parse(await readFile(join(CONFIG_DIR, '..', 'test', 'fixtures', 'vendors', 'oracle', 'shapes.json'), 'utf8')));
    environment = await startEnvironment();
    proxy = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => void chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        note(request.method ?? '', request.url ?? '', request.headers['content-type'] ?? '', body);
        const headers = Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' && !['host', 'connection', 'content-length'].includes(name) ? [[name, value] as [string, string]] : []));
        void fetch(`${environment.url()}${request.url ?? ''}`, { method: request.method ?? 'GET', headers, ...(body === '' ? {} : { body }) }).then(async (answer) => {
          const type = answer.headers.get('content-type');
          response.writeHead(answer.status, type === null ? {} : { 'content-type': type }).end(await answer.text());
        });
      });
    });
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    assert.ok(typeof address === 'object' && address !== null);
    const options = { ...OPTIONS, ...WITH_ACCOUNTS, labor: { workTypes: { billable: '10010', nonBillable: '10011' } } };
    erp = createOracle({ system: 'oracle', baseUrl: `http://127.0.0.1:${address.port}`, credentials: environment.credentials, options, log: silent, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 10 } });
  });
  after(async () => {
    proxy?.close();
    await environment?.close();
  });

  function note(method: string, path: string, type: string, body: string): void {
    if (type.startsWith(BATCH_TYPE)) for (const part of batchSchema.parse(JSON.parse(body)).parts) sent.push({ method: 'POST', resource: part.path.slice(1), body: part.payload });
    else if (body.startsWith('{')) sent.push({ method, resource: resourceOf(path), body: JSON.parse(body) });
  }

  it('is made of fields that are there, of their types and lengths, in every step of a deal and of time', async () => {
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

    const written = new Set(sent.map(({ method, resource }) => `${method} ${resource}`));
    for (const resource of Object.keys(shapes).filter((each) => !['RevenuePlan', 'ProjectStandardCostCollectionFlexfields'].includes(each))) {
      assert.ok(written.has(`POST ${resource}`), `POST ${resource} was not sent; ${[...written].join(', ')}`);
      if (shapes[resource]?.update !== undefined) assert.ok(written.has(`PATCH ${resource}`), `PATCH ${resource} was not sent`);
    }
    assert.deepEqual(sent.flatMap(({ method, resource, body }) => misfits(shapes, resource, method === 'POST' ? 'create' : 'update', body)), []);
  });

  it('is checked indeed', () => {
    const task = { TaskNumber: '1', TaskName: 'Design' };
    for (const [body, expected] of [[{ ...task, Colour: 'red' }, 'Tasks.Colour is not described'], [{ TaskNumber: '1' }, 'Tasks.TaskName is missing'], [{ ...task, TaskName: 'x'.repeat(256) }, 'is not of String(255)'], [{ ...task, TaskStartDate: '1 May' }, 'is not of Date'], [{ ...task, ParentTaskId: '7' }, 'is not of Integer'], [{ ...task, BillableFlag: null }, 'is not of Boolean']] as const) {
      assert.ok(misfits(shapes, 'Tasks', 'create', body).join().includes(expected), expected);
    }
    assert.deepEqual(misfits(shapes, 'contracts', 'update', { RevenuePlan: [] }), ['contracts.RevenuePlan is not described']);
  });
});
