import { randomUUID } from 'node:crypto';

export interface ErrorDetail {
  readonly message: string;
  readonly code?: string;
  readonly in?: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/** A refusal in HubSpot's form. */
export class HubSpotError extends Error {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  constructor(status: number, category: string, message: string, more: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'HubSpotError';
    this.status = status;
    this.body = { status: 'error', message, correlationId: randomUUID(), ...more, category };
  }
}

export const invalid = (message: string, errors?: readonly ErrorDetail[]): never => {
  throw new HubSpotError(400, 'VALIDATION_ERROR', message, errors === undefined ? {} : { errors });
};

export const notFound = (message = 'resource not found'): never => {
  throw new HubSpotError(404, 'OBJECT_NOT_FOUND', message);
};

const AUTH_ADVICE =
  'This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview';

export const noCredentials = (): HubSpotError =>
  new HubSpotError(401, 'INVALID_AUTHENTICATION', `Authentication credentials not found. ${AUTH_ADVICE}`);

export const badCredentials = (): HubSpotError =>
  new HubSpotError(401, 'INVALID_AUTHENTICATION', `Authentication credentials are invalid. ${AUTH_ADVICE}`);

export const expiredCredentials = (): HubSpotError =>
  new HubSpotError(401, 'EXPIRED_AUTHENTICATION', 'The OAuth token used to make this call expired 1 hour(s) ago.', {
    context: { 'expire time': [new Date(Date.now() - 3_600_000).toISOString()] },
  });

export type LimitPolicy = 'DAILY' | 'TEN_SECONDLY_ROLLING' | 'SECONDLY';

const LIMIT_TEXT: Readonly<Record<LimitPolicy, string>> = {
  DAILY: 'You have reached your daily limit.',
  TEN_SECONDLY_ROLLING: 'You have reached your ten_secondly_rolling limit.',
  SECONDLY: 'You have reached your secondly limit.',
};

/** 429 has no category but an errorType and the policy that ran out. */
export function rateLimited(policyName: LimitPolicy): { status: number; body: object } {
  const message = LIMIT_TEXT[policyName];
  return {
    status: 429,
    body: { status: 'error', message, errorType: 'RATE_LIMIT', correlationId: randomUUID(), policyName, requestId: randomUUID() },
  };
}
