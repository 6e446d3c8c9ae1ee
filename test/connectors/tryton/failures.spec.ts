import assert from 'node:assert/strict';
import { failureOfError } from '../../../connectors/tryton/failures.ts';

describe("Tryton's errors", () => {
  it('are a passing matter where two works drew the same number at once', () => {
    const { failure } = failureOfError('tryton', 'project US01-TECH-1', ['UserError', ['The number on work must be unique.', '']]);
    assert.deepEqual([failure.kind, failure.written], ['transient', 'no']);
  });

  it('are for a person where a rule of the firm is broken', () => {
    const { failure } = failureOfError('tryton', 'project US01-TECH-1', ['UserError', ['The code on party must be unique.', '']]);
    assert.deepEqual([failure.kind, failure.code], ['business_rule', 'TRYTON_USER_ERROR']);
  });
});
