import { z } from 'zod';
import type { About, Kantata } from './client.ts';
import { idNumber } from './client.ts';
import { idText } from './envelope.ts';
import type { KantataOptions } from './options.ts';

/** What of Kantata is named by a key of ours. */
export type Model = 'project' | 'customer' | 'wbs-element' | 'assignment' | 'allocation' | 'staffing';
type SubjectType = 'Workspace' | 'WorkspaceGroup' | 'Story' | 'WorkspaceResource' | 'WorkspaceAllocation';

export const referenceRow = z.object({
  id: idText,
  service_name: z.string(),
  service_model: z.string().nullish(),
  service_model_ref: z.union([z.string(), z.number()]).transform(String).nullish(),
  subject_id: idText.nullish(),
  status: z.string().nullish(),
  external_status: z.string().nullish(),
});
export type ReferenceRow = z.infer<typeof referenceRow>;

export interface ReferenceState {
  /** Of the synchronization: `pending` until everything that belongs to the object is there. */
  readonly status: 'pending' | 'successful';
  /** Of our object: a project's status. */
  readonly external_status?: string;
}

/**
 * Kantata's external references: where an object keeps its ID in another system. Ours are written with the object itself, so that it is found by our key
 * whatever becomes of the answer. Of one service name an object has one, so what says something else of it has a service name of its own.
 */
export function createReferences(kantata: Kantata, { serviceName }: KantataOptions) {
  const serviceOf = (model: Model) => (model === 'staffing' ? `${serviceName}-staffing` : serviceName);
  const values = (model: Model, key: string, state?: ReferenceState) => ({ service_name: serviceOf(model), service_model: model, service_model_ref: key, ...state });
  return {
    values,
    /** The references by a key of ours. They may outlive their objects. */
    find: (type: SubjectType, model: Model, key: string, about: About): Promise<readonly ReferenceRow[]> =>
      kantata.list('/external_references', referenceRow, about, { subject_type: type, service_name: serviceOf(model), service_model: model, service_model_ref: key }),
    put: (type: SubjectType, subjectId: string, model: Model, key: string, state: ReferenceState, about: About): Promise<ReferenceRow> =>
      kantata.write('POST', '/external_references/create_or_update', 'external_reference', { subject_type: type, subject_id: idNumber(subjectId), ...values(model, key, state) }, referenceRow, about),
    remove: (reference: ReferenceRow, about: About): Promise<boolean> => kantata.remove(`/external_references/${reference.id}`, about),
    /** Of the references an object came with, ours. */
    ours: (model: Model, ids: readonly string[] | null | undefined, all: ReadonlyMap<string, ReferenceRow>): ReferenceRow | undefined =>
      (ids ?? []).flatMap((id) => all.get(id) ?? []).find((reference) => reference.service_name === serviceOf(model) && reference.service_model === model),
  };
}
export type References = ReturnType<typeof createReferences>;
