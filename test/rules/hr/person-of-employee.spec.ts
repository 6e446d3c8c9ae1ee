import assert from 'node:assert/strict';
import type { FirmConfig } from '../../../domain/config/schema.ts';
import type { TimePerson } from '../../../domain/model/time/context.ts';
import { personOfEmployee, type EmployeeFacts } from '../../../domain/rules/hr/person-of-employee.ts';
import { theFirm } from '../../builders/firm.ts';
import { aPerson } from '../../builders/time.ts';

describe('A person of HR', () => {
  let firm: FirmConfig;
  before(async () => {
    ({ config: firm } = await theFirm());
  });
  const employee = (parts: Partial<EmployeeFacts> = {}): EmployeeFacts => ({ email: 'ada@northwind-consulting.example', active: true, legalEntity: 'US01', costCenter: 'US01-TECH', laborCategory: 'ENGINEER', from: '2024-03-01', to: null, changedAt: '2026-11-21T03:00:00.000Z', ...parts });
  const person = (parts: Partial<EmployeeFacts>, known?: TimePerson): TimePerson => {
    const outcome = personOfEmployee(employee(parts), known, firm);
    assert.ok('person' in outcome, JSON.stringify(outcome));
    return outcome.person;
  };
  const codes = (parts: Partial<EmployeeFacts>, known?: TimePerson) => {
    const outcome = personOfEmployee(employee(parts), known, firm);
    assert.ok('findings' in outcome, JSON.stringify(outcome));
    for (const { message, mend, kind } of outcome.findings) assert.ok(message.length > 10 && mend.length > 10 && kind === 'configuration');
    return outcome.findings.map(({ code }) => code);
  };

  it('is somebody time can be judged by, in the zone of the employer, without agreed hours and eligible for overtime', () => {
    assert.deepEqual(person({}), {
      email: 'ada@northwind-consulting.example', kind: 'employee', legalEntity: 'US01', ruleSet: null, overtime: 'eligible', laborCategory: 'ENGINEER', costCenter: 'US01-TECH', timeZone: 'America/New_York',
      from: '2024-03-01', to: null, calendar: null, approvers: [], subcontract: null,
    });
  });

  it('keeps what HR does not say, and what is none of its business', () => {
    const known = aPerson({ overtime: 'exempt', approvers: ['grace@northwind-consulting.example'], timeZone: 'America/Chicago' });
    assert.deepEqual(person({ email: known.email, legalEntity: null, costCenter: null, laborCategory: null, from: null }, known), known);
    assert.deepEqual(person({ email: known.email, costCenter: 'US01-DATA', laborCategory: 'PARTNER' }, known), { ...known, costCenter: 'US01-DATA', laborCategory: 'PARTNER', from: '2024-03-01' });
  });

  it('leaves the rules and the zone of a former employer behind', () => {
    const known = aPerson({ ruleSet: null, timeZone: 'America/Chicago' });
    const moved = person({ legalEntity: 'DE01', costCenter: 'DE01-TECH' }, known);
    assert.deepEqual([moved.legalEntity, moved.timeZone, moved.ruleSet], ['DE01', 'Europe/Berlin', null]);
    assert.deepEqual(codes({ legalEntity: 'DE01', costCenter: null }, known), ['PERSON_COST_CENTER_UNKNOWN']);
  });

  it('is not taken, with everything that is missing at once, where HR says too little', () => {
    assert.deepEqual(codes({ legalEntity: null, costCenter: null, laborCategory: null, from: null }), ['PERSON_LEGAL_ENTITY_UNKNOWN', 'PERSON_LABOR_CATEGORY_UNKNOWN', 'PERSON_COST_CENTER_UNKNOWN', 'PERSON_START_UNKNOWN']);
  });

  it('is not taken where the configuration does not know what HR says', () => {
    assert.deepEqual(codes({ legalEntity: 'XX99' }), ['PERSON_LEGAL_ENTITY_UNKNOWN']);
    assert.deepEqual(codes({ laborCategory: 'Wizard' }), ['PERSON_LABOR_CATEGORY_UNKNOWN']);
    assert.deepEqual(codes({ costCenter: 'DE01-TECH' }), ['PERSON_COST_CENTER_UNKNOWN']);
    assert.deepEqual(codes({ legalEntity: 'XX99' }, aPerson()), ['PERSON_LEGAL_ENTITY_UNKNOWN']);
  });

  it('left on the day HR names, else on the day HR says so where the employer is, and stays gone on that day', () => {
    assert.equal(person({ active: false, to: '2026-10-31' }).to, '2026-10-31');
    const gone = person({ active: false });
    assert.equal(gone.to, '2026-11-20');
    assert.equal(person({ active: false, changedAt: '2026-12-24T12:00:00.000Z' }, gone).to, '2026-11-20');
    assert.equal(person({ active: false, legalEntity: 'JP01', costCenter: 'JP01-TECH' }).to, '2026-11-21');
    assert.equal(person({ active: false, from: '2027-01-04' }).to, '2027-01-04');
    assert.equal(person({ active: true }, gone).to, null, 'who came back is back');
  });

  it('is nobody\'s trouble where they left before time was judged by them and HR says too little', () => {
    assert.deepEqual(personOfEmployee(employee({ active: false, legalEntity: null }), undefined, firm), { left: true });
    assert.deepEqual(codes({ active: false, legalEntity: 'XX99' }, aPerson()), ['PERSON_LEGAL_ENTITY_UNKNOWN']);
  });
});
