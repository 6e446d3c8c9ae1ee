import assert from 'node:assert/strict';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { ChangedEmployee, Employee, HrPort } from '../../../connectors/hr-port.ts';
import { theyTakeBadAnswers, type ExceptionsOf } from './bad-answers.ts';
import { callContext, uniqueTag } from './documents.ts';
import { AT_ITS_LIMIT, failureOf, LIMIT_MS, type FaultBoard } from './records.ts';
import type { TestClock } from './timesheet-source.ts';
import { onBothSidesOfTheDateLine } from './zones.ts';

/** A person as HR's own pages take them; what is left out, HR does not know. */
export interface HrPerson {
  readonly email: string | null;
  readonly name?: string;
  readonly active?: boolean;
  readonly employeeNumber?: string;
  readonly legalEntity?: string;
  readonly costCenter?: string;
  readonly laborCategory?: string;
  readonly managerId?: string;
  /** Local days, as HR writes them. */
  readonly from?: string;
  readonly to?: string;
}

/** What people do in an HR system, past the connector. */
export interface HrOffice {
  readonly clock: TestClock;
  /** Answers HR's own ID. */
  hire(person: HrPerson): Promise<string>;
  hireMany(people: readonly HrPerson[]): Promise<readonly string[]>;
  change(id: string, person: Partial<HrPerson>): Promise<void>;
  remove(id: string): Promise<void>;
  /** What HR's own pages show of a person. */
  shows(id: string): Promise<{ readonly email: string | null; readonly costCenter: string | null; readonly active: boolean; readonly name: string | null }>;
  /** Runs when the system has been asked for the next page: what happens in the middle of a reading. */
  duringNextPage(work: () => Promise<void>): void;
  /** How many changes of people the system has taken from the connector. */
  writes(): Promise<number>;
}

export interface HrCase {
  readonly name: string;
  readonly port: () => HrPort;
  readonly office: () => HrOffice;
  readonly faults: FaultBoard;
  /** The vendor's method for changing a person. */
  readonly writeMethod: 'PATCH' | 'PUT' | 'POST';
  /** Whether a change may be lost between two writers because the system has no versions. */
  readonly versions: boolean;
  /** How many people are read in pages while they come and go; 1,000 unless a service is too slow for a test. */
  readonly crowd?: number;
  /** What becomes of bad answers where it is not the rule; null for a service that cannot be told to give them. */
  readonly badAnswers?: ExceptionsOf<'employees' | 'load' | 'findByEmail' | 'update'> | null;
}

