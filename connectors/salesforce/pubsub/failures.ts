import { status as Status, type Metadata } from '@grpc/grpc-js';
import { z } from 'zod';
import { SystemFailure, type Failure } from '../../../domain/failure.ts';
import { redact } from '../../../domain/redact.ts';

/**
 * How a subscription ended:
 * `position_lost`: the stored position is older than what Salesforce keeps, or not one of its own: it cannot be gone on from;
 * `token_refused`: a new token mends it; `failed`: as the failure says.
 */
export type Ending = 'position_lost' | 'token_refused' | 'failed';

export class SubscriptionEnded extends SystemFailure {
  readonly ending: Ending;
  constructor(ending: Ending, failure: Failure, options?: ErrorOptions) {
    super(failure, options);
    this.ending = ending;
  }
}

type Row = Pick<Failure, 'kind' | 'mend' | 'retryAfterMs'> & { readonly ending?: Ending };

const AGAIN: Row = { kind: 'transient', mend: 'Nothing to do: the subscription is opened again by itself.' };
const CHANNEL: Row = { kind: 'configuration', mend: 'In Salesforce\'s Setup select Opportunity under Change Data Capture (or make the custom channel named in config/systems.yaml), and let the integration user view all fields of it; it is tried again by itself.' };
const OURS: Row = { kind: 'contract', mend: 'The request was not understood: compare connectors/salesforce/pubsub with the Pub/Sub API\'s documentation.' };

/** By the trailer `error-code`, without its prefix. Source: Pub/Sub API guide, "Handle Errors". */
const ROWS: Readonly<Record<string, Row>> = {
  'subscription.fetch.replayid.corrupted': { ...AGAIN, ending: 'position_lost' },
  'subscription.fetch.replayid.validation.failed': { ...AGAIN, ending: 'position_lost' },
  'service.auth.error': { ...AGAIN, ending: 'token_refused' },
  'service.auth.headers.invalid': { kind: 'configuration', mend: 'Check the system\'s address and credentials in config/systems.yaml; it is tried again by itself.' },
  'service.tenant.license': { kind: 'configuration', mend: 'Ask Salesforce to enable the Pub/Sub API for the organization, or take changeEvents out of config/systems.yaml: the sweep goes on finding changes.' },
  'topic.not.found': CHANNEL,
  'topic.meta.permission': CHANNEL,
  'schema.meta.permission': CHANNEL,
  'subscription.topic.cannot.subscribe': CHANNEL,
  'subscription.limit.exceeded': { kind: 'transient', retryAfterMs: 3_600_000, mend: 'The organization\'s events of 24 hours are used up; it is tried again every hour. Until then the sweep finds changes.' },
  'concurrent.client.limit.exceeded': { ...AGAIN, retryAfterMs: 300_000 },
  'service.protection.triggered': { ...AGAIN, retryAfterMs: 60_000 },
  'service.protection.stream.limit.triggered': { ...AGAIN, retryAfterMs: 60_000 },
  'subscription.fetch.overflow': OURS,
  'subscription.fetch.requested.events.invalid': OURS,
  'subscription.fetch.topic.mismatch': OURS,
};

const BY_STATUS: Readonly<Partial<Record<Status, Row>>> = {
  [Status.UNAUTHENTICATED]: { ...AGAIN, ending: 'token_refused' },
  [Status.PERMISSION_DENIED]: CHANNEL,
  [Status.NOT_FOUND]: CHANNEL,
  [Status.INVALID_ARGUMENT]: OURS,
  [Status.UNIMPLEMENTED]: OURS,
};

const PREFIX = /^sfdc\.platform\.eventbus\.grpc\./;
const serviceError = z.looseObject({ code: z.enum(Status), details: z.string().default('') });

/** What the end of a gRPC call means. */
export function endingOf(error: unknown, where: { readonly system: string; readonly topic: string }): SubscriptionEnded {
  const object = `change events of ${where.topic}`;
  if (error instanceof z.ZodError) {
    return new SubscriptionEnded('failed', { ...OURS, code: 'PUBSUB_ANSWER_SCHEMA', message: `An answer on the stream of ${object} is not of the shape Salesforce documents: ${z.prettifyError(error).slice(0, 300)}.`, system: where.system, object, written: 'no' }, { cause: error });
  }
  const known = serviceError.safeParse(error);
  if (!known.success) {
    const message = error instanceof Error ? error.message : String(error);
    return new SubscriptionEnded('failed', { ...AGAIN, code: 'PUBSUB_CONNECTION_LOST', message: `The stream of ${object} broke: ${message}.`, system: where.system, object, written: 'no' }, { cause: error });
  }
  const { code, details } = known.data;
  const errorCode = trailer(error, 'error-code').replace(PREFIX, '');
  const { ending = 'failed', ...row } = ROWS[errorCode] ?? BY_STATUS[code] ?? AGAIN;
  const name = errorCode === '' ? (Status[code] ?? String(code)) : errorCode;
  return new SubscriptionEnded(ending, {
    ...row,
    code: `PUBSUB_${name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`,
    message: `Salesforce ended the stream of ${object}: ${redact(details).slice(0, 500) || name}.`,
    system: where.system,
    object,
    written: 'no',
  }, { cause: error });
}

/** A message of more bytes than may be read: nothing of it is known. */
export function isTooLarge(error: unknown): boolean {
  const known = serviceError.safeParse(error);
  return known.success && known.data.code === Status.RESOURCE_EXHAUSTED && /larger than max/i.test(known.data.details);
}

/** One event alone is more than may be read, and its position is in it: nothing after the last event taken can be gone on from. */
export function tooLargeEnding(where: { readonly system: string; readonly topic: string }): SubscriptionEnded {
  const object = `change events of ${where.topic}`;
  return new SubscriptionEnded('position_lost', { kind: 'contract', code: 'PUBSUB_EVENT_TOO_LARGE', message: `The next of the ${object} alone is larger than any that Salesforce documents, and cannot be read.`, mend: 'See in Salesforce which change made such an event.', system: where.system, object, written: 'no' });
}

/** Why the events of a schema cannot be read, where Salesforce does not give the schema; undefined where that is a matter of the connection, the token or a right. */
export function schemaProblem(error: unknown, schemaId: string): string | undefined {
  const which = `schema ${schemaId.slice(0, 100)}`;
  if (error instanceof z.ZodError) return `${which} came in another shape than Salesforce documents`;
  const known = serviceError.safeParse(error);
  if (isTooLarge(error)) return `${which} is larger than may be read`;
  if (!known.success || trailer(error, 'error-code').replace(PREFIX, '') in ROWS) return undefined;
  const { code, details } = known.data;
  return code === Status.NOT_FOUND || code === Status.INVALID_ARGUMENT ? `Salesforce does not know ${which}: ${redact(details).slice(0, 300)}` : undefined;
}

/** The stream is open, but nothing comes any more. */
export function silentEnding(where: { readonly system: string; readonly topic: string }, seconds: number): SubscriptionEnded {
  const object = `change events of ${where.topic}`;
  return new SubscriptionEnded('failed', { ...AGAIN, code: 'PUBSUB_SILENT', message: `Nothing came for ${seconds} s on the stream of ${object}, not even a sign of life.`, system: where.system, object, written: 'no' });
}

function trailer(error: unknown, name: string): string {
  if (typeof error !== 'object' || error === null || !('metadata' in error)) return '';
  const { metadata } = error;
  return isMetadata(metadata) ? String(metadata.get(name)[0] ?? '') : '';
}

function isMetadata(value: unknown): value is Metadata {
  return typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function';
}
