import assert from 'node:assert/strict';
import { batchOf, bodyIn, outcomesOf, type Operation } from '../../../connectors/sap/batch.ts';
import { isSystemFailure } from '../../../domain/failure.ts';
import { z } from 'zod';

const TYPE = 'multipart/mixed; boundary=B1';
const http = (status: string, body: object) => {
  const text = JSON.stringify(body);
  return `Content-Type: application/http\r\nContent-Length: 9\r\ncontent-transfer-encoding: binary\r\n\r\nHTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\ndataserviceversion: 2.0\r\n\r\n${text}`;
};
const changeSet = (parts: readonly string[]) => `Content-Type: multipart/mixed; boundary=C1\r\nContent-Length: 9\r\n\r\n${parts.map((part) => `--C1\r\n${part}\r\n`).join('')}--C1--\r\n`;
const answer = (parts: readonly string[]) => `${parts.map((part) => `--B1\r\n${part}\r\n`).join('')}--B1--\r\n`;
const refusal = (status: string, message: string) => http(status, { error: { code: 'CJ/021', message: { lang: 'en', value: message } } });
const one: Operation = { method: 'POST', path: 'TimeSheetEntryCollection', body: {} };
const outcomes = (asked: readonly (readonly Operation[])[], text: string, type: string | undefined = TYPE) => outcomesOf('sap', '2 lines of labor', asked, { type, text });

describe('A batch of SAP', () => {
  it('has a change set for each group, each request with the length of its body in bytes', () => {
    const { type, text } = batchOf([[{ method: 'POST', path: 'TimeSheetEntryCollection', body: { TimeSheetNote: 'Prüfung\r\n--batch 設計' } }], [{ method: 'DELETE', path: "A_X(guid'1')", ifMatch: '*' }]]);
    const [, boundary = ''] = /boundary=(batch_[0-9a-f-]+)$/.exec(type) ?? [];
    const lines = text.split('\r\n');
    assert.deepEqual([lines[0], lines.at(-2), lines.filter((line) => line === `--${boundary}`).length], [`--${boundary}`, `--${boundary}--`, 2]);
    const body = '{"TimeSheetNote":"Prüfung\\r\\n--batch 設計"}';
    assert.ok(lines.includes(body) && lines.includes(`Content-Length: ${Buffer.byteLength(body)}`) && lines.includes('POST TimeSheetEntryCollection HTTP/1.1'));
    assert.deepEqual(lines.slice(lines.indexOf("DELETE A_X(guid'1') HTTP/1.1")).slice(0, 4), ["DELETE A_X(guid'1') HTTP/1.1", 'Accept: application/json', 'If-Match: *', 'Content-Length: 0']);
  });

  it('tells of each change set whether it was done, whatever became of the others', () => {
    const text = answer([changeSet([http('201 Created', { d: { TimeSheetRecord: '1' } })]), refusal('400 Bad Request', 'WBS element X does not exist'), changeSet([http('201 Created', { d: { TimeSheetRecord: '3' } })])]);
    for (const each of [text, text.replaceAll('\r\n', '\n')]) {
      const [first, second, third] = outcomes([[one], [one], [one]], each);
      assert.ok(first !== undefined && 'bodies' in first && third !== undefined && 'bodies' in third && second !== undefined && 'refusal' in second);
      assert.deepEqual([first.bodies, third.bodies], [[{ d: { TimeSheetRecord: '1' } }], [{ d: { TimeSheetRecord: '3' } }]]);
      assert.deepEqual([second.refusal.failure.kind, second.refusal.failure.code, second.refusal.failure.written], ['configuration', 'SAP_VALUE_UNKNOWN', 'no']);
    }
  });

  it('is in doubt about a change set that ended in an error of the server itself', () => {
    const [outcome] = outcomes([[one]], answer([refusal('500 Internal Server Error', "Runtime Error: 'TIME_OUT'")]));
    assert.ok(outcome !== undefined && 'refusal' in outcome);
    assert.deepEqual([outcome.refusal.failure.kind, outcome.refusal.failure.written], ['in_doubt', 'unknown']);
  });

  it('is in doubt as a whole where its answer cannot be read', () => {
    const whole = answer([changeSet([http('201 Created', { d: {} }), http('201 Created', { d: {} })])]);
    for (const [asked, text, type] of [
      [[[one, one]], whole.slice(0, -12), TYPE], [[[one, one]], '{"payload":1}', 'application/json'], [[[one, one]], '', undefined], [[[one, one]], whole, 'text/plain'], [[[one]], whole, TYPE], [[[one, one], [one]], whole, TYPE],
    ] as const) {
      assert.throws(() => outcomesOf('sap', '2 lines of labor', asked, { type, text }), (error) => isSystemFailure(error) && error.failure.code === 'SAP_BATCH_ANSWER' && error.failure.written === 'unknown');
    }
    assert.throws(() => bodyIn('sap', 'a line', { d: { TimeSheetRecord: '' } }, z.object({ TimeSheetRecord: z.string().min(1) })), (error) => isSystemFailure(error) && error.failure.written === 'unknown');
  });
});
