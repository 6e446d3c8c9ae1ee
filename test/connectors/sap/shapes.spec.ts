import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { Decimal } from 'decimal.js';
import { z } from 'zod';
import { isUnsupported, type ErpPort } from '../../../connectors/ports.ts';
import { CONFIG_DIR } from '../../builders/firm.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { laborLine, reversalOf } from '../conformance/labor-documents.ts';
import { NONE, offered, startSystem, type TestSystem } from './environment.ts';

const shapesSchema = z.record(z.string(), z.object({ create: z.record(z.string(), z.string()), update: z.record(z.string(), z.string()).optional() }));
type Shapes = z.infer<typeof shapesSchema>;
interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** Which set a path ends in: "A_SalesOrder('1')/to_Item" is about items. */
const NAVIGATIONS: Readonly<Record<string, string>> = {
  to_Item: 'A_SalesOrderItem', to_Text: 'A_SalesOrderText', to_PricingElement: 'A_SalesOrderItemPrElement', to_BillingPlanItem: 'A_SlsOrderItemBillingPlanItem', to_EnterpriseProjectElement: 'A_EnterpriseProjectElement', to_SubProjElement: 'A_EnterpriseProjectElement',
  to_BusinessPartnerAddress: 'A_BusinessPartnerAddress', to_BusinessPartnerTax: 'A_BusinessPartnerTaxNumber', to_CustomerCompany: 'A_CustomerCompany', to_CustomerSalesArea: 'A_CustomerSalesArea',
};

