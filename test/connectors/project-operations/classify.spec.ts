import assert from 'node:assert/strict';
import { allDone, changeSetOf, refusedPart } from '../../../connectors/project-operations/batch.ts';
import { classifyDataverse, isOfTheRows } from '../../../connectors/project-operations/classify.ts';
import { idOf, isOurs } from '../../../connectors/project-operations/ids.ts';
import { SystemFailure } from '../../../domain/failure.ts';

const said = (code: string, message: string) => ({ error: { code, message } });
const verdictOf = (status: number, body: unknown, headers: Record<string, string> = {}, text = JSON.stringify(body) ?? '') => classifyDataverse({ status, headers, body, text }, { object: 'project P1', writes: true });
const meaningOf = (...given: Parameters<typeof verdictOf>) => {
  const verdict = verdictOf(...given);
  assert.ok(verdict !== 'token_refused');
  return verdict;
};
/** A batch's answer as Microsoft prints one: a change set's refusal is one part of it. */
const partOf = (status: number, body: object) => ['--batchresponse_1', 'Content-Type: application/http', 'Content-Transfer-Encoding: binary', '', `HTTP/1.1 ${status} Error`, 'Content-Type: application/json; odata.metadata=minimal', '', JSON.stringify(body), '--batchresponse_1--', ''].join('\r\n');
const doneOf = (count: number) => ['--batchresponse_1', 'Content-Type: multipart/mixed; boundary=changesetresponse_2', '', ...Array.from({ length: count }, (_, index) => `--changesetresponse_2\r\nContent-Type: application/http\r\nContent-ID: ${index + 1}\r\n\r\nHTTP/1.1 204 No Content\r\nOData-Version: 4.0\r\n\r\n`), '--changesetresponse_2--', '--batchresponse_1--', ''].join('\r\n');
const BATCH = 'multipart/mixed; boundary=batchresponse_1';

describe('An answer of Dataverse that says no', () => {
  for (const [what, status, body, kind, code] of [
    ['a row that is there already', 412, said('0x80040237', 'A record with matching key values already exists.'), 'transient', 'PROJECT_OPERATIONS_EXISTS'],
    ['a version that is no longer', 412, said('0x80060882', "The version of the existing record doesn't match the RowVersion property provided."), 'transient', 'PROJECT_OPERATIONS_CHANGED_MEANWHILE'],
    ['a row that is not there', 404, said('0x80040217', "Entity 'account' With Id = 1 Does Not Exist"), 'business_rule', 'PROJECT_OPERATIONS_NOT_FOUND'],
    ['a privilege that is missing', 403, said('0x80040220', 'Principal user (Id=1, type=8) is missing prvCreateAccount privilege'), 'configuration', 'PROJECT_OPERATIONS_PERMISSION'],
    ['a text that is too long', 400, said('0x80044331', "A validation error occurred. The length of the 'name' attribute of the 'account' entity exceeded the maximum allowed length of '160'."), 'business_rule', 'PROJECT_OPERATIONS_VALUE_INVALID'],
    ['a task that only the schedule engine writes', 400, said('0x80040265', "You cannot directly do 'Create' operation to 'msdyn_projecttask'. Try editing it through the Resource editing UI via Project."), 'configuration', 'PROJECT_OPERATIONS_SCHEDULE_ENGINE'],
    ['an actual that only a journal makes', 400, said('0x80040265', "The product doesn't support creating actuals either manually or through customizations."), 'configuration', 'PROJECT_OPERATIONS_ACTUALS'],
    ['a confirmed contract', 400, said('0x80040265', 'The contract is confirmed or closed and can no longer be edited.'), 'business_rule', 'PROJECT_OPERATIONS_CONTRACT_CONFIRMED'],
    ['a row that is used', 400, said('0x80040265', 'The object you tried to delete is associated with another object and cannot be deleted.'), 'business_rule', 'PROJECT_OPERATIONS_IN_USE'],
    ['any other rule', 400, said('0x80040265', 'Contracting Unit is required.'), 'business_rule', 'PROJECT_OPERATIONS_REFUSED'],
    ['a table that is not installed', 404, said('0x80060888', "Resource not found for the segment 'msdyn_projects'."), 'configuration', 'PROJECT_OPERATIONS_TABLE_MISSING'],
    ['a column that there is not', 400, said('0x80048d19', "The property 'x' does not exist on type 'Microsoft.Dynamics.CRM.account'."), 'contract', 'PROJECT_OPERATIONS_REQUEST_INVALID'],
    ['an address that is another server\'s', 404, undefined, 'contract', 'PROJECT_OPERATIONS_HTTP_404'],
    ['an error of its own', 500, said('0x80040216', 'An unexpected error occurred.'), 'transient', 'PROJECT_OPERATIONS_HTTP_500'],
    ['a gateway\'s page', 503, undefined, 'transient', 'PROJECT_OPERATIONS_HTTP_503'],
  ] as const) {
    it(`tells ${what} by ${code}, alone and within a batch`, () => {
      for (const meaning of [meaningOf(status, body), ...(body === undefined ? [] : [meaningOf(status, undefined, { 'content-type': BATCH }, partOf(status, body))])]) {
        assert.deepEqual([meaning.kind, meaning.code], [kind, code]);
        assert.match(meaning.message, /project P1/);
        assert.ok(meaning.mend.length > 0);
      }
    });
  }

  it('leaves no doubt where a rule refused the write, and doubt where Dataverse itself failed', () => {
    assert.equal(meaningOf(500, said('0x80040265', 'Any rule.')).refused, true);
    assert.equal(meaningOf(500, said('0x80040216', 'An unexpected error occurred.')).refused, undefined);
  });

  it('waits as long as each of the three limits asks for, and takes fewer at once after the one that is about that', () => {
    for (const [code, atOnce] of [['0x80072322', undefined], ['0x80072321', undefined], ['0x80072326', true]] as const) {
      const meaning = meaningOf(429, said(code, 'Too many.'), { 'retry-after': '7' });
      assert.deepEqual([meaning.kind, meaning.retryAfterMs, meaning.refused, meaning.tooManyAtOnce], ['transient', 7000, true, atOnce]);
    }
    assert.equal(meaningOf(429, said('0x80072322', 'Too many.')).retryAfterMs, 10_000);
  });

  it('asks for a new token after a 401', () => assert.equal(verdictOf(401, undefined), 'token_refused'));

  it('lies in the rows only where they are named', () => {
    const failed = (code: string, kind: 'business_rule' | 'transient' | 'configuration' | 'contract') => new SystemFailure({ kind, code, system: 's', object: 'o', written: 'no', message: 'm', mend: 'm' });
    assert.deepEqual([failed('PROJECT_OPERATIONS_REFUSED', 'business_rule'), failed('PROJECT_OPERATIONS_EXISTS', 'transient'), failed('PROJECT_OPERATIONS_PERMISSION', 'configuration'), failed('HTTP_HTML', 'contract')].map(isOfTheRows), [true, true, false, false]);
  });
});