/** What every HR system promises (connectors/hr-port.ts). */
export function describeHr({ name, port, office, faults, writeMethod, versions, crowd = 1000, badAnswers }: HrCase): void {
  describe(`${name}, as any HR system`, () => {
    afterEach(async () => faults.clear());
    /** Nothing of earlier tests is within a sweep's overlap. */
    beforeEach(() => office().clock.advance(3_600_000));
    const instant = () => new Date(office().clock.now()).toISOString();
    const anAddress = () => `person-${uniqueTag()}@northwind-consulting.example`;
    const sweep = async (since: string | null): Promise<ChangedEmployee[]> => {
      const found: ChangedEmployee[] = [];
      for await (const each of port().employees(since, callContext())) found.push(each);
      return found;
    };
    const idOf = (each: ChangedEmployee) => ('employee' in each ? each.employee.externalId : each.unreadable.externalId);
    const loaded = async (id: string): Promise<Employee> => {
      const employee = await port().load(id, callContext());
      assert.ok(employee !== null, `there is no person ${id}`);
      return employee;
    };
    const update = (id: string, change: { email?: string; costCenter?: string; active?: boolean }) => {
      const port_ = port();
      assert.ok(!isUnsupported(port_.update));
      return port_.update(id, change, callContext());
    };

    it('gives a person as HR has them, in the codes of the configuration', async () => {
      const email = anAddress();
      const manager = await office().hire({ email: anAddress(), name: 'Ingrid Solberg' });
      const id = await office().hire({ email, name: 'Zoë Ångström-Ōta 宮本', employeeNumber: 'E-77', legalEntity: 'US01', costCenter: 'US01-TECH', laborCategory: 'CONSULTANT', managerId: manager, from: '2026-01-01', to: '2027-12-31' });
      const { changedAt, ...employee } = await loaded(id);
      assert.deepEqual(employee, {
        externalId: id, employeeNumber: 'E-77', email, name: 'Zoë Ångström-Ōta 宮本', active: true, legalEntity: 'US01', costCenter: 'US01-TECH', laborCategory: 'CONSULTANT',
        managerExternalId: manager, from: '2026-01-01', to: '2027-12-31',
      });
      assert.equal(Date.parse(changedAt), office().clock.now());
    });

    it('says null for what HR does not know, and guesses nothing', async () => {
      const id = await office().hire({ email: anAddress(), name: 'Dana Kowalski' });
      const { employeeNumber, legalEntity, costCenter, laborCategory, managerExternalId, from, to } = await loaded(id);
      assert.deepEqual([employeeNumber, legalEntity, costCenter, laborCategory, managerExternalId, from, to], [null, null, null, null, null, null, null]);
    });

    it('knows nobody by an ID that HR does not have', async () => {
      for (const id of ['nobody', '00000000-0000-4000-8000-000000000000', 'a/b?c=d&e', '']) assert.equal(await port().load(id, callContext()), null, id);
    });

    it('finds a person by address, however it is spelt and whatever is in it', async () => {
      for (const email of [anAddress(), `o'brien+${uniqueTag()}@northwind-consulting.example`]) {
        const id = await office().hire({ email });
        assert.equal((await port().findByEmail(email, callContext()))?.externalId, id);
        assert.equal((await port().findByEmail(email.toUpperCase(), callContext()))?.externalId, id);
      }
      for (const email of [anAddress(), 'x" or userName pr or userName eq "y', '\\', '']) assert.equal(await port().findByEmail(email, callContext()), null, email);
    });

    it('tells who changed since, and nobody who did not', async () => {
      const before = await office().hire({ email: anAddress() });
      const changed = await office().hire({ email: anAddress(), costCenter: 'US01-TECH' });
      office().clock.advance(3_600_000);
      const since = instant();
      const fresh = await office().hire({ email: anAddress() });
      office().clock.advance(1000);
      await office().change(changed, { costCenter: 'US01-DATA' });
      const told = new Map((await sweep(since)).map((each) => [idOf(each), each]));
      assert.ok(!told.has(before));
      assert.deepEqual([...told.keys()].toSorted(), [fresh, changed].toSorted());
      const after = told.get(changed);
      assert.ok(after !== undefined && 'employee' in after);
      assert.deepEqual([after.employee.costCenter, Date.parse(after.employee.changedAt)], ['US01-DATA', office().clock.now()]);
    });

    it('tells a person who left as no longer active', async () => {
      const since = instant();
      const id = await office().hire({ email: anAddress() });
      await office().change(id, { active: false, to: '2026-11-30' });
      const { active, to } = await loaded(id);
      assert.deepEqual([active, to], [false, '2026-11-30']);
      assert.ok((await sweep(since)).some((each) => idOf(each) === id));
    });

    it('gives days as HR writes them, on both sides of the date line', async () => {
      await onBothSidesOfTheDateLine(async () => {
        for (const from of ['2026-01-01', '2024-02-29', '1999-12-31']) assert.equal((await loaded(await office().hire({ email: anAddress(), from }))).from, from);
      });
    });

    it('tells of a person who cannot be read with what to mend, and of all the others', async () => {
      const since = instant();
      const nameless = await office().hire({ email: null });
      const undated = await office().hire({ email: anAddress(), from: 'next summer' });
      const fine = await office().hire({ email: anAddress() });
      const told = new Map((await sweep(since)).map((each) => [idOf(each), each]));
      for (const id of [nameless, undated]) {
        const each = told.get(id);
        assert.ok(each !== undefined && 'unreadable' in each, `${id} is told as readable`);
        assert.ok(each.unreadable.reason.length > 10 && each.unreadable.mend.length > 10);
        assert.equal((await failureOf(() => port().load(id, callContext()))).kind, 'contract');
      }
      assert.ok('employee' in (told.get(fine) ?? {}));
    });

    it(`tells each of ${crowd.toLocaleString('en')} people once, though people come, go and change while they are read`, async () => {
      const since = instant();
      const ids = await office().hireMany(Array.from({ length: crowd }, (_, index) => ({ email: `n${index}-${uniqueTag()}@northwind-consulting.example` })));
      assert.equal((await sweep(since)).length, crowd);
      const [leaving = '', changing = ''] = ids;
      let fresh = '';
      office().duringNextPage(async () => {
        await office().remove(leaving);
        await office().change(changing, { name: 'Renamed meanwhile' });
        fresh = await office().hire({ email: anAddress() });
      });
      const told = (await sweep(null)).map(idOf);
      assert.equal(new Set(told).size, told.length, 'somebody was told twice');
      const set = new Set(told);
      assert.deepEqual(ids.filter((id) => id !== leaving && !set.has(id)), [], 'somebody was passed over');
      assert.ok(fresh !== '', 'nothing happened during the reading');
    });

    it('writes an address, a cost center and the end of an employment back, once', async () => {
      const id = await office().hire({ email: anAddress(), costCenter: 'US01-TECH', name: 'Mei Tan', employeeNumber: 'E-9' });
      const email = anAddress();
      const before = await office().writes();
      const change = { email, costCenter: 'US01-DATA', active: false };
      await update(id, change);
      await update(id, change);
      assert.deepEqual(await office().shows(id), { email, costCenter: 'US01-DATA', active: false, name: 'Mei Tan' });
      assert.equal((await office().writes()) - before, 1);
      assert.equal((await loaded(id)).employeeNumber, 'E-9');
    });

    it('writes what HR did not know before', async () => {
      const id = await office().hire({ email: anAddress() });
      await update(id, { costCenter: 'US01-CLOU' });
      assert.equal((await office().shows(id)).costCenter, 'US01-CLOU');
    });

    it('says that there is nobody to change', async () => {
      const failure = await failureOf(() => update('00000000-0000-4000-8000-000000000000', { costCenter: 'US01-DATA' }));
      assert.deepEqual([failure.kind, failure.written], ['business_rule', 'no']);
    });

    if (versions) {
      it('keeps what somebody else wrote at the same time', async () => {
        const id = await office().hire({ email: anAddress(), costCenter: 'US01-TECH', name: 'Before' });
        await faults.next({ kind: 'status', status: 412, method: writeMethod });
        await update(id, { costCenter: 'US01-DATA' });
        assert.equal((await office().shows(id)).costCenter, 'US01-DATA');
      });
    }

    for (const kind of ['cut-before', 'cut-after'] as const) {
      it(`is in doubt where the connection is ${kind === 'cut-before' ? 'cut before' : 'cut after'} the change, and the same change again settles it`, async () => {
        const id = await office().hire({ email: anAddress(), costCenter: 'US01-TECH' });
        await faults.next({ kind, method: writeMethod, path: '^(?!.*oauth)' });
        const failure = await failureOf(() => update(id, { costCenter: 'US01-DATA' }));
        assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
        await update(id, { costCenter: 'US01-DATA' });
        assert.equal((await office().shows(id)).costCenter, 'US01-DATA');
      });
    }

    it('goes through where the token expires in the middle', async () => {
      const id = await office().hire({ email: anAddress(), costCenter: 'US01-TECH' });
      await faults.next({ kind: 'expired-token', method: 'GET' });
      assert.equal((await loaded(id)).externalId, id);
      await faults.next({ kind: 'expired-token', method: writeMethod, path: '^(?!.*oauth)' });
      await update(id, { costCenter: 'US01-DATA' });
      assert.equal((await office().shows(id)).costCenter, 'US01-DATA');
    });

    it('names each way in which the system fails', async () => {
      const id = await office().hire({ email: anAddress() });
      const seen: Record<string, unknown> = {};
      for (const [told, fault] of Object.entries({
        forbidden: { kind: 'status', status: 403 },
        broken: { kind: 'status', status: 500 },
        page: { kind: 'html' },
        strange: { kind: 'wrong-schema' },
        cut: { kind: 'cut-after' },
        limit: AT_ITS_LIMIT,
      } as const)) {
        await faults.next({ ...fault, method: 'GET', path: id });
        const failure = await failureOf(() => port().load(id, callContext()));
        seen[told] = [failure.kind, failure.written, failure.retryAfterMs];
        assert.ok(failure.message.includes(id) && failure.mend.length > 0);
      }
      assert.deepEqual(seen, {
        limit: ['transient', 'no', LIMIT_MS], forbidden: ['configuration', 'no', undefined], broken: ['transient', 'no', undefined],
        page: ['contract', 'no', undefined], strange: ['contract', 'no', undefined], cut: ['transient', 'no', undefined],
      });
    });

    it('takes names as long as anybody has them, and with whatever is in them', async () => {
      for (const name of ['👩‍👩‍👧‍👦 \u202Eabc\u202C 𠮷野家', `${'Wolfeschlegelsteinhausenbergerdorff '.repeat(8)}Sr.`]) {
        const id = await office().hire({ email: anAddress(), name });
        const { name: read } = await loaded(id);
        assert.ok(read.isWellFormed() && (read === name || (read.length > 50 && name.startsWith(read.replace(/…$/, '')))), read);
      }
    });

    if (badAnswers !== null) theyTakeBadAnswers([
      {
        name: 'employees', writes: false,
        arrange: async () => {
          const since = instant();
          const id = await office().hire({ email: anAddress() });
          // What a service offers is asked once, and is known by now.
          await sweep(since);
          return async () => assert.ok((await sweep(since)).some((each) => idOf(each) === id), 'somebody is passed over in silence');
        },
      },
      {
        name: 'load', writes: false,
        arrange: async () => {
          const id = await office().hire({ email: anAddress() });
          return () => loaded(id);
        },
      },
      {
        name: 'findByEmail', writes: false,
        arrange: async () => {
          const email = anAddress();
          await office().hire({ email });
          return async () => assert.ok((await port().findByEmail(email, callContext())) !== null, 'somebody who is there is not found');
        },
      },
      {
        name: 'update', writes: true, spoils: { method: writeMethod },
        arrange: async () => {
          const id = await office().hire({ email: anAddress(), costCenter: 'US01-TECH' });
          return () => update(id, { costCenter: 'US01-DATA' });
        },
      },
    ], faults, badAnswers);

    it('stops reading when it is cancelled', async () => {
      const controller = new AbortController();
      controller.abort(new Error('the worker shuts down'));
      await assert.rejects(async () => {
        for await (const each of port().employees(null, { ...callContext(), signal: controller.signal })) assert.fail(idOf(each));
      }, /the worker shuts down/);
    });
  });
}
