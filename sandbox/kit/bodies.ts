import type { FastifyInstance } from 'fastify';

/** Thrown for a body that is not JSON although its content type says so. Vendors word this answer themselves. */
export class UnreadableBody extends Error {
  readonly statusCode = 400;
  readonly offset: number;
  constructor(message: string) {
    super(message);
    this.name = 'UnreadableBody';
    this.offset = Number(/position (\d+)/.exec(message)?.[1] ?? 0);
  }
}

/** Reads every body to bytes first (`request.rawBody`), then JSON and forms to objects and everything else to text. */
export function installBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, bytes, done) => {
    request.rawBody = bytes;
    const type = request.headers['content-type'] ?? '';
    if (bytes.length === 0) return done(null, undefined);
    const text = bytes.toString('utf8');
    if (type.startsWith('application/x-www-form-urlencoded')) return done(null, Object.fromEntries(new URLSearchParams(text)));
    if (!/^application\/([\w.]+\+)?json/.test(type)) return done(null, text);
    try {
      return done(null, JSON.parse(text));
    } catch (error) {
      return done(new UnreadableBody(error instanceof Error ? error.message : String(error)));
    }
  });
}
