import { Metadata, type status as Status, type StatusObject } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';

export type Refusal = Pick<StatusObject, 'code' | 'details' | 'metadata'>;

/** A gRPC error as Salesforce words it: its own code in the trailers, the call's ID in both. */
export function refusal(code: Status, errorCode: string, details: string): Refusal {
  const rpcId = randomUUID();
  const metadata = new Metadata();
  metadata.set('error-code', `sfdc.platform.eventbus.grpc.${errorCode}`);
  metadata.set('rpc-id', rpcId);
  return { code, details: `${details} rpcId: ${rpcId}`, metadata };
}
