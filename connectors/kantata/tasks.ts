import { z } from 'zod';
import type { Project } from '../../domain/model/project.ts';
import { idNumber, madeRow, type About, type Kantata } from './client.ts';
import { idText } from './envelope.ts';
import { minutesOf } from './minutes.ts';
import { titleOf } from './names.ts';
import { referenceRow, type References } from './references.ts';

type Element = Project['wbs'][number];
const storyRow = z.object({ id: idText, title: z.string(), archived: z.boolean(), billable: z.boolean().nullish(), time_estimate_in_minutes: z.number().nullish(), parent_id: idText.nullish(), external_reference_ids: z.array(idText).nullish() });
type Story = z.infer<typeof storyRow>;

/** The key of a WBS element in Kantata; the way back is `wbsCodeIn`. */
const keyOf = (projectNumber: string, code: string) => `${projectNumber}/${code}`;

export function wbsCodeIn(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

/** The tasks of a project: its work breakdown structure. Tasks that people add beside stay as they are. */
export function createTasks(kantata: Kantata, references: References) {
  const existing = async (project: Project, workspace: { readonly id: string; readonly archived: boolean }, about: About): Promise<Map<string, Story>> => {
    const found = new Map<string, Story>();
    const query = { workspace_id: workspace.id, show_archived: 'true', include: 'external_references,parent', ...(workspace.archived ? { show_from_archived_workspaces: 'true' } : {}) };
    for (const { rows, beside } of await kantata.answers('/stories', storyRow, about, query)) {
      const all = beside('external_references', referenceRow);
      for (const story of rows) {
        const key = references.ours('wbs-element', story.external_reference_ids, all)?.service_model_ref ?? '';
        if (key.startsWith(keyOf(project.number, ''))) found.set(wbsCodeIn(key), story);
      }
    }
    return found;
  };

  return {
    /** Makes the project's tasks equal to its WBS; one that is not in it any more is archived, since time may be on it. */
    async assign(project: Project, workspace: { readonly id: string; readonly archived: boolean }, about: About): Promise<void> {
      const stories = await existing(project, workspace, about);
      const ids = new Map<string, string>([...stories].map(([code, { id }]) => [code, id]));
      for (const element of parentsFirst(project.wbs)) {
        const parentId = element.parentCode === null ? null : (ids.get(element.parentCode) ?? null);
        const values = { title: titleOf(element.code, element.name), billable: element.billable, time_estimate_in_minutes: element.plannedHours === null ? null : minutesOf(element.plannedHours), archived: false };
        const known = stories.get(element.code);
        if (known === undefined) {
          const reference = references.values('wbs-element', keyOf(project.number, element.code), { status: 'successful' });
          const parent = parentId === null ? {} : { parent_id: idNumber(parentId) };
          ids.set(element.code, (await kantata.write('POST', '/stories', 'story', { workspace_id: idNumber(workspace.id), ...values, ...parent, external_reference: reference }, madeRow, about)).id);
        } else if (differs(known, values, parentId)) {
          await kantata.write('PUT', `/stories/${known.id}`, 'story', { ...values, parent_id: parentId === null ? null : idNumber(parentId) }, madeRow, about);
        }
      }
      for (const [code, story] of stories) {
        if (!story.archived && !project.wbs.some((element) => element.code === code)) await kantata.write('PUT', `/stories/${story.id}`, 'story', { archived: true }, madeRow, about);
      }
    },
  };
}
export type Tasks = ReturnType<typeof createTasks>;

function differs(story: Story, values: { readonly title: string; readonly billable: boolean; readonly time_estimate_in_minutes: number | null }, parentId: string | null): boolean {
  return story.archived || story.title !== values.title || (story.billable ?? values.billable) !== values.billable || (story.time_estimate_in_minutes ?? null) !== values.time_estimate_in_minutes || (story.parent_id ?? null) !== parentId;
}

function parentsFirst(elements: readonly Element[]): Element[] {
  const depthOf = (element: Element): number => {
    const parent = elements.find(({ code }) => code === element.parentCode);
    return parent === undefined || parent === element ? 0 : 1 + depthOf(parent);
  };
  return elements.map((element) => ({ element, depth: depthOf(element) })).toSorted((left, right) => left.depth - right.depth).map(({ element }) => element);
}
