import assert from 'node:assert/strict';
import { batchFailure, batchOf } from '../../../connectors/oracle/batch.ts';
import { classifyOracle, faultIn, saidIn } from '../../../connectors/oracle/classify.ts';

const adf = (status: number, ...details: readonly string[]) => ({ title: 'Bad Request', status: String(status), 'o:errorDetails': details.map((detail) => ({ detail, 'o:errorCode': '27024', 'o:errorPath': '/X' })) });
const verdictOf = (status: number, body: unknown, headers: Record<string, string> = {}, text = JSON.stringify(body) ?? '') => classifyOracle({ status, headers, body, text }, { object: 'project P1', writes: true });
const meaningOf = (...given: Parameters<typeof verdictOf>) => {
  const verdict = verdictOf(...given);
  assert.ok(verdict !== 'token_refused');
  return verdict;
};

describe('An answer of Oracle that says no', () => {
  for (const [what, status, body, kind, code] of [
    ['a cost that is there already', 400, adf(400, 'The transaction with the original transaction reference US01:k already exists for the transaction source.'), 'business_rule', 'ORACLE_RECORD_EXISTS'],
    ['a contract number that is taken', 400, adf(400, 'OKC-195788: Duplicate contract number, type and intent.'), 'business_rule', 'ORACLE_RECORD_EXISTS'],
    ['a key that is taken', 400, adf(400, 'JBO-25013: Too many objects match the primary key oracle.jbo.Key[300100].'), 'business_rule', 'ORACLE_RECORD_EXISTS'],
    ['a value no list has', 400, adf(400, "The value of the attribute BusinessUnit isn't valid."), 'configuration', 'ORACLE_VALUE_UNKNOWN'],
    ['an attribute that is missing', 400, adf(400, 'JBO-27014: Attribute OrganizationName in Organization is required.'), 'business_rule', 'ORACLE_REFUSED'],
    ['a row that somebody else changed', 400, adf(400, 'JBO-25014: Another user has changed the row with primary key oracle.jbo.Key[1].'), 'transient', 'ORACLE_CHANGED_MEANWHILE'],
    ['a row that is locked', 400, adf(400, 'JBO-26030: Failed to lock the record, another user holds the lock.'), 'transient', 'ORACLE_LOCKED'],
    ['a record that is used', 400, adf(400, "You can't delete the record because it's in use."), 'business_rule', 'ORACLE_IN_USE'],
    ['a query it does not know', 400, adf(400, 'URL request parameter q cannot be used in this context.'), 'contract', 'ORACLE_REQUEST_INVALID'],
    ['an attribute it does not know', 400, adf(400, 'JBO-27025: Attribute Colour is not defined in projects.'), 'contract', 'ORACLE_REQUEST_INVALID'],
    ['a record that is gone', 404, adf(404, 'Not Found'), 'business_rule', 'ORACLE_NOT_FOUND'],
    ['a version that is no longer', 412, adf(412, 'Precondition Failed'), 'transient', 'ORACLE_CHANGED_MEANWHILE'],
    ['too many requests', 429, undefined, 'transient', 'ORACLE_THROTTLED'],
    ['a privilege that is missing', 403, adf(403, 'Forbidden'), 'configuration', 'ORACLE_PERMISSION'],
    ['an error of its own', 500, adf(500, 'JBO-29000: Unexpected exception caught.'), 'transient', 'ORACLE_HTTP_500'],
    ['a gateway\'s page', 503, undefined, 'transient', 'ORACLE_HTTP_503'],
  ] as const) {
    it(`tells ${what} by ${code}`, () => {
      const meaning = meaningOf(status, body);
      assert.deepEqual([meaning.kind, meaning.code], [kind, code]);
      assert.match(meaning.message, /project P1/);
      assert.ok(meaning.mend.length > 0);
    });
  }

  it('reads plain text, which resources answer too', () => {
    const meaning = meaningOf(400, undefined, { 'content-type': 'text/plain' }, 'The project number already exists. (PJF-855400)');
    assert.deepEqual([meaning.kind, meaning.code], ['business_rule', 'ORACLE_RECORD_EXISTS']);
    assert.match(meaning.message, /PJF-855400/);
  });

  it('leaves no doubt after a SOAP fault, and doubt after another 500', () => {
    const fault = '<env:Envelope><env:Body><env:Fault><faultstring>JBO-FND:::FND_X: The party &lt;b&gt;7&lt;/b&gt; isn&apos;t valid.</faultstring></env:Fault></env:Body></env:Envelope>';
    assert.deepEqual([meaningOf(500, undefined, {}, fault).refused, meaningOf(500, undefined, {}, fault).code], [true, 'ORACLE_VALUE_UNKNOWN']);
    assert.equal(faultIn(fault), "JBO-FND:::FND_X: The party 7 isn't valid.");
    assert.equal(meaningOf(500, adf(500, 'It is a duplicate.')).refused, undefined);
  });

  it('waits as long as Oracle says, ten seconds where it does not, and asks for a new token', () => {
    assert.deepEqual([meaningOf(429, undefined, { 'retry-after': '37' }).retryAfterMs, meaningOf(429, undefined).retryAfterMs], [37_000, 10_000]);
    assert.equal(verdictOf(401, undefined), 'token_refused');
  });

  it('says each reason once, in one line that a case can show', () => {
    assert.equal(saidIn({ body: adf(400, 'Same.', 'Same.', 'Other\n reason.'), text: '' }), 'Same.; Other reason.');
    assert.equal(saidIn({ body: { title: 'Bad Request', status: '400', detail: 'From the detail.' }, text: '' }), 'From the detail.');
    assert.equal(saidIn({ body: undefined, text: `${'x'.repeat(5000)}` })?.length, 600);
    for (const body of [[], null, 7]) assert.equal(saidIn({ body, text: 'never this' }), null);
    assert.equal(saidIn({ body: undefined, text: '<xml/>' }), null);
  });
});

describe('A batch for Oracle', () => {
  const failureOf = (body: unknown, count = 2) => batchFailure('oracle', '2 lines of labor', count, { body, text: JSON.stringify(body) })?.failure;

  it('is an object with parts, each with an ID, a path, an operation and a payload', () => {
    const { type, text } = batchOf('/unprocessedProjectCosts', [{ Quantity: 1 }, { Quantity: 2 }]);
    assert.equal(type, 'application/vnd.oracle.adf.batch+json');
    assert.deepEqual(JSON.parse(text), { parts: [{ id: 'part1', path: '/unprocessedProjectCosts', operation: 'create', payload: { Quantity: 1 } }, { id: 'part2', path: '/unprocessedProjectCosts', operation: 'create', payload: { Quantity: 2 } }] });
  });

  it('is done only where every part is answered; a part with an error means that none was done; all else leaves doubt', () => {
    const part = (id: string, payload: object = { Quantity: 1 }) => ({ id, path: '/x', operation: 'create', payload });
    assert.equal(failureOf({ parts: [part('part1'), part('part2')] }), undefined);
    const refused = failureOf({ parts: [part('part2', adf(400, 'The transaction already exists.'))] });
    assert.deepEqual([refused?.code, refused?.written], ['ORACLE_RECORD_EXISTS', 'no']);
    for (const doubtful of [{ parts: [part('part1')] }, { parts: [part('part1'), part('part1')] }, { parts: 'none' }, {}, null, 'text', [part('part1'), part('part2')]]) {
      const failure = failureOf(doubtful);
      assert.deepEqual([failure?.kind, failure?.written], ['contract', 'unknown'], JSON.stringify(doubtful));
    }
  });
});
