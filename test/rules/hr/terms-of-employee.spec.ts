import assert from 'node:assert/strict';
import type { FirmConfig } from '../../../domain/config/schema.ts';
import type { TimePerson } from '../../../domain/model/time/context.ts';
import type { EmployeeFacts } from '../../../domain/rules/hr/person-of-employee.ts';
import { termsOfEmployee } from '../../../domain/rules/hr/terms-of-employee.ts';
import { theFirm } from '../../builders/firm.ts';
import { aPerson } from '../../builders/time.ts';

describe('What HR tells of a person whose terms are known', () => {
  let firm: FirmConfig;
  before(async () => {
    ({ config: firm } = await theFirm());
  });
  const known = aPerson({ from: '2024-03-01' });
  const employee = (parts: Partial<EmployeeFacts> = {}): EmployeeFacts => ({ email: known.email, active: true, legalEntity: 'US01', costCenter: 'US01-TECH', laborCategory: 'ENGINEER', from: '2024-03-01', to: null, changedAt: '2026-11-10T09:00:00.000Z', ...parts });
  const IN_GERMANY = { legalEntity: 'DE01', costCenter: 'DE01-TECH' };
  function terms(parts: Partial<EmployeeFacts>, before: readonly TimePerson[] = [known]): readonly TimePerson[] {
    const outcome = termsOfEmployee(employee(parts), before, firm);
    assert.ok('terms' in outcome, JSON.stringify(outcome));
    return outcome.terms;
  }
  const told = (rows: readonly TimePerson[]) => rows.map(({ legalEntity, costCenter, laborCategory, from, to }) => `${legalEntity} ${costCenter} ${laborCategory} ${from} to ${to ?? 'now'}`);

  it('opens new terms from the day of the change and leaves those before as they were', () => {
    assert.deepEqual(told(terms(IN_GERMANY)), ['US01 US01-TECH ENGINEER 2024-03-01 to 2026-11-09', 'DE01 DE01-TECH ENGINEER 2026-11-10 to now']);
    assert.deepEqual(told(terms({ costCenter: 'US01-DATA' })), ['US01 US01-TECH ENGINEER 2024-03-01 to 2026-11-09', 'US01 US01-DATA ENGINEER 2026-11-10 to now']);
    assert.deepEqual(told(terms({ laborCategory: 'PARTNER' })), ['US01 US01-TECH ENGINEER 2024-03-01 to 2026-11-09', 'US01 US01-TECH PARTNER 2026-11-10 to now']);
  });

  it('begins them on the day where the new employer is', () => {
    assert.deepEqual(told(terms({ ...IN_GERMANY, changedAt: '2026-11-10T23:30:00.000Z' })).at(-1), 'DE01 DE01-TECH ENGINEER 2026-11-11 to now');
  });

  it('begins them on the first day that HR names', () => {
    assert.deepEqual(told(terms({ ...IN_GERMANY, from: '2026-12-01' })), ['US01 US01-TECH ENGINEER 2024-03-01 to 2026-11-30', 'DE01 DE01-TECH ENGINEER 2026-12-01 to now']);
  });

  it('changes nothing when it is told again, whatever else was edited in HR meanwhile', () => {
    const after = terms(IN_GERMANY);
    assert.deepEqual(terms({ ...IN_GERMANY, changedAt: '2026-11-20T09:00:00.000Z' }, after), after);
    assert.deepEqual(told(terms({ changedAt: '2026-11-20T09:00:00.000Z' }, after)), ['US01 US01-TECH ENGINEER 2024-03-01 to 2026-11-09', 'DE01 DE01-TECH ENGINEER 2026-11-10 to 2026-11-19', 'US01 US01-TECH ENGINEER 2026-11-20 to now'], 'who goes back has a third row');
  });

  it('corrects terms that begin on the same day or later', () => {
    const after = terms(IN_GERMANY);
    assert.deepEqual(told(terms({ legalEntity: 'DE01', costCenter: 'DE01-DATA', changedAt: '2026-11-10T15:00:00.000Z' }, after)), ['US01 US01-TECH ENGINEER 2024-03-01 to 2026-11-09', 'DE01 DE01-DATA ENGINEER 2026-11-10 to now']);
  });

  it('ends the terms in force on the last day, and begins new ones for who comes back', () => {
    const left = terms({ active: false, to: '2026-11-30' });
    assert.deepEqual(told(left), ['US01 US01-TECH ENGINEER 2024-03-01 to 2026-11-30']);
    assert.deepEqual(told(terms({ active: false, to: '2026-11-30', costCenter: 'US01-DATA', changedAt: '2026-12-15T09:00:00.000Z' }, left)), told(left), 'what is edited after they left changes no terms');
    assert.deepEqual(told(terms({ from: '2027-03-01' }, left)), [...told(left), 'US01 US01-TECH ENGINEER 2027-03-01 to now']);
    assert.deepEqual(told(terms({}, left)), ['US01 US01-TECH ENGINEER 2024-03-01 to now'], 'who did not leave after all');
  });

  it('corrects the first day of the first terms', () => {
    assert.deepEqual(told(terms({ from: '2023-01-01' }, terms(IN_GERMANY).slice(0, 1))), ['US01 US01-TECH ENGINEER 2023-01-01 to now']);
    assert.deepEqual(told(terms({ ...IN_GERMANY, from: '2023-01-01' })), ['US01 US01-TECH ENGINEER 2023-01-01 to 2026-11-09', 'DE01 DE01-TECH ENGINEER 2026-11-10 to now']);
    assert.deepEqual(told(terms({ ...IN_GERMANY, from: '2023-01-01' }, terms(IN_GERMANY))), ['US01 US01-TECH ENGINEER 2023-01-01 to 2026-11-09', 'DE01 DE01-TECH ENGINEER 2026-11-10 to now']);
  });

  it('keeps working calendar, approvers and what else is none of HR\'s business over a move', () => {
    const [, after] = terms({ ...IN_GERMANY });
    assert.deepEqual([after?.calendar, after?.approvers, after?.overtime, after?.timeZone], [known.calendar, known.approvers, known.overtime, 'Europe/Berlin']);
  });
});
