import assert from 'node:assert/strict';
import fc from 'fast-check';
import { payrollExportSchema } from '../../domain/model/time/payroll-export.ts';
import { payrollTermsOf, payrollTermsSchema } from '../../domain/model/time/payroll-terms.ts';
import { controlTotals } from '../../domain/model/time/payroll-totals.ts';
import { ADA, aPayrollExport, BEN } from './builders.ts';

describe('The canonical payroll export', () => {
  const refused = (change: object) => {
    const parsed = payrollExportSchema.safeParse({ ...aPayrollExport([{}, { person: BEN, hours: '4' }]), ...change });
    return parsed.success ? [] : parsed.error.issues.map(({ path }) => path[0]);
  };

  it('is refused with totals that are not those of its lines, lines out of number, without hours, or under another\'s ID', () => {
    const document = aPayrollExport([{}, { person: BEN, hours: '4' }]);
    assert.deepEqual(refused({}), []);
    assert.deepEqual(refused({ totals: { ...document.totals, hours: '13' } }), ['totals']);
    assert.deepEqual(refused({ totals: { ...document.totals, people: 1 } }), ['totals']);
    assert.deepEqual(refused({ lines: document.lines.toReversed() }), ['lines']);
    const empty = document.lines.map((line) => ({ ...line, hours: '0' }));
    assert.deepEqual(refused({ lines: empty, totals: controlTotals(empty) }), ['lines']);
    assert.deepEqual(refused({ id: 'US01.S2026-11-1.2' }), ['id']);
    assert.ok(refused({ id: '../../etc/passwd' }).includes('id'));
  });

  it('has exact control totals, whatever the order of its lines', () => {
    const line = fc.record({ person: fc.constantFrom(ADA, BEN), payCode: fc.constantFrom('REG', 'OT15', 'DT'), hundredths: fc.integer({ min: -2400, max: 2400 }) });
    fc.assert(fc.property(fc.array(line), (lines) => {
      const given = lines.map(({ person, payCode, hundredths }) => ({ person, payCode, hours: String(hundredths / 100) }));
      const totals = controlTotals(given);
      assert.equal(Math.round(Number(totals.hours) * 100), lines.reduce((sum, { hundredths }) => sum + hundredths, 0));
      assert.deepEqual(controlTotals(given.toReversed()), totals);
      assert.deepEqual(totals.hoursPerPayCode.map(({ payCode }) => payCode), [...new Set(lines.map(({ payCode }) => payCode))].toSorted());
    }));
  });
});

describe('The payroll terms of a legal entity', () => {
  it('are its own, else those of "*", else the defaults', () => {
    const own = payrollTermsSchema.parse({ legalEntity: 'DE01', system: 'datev' });
    const all = payrollTermsSchema.parse({ legalEntity: '*', system: 'bureau', acknowledgedWithinHours: 2 });
    assert.equal(payrollTermsOf('DE01', [all, own]).system, 'datev');
    assert.deepEqual([payrollTermsOf('US01', [own, all]).system, payrollTermsOf('US01', [own, all]).acknowledgedWithinHours], ['bureau', 2]);
    assert.deepEqual([payrollTermsOf('US01', []).system, payrollTermsOf('US01', []).atRiskHoursBefore], ['payroll', 4]);
  });
});
