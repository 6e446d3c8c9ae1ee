import assert from 'node:assert/strict';
import { changeSetFailure, changeSetOf } from '../../../connectors/dynamics/change-set.ts';
import { exactNumber } from '../../../connectors/exact-number.ts';

const TYPE = 'multipart/mixed; boundary=batchresponse_1';
const part = (id: number, status: string, body: string) => `--changesetresponse_2\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: ${id}\r\n\r\nHTTP/1.1 ${status}\r\nContent-Type: application/json; odata.metadata=minimal; charset=utf-8\r\nOData-Version: 4.0\r\n\r\n${body}\r\n`;
const answer = (parts: readonly string[]) => `--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_2\r\n\r\n${parts.join('')}--changesetresponse_2--\r\n--batchresponse_1--\r\n`;
const error = (message: string) => JSON.stringify({ error: { code: '', message: 'An error has occurred.', innererror: { message, type: 'AxODataWriteException', stacktrace: '   at X' } } });
const failureIn = (count: number, text: string, type: string | undefined = TYPE) => changeSetFailure('dynamics', '2 lines of labor', count, { type, text })?.failure;

describe('A change set of Dynamics 365', () => {
  it('is one multipart body with each request as it would be sent alone, numbers to their last digit', () => {
    const { type, text } = changeSetOf([{ method: 'POST', url: 'https://contoso.operations.dynamics.com/data/JournalTrans?cross-company=true', body: { LineNumber: exactNumber('281474976710655'), Hours: exactNumber('7.50'), Description: 'a\r\nb --batch' } }]);
    const [, boundary = ''] = /boundary=(batch_[0-9a-f-]+)$/.exec(type) ?? [];
    const lines = text.split('\r\n');
    assert.deepEqual([lines[0], lines.at(-2)], [`--${boundary}`, `--${boundary}--`]);
    assert.ok(lines.includes('POST https://contoso.operations.dynamics.com/data/JournalTrans?cross-company=true HTTP/1.1'));
    assert.ok(lines.includes('{"LineNumber":281474976710655,"Hours":7.50,"Description":"a\\r\\nb --batch"}'));
  });

  it('is done where each of its requests is', () => {
    assert.equal(failureIn(2, answer([part(1, '201 Created', '{"LineNumber":1}'), part(2, '201 Created', '{"LineNumber":2}')])), undefined);
    assert.equal(failureIn(2, answer([part(1, '204 No Content', ''), part(2, '204 No Content', '')]).replaceAll('\r\n', '\n')), undefined);
  });

  it('is not done at all where one is refused, whose reason it gives', () => {
    const failure = failureIn(2, answer([part(1, '500 Internal Server Error', error("Write failed for table row of type 'ProjJournalTransEntity'. Infolog: Error: Project is closed."))]));
    assert.deepEqual([failure?.kind, failure?.code, failure?.written], ['business_rule', 'DYNAMICS_WRITE_REFUSED', 'no']);
    assert.match(failure?.message ?? '', /Project is closed/);
    const passing = failureIn(2, answer([part(1, '500 Internal Server Error', '{"error":{"code":"","message":"An error has occurred."}}')]));
    assert.deepEqual([passing?.kind, passing?.written], ['transient', 'no']);
    const expired = failureIn(2, answer([part(1, '401 Unauthorized', '')]));
    assert.deepEqual([expired?.kind, expired?.written], ['transient', 'no']);
  });

  it('is in doubt where its answer cannot be read', () => {
    const whole = answer([part(1, '201 Created', '{}'), part(2, '201 Created', '{}')]);
    for (const [text, type] of [[whole.slice(0, -60), TYPE], ['{"payload":1}', 'application/json'], ['', undefined], [whole, 'text/plain'], [answer([part(1, '201 Created', '{}')]), TYPE]] as const) {
      const failure = changeSetFailure('dynamics', '2 lines of labor', 2, { type, text })?.failure;
      assert.deepEqual([failure?.kind, failure?.code, failure?.written], ['contract', 'DYNAMICS_BATCH_ANSWER', 'unknown']);
    }
  });
});
