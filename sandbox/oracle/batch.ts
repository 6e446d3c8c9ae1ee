/**
 * `POST /{app}/resources/{version}` with application/vnd.oracle.adf.batch+json: parts are done in their order, all of them or none; of a batch that is
 * refused only the part with the error is listed.
 * https://docs.oracle.com/en/cloud/saas/project-management/25d/fapap/Batch_Actions.html. The status of a refused batch is (unverified).
 */
import { z } from 'zod';
import { badRequest, Refusal } from './errors.ts';
import { perform, type Answer, type Asked, type Service } from './operations.ts';

export const BATCH_TYPE = 'application/vnd.oracle.adf.batch+json';

const Batch = z.looseObject({ parts: z.array(z.looseObject({ id: z.string().min(1), path: z.string().startsWith('/'), operation: z.enum(['get', 'create', 'update', 'replace', 'delete', 'upsert']), payload: z.unknown().optional(), ifMatch: z.string().optional() })).min(1) });
const METHODS = { get: 'GET', create: 'POST', upsert: 'POST', update: 'PATCH', replace: 'PATCH', delete: 'DELETE' } as const;

/** @throws Refusal for a body that is no batch, and for the first part that is refused */
export function performBatch(service: Service, app: string, framework: number, body: unknown): Answer {
  const batch = Batch.safeParse(body);
  if (!batch.success) throw badRequest('The batch request is not valid: an array named parts is needed, whose items have id, path and operation.');
  if (new Set(batch.data.parts.map((part) => part.id)).size !== batch.data.parts.length) throw badRequest('The IDs of the parts must be unique.');
  const parts = batch.data.parts.map(({ id, path, operation, payload, ifMatch }) => {
    const { pathname, searchParams } = new URL(path, 'http://environment');
    const asked: Asked = { method: METHODS[operation], app, segments: pathname.split('/').filter((each) => each !== '').map(decodeURIComponent), query: searchParams, ifMatch, upsert: operation === 'upsert', framework, body: payload };
    return { id, path, operation, payload: answerOf(service, asked, id) };
  });
  return { status: 200, headers: {}, body: { parts } };
}

function answerOf(service: Service, asked: Asked, id: string): object | null {
  try {
    return perform(service, asked).body ?? null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.status, error.details.map((each) => ({ ...each, path: `/parts/${id}${each.path ?? ''}` })));
  }
}
