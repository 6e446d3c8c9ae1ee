import { z } from 'zod';
import { projectStatusSchema, type ProjectStatus } from '../../domain/model/project.ts';
import { madeRow, type About, type Kantata } from './client.ts';
import { idText } from './envelope.ts';
import { referenceRow, type Model, type ReferenceRow, type References } from './references.ts';

/** https://developer.kantata.com/kantata/specification/workspaces */
export const workspaceRow = z.object({
  id: idText,
  title: z.string(),
  description: z.string().nullish(),
  archived: z.boolean(),
  time_trackable: z.boolean(),
  rate_card_id: idText.nullish(),
  status: z.object({ key: idText }).nullish(),
  external_reference_ids: z.array(idText).nullish(),
  workspace_group_ids: z.array(idText).nullish(),
});
export type Workspace = z.infer<typeof workspaceRow>;

export interface ShownWorkspace {
  readonly row: Workspace;
  /** Ours as a project; undefined where somebody took it away. */
  readonly reference: ReferenceRow | undefined;
}

/** Reads projects, archived ones too. */
export function createWorkspaces(kantata: Kantata, references: References) {
  const show = async (id: string, about: About): Promise<ShownWorkspace | null> => {
    if (!/^[1-9]\d{0,9}$/.test(id)) return null;
    const found = await kantata.show(`/workspaces/${id}`, workspaceRow, about, { include: 'external_references,workspace_groups', include_archived: 'true' });
    return found === null ? null : { row: found.row, reference: references.ours('project', found.row.external_reference_ids, found.answer.beside('external_references', referenceRow)) };
  };

  return {
    show,
    /** The project with a key of ours; references whose project is gone do not count. @throws SystemFailure where several have it */
    async byKey(model: Model, key: string, about: About): Promise<Workspace | null> {
      const ids = new Set((await references.find('Workspace', model, key, about)).flatMap(({ subject_id }) => subject_id ?? []));
      const standing: Workspace[] = [];
      for (const id of ids) {
        const found = await show(id, about);
        if (found !== null) standing.push(found.row);
      }
      if (standing.length <= 1) return standing[0] ?? null;
      throw kantata.failure(about, { kind: 'business_rule', code: 'KANTATA_PROJECT_AMBIGUOUS', message: `Kantata has ${standing.length} projects with our reference ${key} (IDs ${standing.map(({ id }) => id).join(', ')}).`, mend: 'Delete the external reference of those that are not ours in Kantata, then retry.' });
    },
    /** The status our line gave the project last. */
    statusOf({ row, reference }: ShownWorkspace): ProjectStatus {
      const told = projectStatusSchema.safeParse(reference?.external_status);
      return told.success ? told.data : row.time_trackable && !row.archived ? 'active' : 'pending';
    },
    /** @throws SystemFailure where the account does not let projects be opened and closed for time */
    assertSwitched(workspace: Workspace, open: boolean, about: About): void {
      if (workspace.time_trackable === open) return;
      throw kantata.failure(about, { kind: 'configuration', code: 'KANTATA_TIME_TRACKING_FIXED', message: `Kantata leaves ${about.object} ${workspace.time_trackable ? 'open' : 'closed'} for time, whatever is asked for.`, mend: 'Let time tracking be activated and deactivated by Account Administrators in Kantata (Settings > Time & Expense), then retry.' });
    },
    /** How many time entries or expenses are on a project. */
    async count(path: '/time_entries' | '/expenses', workspaceId: string, about: About, query: Readonly<Record<string, string>> = {}): Promise<number> {
      const { count } = await kantata.page(path, madeRow, about, { workspace_id: workspaceId, from_archived_workspaces: 'true', ...(path === '/time_entries' ? { on_my_account: 'false' } : {}), ...query, page: '1', per_page: '1' });
      return count;
    },
  };
}
export type Workspaces = ReturnType<typeof createWorkspaces>;
