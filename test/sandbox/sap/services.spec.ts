import assert from 'node:assert/strict';
import { z } from 'zod';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sap } from '../../../sandbox/sap/sandbox.ts';

const USER = { user: 'Q2C', password: 'secret', clientId: 'q2c', clientSecret: 'client-secret' };
const failed = z.object({ error: z.object({ code: z.string(), message: z.object({ lang: z.string(), value: z.string() }), innererror: z.object({ errordetails: z.array(z.object({ message: z.string() })) }) }) });
const row = z.looseObject({ __metadata: z.looseObject({ uri: z.string(), etag: z.string().optional() }) });
const page = z.object({ d: z.object({ results: z.array(row), __count: z.string().optional(), __next: z.string().optional() }) });
const single = z.object({ d: row });
const PARTNER = { BusinessPartnerCategory: '2', BusinessPartnerGrouping: 'BP02', OrganizationBPName1: 'Acme' };
const TIME = 'API_MANAGE_WORKFORCE_TIMESHEET/TimeSheetEntryCollection';

describe('The SAP sandbox', function () {
  this.timeout(20_000);
  let sandbox: RunningSandbox;
  let session: Record<string, string> = {};
  const authorization = `Basic ${Buffer.from('Q2C:secret').toString('base64')}`;
  const root = () => `${sandbox.url}/sap/opu/odata/sap/`;
  const openSession = async (headers: Record<string, string> = { authorization }) => {
    const answer = await fetch(`${root()}API_BUSINESS_PARTNER/`, { headers: { ...headers, 'x-csrf-token': 'Fetch' } });
    return { ...headers, 'x-csrf-token': answer.headers.get('x-csrf-token') ?? '', cookie: answer.headers.getSetCookie().map((each) => each.split(';', 1)[0]).join('; ') };
  };
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(`${root()}${path}`, { method, headers: { ...session, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) });
  const refusal = async (answer: Response) => `${answer.status} ${failed.parse(await answer.json()).error.message.value}`;
  const partner = (change: object = {}) => call('POST', 'API_BUSINESS_PARTNER/A_BusinessPartner', { ...PARTNER, ...change });
  const made = async (answer: Response) => {
    assert.equal(answer.status, 201, await answer.clone().text());
    return single.parse(await answer.json()).d;
  };
  const seed = async (records: object) => assert.equal((await fetch(`${sandbox.url}/__admin/seed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(records) })).status, 201);

  before(async () => {
    sandbox = await startSandbox(sap, { port: 0, options: { ...USER, pageSize: 3 } });
    session = await openSession();
  });
  after(async () => sandbox?.close());

  describe('lets in', () => {
    it('nobody without a logon, whose refusal is a web page', async () => {
      for (const given of [{}, { authorization: `Basic ${Buffer.from('Q2C:wrong').toString('base64')}` }, { authorization: 'Bearer unknown' }]) {
        const answer = await fetch(`${root()}API_BUSINESS_PARTNER/`, { headers: given });
        assert.deepEqual([answer.status, answer.headers.get('content-type')?.split(';', 1)[0]], [401, 'text/html']);
      }
    });

    it('no change without the session\'s cookie and CSRF token', async () => {
      for (const headers of [{ authorization }, { ...session, cookie: '' }, { ...session, 'x-csrf-token': 'wrong' }, { ...session, cookie: 'SAP_SESSIONID_Q2C_100=other' }]) {
        const answer = await fetch(`${root()}API_BUSINESS_PARTNER/A_BusinessPartner`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(PARTNER) });
        assert.deepEqual([answer.status, answer.headers.get('x-csrf-token'), await answer.text()], [403, 'Required', 'CSRF token validation failed']);
      }
      assert.equal((await partner()).status, 201);
    });

    it('whoever asks for a token by HEAD as well', async () => {
      const answer = await fetch(`${root()}API_SALES_ORDER_SRV/`, { method: 'HEAD', headers: { authorization, 'x-csrf-token': 'Fetch' } });
      assert.deepEqual([answer.status, answer.headers.get('x-csrf-token')?.length, answer.headers.getSetCookie().length], [200, 24, 2]);
    });

    it('an OAuth 2.0 client by its token', async () => {
      const tokenOf = (secret: string) => fetch(`${sandbox.url}/sap/bc/sec/oauth2/token`, { method: 'POST', headers: { authorization: `Basic ${Buffer.from(`q2c:${secret}`).toString('base64')}` }, body: new URLSearchParams({ grant_type: 'client_credentials' }) });
      assert.equal((await tokenOf('wrong')).status, 401);
      const { access_token: token } = z.object({ access_token: z.string() }).parse(await (await tokenOf('client-secret')).json());
      const own = await openSession({ authorization: `Bearer ${token}` });
      assert.equal((await call('POST', 'API_BUSINESS_PARTNER/A_BusinessPartner', PARTNER, own)).status, 201);
    });
  });

  it('makes a record with its parts or not at all', async () => {
    const parts = { to_BusinessPartnerRole: [{ BusinessPartnerRole: 'FLCU00' }], to_Customer: { to_CustomerCompany: [{ CompanyCode: '1710', ReconciliationAccount: '12100000' }] } };
    const { BusinessPartner, Customer } = await made(await partner({ ...parts, SearchTerm1: 'whole' }));
    assert.equal(Customer, BusinessPartner);
    const whole = await (await call('GET', `API_BUSINESS_PARTNER/A_BusinessPartner('${String(BusinessPartner)}')?$expand=to_Customer/to_CustomerCompany`)).text();
    assert.match(whole, /"CompanyCode":"1710"/);
    const count = async () => page.parse(await (await call('GET', "API_BUSINESS_PARTNER/A_BusinessPartner?$filter=SearchTerm1 eq 'HALF'&$inlinecount=allpages")).json()).d.__count;
    assert.match(await refusal(await partner({ ...parts, SearchTerm1: 'half', to_Customer: { to_CustomerCompany: [{ CompanyCode: '9999', ReconciliationAccount: '12100000' }] } })), /^400 Company code 9999 does not exist/);
    assert.equal(await count(), '0');
  });

  it('refuses what the service or its application refuses, and says so as SAP does', async () => {
    for (const [change, expected] of [
      [{ Colour: 'red' }, /^400 Property 'Colour' is invalid/],
      [{ OrganizationBPName1: 'x'.repeat(41) }, /^400 .*maximum length is 40/],
      [{ BusinessPartnerFullName: 'Acme' }, /^400 .*cannot be set/],
      [{ IsMarkedForArchiving: 'yes' }, /^400 Failed to read property/],
      [{ OrganizationBPName1: '' }, /^400 Enter a value for Name 1/],
      [{ BusinessPartnerGrouping: 'ZZZZ' }, /^400 Business partner grouping ZZZZ does not exist/],
      [{ to_Customer: {} }, /^400 .*has no customer role/],
      [{ to_BusinessPartnerAddress: [{ CityName: 'Bonn' }] }, /^400 Enter a value for Country/],
      [{ to_Wrong: [] }, /^400 Property 'to_Wrong' is invalid/],
    ] as const) assert.match(await refusal(await partner(change)), expected);
    assert.match(await refusal(await call('POST', 'API_BUSINESS_PARTNER/A_Customer', {})), /^405 /);
    assert.match(await refusal(await call('POST', 'API_BUSINESS_PARTNER/A_BusinessPartner', '{"Busi')), /^400 The body is not valid JSON/);
    assert.match(await refusal(await call('GET', 'API_BUSINESS_PARTNER/A_Wrong')), /^404 Resource not found for the segment 'A_Wrong'/);
    assert.match(await refusal(await call('GET', "API_BUSINESS_PARTNER/A_BusinessPartner('0')")), /^404 Resource not found for segment 'A_BusinessPartnerType'/);
    assert.match(await refusal(await call('GET', 'API_ENTERPRISE_PROJECT_SRV/A_EnterpriseProject')), /^403 No service found .* 'API_ENTERPRISE_PROJECT_SRV', version '0001'/);
    assert.match(await refusal(await call('DELETE', "API_BUSINESS_PARTNER/A_BusinessPartner('0')")), /^404 /);
  });

  it('takes decimals as text only, and dates in both forms', async () => {
    await seed({ A_CustomerSalesArea: [{ Customer: '77', SalesOrganization: '1710', DistributionChannel: '10', Division: '00', Currency: 'USD' }] });
    const order = (item: object, change: object = {}) => call('POST', 'API_SALES_ORDER_SRV/A_SalesOrder', { SalesOrderType: 'OR', SalesOrganization: '1710', DistributionChannel: '10', OrganizationDivision: '00', SoldToParty: '77', TransactionCurrency: 'USD', to_Item: [{ Material: 'P001', RequestedQuantity: '1', ...item }], ...change });
    for (const [item, expected] of [[{ RequestedQuantity: 1 }, /Failed to read/], [{ RequestedQuantity: '1.0001' }, /Edm.Decimal\(15,3\)/], [{ Material: 'P999' }, /Product P999 is not defined/], [{ WBSElement: 'NOWHERE' }, /WBS element NOWHERE does not exist/], [{ SalesOrder: '1' }, /cannot be set/]] as const) assert.match(await refusal(await order(item)), expected);
    for (const [change, expected] of [[{ SalesOrderDate: '2026-02-30T00:00:00' }, /Failed to read/], [{ SalesOrganization: '9999' }, /Sales area 9999 10 00 is not defined/], [{ SoldToParty: '78' }, /Sold-to party 78 not maintained for sales area/], [{ ExternalDocumentID: 'X' }, /cannot be set/]] as const) assert.match(await refusal(await order({}, change)), expected);
    for (const date of ['/Date(1795132800000)/', '2026-11-20T00:00:00']) {
      const { SalesOrderDate, to_Item: items, __metadata } = await made(await order({}, { SalesOrderDate: date }));
      assert.deepEqual([SalesOrderDate, items], [`/Date(${Date.parse('2026-11-20T00:00:00Z')})/`, { __deferred: { uri: `${__metadata.uri}/to_Item` } }]);
    }
  });

  it('changes and deletes an order only with its version, which each change moves on', async () => {
    await seed({ A_SalesOrder: [{ SalesOrder: '50001', SalesOrganization: '1710', DistributionChannel: '10', OrganizationDivision: '00', SoldToParty: '79' }], A_CustomerSalesArea: [{ Customer: '79', SalesOrganization: '1710', DistributionChannel: '10', Division: '00', Currency: 'USD' }] });
    const path = "API_SALES_ORDER_SRV/A_SalesOrder('50001')";
    const version = async () => single.parse(await (await call('GET', path)).json()).d.__metadata.etag ?? '';
    assert.match(await refusal(await call('PATCH', path, { PurchaseOrderByCustomer: 'PO-1' })), /^428 /);
    const old = await version();
    assert.equal((await call('PATCH', path, { PurchaseOrderByCustomer: 'PO-1' }, { 'if-match': old })).status, 204);
    assert.match(await refusal(await call('PATCH', path, { PurchaseOrderByCustomer: 'PO-2' }, { 'if-match': old })), /^412 /);
    assert.equal((await call('DELETE', path, undefined, { 'if-match': await version() })).status, 204);
    assert.equal((await call('GET', path)).status, 404);
  });

  it('takes a project\'s changes with "*" only, and leaves its own element to it', async () => {
    const base = 'API_ENTERPRISE_PROJECT_SRV;v=0002';
    const project = { Project: 'P-1', ProjectDescription: 'One', ProjectStartDate: '2026-12-01T00:00:00', ProjectEndDate: '2027-05-31T00:00:00', ProjectProfileCode: 'YP02', ProjectCurrency: 'USD', ResponsibleCostCenter: 'US01-TECH' };
    const { ProjectUUID, ProcessingStatus } = await made(await call('POST', `${base}/A_EnterpriseProject`, project));
    assert.equal(ProcessingStatus, '00');
    assert.match(await refusal(await call('POST', `${base}/A_EnterpriseProject`, project)), /^400 Project P-1 already exists/);
    const path = `${base}/A_EnterpriseProject(guid'${String(ProjectUUID)}')`;
    assert.match(await refusal(await call('PATCH', path, { ProjectDescription: 'Two' })), /^428 .*If-Match missing/);
    assert.equal((await call('PATCH', path, { ProjectDescription: 'Two' }, { 'if-match': 'W/"1"' })).status, 500);
    assert.equal((await call('PATCH', path, { ProjectDescription: 'Two' }, { 'if-match': '*' })).status, 204);
    assert.match(await refusal(await call('PATCH', `${base}/A_EnterpriseProjectElement(guid'${String(ProjectUUID)}')`, { ProjectElementDescription: 'Two' }, { 'if-match': '*' })), /^400 Use the Project entity/);
    const setTo = (status: string) => call('POST', `${base}/ChangeEntProjProcgStatus?ProjectUUID=guid'${String(ProjectUUID)}'&ProcessingStatus='${status}'`, undefined, { 'if-match': '*' });
    assert.equal((await setTo('10')).status, 200);
    assert.match(await refusal(await setTo('00')), /^400 .*must not be set after 10/);
    assert.match(await refusal(await setTo('99')), /^400 Processing status 99 does not exist/);
  });

  describe('keeps time', () => {
    const entry = (change: object = {}, fields: object = {}) => ({
      PersonWorkAgreementExternalID: 'EMP9', CompanyCode: '1710', TimeSheetDate: '2026-11-16T00:00:00', TimeSheetIsReleasedOnSave: true, TimeSheetIsExecutedInTestRun: false, TimeSheetOperation: 'C',
      TimeSheetDataFields: { ControllingArea: 'A000', ActivityType: 'T001', WBSElement: 'P-TIME', RecordedHours: '8', HoursUnitOfMeasure: 'H', ...fields }, ...change,
    });
    before(async () => seed({
      YY1_Q2CPEOPLE: [{ PersonWorkAgreementExternalID: 'EMP9', CompanyCode: '1710', DefaultEmailAddress: 'x@y.example' }],
      A_EnterpriseProject: ['P-TIME', 'P-NEW'].map((Project, index) => ({ ProjectUUID: `00000000-0000-0000-0000-00000000000${index + 1}`, Project, ProcessingStatus: index === 0 ? '10' : '00' })),
      A_EnterpriseProjectElement: ['P-TIME', 'P-NEW'].map((ProjectElement, index) => ({ ProjectElementUUID: `00000000-0000-0000-0000-00000000000${index + 1}`, ProjectUUID: `00000000-0000-0000-0000-00000000000${index + 1}`, ProjectElement })),
    }));
    const entries = async (query: string) => page.parse(await (await call('GET', `${TIME}?${query}`)).json()).d;

    it('of employees on released projects only', async () => {
      for (const [change, fields, expected] of [
        [{ CompanyCode: '1010' }, {}, /work agreement EMP9 does not exist in company code 1010/], [{}, { WBSElement: 'P-NEW' }, /not allowed on P-NEW/], [{}, { WBSElement: 'P-NONE' }, /WBS element P-NONE does not exist/],
        [{}, { ActivityType: 'T9' }, /Activity type T9 does not exist/], [{}, { RecordedHours: '-8' }, /-8 hours cannot be recorded/], [{}, { RecordedHours: '8.125' }, /Edm.Decimal\(4,2\)/], [{ TimeSheetDate: null }, {}, /Enter a date/], [{ TimeSheetOperation: 'X' }, {}, /Operation X is not valid/],
      ] as const) assert.match(await refusal(await call('POST', TIME, entry(change, fields))), expected);
    });

    it('approved as it is released, and cancelled rather than deleted', async () => {
      const { TimeSheetRecord: record, TimeSheetStatus: status } = await made(await call('POST', TIME, entry()));
      assert.equal(status, '30');
      const back = entry({ TimeSheetOperation: 'D', TimeSheetRecord: record, TimeSheetDataFields: {} });
      assert.equal((await made(await call('POST', TIME, back)))['TimeSheetStatus'], '60');
      assert.match(await refusal(await call('POST', TIME, back)), /does not exist/);
    });

    it('quietly not at all without an operation, or in a test run', async () => {
      const before = (await entries("$filter=PersonWorkAgreementExternalID eq 'EMP9'")).results.length;
      for (const change of [{ TimeSheetOperation: '' }, { TimeSheetIsExecutedInTestRun: true }]) assert.equal((await made(await call('POST', TIME, entry(change))))['TimeSheetRecord'], '');
      assert.equal((await entries("$filter=PersonWorkAgreementExternalID eq 'EMP9'")).results.length, before);
    });

    it('and ignores what its look-up does not know, but not a field that cannot be filtered', async () => {
      await made(await call('POST', TIME, entry()));
      const of = "PersonWorkAgreementExternalID eq 'EMP9'";
      const all = (await entries(`$filter=${of}`)).results.length;
      assert.equal((await entries(`$filter=${of} and TimeSheetDate gt datetime'2030-01-01T00:00:00'&$inlinecount=allpages&$orderby=TimeSheetDate`)).results.length, all);
      assert.equal((await entries(`$filter=${of} and TimeSheetDate ge datetime'2030-01-01T00:00:00'`)).results.length, 0);
      assert.equal((await entries(`$filter=${of}&$inlinecount=allpages`)).__count, undefined);
      assert.match(await refusal(await call('GET', `${TIME}?$filter=TimeSheetDataFields eq 'x'`)), /cannot be filtered/);
    });
  });

  it('cuts a list into pages, each naming the next, and filters by the operators of version 2', async () => {
    for (const name of ['Alpha', 'Beta', "O'Neill", 'Delta', 'Eta', 'Zeta', 'Theta']) await partner({ OrganizationBPName1: name, SearchTerm1: 'paged' });
    const found: unknown[] = [];
    let next: string | undefined = `${root()}API_BUSINESS_PARTNER/A_BusinessPartner?$filter=SearchTerm1 eq 'PAGED'&$select=OrganizationBPName1&$inlinecount=allpages`;
    while (next !== undefined) {
      const { d } = page.parse(await (await fetch(next, { headers: { authorization } })).json());
      assert.equal(d.__count, '7');
      found.push(d.results.length);
      assert.deepEqual(Object.keys(d.results[0] ?? {}), ['__metadata', 'OrganizationBPName1']);
      next = d.__next;
    }
    assert.deepEqual(found, [3, 3, 1]);
    const names = async (filter: string) => page.parse(await (await call('GET', `API_BUSINESS_PARTNER/A_BusinessPartner?$filter=${encodeURIComponent(`SearchTerm1 eq 'PAGED' and (${filter})`)}`)).json()).d.results.map((each) => each['OrganizationBPName1']);
    assert.deepEqual(await names("OrganizationBPName1 eq 'Beta' or OrganizationBPName1 eq 'O''Neill'"), ['Beta', "O'Neill"]);
    assert.deepEqual(await names("not (OrganizationBPName1 lt 'T') and IsMarkedForArchiving eq false"), ['Zeta', 'Theta']);
    for (const wrong of ["OrganizationBPName1 in ('a')", 'Colour eq 1', 'OrganizationBPName1 eq 1', "(OrganizationBPName1 eq 'a'", "BusinessPartnerUUID eq 'x'", "OrganizationBPName1 eq 'a' and"]) assert.equal((await call('GET', `API_BUSINESS_PARTNER/A_BusinessPartner?$filter=${encodeURIComponent(wrong)}`)).status, 400, wrong);
  });

  it('does each change set of a batch wholly or not at all, whatever becomes of the others', async () => {
    const part = (body: object) => `--c\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\nPOST A_BusinessPartner HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(JSON.stringify(body))}\r\n\r\n${JSON.stringify(body)}\r\n`;
    const changeSet = (bodies: readonly object[]) => `--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n${bodies.map(part).join('')}--c--\r\n\r\n`;
    const name = (SearchTerm1: string) => ({ ...PARTNER, SearchTerm1 });
    const send = (text: string) => fetch(`${root()}API_BUSINESS_PARTNER/$batch`, { method: 'POST', headers: { ...session, 'content-type': 'multipart/mixed; boundary=b' }, body: text });
    const answer = await send(`${changeSet([name('B1'), { ...name('B2'), Colour: 'red' }])}${changeSet([name('B3'), name('B4')])}--b--\r\n`);
    const text = await answer.text();
    assert.deepEqual([answer.status, text.match(/HTTP\/1\.1 201/g)?.length, text.match(/HTTP\/1\.1 400/g)?.length], [202, 2, 1]);
    const there = page.parse(await (await call('GET', "API_BUSINESS_PARTNER/A_BusinessPartner?$filter=SearchTerm1 eq 'B1' or SearchTerm1 eq 'B3' or SearchTerm1 eq 'B4'")).json()).d.results.map((each) => each['SearchTerm1']);
    assert.deepEqual(there, ['B3', 'B4']);
    assert.match(await refusal(await send(changeSet([name('B5')]))), /^400 .*closing boundary/);
    assert.match(await (await send(changeSet([name('B6')]).replace(/Content-Length: \d+/, 'Content-Length: 1') + '--b--')).text(), /Content-Length 1 of a part/);
  });

  it('describes its services', async () => {
    const text = await (await call('GET', 'API_MANAGE_WORKFORCE_TIMESHEET/$metadata')).text();
    assert.match(text, /<Property Name="RecordedHours" Type="Edm.Decimal" Precision="4" Scale="2" sap:updatable="false" sap:filterable="false"\/>/);
    assert.match(await (await call('GET', 'API_SALES_ORDER_SRV/')).text(), /"A_SlsOrderItemBillingPlanItem"/);
  });
});
