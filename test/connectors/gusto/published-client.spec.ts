import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Gusto } from '../../../connectors/gusto/client.ts';
import { employeesOf, hoursIn, payrollById } from '../../../connectors/gusto/payrolls.ts';
import { createGusto } from '../../../connectors/gusto/index.ts';
import { callContext, silent } from '../conformance/documents.ts';
import { recordExchanges, type Exchange } from '../conformance/exchanges.ts';
import { exportOf } from '../conformance/payroll.ts';
import { typeMistakes, type Typed } from '../conformance/published-types.ts';
import { payrollOf, startCompany } from './company.ts';

const PACKAGE = fileURLToPath(import.meta.resolve('@gusto/embedded-api'));
const PRELUDE = `import type { Employee, Payroll, PayrollsService } from ${JSON.stringify(PACKAGE)};
type Part<T> = T extends string ? \`\${T}\` : T extends readonly (infer Item)[] ? Part<Item>[] : T extends object ? { [Name in keyof T]?: Part<T[Name]> | null } : T;
type Update = NonNullable<Parameters<PayrollsService['putCompanyPayrollsPayPeriodStartDatePayPeriodEndDate']>[0]['requestBody']>;`;

/**
 * The client is of Gusto's version 2023-02-01. What later versions have added or moved is left out before its types are asked: versions are each employee's since 2024-03-01,
 * the others are of the reference as of 2025-06-15 (see the README). Of the two updates of a payroll that it has, the one by UUID calls `job_uuid` a number, which it is nowhere else: the one by pay period is asked.
 */
const NEWER = new Set(['version', 'processing_request', 'uuid', 'external', 'auto_pilot', 'memo', 'fixed_compensation_types']);
const ofThatVersion = (value: unknown, keep: readonly string[] = []): unknown => JSON.parse(JSON.stringify(value), (_name, inner: unknown) => {
  const members = z.record(z.string(), z.unknown()).safeParse(inner);
  return members.success && !Array.isArray(inner) ? Object.fromEntries(Object.entries(members.data).filter(([name]) => keep.includes(name) || !NEWER.has(name))) : inner;
});

