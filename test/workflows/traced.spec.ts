import assert from 'node:assert/strict';
import { defaultPayloadConverter, type Headers } from '@temporalio/workflow';
import { parentIn } from '../../workflows/traced.ts';

const carried = (value: unknown): Headers => ({ '_tracer-data': defaultPayloadConverter.toPayload(value) });
const bytes = (text: string) => new TextEncoder().encode(text);

describe('The trace that a run is started with', () => {
  it('is the one its starter belongs to', () => {
    assert.deepEqual(parentIn(carried({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` })), { traceId: 'a'.repeat(32), parentSpanId: 'b'.repeat(16), traceFlags: 1 });
    assert.deepEqual(parentIn(carried({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` }))?.traceFlags, 0);
  });

  it('is none where there is none, or where another client wrote what cannot be read: the run goes on all the same', () => {
    const foreign: readonly Headers[] = [
      {},
      ...[null, 7, 'text', [], {}, { traceparent: 7 }, { traceparent: '00-abc-def-01' }, { 'uber-trace-id': '1:2:0:1' }].map(carried),
      { '_tracer-data': {} },
      { '_tracer-data': { metadata: { encoding: bytes('binary/encrypted') }, data: bytes('sealed') } },
      { '_tracer-data': { metadata: { encoding: bytes('json/plain') }, data: bytes('{no json') } },
      { '_tracer-data': { metadata: { encoding: bytes('binary/null') } } },
    ];
    for (const headers of foreign) assert.equal(parentIn(headers), null, JSON.stringify(headers));
  });
});
