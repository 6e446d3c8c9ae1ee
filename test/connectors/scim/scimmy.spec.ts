import { createScim } from '../../../connectors/scim/index.ts';
import type { HrPort } from '../../../connectors/hr-port.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { silent } from '../conformance/documents.ts';
import { describeHr, type HrOffice } from '../conformance/hr.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { testClock } from '../conformance/timesheet-source.ts';
import { scimmyService, type ScimmyService } from './scimmy.ts';
import { ENTERPRISE, FIRM, OPTIONS, recordOf, userSchema } from './support.ts';

/** The whole suite against a service that is not ours. SCIMMY makes everybody anew for each page: with 250 people the list has three pages and takes seconds, not half a minute. */
for (const [name, without] of [['SCIMMY', []], ['SCIMMY without PATCH', ['patch']]] as const) {
  describe(name, function () {
    this.timeout(60_000);
    const clock = testClock('2026-11-02T00:00:00.000Z');
    let service: ScimmyService;
    let running: RunningSandbox;
    let port: HrPort;

    before(async () => {
      service = scimmyService(() => new Date(clock.now()), without);
      running = await startSandbox(service.definition, { port: 0, now: () => new Date(clock.now()) });
      port = createScim({ system: 'hr', baseUrl: running.url, credentials: { token: service.token }, options: OPTIONS, log: silent, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 } }, () => clock.now());
    });
    after(async () => running?.close());

    const shown = (id: string) => userSchema.parse(service.users.get(id));
    const office: HrOffice = {
      clock,
      hire: (person) => service.write(recordOf(person)),
      async hireMany(people) {
        const ids: string[] = [];
        for (const person of people) ids.push(await service.write(recordOf(person)));
        return ids;
      },
      async change(id, { costCenter, ...person }) {
        const before = shown(id);
        const { emails, displayName, [FIRM]: firm } = recordOf({ email: null, ...person });
        const after = { ...before, ...(person.email === undefined ? {} : { emails }), ...(person.name === undefined ? {} : { displayName }), ...(person.active === undefined ? {} : { active: person.active }), [ENTERPRISE]: { ...before[ENTERPRISE], ...(costCenter === undefined ? {} : { costCenter }) }, [FIRM]: { ...before[FIRM], ...firm } };
        await service.write(after, id);
      },
      remove: (id) => service.remove(id),
      shows: (id) => {
        const found = shown(id);
        return Promise.resolve({ email: found.emails?.find(({ type }) => type === 'work')?.value ?? null, costCenter: found[ENTERPRISE]?.costCenter ?? null, active: found.active ?? true, name: found.displayName ?? null });
      },
      duringNextPage: (work) => service.duringNextPage(work),
      writes: async () => (await sandboxAdmin(() => running.url).requests()).filter(({ method, status }) => (method === 'PATCH' || method === 'PUT') && status < 300).length,
    };
    const faults = sandboxFaults(() => running.url);
    describeHr({ name, port: () => port, office: () => office, faults, writeMethod: without.length === 0 ? 'PATCH' : 'PUT', versions: true, crowd: 250, badAnswers: null });
  });
}
