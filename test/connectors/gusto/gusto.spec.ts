import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Ajv } from 'ajv';
import { z } from 'zod';
import { createGusto } from '../../../connectors/gusto/index.ts';
import type { PayrollPort, SentPayroll } from '../../../connectors/payroll-port.ts';
import type { PayrollExport, PayrollLine } from '../../../domain/model/time/payroll-export.ts';
import { callContext, silent } from '../conformance/documents.ts';
import { exportOf } from '../conformance/payroll.ts';
import { failureOf } from '../conformance/records.ts';
import { payrollOf, startCompany, type TestCompany } from './company.ts';

const ADA = 'ada@northwind-consulting.example';

describe('Hours in Gusto', () => {
  let company: TestCompany;
  let port: PayrollPort;
  before(async () => {
    company = await startCompany();
    port = company.connect();
    await company.hire([ADA]);
  });
  afterEach(() => company.admin.clearFaults());
  after(() => company?.close());

  const aWeek = async (lines: readonly Partial<PayrollLine>[] = [{ hours: '40' }], number = 1) => exportOf(await company.open(), lines, number);
  const send = (document: PayrollExport, to: PayrollPort = port) => to.send(document, callContext());
  const refusal = async (document: PayrollExport, to?: PayrollPort) => {
    const { kind, code, written, message } = await failureOf(() => send(document, to));
    assert.equal(written, 'no');
    return { kind, code, message };
  };
  const ask = (document: PayrollExport, sent: SentPayroll, from: PayrollPort = port) => from.acknowledgement({ exportId: document.id, checksum: sent.checksum, lines: document.lines.length, files: sent.files }, callContext());

  it('name everybody Gusto does not know, at once, and write nothing', async () => {
    const document = await aWeek([{ hours: '8' }, { person: 'nobody@northwind-consulting.example' }, { person: 'noone@northwind-consulting.example' }]);
    const { kind, code, message } = await refusal(document);
    assert.deepEqual([kind, code], ['configuration', 'GUSTO_EMPLOYEE_UNKNOWN']);
    assert.match(message, /nobody@.*noone@/);
    assert.deepEqual(await company.hours(document.payPeriod.from), {});
  });

  it('find a person by private address, by capitals, or by the UUID that the options name', async () => {
    const [uuid] = await company.hire(['cleo.private@example.net']);
    const document = await aWeek([{ person: 'cleo@northwind-consulting.example', hours: '8' }, { person: 'ADA@Northwind-Consulting.example', hours: '8' }]);
    await send(document, company.connect({ employees: { 'cleo@northwind-consulting.example': uuid } }));
    assert.deepEqual(Object.values(await company.hours(document.payPeriod.from)), ['8', '8']);
  });

  it('are refused where two people would be one employee', async () => {
    const [uuid] = await company.hire(['fay@northwind-consulting.example']);
    const document = await aWeek([{ person: 'fay@northwind-consulting.example' }, { person: 'fay.old@northwind-consulting.example' }]);
    assert.equal((await refusal(document, company.connect({ employees: { 'fay.old@northwind-consulting.example': uuid } }))).code, 'GUSTO_EMPLOYEE_SHARED');
  });

  it('go to the person who works here, where a former employee had the same address', async () => {
    await company.hire(['dora@northwind-consulting.example'], { terminated: true });
    await company.hire(['dora@northwind-consulting.example']);
    const document = await aWeek([{ person: 'dora@northwind-consulting.example', hours: '8' }]);
    await send(document);
    assert.deepEqual(await company.hours(document.payPeriod.from), { 'dora@northwind-consulting.example REG': '8' });
  });

  it('are of one legal entity, in US dollars, and of pay periods that Gusto has', async () => {
    const period = await company.open();
    assert.equal((await refusal(exportOf({ ...period, employer: 'DE01' }, [{}]))).code, 'GUSTO_OTHER_EMPLOYER');
    assert.equal((await refusal(exportOf({ ...period, payPeriod: { ...period.payPeriod, to: '2099-01-01' } }, [{}]))).code, 'GUSTO_NO_PAYROLL');
    assert.throws(() => company.connect({ currency: 'EUR' }), /US dollars only/);
  });

  it('of a pay code nobody mapped, or paid another multiple in Gusto, wait for the configuration', async () => {
    for (const [document, code] of [[await aWeek([{ payCode: 'HOL25', multiplier: '2.5' }]), 'GUSTO_PAY_CODE_UNKNOWN'], [await aWeek([{ payCode: 'OT15', multiplier: '1.75' }]), 'GUSTO_COMPENSATION_MISSING']] as const) {
      const refused = await refusal(document);
      assert.deepEqual([refused.kind, refused.code], ['configuration', code]);
      assert.deepEqual(await company.hours(document.payPeriod.from), {});
    }
  });

  it('that Gusto cannot take are refused as by a bureau, so that people settle them, and nothing is written', async () => {
    for (const [document, reason] of [
      [await aWeek([{ hours: '-4' }]), /negative/],
      [await aWeek([{ hours: '1.0001' }]), /thousandths/],
      [exportOf(await company.open({ processed: true }), [{}]), /run the payroll/],
    ] as const) {
      const sent = await send(document);
      const answer = await ask(document, sent);
      assert.deepEqual([answer?.outcome, answer?.accepted, answer?.checksum], ['refused', 0, sent.checksum]);
      assert.match(answer?.reason ?? '', reason);
      assert.deepEqual(await company.hours(document.payPeriod.from), {});
    }
  });

  it('of a supplementary export are taken where Gusto has none of these people and pay codes, and left to people where it has', async () => {
    const period = await company.open();
    await company.hire(['gil@northwind-consulting.example']);
    await send(exportOf(period, [{ hours: '40' }]));
    const late = exportOf(period, [{ person: 'gil@northwind-consulting.example', hours: '8' }, { hours: '2', payCode: 'OT15', multiplier: '1.5' }], 2);
    await send(late);
    const hours = { [`${ADA} OT15`]: '2', [`${ADA} REG`]: '40', 'gil@northwind-consulting.example REG': '8' };
    assert.deepEqual(await company.hours(period.payPeriod.from), hours);
    for (const again of [late, exportOf(period, [{ hours: '1' }], 3)]) {
      const sent = await send(again);
      const answer = await ask(again, sent);
      assert.equal(answer?.outcome, 'refused');
      assert.match(answer?.reason ?? '', /supplementary.*off-cycle/);
    }
    assert.deepEqual(await company.hours(period.payPeriod.from), hours);
  });

  it('are known again in a payroll that somebody ran after an answer was lost', async () => {
    const document = await aWeek([{ hours: '40' }, { hours: '2.5', payCode: 'OT15', multiplier: '1.5' }]);
    const sent = await send(document);
    await company.change(payrollOf(sent.files), { processed: true });
    assert.deepEqual(await send(document), sent);
    assert.equal((await ask(document, sent))?.outcome, 'accepted');
  });

  it('that were taken back before the cutoff are not sent at all', async () => {
    const document = await aWeek([{ hours: '8' }, { hours: '4', payCode: 'OT15', multiplier: '1.5' }, { hours: '-4', payCode: 'OT15', multiplier: '1.5' }]);
    await send(document);
    assert.deepEqual(await company.hours(document.payPeriod.from), { [`${ADA} REG`]: '8' });
  });

  it('of people with a salary are refused, or left out where the options say so', async () => {
    await company.hire(['eve@northwind-consulting.example'], { flsa_status: 'Exempt' });
    const document = await aWeek([{ hours: '8' }, { person: 'eve@northwind-consulting.example' }]);
    assert.equal((await refusal(document)).code, 'GUSTO_COMPENSATION_MISSING');
    const sent = await send(document, company.connect({ salaried: 'leave_out' }));
    assert.deepEqual(await company.hours(document.payPeriod.from), { [`${ADA} REG`]: '8' });
    // The answer was lost, and people have run the payroll since: it has all that was to be written.
    await company.change(payrollOf(sent.files), { processed: true });
    assert.deepEqual((await send(document, company.connect({ salaried: 'leave_out' }))).files, sent.files);
  });

  it('are read anew and tried again where somebody in Gusto changed the payroll in between', async () => {
    const document = await aWeek();
    await company.admin.fault({ kind: 'status', status: 409, method: 'PUT', path: '/payrolls/[0-9a-f-]{36}$', times: 1 });
    const failure = await failureOf(() => send(document));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['transient', 'GUSTO_VERSION_CONFLICT', 'no']);
    await send(document);
    assert.deepEqual(await company.hours(document.payPeriod.from), { [`${ADA} REG`]: '40' });
  });

  it('are calculated but not run: that is for a person in Gusto', async () => {
    const document = await aWeek();
    const sent = await send(document);
    for (let times = 0; times < 3; times += 1) assert.equal(await ask(document, sent), null);
    const requests = await company.admin.requests();
    assert.ok(requests.some(({ url }) => url.endsWith('/calculate')));
    assert.ok(requests.every(({ url }) => !url.endsWith('/submit')));
    await company.change(payrollOf(sent.files), { processed: true });
    assert.equal((await ask(document, sent))?.outcome, 'accepted');
  });

  it('are accepted once calculated, or run by the line, where the options say so', async () => {
    const calculated = await aWeek();
    const first = company.connect({ acceptedWhen: 'calculated' });
    const sent = await send(calculated, first);
    assert.equal(await ask(calculated, sent, first), null);
    assert.equal((await ask(calculated, sent, first))?.outcome, 'accepted');

    const run = await aWeek();
    const runner = company.connect({ submit: 'when_calculated' });
    const given = await send(run, runner);
    const outcomes = [];
    for (let times = 0; times < 4; times += 1) outcomes.push((await ask(run, given, runner))?.outcome ?? null);
    assert.deepEqual(outcomes, [null, null, null, 'accepted']);
    assert.equal((await company.admin.requests()).filter(({ url }) => url.endsWith(`${payrollOf(given.files)}/submit`)).length, 1);
  });

  it('are refused with Gusto\'s own words where the calculation fails', async () => {
    const period = await company.open({ fails_with: 'Company address could not be verified.' });
    const document = exportOf(period, [{ hours: '8' }]);
    const sent = await send(document);
    await ask(document, sent);
    const answer = await ask(document, sent);
    assert.deepEqual([answer?.outcome, answer?.reason], ['refused', 'Company address could not be verified.']);
  });

  it('cannot be asked about without the payroll they went into', async () => {
    const failure = await failureOf(() => port.acknowledgement({ exportId: 'US01.S2026-11-1.1', checksum: 'x', lines: 1 }, callContext()));
    assert.deepEqual([failure.kind, failure.code], ['contract', 'GUSTO_PAYROLL_NOT_NAMED']);
  });

  it('are sent in the words of Gusto\'s reference', async () => {
    const schemas = z.record(z.string(), z.looseObject({})).parse(JSON.parse(readFileSync(new URL('../../fixtures/vendors/gusto/requests.schema.json', import.meta.url), 'utf8')));
    const ajv = new Ajv({ strict: false, formats: { uuid: /^[0-9a-f-]{36}$/ } });
    const fresh = await startCompany();
    const recorder = await recordingProxy(fresh.url);
    try {
      await fresh.hire([ADA]);
      const recorded = createGusto({ system: 'gusto', baseUrl: recorder.url, credentials: fresh.credentials, options: { legalEntity: 'US01', submit: 'when_calculated' }, log: silent, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 10 } }, fresh.dataDir);
      const document = exportOf(await fresh.open(), [{ hours: '7.5' }, { hours: '1', payCode: 'OT20', multiplier: '2' }]);
      const sent = await send(document, recorded);
      for (let times = 0; times < 4; times += 1) await ask(document, sent, recorded);
    } finally {
      recorder.close();
      await fresh.close();
    }
    assert.deepEqual(recorder.seen.map(({ kind }) => kind), ['oauth', 'prepare', 'update', 'start', 'start']);
    for (const { kind, body, version } of recorder.seen) {
      const check = ajv.compile(schemas[kind] ?? {});
      assert.ok(check(body), `${kind}: ${ajv.errorsText(check.errors)}`);
      if (kind !== 'oauth') assert.equal(version, '2026-02-01');
    }
  });
});

interface Recorded {
  readonly kind: string;
  readonly body: unknown;
  readonly version: string | undefined;
}

/** Passes requests on and keeps the bodies that were sent. */
async function recordingProxy(target: string): Promise<{ readonly url: string; readonly seen: Recorded[]; close(): void }> {
  const seen: Recorded[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const path = (request.url ?? '').split('?', 1)[0] ?? '';
      const kind = path.endsWith('/token') ? 'oauth' : path.endsWith('/prepare') ? 'prepare' : /(calculate|submit)$/.test(path) ? 'start' : 'update';
      const header = (name: string) => request.headersDistinct[name]?.[0];
      if (text !== '') seen.push({ kind, body: JSON.parse(text), version: header('x-gusto-api-version') });
      const headers = Object.fromEntries(['authorization', 'x-gusto-api-version', 'content-type', 'accept'].flatMap((name) => (header(name) === undefined ? [] : [[name, header(name) ?? '']])));
      void fetch(`${target}${request.url ?? ''}`, { method: request.method ?? 'GET', headers, ...(text === '' ? {} : { body: text }) }).then(async (answer) => response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text()));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { url: `http://127.0.0.1:${address.port}`, seen, close: () => void server.close() };
}
