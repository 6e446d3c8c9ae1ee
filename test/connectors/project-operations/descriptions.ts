import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { answerMisfits, requestMisfits, type Checking } from '../../support/odata/check.ts';
import { describedServices } from '../../support/odata/described.ts';
import { modelOfMetadata, type ServiceModel } from '../../support/odata/model.ts';
import { operationsOf, type Operation } from '../../support/odata/operations.ts';
import type { Exchange } from '../../support/recorded.ts';
import { vendorDescription } from '../../support/vendor-descriptions.ts';

const FIXTURES = new URL('../../fixtures/vendors/project-operations/', import.meta.url);
const ROOT = '/api/data/v9.2';
const ACTION = /^msdyn_journals\([0-9a-f-]{36}\)\/Microsoft\.Dynamics\.CRM\.msdyn_PostJournal$/;

/** The tables as test/fixtures/vendors/project-operations/data.json describes them. */
export const OUR_DESCRIPTION: ServiceModel = describedServices(readFileSync(new URL('data.json', FIXTURES), 'utf8'))['dataverse'] ?? assert.fail('data.json does not describe dataverse');
/** The values of choices, by table and column: `$metadata` has them as plain numbers. */
export const CHOICES = z.record(z.string(), z.array(z.number())).parse(JSON.parse(readFileSync(new URL('choices.json', FIXTURES), 'utf8')));

/** An environment's `$metadata`, where it is at hand. */
export const PUBLISHED: ServiceModel | undefined = ((metadata) => (metadata === undefined ? undefined : modelOfMetadata(metadata)))(vendorDescription('project-operations/metadata.xml'));

/** What of one request the tables' description does not have, in words. */
export function askedMisfits(model: ServiceModel, operation: Operation): string[] {
  if (operation.method === 'POST' && ACTION.test(operation.path)) return [];
  const checking: Checking = { model, version: 4 };
  const type = model.sets[operation.path.replace(/\(.*$/s, '')]?.type;
  return [...requestMisfits(checking, operation), ...(type === undefined ? [] : Object.entries(recordIn(operation.body)).flatMap(([name, value]) => [...bindMisfits(model, type, name, value), ...choiceMisfits(type, name, value)]))];
}

function recordIn(body: unknown): object {
  return typeof body === 'object' && body !== null ? body : {};
}

/** "x@odata.bind" names a single-valued navigation property, and its value a row of the table that leads to. */
function bindMisfits(model: ServiceModel, type: string, name: string, value: unknown): string[] {
  const [navigation = '', annotation] = name.split('@', 2);
  if (annotation === undefined) return [];
  const to = model.types[type]?.navigations[navigation];
  if (annotation !== 'odata.bind' || to === undefined) return [`${type}.${name} is not described`];
  if (value === null) return [];
  const set = typeof value === 'string' ? /^\/(\w+)\([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\)$/.exec(value)?.[1] : undefined;
  return set !== undefined && model.sets[set]?.type === to.to ? [] : [`${type}.${name}: ${JSON.stringify(value)} is no ${to.to}`];
}

function choiceMisfits(type: string, name: string, value: unknown): string[] {
  const values = CHOICES[`${type}.${name}`];
  return values === undefined || value === null || values.includes(Number(value)) ? [] : [`${type}.${name}: ${String(value)} is none of its choices`];
}

/** All of some exchanges that the description does not have: of requests and answers, each said once. */
export function trafficMisfits(exchanges: readonly Exchange[], model: ServiceModel): string[] {
  return [...new Set(exchanges.filter(({ url }) => url.startsWith(ROOT)).flatMap((exchange) =>
    operationsOf(exchange, ROOT).flatMap((operation) => [
      ...askedMisfits(model, operation).map((misfit) => `asked: ${misfit}`),
      ...(ACTION.test(operation.path) ? [] : answerMisfits({ model, version: 4 }, operation).map((misfit) => `answered: ${misfit}`)),
    ])))];
}
