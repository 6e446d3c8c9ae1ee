import { readFileSync } from 'node:fs';
import { answerMisfits, requestMisfits } from '../../support/odata/check.ts';
import { describedServices } from '../../support/odata/described.ts';
import { modelOfMetadata, type ServiceModel } from '../../support/odata/model.ts';
import { operationsOf } from '../../support/odata/operations.ts';
import type { Exchange } from '../../support/recorded.ts';
import { vendorDescription } from '../../support/vendor-descriptions.ts';

/** SAP's services as test/fixtures/vendors/sap/services.json describes them, compared with what SAP publishes in published-description.spec.ts. */
export const OUR_DESCRIPTION = describedServices(readFileSync(new URL('../../fixtures/vendors/sap/services.json', import.meta.url), 'utf8'));

/** What SAP publishes of them, where it is at hand. */
export const PUBLISHED: Readonly<Record<string, ServiceModel>> = Object.fromEntries(
  Object.keys(OUR_DESCRIPTION).flatMap((service) => {
    const edmx = vendorDescription(`sap/${service}.edmx`);
    return edmx === undefined ? [] : [[service, modelOfMetadata(edmx)]];
  }),
);

const SERVICE = /^(\/sap\/opu\/odata\/sap\/([^/?]+))/;
/** Signing in, and the custom view that the firm's key users make: its description is in the connector's README. */
const OTHERS = [/^\/sap\/bc\/sec\/oauth2\/token/, /^\/sap\/opu\/odata\/sap\/YY1_Q2CPEOPLE_CDS\//];

/** All of some exchanges with SAP that its services' descriptions do not have: of requests and answers, each said once. */
export function trafficMisfits(exchanges: readonly Exchange[], services: Readonly<Record<string, ServiceModel>>): string[] {
  return [...new Set(exchanges.flatMap((exchange) => {
    const [, root = '', service = ''] = SERVICE.exec(decodeURIComponent(exchange.url)) ?? [];
    if (OTHERS.some((other) => other.test(exchange.url))) return [];
    const model = services[service];
    if (model === undefined) return [`${exchange.url} is of no service that is described`];
    return operationsOf(exchange, root).flatMap((operation) => [
      ...requestMisfits({ model, version: 2 }, operation).map((misfit) => `asked: ${misfit}`),
      ...answerMisfits({ model, version: 2 }, operation).map((misfit) => `answered: ${misfit}`),
    ]);
  }))];
}
