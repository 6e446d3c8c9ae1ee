import type { Logger } from 'pino';
import { z } from 'zod';
import { clockifyWebhookSecretSchema } from '../../connectors/clockify/webhook.ts';
import { lagoWebhookSecretSchema } from '../../connectors/lago/webhook.ts';
import { stripeWebhookSecretSchema } from '../../connectors/stripe/webhook.ts';
import type { Finding } from './problem.ts';
import type { TimeIntake } from './time/store.ts';

/** One event as the inbox takes it. Redeliveries are compared by `contentHash`, or by the raw body where there is none. */
export interface InboundEvent {
  readonly source: string;
  readonly eventId: string;
  readonly kind: string;
  readonly businessKey: string;
  readonly version: string | null;
  readonly occurredAt: string | null;
  readonly headers: Record<string, string>;
  readonly rawBody: Buffer;
  readonly payload: unknown;
  readonly contentHash?: string;
}

export interface QuarantinedEvent extends InboundEvent {
  readonly findings: readonly Finding[];
}

/** `id` is the inbox row that counts: of a duplicate or conflict the first one received. */
export interface Receipt {
  readonly status: 'accepted' | 'duplicate' | 'conflict';
  readonly id: number;
}

/** What the gateway needs of the store's inbox. Every promise settles only when the event is durable. */
export interface GatewayInbox {
  /** One receipt per event, in order. */
  receive(events: readonly InboundEvent[]): Promise<readonly Receipt[]>;
  quarantine(event: QuarantinedEvent): Promise<Receipt>;
  /** Answers while the store can be written to, rejects otherwise. */
  check(): Promise<void>;
}

/** A system left out has no webhook: its address answers 404. */
export const gatewayCredentialsSchema = z.object({
  salesforce: z.object({ organizationId: z.string().min(15).max(18), webhookToken: z.string().min(16) }).optional(),
  hubspot: z.object({ clientSecret: z.string().min(16), portalId: z.union([z.number().int(), z.string().min(1)]).transform(String) }).optional(),
  /** `apiToken`: for senders that cannot sign, as a bearer token of /v1/timesheets and /v1/expenses. */
  canonical: z.object({ signingSecret: z.string().startsWith('whsec_'), apiToken: z.string().min(32).optional() }).optional(),
  /** Without webhook tokens Clockify is only swept. */
  clockify: z.object({ workspaceId: z.string().min(1), webhookTokens: clockifyWebhookSecretSchema.shape.webhookTokens.optional() }).optional(),
  /** Billing systems, by the entries `stripe` and `lago`. Without a signing secret nothing is taken from them. */
  stripe: stripeWebhookSecretSchema.partial({ webhookSecret: true }).optional(),
  lago: z.union([lagoWebhookSecretSchema, z.object({ apiKey: z.string().min(1), algorithm: z.undefined().optional() })]).optional(),
});
export type GatewayCredentials = z.infer<typeof gatewayCredentialsSchema>;

export interface GatewayLimits {
  /** Bytes of a request body. */
  readonly bodyBytes: number;
  /** Levels of brackets or elements in a body. */
  readonly nesting: number;
  /** Age or advance of a signed timestamp, milliseconds. */
  readonly windowMs: number;
  /** Deliveries worked on at the same time; more are told to come back. */
  readonly inFlight: number;
  /** How long the store may take to make a delivery durable, milliseconds. */
  readonly storeTimeoutMs: number;
  /** Bytes of a streamed body, and of one line in it. */
  readonly bulkBytes: number;
  readonly bulkLineBytes: number;
  /** Streamed bodies taken at the same time. */
  readonly bulkInFlight: number;
  /** How long a streamed body may stand still, milliseconds. */
  readonly bulkIdleMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = { bodyBytes: 1_048_576, nesting: 64, windowMs: 300_000, inFlight: 256, storeTimeoutMs: 10_000, bulkBytes: 1_073_741_824, bulkLineBytes: 1_048_576, bulkInFlight: 8, bulkIdleMs: 30_000 };

export interface GatewayDeps {
  readonly inbox: GatewayInbox;
  readonly credentials: GatewayCredentials;
  readonly now: () => Date;
  readonly log: Logger;
  readonly limits?: Partial<GatewayLimits>;
  /** Base URL under which senders know the gateway; the Host header unless told. Part of HubSpot's signature. */
  readonly publicUrl?: string | undefined;
  /** Where timesheets and expense reports are kept; without it their addresses answer 404. */
  readonly timeIntake?: TimeIntake | undefined;
  /** A span for each delivery, where traces are exported. */
  readonly traced?: boolean;
}
