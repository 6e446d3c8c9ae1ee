import { canonicalSource } from './canonical.ts';
import { clockifySource } from './clockify.ts';
import type { GatewayCredentials } from './deps.ts';
import { hubspotSource } from './hubspot.ts';
import type { EventSource } from './intake.ts';
import { lagoSource } from './lago.ts';
import { salesforceSource } from './salesforce.ts';
import { stripeSource } from './stripe.ts';

/** Every system whose credentials are known. */
export function connectedSources(credentials: GatewayCredentials): EventSource[] {
  const sources: EventSource[] = [];
  if (credentials.salesforce !== undefined) sources.push(salesforceSource(credentials.salesforce));
  if (credentials.hubspot !== undefined) sources.push(hubspotSource(credentials.hubspot));
  if (credentials.canonical !== undefined) sources.push(canonicalSource(credentials.canonical));
  const { clockify, stripe, lago } = credentials;
  if (clockify?.webhookTokens !== undefined) sources.push(clockifySource({ workspaceId: clockify.workspaceId, webhookTokens: clockify.webhookTokens }));
  if (stripe?.webhookSecret !== undefined) sources.push(stripeSource({ secretKey: stripe.secretKey, webhookSecret: stripe.webhookSecret }));
  if (lago?.algorithm !== undefined) sources.push(lagoSource(lago));
  return sources;
}