describe("Gusto by the vendor's own client", function () {
  this.timeout(60_000);
  let exchanges: readonly Exchange[];

  before(async () => {
    const company = await startCompany();
    const recorder = await recordExchanges(company.url);
    try {
      await company.hire(['ada@northwind-consulting.example']);
      const port = createGusto({ system: 'gusto', baseUrl: recorder.url, credentials: company.credentials, options: { legalEntity: 'US01', submit: 'when_calculated' }, log: silent, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 10 } }, company.dataDir);
      const document = exportOf(await company.open(), [{ person: 'ada@northwind-consulting.example', hours: '7.5' }]);
      const sent = await port.send(document, callContext());
      assert.ok(payrollOf(sent.files) !== '');
      for (let times = 0; times < 4; times += 1) await port.acknowledgement({ exportId: document.id, checksum: sent.checksum, lines: document.lines.length, files: sent.files }, callContext());
    } finally {
      recorder.close();
      await company.close();
    }
    exchanges = recorder.exchanges;
  });
  const those = (method: string, path: RegExp) => exchanges.filter((exchange) => exchange.method === method && path.test(exchange.path) && exchange.status < 300);

  it('is sent what its types name: names, hours as text, jobs by their UUID', async () => {
    const updates = those('PUT', /\/payrolls\/[^/]+$/).map(({ body }): Typed => ({ about: 'update', type: "Pick<Update, 'employee_compensations'>", value: ofThatVersion(body) }));
    assert.equal(updates.length, 1);
    assert.deepEqual(await typeMistakes(PRELUDE, updates), []);
    const wrong = { employee_compensations: [{ employee_uuid: 'e', hourly_compensations: [{ name: 'Overtime', hours: 7.5, job: 'j' }] }] };
    assert.ok((await typeMistakes(PRELUDE, [{ about: 'update', type: "Pick<Update, 'employee_compensations'>", value: wrong }])).length > 0);
  });

  it('is answered by the sandbox with employees and payrolls of its types', async () => {
    const answers = [
      ...those('GET', /\/employees$/).map(({ answer }): Typed => ({ about: 'employees', type: 'Part<Employee>[]', value: ofThatVersion(answer, ['uuid']) })),
      ...those('GET', /\/payrolls$/).map(({ answer }): Typed => ({ about: 'payrolls', type: 'Part<Payroll>[]', value: ofThatVersion(answer) })),
      ...[...those('GET', /\/payrolls\/[^/]+$/), ...those('PUT', /\/payrolls\/[^/]+(\/prepare)?$/)].map(({ answer }): Typed => ({ about: 'a payroll', type: 'Part<Payroll>', value: ofThatVersion(answer) })),
    ];
    assert.deepEqual(new Set(answers.map(({ about }) => about)), new Set(['employees', 'payrolls', 'a payroll']));
    assert.deepEqual(await typeMistakes(PRELUDE, answers), []);
  });

  it('has paths for all that is called but "prepare", which came later', async () => {
    const source = await readFile(`${PACKAGE.replace(/index\.js$/, '')}generated/services/PayrollsService.js`, 'utf8') + await readFile(`${PACKAGE.replace(/index\.js$/, '')}generated/services/EmployeesService.js`, 'utf8');
    const known = new Set([...source.matchAll(/method: '(\w+)',\s+url: '([^']+)'/g)].map(([, method, url]) => `${method ?? ''} ${url ?? ''}`));
    const called = new Set(exchanges.filter(({ path }) => path.startsWith('/v1/')).map(({ method, path }) => `${method} ${path.replace(/companies\/[^/]+/, 'companies/{company_id}').replace(/payrolls\/[^/]+/, 'payrolls/{payroll_id}')}`));
    assert.deepEqual([...called].filter((operation) => !known.has(operation)), ['PUT /v1/companies/{company_id}/payrolls/{payroll_id}/prepare']);
    assert.ok(called.size >= 7, `${called.size} operations`);
  });

  it('has answers of Gusto, recorded by its makers, that the connector reads', async () => {
    const recorded = async (name: string): Promise<unknown> => JSON.parse(await readFile(`${PACKAGE.replace(/index\.js$/, '')}fixtures/${name}.json`, 'utf8'));
    const reading = (answer: unknown): Gusto => ({
      system: 'gusto',
      list: (_path, item) => Promise.resolve(z.array(item).parse(answer)),
      read: (_path, schema) => Promise.resolve(schema.parse(answer)),
      put: () => assert.fail('nothing is written'),
      start: () => assert.fail('nothing is started'),
    });
    const about = { object: 'recorded answers', context: callContext() };
    const employees = await employeesOf(reading(await recorded('GET.companies.{company_id}.employees')), about);
    assert.deepEqual(employees.slice(0, 1).map(({ uuid, email, terminated, jobs }) => [uuid, email, terminated, jobs.map(({ primary }) => primary)]), [['19394e76-a866-4570-b237-9a26b0163907', 'iberlin1@initech.biz', false, [true]]]);
    const payroll = await recorded('GET.companies.{company_id}.payrolls.{payroll_id}');
    const head = await payrollById(reading(payroll), 'any', about);
    assert.deepEqual([head.processed, head.off_cycle, head.pay_period.start_date < head.pay_period.end_date], [false, false, true]);
    const hours = await hoursIn(reading(payroll), 'any', about);
    assert.deepEqual(hours[0]?.hourly_compensations.map(({ name, hours: worked, compensation_multiplier: times }) => [name, worked, times]), [['Regular Hours', '40.000', 1], ['Overtime', '4.000', 1.5], ['Double overtime', '2.000', 2]]);
  });
});
