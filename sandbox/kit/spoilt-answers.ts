import type { FastifyReply } from 'fastify';

/** Answers as vendors give them on bad days, after the work was done. */
export const SPOILT = ['empty', 'truncated', 'huge', 'numbers-as-text', 'unknown-values', 'wrong-type', 'clock-off'] as const;
export type Spoilt = (typeof SPOILT)[number];

/** More than any client should hold. */
const HUGE_BYTES = 12 * 1024 * 1024;
const MINUTES_OFF = 10;
/** Words that vendors choose among: "Approved", "IN_PROGRESS", "closedwon", "partially_invoiced", "Closed Won". */
const ENUM_LIKE = /^[A-Za-z]+([_ ][A-Za-z]+){0,3}$/;

export function spoil(kind: Spoilt, reply: FastifyReply, payload: unknown): unknown {
  const text = typeof payload === 'string' ? payload : Buffer.isBuffer(payload) ? payload.toString('utf8') : '';
  if (kind !== 'clock-off') reply.removeHeader('content-length');
  switch (kind) {
    case 'empty':
      return '';
    case 'truncated':
      return text.slice(0, Math.floor(text.length / 2));
    case 'huge':
      if (reply.statusCode === 204) reply.code(200);
      return `{"padding":"${'x'.repeat(HUGE_BYTES)}"}`;
    case 'numbers-as-text':
      return rewritten(text, (value) => (typeof value === 'number' ? String(value) : value));
    case 'unknown-values':
      return rewritten(text, (value) => (typeof value === 'string' && ENUM_LIKE.test(value) ? `${value}_AsOfNextRelease` : value));
    case 'wrong-type':
      reply.type('text/plain');
      return payload;
    case 'clock-off':
      reply.header('date', new Date(Date.now() - MINUTES_OFF * 60_000).toUTCString());
      return payload;
  }
}

function rewritten(text: string, change: (value: unknown) => unknown): string {
  try {
    return JSON.stringify(JSON.parse(text, (_key, value: unknown) => change(value)));
  } catch {
    return text;
  }
}
