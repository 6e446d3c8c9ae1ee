import { createHmac, timingSafeEqual } from 'node:crypto';

/** Older requests are refused, so that a recorded one cannot be replayed. Source: HubSpot, "Validating requests". */
export const SIGNATURE_WINDOW_MS = 300_000;

export interface SignedRequest {
  readonly method: string;
  /** The full URI as HubSpot called it, with scheme, host and query. */
  readonly uri: string;
  readonly rawBody: Buffer;
  /** `X-HubSpot-Request-Timestamp`, milliseconds since 1970. */
  readonly timestamp: string;
  /** `X-HubSpot-Signature-v3` */
  readonly signature: string;
  readonly clientSecret: string;
  /** Milliseconds since 1970; left out where the caller checks the window itself. */
  readonly now?: number;
}

/** True for a request signed by HubSpot's version 3 scheme, and sent within five minutes of `now`. The signature is compared in constant time. */
export function verifySignatureV3(request: SignedRequest): boolean {
  const { timestamp, now } = request;
  if (!/^\d{1,16}$/.test(timestamp)) return false;
  if (now !== undefined && Math.abs(now - Number(timestamp)) > SIGNATURE_WINDOW_MS) return false;
  const given = Buffer.from(request.signature, 'base64');
  // HubSpot's documentation has certain escapes decoded before signing, its own library signs the URI as it stands: both are taken.
  return [decodeUri(request.uri), request.uri].some((uri) => {
    const expected = createHmac('sha256', request.clientSecret).update(`${request.method.toUpperCase()}${uri}`).update(request.rawBody).update(timestamp).digest();
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

/** The escapes that HubSpot decodes before it signs, and no others. */
const DECODED: Readonly<Record<string, string>> = {
  '%3A': ':', '%2F': '/', '%3F': '?', '%40': '@', '%21': '!', '%24': '$', '%27': "'", '%28': '(', '%29': ')', '%2A': '*', '%2C': ',', '%3B': ';',
};

function decodeUri(uri: string): string {
  return uri.replaceAll(/%[0-9A-Fa-f]{2}/g, (escape) => DECODED[escape.toUpperCase()] ?? escape);
}
