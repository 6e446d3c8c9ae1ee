import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export type DigestResult = 'verified' | 'mismatch' | 'not given';

export interface BodyDigest {
  update(piece: Buffer): void;
  /** After the last piece; the trailers may hold what the headers did not. */
  result(trailers: NodeJS.Dict<string>): DigestResult;
}

/** The value of `Content-Digest` (RFC 9530) or `Digest` (RFC 3230) as sent. */
export function digestHeader(headers: IncomingHttpHeaders | NodeJS.Dict<string>): string | undefined {
  const value = headers['content-digest'] ?? headers['digest'];
  return Array.isArray(value) ? value.join(',') : value;
}

/** Base64 of the SHA-256 in `sha-256=:…:` or `sha-256=…`; undefined where the header has none. */
export function sha256Of(header: string): string | undefined {
  return /(?:^|,)\s*sha-256=:?([A-Za-z0-9+/]{43}=):?\s*(?:,|$)/i.exec(header)?.[1];
}

/** Follows a body as it passes. A trailer is looked for only where the head announced it. */
export function followDigest(headers: IncomingHttpHeaders): BodyDigest {
  const given = digestHeader(headers);
  const announced = given !== undefined || /\b(?:content-)?digest\b/i.test(headers['trailer'] ?? '');
  if (!announced) return { update: () => undefined, result: () => 'not given' };
  const hash = createHash('sha256');
  return {
    update: (piece) => void hash.update(piece),
    result(trailers) {
      const wanted = sha256Of(given ?? digestHeader(trailers) ?? '');
      return wanted === hash.digest('base64') ? 'verified' : 'mismatch';
    },
  };
}
