import assert from 'node:assert/strict';
import { classifySnowflake } from '../../../connectors/snowflake/classify.ts';

const said = (code: string) => ({ code, message: 'SQL compilation error: no.', sqlState: '02000', statementHandle: '01b' });
const verdictOf = (status: number, body: unknown, headers: Record<string, string> = {}) => classifySnowflake({ status, headers, body, text: JSON.stringify(body) ?? '' }, { object: 'rows of fact_time', writes: true });
const meaningOf = (...given: Parameters<typeof verdictOf>) => {
  const verdict = verdictOf(...given);
  assert.ok(verdict !== 'token_refused');
  return verdict;
};
const codes = (...numbers: readonly string[]) => numbers.map((number) => `SNOWFLAKE_${number}`);

describe('An answer of Snowflake that says no', () => {
  for (const [what, status, body, kind, code] of [
    ['a network policy that keeps us out', 403, { code: '390422', message: 'Incoming request with IP 192.0.2.1 is not allowed to access Snowflake.' }, 'configuration', 'SNOWFLAKE_FORBIDDEN'],
    ['a statement that took too long', 408, said('000630'), 'transient', 'SNOWFLAKE_STATEMENT_TIMEOUT'],
    ['too many requests at once', 429, undefined, 'transient', 'SNOWFLAKE_RATE_LIMIT'],
    ['a statement that was refused without a word', 422, undefined, 'business_rule', 'SNOWFLAKE_HTTP_422'],
    ['SQL it does not understand', 422, said('001003'), 'contract', 'SNOWFLAKE_001003'],
    ['a request that is none', 400, said('391917'), 'contract', 'SNOWFLAKE_HTTP_400'],
    ['an error of its own', 500, said('300002'), 'transient', 'SNOWFLAKE_HTTP_500'],
    ['a gateway\'s page', 503, undefined, 'transient', 'SNOWFLAKE_HTTP_503'],
  ] as const) {
    it(`tells ${what} by ${code}`, () => {
      const meaning = meaningOf(status, body);
      assert.deepEqual([meaning.kind, meaning.code], [kind, code]);
      assert.match(meaning.message, /rows of fact_time/);
      assert.ok(meaning.mend.length > 0);
    });
  }

  for (const [what, kind, ...numbers] of [
    ['an object that is not there or not ours to use', 'configuration', '002003', '002043', '090105', '090106', '000606', '003001'],
    ['a statement that was ended or waited too long', 'transient', '000604', '000625', '000630', '000707'],
    ['a value its column does not take', 'contract', '100035', '100037', '100038', '100039', '100040', '100072', '100078', '100090'],
  ] as const) {
    it(`tells ${what} by its number, as ${kind}`, () => {
      const meanings = numbers.map((number) => meaningOf(422, said(number)));
      assert.deepEqual(meanings.map(({ code }) => code), codes(...numbers));
      assert.deepEqual([...new Set(meanings.map((meaning) => meaning.kind))], [kind]);
    });
  }

  it('leaves no doubt after a statement that Snowflake says it ended, and doubt after a bare 408', () => {
    assert.deepEqual([meaningOf(408, said('000630')).refused, meaningOf(408, undefined).refused], [true, false]);
  });

  it('asks for a new token, and waits as long as Snowflake says, two seconds where it does not', () => {
    assert.equal(verdictOf(401, { code: '390318', message: 'Authentication token has expired.' }), 'token_refused');
    assert.deepEqual([meaningOf(429, undefined, { 'retry-after': '7' }).retryAfterMs, meaningOf(429, undefined).retryAfterMs], [7_000, 2_000]);
  });
});
