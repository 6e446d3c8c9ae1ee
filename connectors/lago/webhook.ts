import { createHmac, timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { importSPKI, jwtVerify } from 'jose';
import { z } from 'zod';

/** What the line takes notice of; an endpoint may be sent more. https://getlago.com/docs/api-reference/webhooks/messages */
export const LAGO_EVENTS = ['invoice.one_off_created', 'invoice.voided', 'invoice.payment_status_updated', 'credit_note.created', 'payment.succeeded'] as const;
export type LagoEventType = (typeof LAGO_EVENTS)[number];

/**
 * What the secrets provider keeps for the gateway: for endpoints signed with hmac the organization's HMAC key, for jwt Lago's public key
 * (`GET /api/v1/webhooks/public_key`, which answers the PEM in base64) and the issuer, which is the address of Lago's API.
 */
export const lagoWebhookSecretSchema = z.union([
  z.object({ algorithm: z.literal('hmac'), hmacKey: z.string().min(1) }),
  z.object({ algorithm: z.literal('jwt'), publicKey: z.string().min(1).transform(pemOf), issuer: z.string().min(1) }),
]);
export type LagoWebhookSecret = z.infer<typeof lagoWebhookSecretSchema>;

const object = z.looseObject({ lago_id: z.string().min(1) });
export const lagoBodySchema = z.looseObject({ webhook_type: z.string().min(1), object_type: z.string().min(1) });

export interface LagoWebhookEvent {
  readonly type: LagoEventType;
  /** The same for every delivery of one event: `X-Lago-Unique-Key`. */
  readonly eventId: string;
  /** What is to be read anew. */
  readonly about: { readonly kind: 'invoice' | 'payment'; readonly externalId: string };
  readonly body: z.infer<typeof lagoBodySchema>;
}

export type LagoWebhookResult =
  | { readonly ok: true; readonly event: LagoWebhookEvent }
  | {
      readonly ok: false;
      /** unsigned, bad_signature: not from our Lago · other_event: genuine, but of no concern · malformed: genuine, but not what was agreed */
      readonly reason: 'unsigned' | 'bad_signature' | 'other_event' | 'malformed';
      readonly detail: string;
      readonly mend: string;
    };

/**
 * Checks a delivery of Lago: `X-Lago-Signature` is a base64 HMAC-SHA256 of the body, or a JWT (RS256) that carries the body as `data`. Neither carries a time:
 * a repeated delivery is known by its unique key alone. https://getlago.com/docs/guide/webhooks
 * @param delivery - headers with names in lower case
 */
export async function verifyLagoWebhook(delivery: { readonly headers: Readonly<Record<string, string | undefined>>; readonly rawBody: Buffer }, secret: LagoWebhookSecret): Promise<LagoWebhookResult> {
  const signature = delivery.headers['x-lago-signature'];
  const key = delivery.headers['x-lago-unique-key'];
  const algorithm = delivery.headers['x-lago-signature-algorithm'];
  if (signature === undefined || signature === '' || key === undefined || key === '') return refused('unsigned', 'the header x-lago-signature or x-lago-unique-key is missing', "Deliver by Lago's own webhook endpoint.");
  // The sender does not choose how it is checked: an endpoint is of one kind.
  if (algorithm !== undefined && algorithm !== secret.algorithm) return refused('bad_signature', `the delivery is signed by ${algorithm.slice(0, 20)}, agreed is ${secret.algorithm}`, 'Choose the same signature for the endpoint in Lago as in the secrets provider.');
  const genuine = secret.algorithm === 'hmac' ? isHmac(secret.hmacKey, delivery.rawBody, signature) : await isToken(secret, delivery.rawBody, signature);
  if (!genuine) return refused('bad_signature', 'x-lago-signature is not of this body and our Lago', secret.algorithm === 'hmac' ? 'Give the secrets provider the HMAC key of the organization (Developers > API keys).' : 'Give the secrets provider the public key of /api/v1/webhooks/public_key and the address of Lago as issuer.');
  const content = jsonOf(delivery.rawBody);
  const body = lagoBodySchema.safeParse(content);
  if (!body.success) return refused('malformed', z.prettifyError(body.error), 'Compare connectors/lago/webhook.ts with the delivery in the quarantine.');
  const type = LAGO_EVENTS.find((event) => event === body.data.webhook_type);
  if (type === undefined) return refused('other_event', `the event ${body.data.webhook_type.slice(0, 80)}`, `Let the endpoint send ${LAGO_EVENTS.join(', ')} only.`);
  const about = object.safeParse(body.data[body.data.object_type]);
  if (!about.success) return refused('malformed', z.prettifyError(about.error), 'Compare connectors/lago/webhook.ts with the delivery in the quarantine.');
  return { ok: true, event: { type, eventId: key, about: { kind: type.startsWith('payment') ? 'payment' : 'invoice', externalId: about.data.lago_id }, body: body.data } };
}

function isHmac(hmacKey: string, rawBody: Buffer, given: string): boolean {
  const expected = createHmac('sha256', hmacKey).update(rawBody).digest();
  const bytes = Buffer.from(given, 'base64');
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

async function isToken(secret: Extract<LagoWebhookSecret, { algorithm: 'jwt' }>, rawBody: Buffer, token: string): Promise<boolean> {
  try {
    const { payload } = await jwtVerify(token, await importSPKI(secret.publicKey, 'RS256'), { algorithms: ['RS256'], issuer: secret.issuer });
    const signed = typeof payload['data'] === 'string' ? payload['data'] : JSON.stringify(payload['data']);
    const body = jsonOf(rawBody);
    return body !== undefined && isDeepStrictEqual(jsonOf(Buffer.from(signed)), body);
  } catch {
    return false;
  }
}

/** Lago answers its key as the base64 of a PEM. */
function pemOf(key: string): string {
  return key.includes('-----BEGIN') ? key : Buffer.from(key, 'base64').toString('utf8');
}

function refused(reason: Extract<LagoWebhookResult, { ok: false }>['reason'], detail: string, mend: string): LagoWebhookResult {
  return { ok: false, reason, detail, mend };
}

function jsonOf(rawBody: Buffer): unknown {
  try {
    return JSON.parse(rawBody.toString('utf8'));
  } catch {
    return undefined;
  }
}
