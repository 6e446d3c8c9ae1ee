import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { answerMisfits, requestMisfits, type Checking } from '../../support/odata/check.ts';
import { describedServices } from '../../support/odata/described.ts';
import { modelOfMetadata, type ServiceModel } from '../../support/odata/model.ts';
import { operationsOf } from '../../support/odata/operations.ts';
import type { Exchange } from '../../support/recorded.ts';
import { vendorDescription } from '../../support/vendor-descriptions.ts';

/** The data entities as test/fixtures/vendors/dynamics/data.json describes them, compared with an environment's `$metadata` in published-description.spec.ts. */
export const OUR_DESCRIPTION: ServiceModel = describedServices(readFileSync(new URL('../../fixtures/vendors/dynamics/data.json', import.meta.url), 'utf8'))['data'] ?? assert.fail('data.json does not describe data');

/** An environment's `$metadata`, where it is at hand. */
export const PUBLISHED: ServiceModel | undefined = ((metadata) => (metadata === undefined ? undefined : modelOfMetadata(metadata)))(vendorDescription('dynamics/metadata.xml'));

export function checkingWith(model: ServiceModel): Checking {
  return { model, version: 4, options: ['cross-company'] };
}

/** All of some exchanges with `/data` that the entities' description does not have: of requests and answers, each said once. */
export function trafficMisfits(exchanges: readonly Exchange[], model: ServiceModel): string[] {
  const checking = checkingWith(model);
  return [...new Set(exchanges.filter(({ url }) => url.startsWith('/data/')).flatMap((exchange) =>
    operationsOf(exchange, '/data').flatMap((operation) => [
      ...requestMisfits(checking, operation).map((misfit) => `asked: ${misfit}`),
      ...answerMisfits(checking, operation).map((misfit) => `answered: ${misfit}`),
    ])))];
}
