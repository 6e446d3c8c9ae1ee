import { mkdtemp, readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { createPayrollFile } from '../../../connectors/payroll-file/index.ts';
import { addDecimal } from '../../../domain/money.ts';
import { silent } from '../conformance/documents.ts';
import { describePayrollPort } from '../conformance/payroll.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { payrollOf, startCompany, type TestCompany } from './company.ts';

describe('Gusto', () => {
  let company: TestCompany;
  before(async () => {
    company = await startCompany();
  });
  after(() => company?.close());

  describePayrollPort(
    {
      name: 'Gusto',
      port: () => company.connect(),
      open: () => company.open(),
      hire: async (people) => void (await company.hire(people)),
      hours: ({ payPeriod }) => company.hours(payPeriod.from),
      accept: (_document, { files }) => company.change(payrollOf(files), { processed: true, status: 'submit_success' }),
      refuse: (_document, { files }, reason) => company.change(payrollOf(files), { status: 'processing_failed', errors: [{ error_key: 'base', category: 'payroll_blocker', message: reason }] }),
      write: { method: 'PUT', path: '/payrolls/[0-9a-f-]{36}$' },
      // Names of pay codes that it never had: the hours it answers are not those that were sent.
      badAnswers: { send: { 'unknown-values': 'contract GUSTO_HOURS_LOST unknown' }, acknowledgement: { 'unknown-values': 'refused' } },
    },
    sandboxFaults(() => company.url),
  );
});

describe('Payroll files', () => {
  const records = z.array(z.object({ person: z.string(), pay_code: z.string(), hours: z.string() }));
  let folder: string;
  let periods = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q2c-payroll-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const answer = async (exportId: string, content: object) => {
    await mkdir(join(folder, 'incoming'), { recursive: true });
    await writeFile(join(folder, 'incoming', `payroll.${exportId}.ack.json`), JSON.stringify({ schema: 'payroll-acknowledgement', schemaVersion: 1, exportId, ...content }));
  };

  describePayrollPort(
    {
      name: 'Files in a folder',
      port: () => createPayrollFile({ system: 'payroll', baseUrl: `file://${folder}`, credentials: undefined, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, options: {}, log: silent }),
      open: async () => {
        periods += 1;
        return Promise.resolve({ employer: 'US01', payPeriod: { code: `P${periods}`, from: '2026-11-01', to: '2026-11-15' }, payDate: '2026-11-20' });
      },
      hire: async () => Promise.resolve(),
      async hours({ id }) {
        const sums = new Map<string, string>();
        for (const { person, pay_code: code, hours } of records.parse(parse(await readFile(join(folder, 'outgoing', `payroll.${id}.csv`)), { columns: true }))) sums.set(`${person} ${code}`, addDecimal(sums.get(`${person} ${code}`) ?? '0', hours));
        return Object.fromEntries([...sums].toSorted());
      },
      accept: ({ id, lines }, { checksum }) => answer(id, { checksum, outcome: 'accepted', accepted: lines.length }),
      refuse: ({ id }, { checksum }, reason) => answer(id, { checksum, outcome: 'refused', accepted: 0, reason }),
      write: null,
    },
    null,
  );
});
