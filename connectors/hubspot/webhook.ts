import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** Older requests are refused: a recorded one cannot be replayed. Source: HubSpot, "Validating requests". */
export const SIGNATURE_WINDOW_MS = 300_000;

export interface SignedRequest {
  readonly method: string;
  /** The full URI as HubSpot called it, with scheme, host and query. */
  readonly uri: string;
  readonly rawBody: Buffer;
  /** `X-HubSpot-Request-Timestamp`, milliseconds since 1970. */
  readonly timestamp: string | undefined;
  /** `X-HubSpot-Signature-v3` */
  readonly signature: string | undefined;
  readonly clientSecret: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export type SignatureVerdict = { readonly verified: true } | { readonly verified: false; readonly problem: 'missing' | 'expired' | 'wrong'; readonly detail: string };

/** Checks a request signed by HubSpot's version 3 scheme, in constant time. */
export function verifySignatureV3(request: SignedRequest): SignatureVerdict {
  const { timestamp, signature, now } = request;
  if (timestamp === undefined || signature === undefined || !/^\d{1,16}$/.test(timestamp)) {
    return { verified: false, problem: 'missing', detail: 'The headers X-HubSpot-Signature-v3 and X-HubSpot-Request-Timestamp are needed.' };
  }
  if (Math.abs(now - Number(timestamp)) > SIGNATURE_WINDOW_MS) {
    return { verified: false, problem: 'expired', detail: 'X-HubSpot-Request-Timestamp is more than five minutes away from now.' };
  }
  const expected = createHmac('sha256', request.clientSecret)
    .update(`${request.method.toUpperCase()}${decodeUri(request.uri)}`)
    .update(request.rawBody)
    .update(timestamp)
    .digest();
  const given = Buffer.from(signature, 'base64');
  if (given.length === expected.length && timingSafeEqual(given, expected)) return { verified: true };
  return { verified: false, problem: 'wrong', detail: 'X-HubSpot-Signature-v3 does not belong to this request.' };
}

/** The escapes that HubSpot decodes before it signs, and no others. */
const DECODED: Readonly<Record<string, string>> = {
  '%3A': ':', '%2F': '/', '%3F': '?', '%40': '@', '%21': '!', '%24': '$', '%27': "'", '%28': '(', '%29': ')', '%2A': '*', '%2C': ',', '%3B': ';',
};

function decodeUri(uri: string): string {
  return uri.replaceAll(/%[0-9A-Fa-f]{2}/g, (escape) => DECODED[escape.toUpperCase()] ?? escape);
}

/** One event of a webhook's array; fields that differ by subscription type are optional. */
export const hubspotEventSchema = z.looseObject({
  eventId: z.number().int().nonnegative(),
  subscriptionId: z.number().int().nonnegative().optional(),
  portalId: z.number().int().nonnegative(),
  appId: z.number().int().nonnegative().optional(),
  /** Milliseconds since 1970. */
  occurredAt: z.number().int().nonnegative(),
  /** "deal.propertyChange", "deal.creation", … or "object.propertyChange" with `objectTypeId`. */
  subscriptionType: z.string().min(1).max(100),
  attemptNumber: z.number().int().nonnegative().default(0),
  objectId: z.union([z.number().int().nonnegative(), z.string().regex(/^\d{1,20}$/)]).transform(String),
  objectTypeId: z.string().optional(),
  propertyName: z.string().optional(),
  propertyValue: z.string().nullish(),
  changeSource: z.string().optional(),
  sourceId: z.string().optional(),
});
export type HubSpotEvent = z.infer<typeof hubspotEventSchema>;

/** HubSpot sends at most 100 events at once. */
export const hubspotEventsSchema = z.array(hubspotEventSchema).min(1).max(100);

/** True for events about deals, in either spelling of the subscription type. */
export function isDealEvent(event: HubSpotEvent): boolean {
  return event.subscriptionType.startsWith('deal.') || (event.subscriptionType.startsWith('object.') && event.objectTypeId === '0-3');
}
