import { canonicalSource } from './canonical.ts';
import { clockifySource } from './clockify.ts';
import type { GatewayCredentials } from './deps.ts';
import { hubspotSource } from './hubspot.ts';
import type { EventSource } from './intake.ts';
import { salesforceSource } from './salesforce.ts';

/** Every system whose credentials are known. */
export function connectedSources(credentials: GatewayCredentials): EventSource[] {
  const sources: EventSource[] = [];
  if (credentials.salesforce !== undefined) sources.push(salesforceSource(credentials.salesforce));
  if (credentials.hubspot !== undefined) sources.push(hubspotSource(credentials.hubspot));
  if (credentials.canonical !== undefined) sources.push(canonicalSource(credentials.canonical));
  const { clockify } = credentials;
  if (clockify?.webhookTokens !== undefined) sources.push(clockifySource({ workspaceId: clockify.workspaceId, webhookTokens: clockify.webhookTokens }));
  return sources;
}
