import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createGusto } from '../../../connectors/gusto/index.ts';
import type { PayrollPort } from '../../../connectors/payroll-port.ts';
import { gusto } from '../../../sandbox/gusto/sandbox.ts';
import { startSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { silent } from '../conformance/documents.ts';
import type { OpenPeriod } from '../conformance/payroll.ts';

const CODES: Readonly<Record<string, string>> = { 'Regular Hours': 'REG', Overtime: 'OT15', 'Double overtime': 'OT20' };
const itemRow = z.object({ payroll: z.string(), employee: z.string(), hours: z.array(z.object({ name: z.string(), hours: z.string() })) });
const payrollRow = z.object({ uuid: z.string(), start_date: z.string(), off_cycle: z.boolean() });
const employeeRow = z.object({ uuid: z.string(), work_email: z.string().nullable() });

/** A company in Gusto, on a free port, and a data folder of its own. */
export async function startCompany(options: Readonly<Record<string, unknown>> = {}) {
  const token = () => randomBytes(24).toString('base64url');
  const credentials = { companyUuid: randomUUID(), clientId: token(), clientSecret: token(), refreshToken: token() };
  const running = await startSandbox(gusto, { port: 0, options: { ...credentials, requestsPerMinute: null, ...options } });
  const dataDir = await mkdtemp(join(tmpdir(), 'q2c-gusto-'));
  const admin = sandboxAdmin(() => running.url);
  let periods = 0;
  return {
    url: running.url,
    admin,
    credentials,
    dataDir,
    connect: (more: object = {}, own: unknown = credentials): PayrollPort => createGusto({ system: 'gusto', baseUrl: running.url, credentials: own, options: { legalEntity: 'US01', ...more }, log: silent, limits: { concurrency: 4, requestsPerSecond: null, timeoutSeconds: 10 } }, dataDir),
    /** A regular payroll of half a month; another one each time. */
    async open(more: object = {}): Promise<OpenPeriod> {
      periods += 1;
      // Beyond the payrolls that the sandbox has of its own, around today.
      const year = 2031 + Math.floor(periods / 12);
      const month = String((periods % 12) + 1).padStart(2, '0');
      const [from, to, payDate] = [`${year}-${month}-01`, `${year}-${month}-15`, `${year}-${month}-20`];
      await admin.seed({ payrolls: [{ start_date: from, end_date: to, check_date: payDate, ...more }] });
      return { employer: 'US01', payPeriod: { code: `S${year}-${month}-1`, from, to }, payDate };
    },
    async hire(people: readonly string[], more: object = {}): Promise<string[]> {
      const { employees = [] } = await admin.seed({ employees: people.map((work_email) => ({ work_email, ...more })) });
      return employees;
    },
    /** As Gusto's people see the payroll that begins on a day. */
    async hours(from: string): Promise<Record<string, string>> {
      const state = await admin.state();
      const payroll = z.array(payrollRow).parse(state['payrolls'] ?? []).find((each) => each.start_date === from && !each.off_cycle);
      const people = new Map(z.array(employeeRow).parse(state['employees'] ?? []).map(({ uuid, work_email: email }) => [uuid, email ?? '']));
      const items = z.array(itemRow).parse(state['items'] ?? []).filter((item) => item.payroll === payroll?.uuid);
      const hours = items.flatMap((item) => item.hours.filter((place) => Number(place.hours) !== 0).map((place): [string, string] => [`${people.get(item.employee) ?? ''} ${CODES[place.name] ?? place.name}`, place.hours.replace(/\.?0+$/, '')]));
      return Object.fromEntries(hours.toSorted());
    },
    /** Changes a payroll as somebody in Gusto would. */
    async change(uuid: string, change: object): Promise<void> {
      const found = (await admin.state())['payrolls']?.find((each) => each['uuid'] === uuid);
      await admin.seed({ payrolls: [{ ...found, ...change }] });
    },
    async close() {
      await running.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
export type TestCompany = Awaited<ReturnType<typeof startCompany>>;

export function payrollOf(files: readonly string[]): string {
  return (files[0] ?? '').replace('gusto-payroll-', '');
}
