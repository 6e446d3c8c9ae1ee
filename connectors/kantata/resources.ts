import { z } from 'zod';
import { isRefused } from './classify.ts';
import { idNumber, madeRow, type About, type Kantata } from './client.ts';
import { idText } from './envelope.ts';
import { minutesOf } from './minutes.ts';
import type { KantataOptions } from './options.ts';
import { referenceRow, type References } from './references.ts';
import type { PlannedResource } from './staffing.ts';
import type { Workspaces } from './workspaces.ts';

const resourceRow = z.object({ id: idText, user_id: idText.nullish(), role_id: idText.nullish(), participation_id: idText.nullish(), external_reference_ids: z.array(idText).nullish() });
const allocationRow = z.object({ id: idText, workspace_resource_id: idText.nullish(), start_date: z.string(), end_date: z.string(), minutes: z.number(), external_reference_ids: z.array(idText).nullish() });

export interface Resource {
  readonly id: string;
  readonly userId: string | null;
  readonly roleId: string | null;
  readonly participationId: string | null;
  /** Null for those that people added in Kantata. */
  readonly key: string | null;
}

/** A project's resources and their allocations, as far as they are ours. */
export function createResources(kantata: Kantata, references: References, workspaces: Workspaces, options: KantataOptions) {
  const allocationsOf = async (resourceIds: readonly string[], about: About) => {
    if (resourceIds.length === 0) return [];
    const answers = await kantata.answers('/workspace_allocations', allocationRow, about, { workspace_resource_ids: resourceIds.join(','), include: 'external_references,workspace_resource' });
    return answers.flatMap(({ rows, beside }) => {
      const all = beside('external_references', referenceRow);
      return rows.map((row) => ({ ...row, key: references.ours('allocation', row.external_reference_ids, all)?.service_model_ref ?? null }));
    });
  };

  return {
    async of(workspaceId: string, about: About): Promise<Resource[]> {
      const answers = await kantata.answers('/workspace_resources', resourceRow, about, { workspace_id: workspaceId, include_unnamed: 'true', include: 'external_references,user,role,participation' });
      return answers.flatMap(({ rows, beside }) => {
        const all = beside('external_references', referenceRow);
        return rows.map((row) => ({ id: row.id, userId: row.user_id ?? null, roleId: row.role_id ?? null, participationId: row.participation_id ?? null, key: references.ours('assignment', row.external_reference_ids, all)?.service_model_ref ?? null }));
      });
    },

    async add(workspaceId: string, planned: { readonly key: string; readonly userId: string | null; readonly roleId: string }, about: About): Promise<string> {
      const { key, userId, roleId } = planned;
      const values = { workspace_id: idNumber(workspaceId), ...(userId === null ? {} : { user_id: idNumber(userId) }), role_id: idNumber(roleId), external_reference: references.values('assignment', key, { status: 'successful' }) };
      return (await kantata.write('POST', '/workspace_resources', 'workspace_resource', values, madeRow, about)).id;
    },

    /** Makes our allocations of these resources equal to the plan; those that people made stay. */
    async allocate(plan: readonly { readonly resource: Pick<Resource, 'id' | 'userId'>; readonly planned: PlannedResource }[], about: About): Promise<void> {
      if (options.allocations === 'none') return;
      const standing = await allocationsOf([...new Set(plan.map(({ resource }) => resource.id))], about);
      for (const { resource, planned } of plan) {
        const { plannedHours, from, to } = planned.assignment;
        const known = standing.find(({ key }) => key === planned.key);
        const minutes = plannedHours === null ? 0 : minutesOf(plannedHours);
        const values = { start_date: from, end_date: to, minutes };
        if (minutes === 0) {
          if (known !== undefined) await kantata.remove(`/workspace_allocations/${known.id}`, about);
        } else if (known === undefined) {
          const hard = options.allocations === 'hard' && resource.userId !== null;
          await kantata.write('POST', '/workspace_allocations', 'workspace_allocation', { resource_id: idNumber(resource.id), ...values, hard, external_reference: references.values('allocation', planned.key, { status: 'successful' }) }, madeRow, about);
        } else if (known.start_date !== from || known.end_date !== to || known.minutes !== minutes) {
          await kantata.write('PUT', `/workspace_allocations/${known.id}`, 'workspace_allocation', values, madeRow, about);
        }
      }
    },

    /**
     * Takes one of ours off the project. Kantata keeps the last resource of a person who takes part: then the participation goes, unless time is on it,
     * since Kantata would delete that as well; the person then stays without our allocation.
     */
    async release(workspaceId: string, resource: Resource, about: About): Promise<'deleted' | 'kept'> {
      try {
        await kantata.remove(`/workspace_resources/${resource.id}`, about);
        return 'deleted';
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
      for (const allocation of await allocationsOf([resource.id], about)) if (allocation.key !== null) await kantata.remove(`/workspace_allocations/${allocation.id}`, about);
      if (resource.userId === null || resource.participationId === null) return 'kept';
      if ((await workspaces.count('/time_entries', workspaceId, about, { with_user_ids: resource.userId })) > 0) return 'kept';
      await kantata.remove(`/participations/${resource.participationId}`, about);
      return 'deleted';
    },
  };
}
export type Resources = ReturnType<typeof createResources>;