function setOf(path: string): string {
  const last = decodeURIComponent(path).split('?', 1)[0]?.split('/').at(-1) ?? '';
  const name = last.replace(/\(.*$/s, '');
  return NAVIGATIONS[name] ?? name;
}

/** What does not fit, in words. */
function misfits(shapes: Shapes, set: string, purpose: 'create' | 'update', body: unknown): string[] {
  const shape = shapes[set]?.[purpose];
  if (shape === undefined || typeof body !== 'object' || body === null) return [`${purpose} of ${set} is not described`];
  return Object.entries(body).flatMap(([field, value]: [string, unknown]) => {
    const type = shape[field];
    if (type === undefined) return [`${set}.${field} is not described`];
    const parts = /^(\w+)\[\]$/.exec(type)?.[1];
    if (parts !== undefined) return Array.isArray(value) ? value.flatMap((each: unknown) => misfits(shapes, parts, purpose, each)) : [`${set}.${field} is no list`];
    if (shapes[type] !== undefined) return misfits(shapes, type, purpose, value);
    return fits(type, value) ? [] : [`${set}.${field}: ${JSON.stringify(value)} is not of ${type}`];
  });
}

function fits(type: string, value: unknown): boolean {
  const [, name = '', first, second] = /^(\w+)(?:\((\d+)(?:,(\d+))?\))?$/.exec(type) ?? [];
  if (name === 'Boolean') return typeof value === 'boolean';
  if (typeof value !== 'string') return false;
  if (name === 'DateTime') return /^\/Date\(\d+\)\/$/.test(value) && Number(value.slice(6, -2)) % 86_400_000 === 0;
  if (name === 'String') return value.length <= Number(first ?? Number.POSITIVE_INFINITY);
  return name === 'Decimal' && new Decimal(value).decimalPlaces() <= Number(second) && new Decimal(value).abs().lessThan(new Decimal(10).pow(Number(first) - Number(second)));
}

describe("What the connector sends to SAP, against SAP's published descriptions", function () {
  this.timeout(20_000);
  let system: TestSystem;
  let proxy: Server;
  let erp: ErpPort;
  let shapes: Shapes;
  const sent: Sent[] = [];

  before(async () => {
    shapes = shapesSchema.parse(JSON.parse(await readFile(join(CONFIG_DIR, '..', 'test', 'fixtures', 'vendors', 'sap', 'shapes.json'), 'utf8')));
    system = await startSystem();
    proxy = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => void chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        note(request.method ?? '', request.url ?? '', body);
        const headers = Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' && !['host', 'connection', 'content-length'].includes(name) ? [[name, value] as [string, string]] : []));
        void fetch(`${system.url()}${request.url ?? ''}`, { method: request.method ?? 'GET', headers, ...(body === '' ? {} : { body }) }).then(async (answer) => {
          const text = await answer.text();
          for (const name of ['content-type', 'x-csrf-token', 'location']) {
            const value = answer.headers.get(name);
            if (value !== null) response.setHeader(name, value);
          }
          response.setHeader('set-cookie', answer.headers.getSetCookie());
          response.writeHead(answer.status).end(text);
        });
      });
    });
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
    const address = proxy.address();
    assert.ok(typeof address === 'object' && address !== null);
    const { user, password } = system.credentials;
    erp = system.connect({ billingDateCategory: '01', profitCenters: { US01: 'YB600' } }, { user, password }, `http://127.0.0.1:${address.port}`);
  });
  after(async () => {
    proxy?.close();
    await system?.close();
  });

  function note(method: string, path: string, body: string): void {
    if (path.endsWith('/$batch')) {
      for (const [, inner = '', url = '', content = ''] of body.matchAll(/^(POST|PATCH) (\S+) HTTP\/1\.1\r\n[\s\S]*?\r\n\r\n(.*)\r$/gm)) sent.push({ method: inner, path: url, body: JSON.parse(content) });
    } else if (body.startsWith('{')) sent.push({ method, path, body: JSON.parse(body) });
  }

  it('is made of fields that are there and can be sent, of their types and lengths, in every step of a deal and of time', async () => {
    const deal = dealOf(uniqueTag(), { billingMethod: 'fixed_fee', customer: { name: 'Ä'.repeat(255), legalEntities: ['US01'], taxRegistrationNumber: '9'.repeat(40) } });
    const { externalId: partner } = await erp.customer.write({ document: deal.customer, references: NONE }, null, callContext());
    await erp.customer.write({ document: { ...deal.customer, legalEntities: ['US01', 'DE01'] }, references: NONE }, null, callContext());
    const references = { ...NONE, customers: { [deal.customer.id]: partner } };
    const lines = deal.contract.lines.map((line) => ({ ...line, description: 'A very long description of what was sold '.repeat(5) }));
    const { externalId: order } = await offered(erp.contract).write({ document: { ...deal.contract, lines, purchaseOrder: 'P'.repeat(60) }, references }, null, callContext());
    await offered(erp.contract).write({ document: { ...deal.contract, lines: [...lines.slice(0, 1), { ...lines[0] ?? assert.fail(), projectNumber: 'US01-DATA-OTHER' }] }, references }, null, callContext());
    const known = { ...references, contracts: { [deal.contract.id]: order } };
    await erp.project.write({ document: { ...deal.project, name: 'Ü'.repeat(200) }, references: known }, null, callContext());
    await erp.project.write({ document: deal.project, references: known }, null, callContext());
    const billing = { project: deal.project, schedule: deal.project.billingSchedule };
    await offered(erp.billingSchedule).write({ document: billing, references: known }, null, callContext());
    await offered(erp.billingSchedule).write({ document: { ...billing, schedule: { ...billing.schedule, items: billing.schedule.items.map((item) => ({ ...item, billOn: '2027-02-28' })) } }, references: known }, null, callContext());
    await erp.setProjectStatus({ document: deal.project, externalId: deal.project.number }, 'active', callContext());
    await system.admin.seed({ YY1_Q2CPEOPLE: [{ PersonWorkAgreementExternalID: 'EMP1', CompanyCode: '1710', DefaultEmailAddress: 'ada@northwind-consulting.example' }] });
    const place = { system: 'sap', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', people: ['ada@northwind-consulting.example'], projects: [deal.project.number], task: '2-1' };
    const entry = laborLine(place);
    assert.ok(!isUnsupported(erp.labor));
    for (const posting of [entry, reversalOf(entry)]) assert.deepEqual((await erp.labor.post([posting, laborLine(place)], callContext())).map((answer) => answer.outcome), ['posted', 'posted']);
    await erp.customer.undo({ document: { document: deal.customer, references: NONE }, externalId: partner, created: true }, callContext());

    const written = new Set(sent.map(({ method, path }) => `${method} ${setOf(path)}`));
    for (const each of ['POST A_BusinessPartner', 'PATCH A_BusinessPartner', 'PATCH A_BusinessPartnerAddress', 'PATCH A_BusinessPartnerTaxNumber', 'POST A_CustomerCompany', 'POST A_CustomerSalesArea', 'POST A_SalesOrder', 'PATCH A_SalesOrder', 'POST A_SalesOrderItem', 'PATCH A_SalesOrderItemPrElement', 'PATCH A_SalesOrderText', 'POST A_EnterpriseProject', 'PATCH A_EnterpriseProject', 'POST A_EnterpriseProjectElement', 'PATCH A_EnterpriseProjectElement', 'POST A_SlsOrderItemBillingPlanItem', 'PATCH A_SlsOrderItemBillingPlanItem', 'PATCH A_SalesOrderItem', 'POST TimeSheetEntryCollection']) assert.ok(written.has(each), `${each} was not sent; ${[...written].join(', ')}`);
    assert.deepEqual(sent.flatMap(({ method, path, body }) => misfits(shapes, setOf(path), method === 'POST' ? 'create' : 'update', body)), []);
  });

  it('is checked indeed', () => {
    for (const [body, expected] of [[{ Colour: 'red' }, 'A_SalesOrderItem.Colour is not described'], [{ SalesOrderItemText: 'x'.repeat(41) }, 'is not of String(40)'], [{ RequestedQuantity: 1 }, 'is not of Decimal'], [{ to_PricingElement: [{ ConditionRateValue: '0.0000000001' }] }, 'is not of Decimal(24,9)']] as const) {
      assert.match(misfits(shapes, 'A_SalesOrderItem', 'create', body).join(), new RegExp(expected.replace(/[()]/g, '\\$&')));
    }
  });
});
