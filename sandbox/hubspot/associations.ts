import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import { AssociationTypeList, listOf, objectNamed, parse } from './answers.ts';
import { invalid } from './errors.ts';
import { associationTypes, type ObjectType } from './schema.ts';
import type { Association, CrmStore } from './store.ts';

const BatchRead = z.object({
  inputs: z
    .array(z.object({ id: z.coerce.string(), after: z.string().optional() }))
    .min(1)
    .max(1000),
});
const BatchDefault = z.object({
  inputs: z
    .array(z.object({ from: z.object({ id: z.coerce.string() }), to: z.object({ id: z.coerce.string() }) }))
    .min(1)
    .max(2000),
});

type Pair = {
  Params: { type: string; id: string; toType: string; toId: string };
  Body: unknown;
  Querystring: { limit?: string; after?: string };
};

/** Associations v4: read, set by default or by type, remove, the types there are, and the batches for reading and default linking. */
export function installAssociations(app: FastifyInstance, context: SandboxContext, store: CrmStore): void {
  const one = '/crm/v4/objects/:type/:id/associations/:toType';

  app.get<Pair>(one, (request) => {
    const [from, to] = [objectNamed(request.params.type), objectNamed(request.params.toType)];
    store.demand(from, request.params.id);
    const all = store.associations(from, request.params.id, to).toSorted((a, b) => Number(a.toId) - Number(b.toId));
    const rest = all.filter((link) => Number(link.toId) > Number(request.query.after ?? 0));
    const page = rest.slice(0, Math.min(500, Number(listOf(request.query.limit)?.[0] ?? 500)));
    const last = page.at(-1);
    const results = page.map((link) => shown(from, to, link));
    return last === undefined || rest.length === page.length ? { results } : { results, paging: { next: { after: last.toId } } };
  });

  app.get<Pair>('/crm/v4/associations/:type/:toType/labels', (request) => ({
    results: associationTypes(objectNamed(request.params.type), objectNamed(request.params.toType)).map(({ category, typeId, label }) => ({ category, typeId, label })),
  }));

  app.put<Pair>('/crm/v4/objects/:type/:id/associations/default/:toType/:toId', (request) => {
    const { type, id, toType, toId } = request.params;
    const results = context.records.transaction(() => linkByDefault(objectNamed(type), id, objectNamed(toType), toId));
    return complete(results, context.now());
  });

  app.put<Pair>(`${one}/:toId`, (request, reply) => {
    const { type, id, toType, toId } = request.params;
    const [from, to] = [objectNamed(type), objectNamed(toType)];
    const types = parse(AssociationTypeList, request.body);
    context.records.transaction(() => {
      for (const { associationCategory, associationTypeId } of types) {
        const known = associationTypes(from, to).some((type) => type.typeId === associationTypeId && type.category === associationCategory);
        if (!known) invalid(`${associationCategory} ${associationTypeId} is not a valid association type between ${from.name} and ${to.name}`);
        store.associate(from, id, to, toId, associationTypeId);
      }
    });
    const labels = associationTypes(from, to).flatMap((known) =>
      known.label !== null && types.some((given) => given.associationTypeId === known.typeId) ? [known.label] : [],
    );
    return reply
      .code(201)
      .send({ fromObjectTypeId: from.typeId, fromObjectId: Number(id), toObjectTypeId: to.typeId, toObjectId: Number(toId), labels });
  });

  app.delete<Pair>(`${one}/:toId`, (request, reply) => {
    const { type, id, toType, toId } = request.params;
    context.records.transaction(() => store.dissociate(objectNamed(type), id, objectNamed(toType), toId));
    return reply.code(204).send();
  });

  app.post<Pair>('/crm/v4/associations/:type/:toType/batch/read', (request, reply) => {
    const [from, to] = [objectNamed(request.params.type), objectNamed(request.params.toType)];
    const { inputs } = parse(BatchRead, request.body);
    const found = inputs.map(({ id }) => ({ id, links: store.associations(from, id, to) }));
    const results = found
      .filter(({ links }) => links.length > 0)
      .map(({ id, links }) => ({ from: { id }, to: links.map((link) => shown(from, to, link)) }));
    const errors = found
      .filter(({ links }) => links.length === 0)
      .map(({ id }) => ({
        status: 'error',
        category: 'OBJECT_NOT_FOUND',
        subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND',
        message: `No ${to.singular} is associated with ${from.singular} ${id}.`,
        context: { fromObjectId: [id], fromObjectType: [from.typeId], toObjectType: [to.typeId] },
      }));
    const body = complete(results, context.now());
    return errors.length === 0 ? reply.send(body) : reply.code(207).send({ ...body, numErrors: errors.length, errors });
  });

  app.post<Pair>('/crm/v4/associations/:type/:toType/batch/associate/default', (request) => {
    const [from, to] = [objectNamed(request.params.type), objectNamed(request.params.toType)];
    const { inputs } = parse(BatchDefault, request.body);
    const results = context.records.transaction(() => inputs.flatMap((input) => linkByDefault(from, input.from.id, to, input.to.id)));
    return complete(results, context.now());
  });

  function linkByDefault(from: ObjectType, fromId: string, to: ObjectType, toId: string): object[] {
    const typeId = store.associate(from, fromId, to, toId);
    const inverse = associationTypes(from, to).find((type) => type.typeId === typeId)?.inverse ?? typeId;
    return [
      { from: { id: fromId }, to: { id: toId }, associationSpec: { associationCategory: 'HUBSPOT_DEFINED', associationTypeId: typeId } },
      { from: { id: toId }, to: { id: fromId }, associationSpec: { associationCategory: 'HUBSPOT_DEFINED', associationTypeId: inverse } },
    ];
  }
}

function shown(from: ObjectType, to: ObjectType, link: Association): object {
  const known = new Map(associationTypes(from, to).map((type) => [type.typeId, type]));
  return {
    toObjectId: Number(link.toId),
    associationTypes: link.typeIds.map((typeId) => ({ category: known.get(typeId)?.category ?? 'HUBSPOT_DEFINED', typeId, label: known.get(typeId)?.label ?? null })),
  };
}

const complete = (results: readonly object[], startedAt: Date): object => ({
  status: 'COMPLETE',
  results,
  startedAt: startedAt.toISOString(),
  completedAt: new Date().toISOString(),
});
