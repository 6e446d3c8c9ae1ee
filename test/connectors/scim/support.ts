import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { createScim } from '../../../connectors/scim/index.ts';
import type { HrPort } from '../../../connectors/hr-port.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { scim } from '../../../sandbox/scim/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { silent } from '../conformance/documents.ts';
import type { HrOffice, HrPerson } from '../conformance/hr.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { testClock, type TestClock } from '../conformance/timesheet-source.ts';

export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const FIRM = 'urn:ietf:params:scim:schemas:extension:northwind:2.0:User';
export const OPTIONS = { attributes: { legalEntity: `${FIRM}:legalEntity`, laborCategory: `${FIRM}:laborCategory`, from: `${FIRM}:hiredOn`, to: `${FIRM}:leavesOn` } };

export const userSchema = z.looseObject({
  id: z.string(),
  userName: z.string(),
  active: z.boolean().optional(),
  displayName: z.string().optional(),
  emails: z.array(z.looseObject({ value: z.string(), type: z.string().optional() })).optional(),
  [ENTERPRISE]: z.looseObject({ costCenter: z.string().optional() }).optional(),
  [FIRM]: z.looseObject({}).optional(),
});

export interface Sent {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface HrService {
  readonly url: string;
  readonly clock: TestClock;
  readonly office: HrOffice;
  readonly faults: ReturnType<typeof sandboxFaults>;
  readonly admin: ReturnType<typeof sandboxAdmin>;
  readonly credentials: { readonly token: string };
  connect(options?: object, credentials?: unknown, baseUrl?: string): HrPort;
  user(id: string): Promise<z.infer<typeof userSchema>>;
  /** Runs while the answer to the next such reading is on its way. */
  during(url: RegExp, work: () => Promise<void>): void;
  close(): Promise<void>;
}

/** An HR system of its own, on a free port. What happens in the middle of a reading is done by a definition around the sandbox's own. */
export async function startHr(options: Readonly<Record<string, unknown>> = {}): Promise<HrService> {
  const token = randomBytes(24).toString('base64url');
  const clock = testClock('2026-11-02T00:00:00.000Z');
  let meanwhile: { readonly url: RegExp; readonly work: () => Promise<void> } | null = null;
  const running: RunningSandbox = await startSandbox(
    {
      ...scim,
      register(context) {
        context.app.addHook('onSend', async (request, _reply, payload) => {
          const due = meanwhile;
          if (due === null || request.method !== 'GET' || !due.url.test(request.url)) return payload;
          meanwhile = null;
          await due.work();
          return payload;
        });
        return scim.register(context);
      },
    },
    { port: 0, options: { token, ...options }, now: () => new Date(clock.now()) },
  );
  const admin = sandboxAdmin(() => running.url);
  const seed = async (people: readonly object[]) => (await admin.seed({ users: people }))['users'] ?? [];
  const user = async (id: string) => userSchema.parse((await admin.state())['users']?.find((each) => each['id'] === id));
  const office: HrOffice = {
    clock,
    hire: async (person) => (await seed([recordOf(person)]))[0] ?? '',
    hireMany: (people) => seed(people.map(recordOf)),
    async change(id, { costCenter, ...person }) {
      const { emails, displayName, [FIRM]: firm } = recordOf({ email: null, ...person });
      const before = await user(id);
      await seed([{ id, ...(person.email === undefined ? {} : { emails }), ...(person.name === undefined ? {} : { displayName }), ...(person.active === undefined ? {} : { active: person.active }), ...(costCenter === undefined ? {} : { [ENTERPRISE]: { ...before[ENTERPRISE], costCenter } }), ...(Object.keys(firm).length === 0 ? {} : { [FIRM]: { ...before[FIRM], ...firm } }) }]);
    },
    remove: async (id) => void (await seed([{ id, remove: true }])),
    async shows(id) {
      const found = await user(id);
      return { email: found.emails?.find(({ type }) => type === 'work')?.value ?? null, costCenter: found[ENTERPRISE]?.costCenter ?? null, active: found.active ?? true, name: found.displayName ?? null };
    },
    duringNextPage(work) {
      meanwhile = { url: /\/Users\?/, work };
    },
    writes: async () => (await admin.requests()).filter(({ method, url, status }) => (method === 'PATCH' || method === 'PUT') && url.startsWith('/scim/') && status < 300).length,
  };
  return {
    url: running.url,
    clock,
    office,
    admin,
    faults: sandboxFaults(() => running.url),
    credentials: { token },
    connect: (own = {}, credentials = { token }, baseUrl = `${running.url}/scim/v2`) => createScim({ system: 'hr', baseUrl, credentials, options: { ...OPTIONS, ...own }, log: silent, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 } }, () => clock.now()),
    user,
    during(url, work) {
      meanwhile = { url, work };
    },
    close: () => running.close(),
  };
}

let counter = 0;

export function recordOf({ email, name, active, employeeNumber, legalEntity, costCenter, laborCategory, managerId, from, to }: HrPerson) {
  counter += 1;
  const firm = { ...(legalEntity === undefined ? {} : { legalEntity }), ...(laborCategory === undefined ? {} : { laborCategory }), ...(from === undefined ? {} : { hiredOn: from }), ...(to === undefined ? {} : { leavesOn: to }) };
  return {
    userName: `user-${counter}`,
    ...(email === null ? {} : { emails: [{ value: `private-${counter}@home.example`, type: 'home' }, { value: email, type: 'work', primary: true }] }),
    ...(name === undefined ? {} : { displayName: name }),
    active: active ?? true,
    [ENTERPRISE]: { ...(employeeNumber === undefined ? {} : { employeeNumber }), ...(costCenter === undefined ? {} : { costCenter }), ...(managerId === undefined ? {} : { manager: { value: managerId } }) },
    [FIRM]: firm,
  };
}
