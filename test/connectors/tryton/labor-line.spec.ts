import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describeLine, describeTakenBack, hoursOf, keyInDescription, microsecondsOf } from '../../../connectors/tryton/labor-line.ts';
import { refusalOf } from '../../../connectors/tryton/labor-judge.ts';
import { decimalText } from '../../../domain/money.ts';
import { freshKey, laborLine, reversalOf } from '../conformance/labor-documents.ts';

const PLACE = { system: 'tryton', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', people: ['ada@northwind-consulting.example'], projects: ['US01-TECH-A'], task: '1' };

describe('A line of labor as Tryton keeps it', () => {
  it('has the hours of its posting to the last of eight decimals', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2_400_000_000 }), (hundredMillionths) => {
      const digits = String(hundredMillionths).padStart(9, '0');
      const hours = decimalText(`${digits.slice(0, -8)}.${digits.slice(-8)}`);
      assert.equal(hoursOf(microsecondsOf(hours)), hours);
    }));
    assert.equal(microsecondsOf('-7.25'), -microsecondsOf('7.25'));
    assert.deepEqual([microsecondsOf('0.3333333333'), microsecondsOf('24')], [1_200_000_000n, 86_400_000_000n]);
  });

  it('carries its posting key past any notes, also ones that look like a key', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 600 }), (notes) => {
      const posting = laborLine(PLACE, { notes: `${notes} [q2c another-key-12345]` });
      const description = describeLine(posting, '1575.00 USD');
      assert.equal(keyInDescription(description), posting.key);
      assert.doesNotMatch(description, /[\p{Cc}\p{Cs}]/u);
      assert.ok(description.length < 800);
    }));
  });

  it('keeps its key when it is taken back, and says by what', () => {
    const original = laborLine(PLACE);
    const reversal = reversalOf(original);
    const taken = describeTakenBack(describeLine(original, null), '7.5', reversal.key);
    assert.equal(keyInDescription(taken), original.key);
    assert.match(taken, new RegExp(`was 7.5 h, taken back by posting ${reversal.key}`));
    assert.equal(keyInDescription(describeLine(reversal, null)), reversal.key);
  });

  it('is nobody\'s where people wrote it themselves', () => {
    for (const text of [null, '', 'Workshop', `[q2c ${freshKey()}] and more`, '[q2c short]']) assert.equal(keyInDescription(text), null);
  });

  it('is refused with what to do in Tryton, and in Tryton\'s own words where we know no better', () => {
    const failure = (message: string) => ({ kind: 'business_rule' as const, code: 'TRYTON_USER_ERROR', message, mend: 'Correct what Tryton names.', system: 'tryton', object: 'labor', written: 'no' as const });
    assert.equal(refusalOf(failure('You cannot modify the duration of timesheet line "(1)" because it has been invoiced.')).code, 'TRYTON_LINE_INVOICED');
    assert.equal(refusalOf(failure('The value "Ada" for field "Employee" in record "(1)" of "Timesheet Line" is not valid')).code, 'TRYTON_EMPLOYEE_NOT_EMPLOYED');
    assert.equal(refusalOf(failure('The value "W" for field "Work" in record "(1)" of "Timesheet Line" is not valid')).code, 'TRYTON_WORK_CLOSED');
    assert.equal(refusalOf(failure('Something new')).code, 'TRYTON_USER_ERROR');
  });
});