describe('A change set of Dataverse', () => {
  it('says of each row whether it must be there', () => {
    const { type, text } = changeSetOf([{ kind: 'create', set: 'accounts', id: '1', body: { name: 'A' } }, { kind: 'update', set: 'accounts', id: '2', body: {}, version: 'W/"5"' }, { kind: 'update', set: 'accounts', id: '3', body: {} }, { kind: 'delete', set: 'accounts', id: '4' }]);
    assert.match(type, /^multipart\/mixed; boundary=batch_/);
    const lines = text.split('\r\n');
    assert.deepEqual(lines.filter((line) => /^(PATCH|DELETE|If-|Content-ID)/.test(line)), [
      'Content-ID: 1', 'PATCH /api/data/v9.2/accounts(1) HTTP/1.1', 'If-None-Match: *', 'Content-ID: 2', 'PATCH /api/data/v9.2/accounts(2) HTTP/1.1', 'If-Match: W/"5"', 'Content-ID: 3', 'PATCH /api/data/v9.2/accounts(3) HTTP/1.1', 'If-Match: *', 'Content-ID: 4', 'DELETE /api/data/v9.2/accounts(4) HTTP/1.1',
    ]);
  });

  it('is done only where every part says so, whatever the header says of the answer\'s type', () => {
    assert.equal(allDone(3, BATCH, doneOf(3)), true);
    assert.equal(allDone(3, 'text/plain', doneOf(3)), true);
    for (const [type, text] of [[BATCH, doneOf(2)], [BATCH, doneOf(3).slice(0, -30)], [BATCH, ''], ['application/json', '{"unexpected":true}'], [BATCH, partOf(400, said('0x80040265', 'No.'))]] as const) assert.equal(allDone(3, type, text), false);
    assert.equal(refusedPart(BATCH, partOf(412, said('0x80040237', 'There.')))?.status, 412);
  });
});

describe('The IDs that are made for rows of Dataverse', () => {
  it('are the same for the same key, others for any other, and UUIDs that tell ours from people\'s', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => idOf('cost-line', `posting-${index}`));
    assert.equal(new Set(ids).size, ids.length);
    assert.equal(idOf('account', 'a', 'b'), idOf('account', 'a', 'b'));
    assert.notEqual(idOf('account', 'a'), idOf('contract', 'a'));
    for (const id of ids.slice(0, 100)) assert.match(id, /^712c[0-9a-f]{4}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual([isOurs(ids[0] ?? ''), isOurs((ids[0] ?? '').toUpperCase()), isOurs(crypto.randomUUID())], [true, true, false]);
  });
});
