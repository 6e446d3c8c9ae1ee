import assert from 'node:assert/strict';
import { classifyStatus, failureOfError, isGone, misconfigured, referredId, refusedByRule } from '../../../connectors/tryton/failures.ts';

const PROJECT = 'project US01-TECH-1';
const verdictOf = (status: number, headers: Record<string, string> = {}) => classifyStatus({ status, headers, body: undefined, text: '' }, { object: PROJECT, writes: true });
const meaningOf = (...given: Parameters<typeof verdictOf>) => {
  const verdict = verdictOf(...given);
  assert.ok(verdict !== 'token_refused');
  return verdict;
};

describe("Tryton's errors", () => {
  for (const [what, error, kind, code] of [
    ['an access right that is missing', ['UserError', ['You are not allowed to create records of "Party".', '']], 'configuration', 'TRYTON_ACCESS'],
    ['two works that drew the same number at once, a passing matter', ['UserError', ['The number on work must be unique.', '']], 'transient', 'TRYTON_CONCURRENCY'],
    ['a record that somebody else changed', ['ConcurrencyException', ['Records modified']], 'transient', 'TRYTON_CONCURRENCY'],
    ['a record that is gone', ['UserError', ['You are trying to read records "7" of "Work" that don\'t exist.', '']], 'business_rule', 'TRYTON_RECORD_GONE'],
    ['a rule of the firm that is broken', ['UserError', ['The code on party must be unique.', '']], 'business_rule', 'TRYTON_USER_ERROR'],
    ['a warning that only a person may pass', ['UserWarning', ['invoice_1', 'The date is in the past.', '']], 'business_rule', 'TRYTON_USER_WARNING'],
    ['a login that asks for more', ['LoginException', ['code', 'Enter the code']], 'configuration', 'TRYTON_LOGIN'],
    ['a fault of Tryton\'s own or of the request', ["KeyError: 'x'", 'Traceback (most recent call last): …'], 'contract', 'TRYTON_FAULT'],
    ['an error of no shape', [], 'contract', 'TRYTON_FAULT'],
  ] as const) {
    it(`tell ${what} by ${code}`, () => {
      const { failure } = failureOfError('tryton', PROJECT, error);
      assert.deepEqual([failure.kind, failure.code, failure.written, failure.object], [kind, code, 'no', PROJECT]);
      assert.ok(failure.mend.length > 0);
    });
  }

  it('show no secret in what is kept as evidence', () => {
    const { failure } = failureOfError('tryton', PROJECT, ["KeyError: 'x'", 'at login(password="hunter2hunter2")']);
    assert.doesNotMatch(failure.evidence ?? '', /hunter2/);
    assert.match(failure.evidence ?? '', /KeyError/);
  });

  for (const [what, status, kind, code] of [
    ['logins that are slowed down', 429, 'transient', 'TRYTON_TOO_MANY_LOGINS'],
    ['a database that is busy', 503, 'transient', 'TRYTON_DATABASE_BUSY'],
    ['its own timeout', 504, 'transient', 'TRYTON_HTTP_504'],
    ['a user that may not', 403, 'configuration', 'TRYTON_HTTP_403'],
    ['a database that is not there', 404, 'business_rule', 'TRYTON_HTTP_404'],
    ['a request it does not understand', 400, 'contract', 'TRYTON_HTTP_400'],
  ] as const) {
    it(`tell ${what} by ${code}, as a status`, () => {
      const meaning = meaningOf(status);
      assert.deepEqual([meaning.kind, meaning.code], [kind, code]);
      assert.match(meaning.message, /project US01-TECH-1/);
    });
  }

  it('ask for a new session after a 401, wait as long as is said, and leave no doubt where the database was busy', () => {
    assert.equal(verdictOf(401), 'token_refused');
    assert.deepEqual([meaningOf(429, { 'retry-after': '7' }).retryAfterMs, meaningOf(429).retryAfterMs, meaningOf(429).sparesRate], [7_000, 5_000, true]);
    assert.deepEqual([meaningOf(503).refused, meaningOf(504).refused], [true, undefined]);
  });

  it('of our own say what is missing, and that nothing was written', () => {
    const what = { code: 'TRYTON_COMPANY_UNKNOWN', message: 'm', mend: 'n' };
    assert.deepEqual([misconfigured('tryton', PROJECT, what).failure.kind, refusedByRule('tryton', PROJECT, what).failure.kind], ['configuration', 'business_rule']);
    assert.equal(referredId('tryton', PROJECT, { C1: '17' }, 'C1', 'customer'), 17);
    assert.throws(() => referredId('tryton', PROJECT, {}, 'C1', 'customer'), { failure: { kind: 'contract', code: 'TRYTON_REFERENCE_MISSING', system: 'tryton', object: PROJECT, written: 'no', message: `The customer C1 of ${PROJECT} has no ID in Tryton.`, mend: 'Run the step that makes the customer first, then retry.' } });
    assert.deepEqual([isGone(failureOfError('tryton', PROJECT, ['UserError', ["records that don't exist"]])), isGone(new Error('no'))], [true, false]);
  });
});
