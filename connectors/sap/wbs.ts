import { z } from 'zod';
import type { Project, WbsElement } from '../../domain/model/project.ts';
import { bodyIn } from './batch.ts';
import { isInUse } from './classify.ts';
import { ANY_VERSION, SERVICES, type About, type Sap } from './client.ts';
import { entityPath, guid, jsonDate, matching } from './odata.ts';
import { cut } from './references.ts';

const SERVICE = SERVICES.project;
const DESCRIPTION_LENGTH = 60;
/** The place before which an element is moved: at the beginning. */
const FIRST = '00000000-0000-0000-0000-000000000000';
const elementRow = z.object({ ProjectElementUUID: z.string(), ProjectElement: z.string(), ProjectElementDescription: z.string().nullish(), ParentObjectUUID: z.string().nullish(), CreatedByUser: z.string().nullish() });
type Element = z.infer<typeof elementRow>;
const madeRow = z.object({ ProjectElementUUID: z.string(), ProjectElement: z.string() });

/** SAP keeps its IDs in capitals. */
export const projectId = (number: string): string => number.toUpperCase();
/** IDs of WBS elements are unique in the whole system: the project's number and the code. */
export const elementId = (number: string, code: string): string => `${projectId(number)}.${code.toUpperCase()}`;

function bodyOf(project: Project, element: WbsElement) {
  return {
    ProjectElementDescription: cut(element.billable ? element.name : `${element.name} (not billable)`, DESCRIPTION_LENGTH),
    PlannedStartDate: jsonDate(project.startDate),
    PlannedEndDate: jsonDate(project.endDate),
  };
}

function newElement(project: Project, element: WbsElement) {
  return { ProjectElement: elementId(project.number, element.code), ...bodyOf(project, element) };
}

/** Those at the top of the WBS, as parts of the project when it is made. */
export function topElements(project: Project): object[] {
  return project.wbs.filter(({ parentCode }) => parentCode === null).map((element) => newElement(project, element));
}

/**
 * Makes the elements of a project what they should be, level by level, each level in one change set. The project's own element, which has its number, is
 * changed with the project (SAP note 3743470). Elements made by others than the project's maker are left alone, and what is used stays.
 */
export async function writeElements(sap: Sap, projectUuid: string, project: Project, about: About): Promise<void> {
  const rows = await sap.list(SERVICE, 'A_EnterpriseProjectElement', { filter: matching({ ProjectUUID: guid(projectUuid) }) }, elementRow, about);
  const existing = new Map(rows.map((row) => [row.ProjectElement, row]));
  const uuids = new Map(rows.map((row) => [row.ProjectElement, row.ProjectElementUUID]));
  const root = existing.get(projectId(project.number));
  for (let level = project.wbs.filter(({ parentCode }) => parentCode === null); level.length > 0; level = childrenOf(project, level)) {
    const missing = level.filter(({ code }) => !existing.has(elementId(project.number, code)));
    for (const made of await create(sap, projectUuid, project, missing, uuids, about)) uuids.set(made.ProjectElement, made.ProjectElementUUID);
    for (const element of level) {
      const before = existing.get(elementId(project.number, element.code));
      if (before !== undefined) await update(sap, project, element, before, parentOf(project, element, uuids) ?? root?.ProjectElementUUID, about);
    }
  }
  const wanted = new Set(project.wbs.map(({ code }) => elementId(project.number, code)));
  const extra = rows.filter((row) => row !== root && row.CreatedByUser === root?.CreatedByUser && row.ProjectElement.startsWith(`${projectId(project.number)}.`) && !wanted.has(row.ProjectElement));
  for (const row of extra.toReversed()) await sap.remove(SERVICE, entityPath('A_EnterpriseProjectElement', guid(row.ProjectElementUUID)), ANY_VERSION, about).catch(unlessInUse);
}

function childrenOf(project: Project, parents: readonly WbsElement[]): WbsElement[] {
  const codes = new Set(parents.map(({ code }) => code));
  return project.wbs.filter(({ parentCode }) => parentCode !== null && codes.has(parentCode));
}

function parentOf(project: Project, { parentCode }: WbsElement, uuids: ReadonlyMap<string, string>): string | undefined {
  return parentCode === null ? undefined : uuids.get(elementId(project.number, parentCode));
}

async function create(sap: Sap, projectUuid: string, project: Project, elements: readonly WbsElement[], uuids: ReadonlyMap<string, string>, about: About) {
  if (elements.length === 0) return [];
  const operations = elements.map((element) => {
    const parent = parentOf(project, element, uuids);
    const path = parent === undefined ? `${entityPath('A_EnterpriseProject', guid(projectUuid))}/to_EnterpriseProjectElement` : `${entityPath('A_EnterpriseProjectElement', guid(parent))}/to_SubProjElement`;
    return { method: 'POST' as const, path, body: newElement(project, element) };
  });
  const [outcome] = await sap.batch(SERVICE, [operations], about);
  if (outcome === undefined || 'refusal' in outcome) throw outcome?.refusal ?? new Error('a batch with one change set has no outcome');
  return outcome.bodies.map((body) => bodyIn(sap.system, about.object, body, madeRow));
}

async function update(sap: Sap, project: Project, element: WbsElement, before: Element, parent: string | undefined, about: About): Promise<void> {
  await sap.update(SERVICE, entityPath('A_EnterpriseProjectElement', guid(before.ProjectElementUUID)), bodyOf(project, element), ANY_VERSION, about);
  if (parent === undefined || before.ParentObjectUUID === parent) return;
  await sap.call(SERVICE, 'ChangeEntProjElmntPosition', { ProjectElementUUID: guid(before.ProjectElementUUID), ParentObjectUUID: guid(parent), LeftSiblingUUID: guid(FIRST) }, about);
}

function unlessInUse(error: unknown): void {
  if (!isInUse(error)) throw error;
}
