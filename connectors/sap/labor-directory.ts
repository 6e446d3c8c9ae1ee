import { z } from 'zod';
import { distinct, inGroups } from '../groups.ts';
import { SERVICES, type About, type Sap } from './client.ts';
import { anyOf, guid } from './odata.ts';
import type { SapOptions } from './options.ts';

/** An employment: time is recorded for it, in its company code. */
export interface WorkAgreement {
  readonly id: string;
  readonly companyCode: string;
}

/** What time entries need of SAP's own records, looked up in bulk and kept. */
export interface LaborDirectory {
  /** Looks up people who are not known yet. Throws SystemFailure. */
  preparePeople(emails: readonly string[], about: About): Promise<void>;
  /** Looks up projects, and WBS elements of theirs, that are not known yet. Throws SystemFailure. */
  prepareProjects(places: readonly Place[], about: About): Promise<void>;
  agreements(email: string): readonly WorkAgreement[];
  /** IDs of the project's WBS elements, its own among them; undefined where SAP has no such project. */
  elements(project: string): ReadonlySet<string> | undefined;
  /** SAP no longer takes what was found: it is looked up again next time. */
  forget(email: string, project: string): void;
}

export interface Place {
  readonly project: string;
  /** A WBS element's ID. */
  readonly element: string;
}

const ROOT = '/sap/opu/odata/sap';
const personRow = z.object({ DefaultEmailAddress: z.string(), PersonWorkAgreementExternalID: z.string().min(1), CompanyCode: z.string().min(1) });
const projectRow = z.object({ ProjectUUID: z.string(), Project: z.string() });
const elementRow = z.object({ ProjectUUID: z.string(), ProjectElement: z.string() });
/** Values in one filter: URLs stay below 2,000 characters. */
export const VALUES_IN_FILTER = 15;
/** E-mail addresses pass from one person to another, employments end. */
const KEPT_MS = 900_000;

export function createLaborDirectory(sap: Sap, options: SapOptions, now: () => number = Date.now): LaborDirectory {
  const people = new Map<string, { readonly agreements: readonly WorkAgreement[]; readonly loadedAt: number }>();
  const projects = new Map<string, { readonly elements: ReadonlySet<string>; readonly loadedAt: number }>();
  const peopleService = `${ROOT}/${options.peopleView}_CDS`;

  /** SAP compares addresses as they are written: each is asked for as it was given, and in small letters. */
  async function loadPeople(emails: readonly string[], about: About): Promise<void> {
    const found: z.infer<typeof personRow>[] = [];
    for (const some of inGroups(distinct(emails.flatMap((email) => [email, email.toLowerCase()])), VALUES_IN_FILTER)) {
      found.push(...(await sap.list(peopleService, options.peopleView, { filter: anyOf('DefaultEmailAddress', some), select: ['DefaultEmailAddress', 'PersonWorkAgreementExternalID', 'CompanyCode'] }, personRow, about)));
    }
    for (const [email, rows] of Map.groupBy(found, (row) => row.DefaultEmailAddress.toLowerCase())) {
      people.set(email, { agreements: rows.map((row) => ({ id: row.PersonWorkAgreementExternalID, companyCode: row.CompanyCode })), loadedAt: now() });
    }
  }

  async function loadProjects(numbers: readonly string[], about: About): Promise<void> {
    const found = await sap.list(SERVICES.project, 'A_EnterpriseProject', { filter: anyOf('Project', numbers), select: ['ProjectUUID', 'Project'] }, projectRow, about);
    if (found.length === 0) return;
    const elements = await sap.list(SERVICES.project, 'A_EnterpriseProjectElement', { filter: anyOf('ProjectUUID', found.map((row) => guid(row.ProjectUUID))), select: ['ProjectUUID', 'ProjectElement'] }, elementRow, about);
    const byProject = Map.groupBy(elements, (element) => element.ProjectUUID);
    for (const { Project, ProjectUUID } of found) projects.set(Project, { elements: new Set((byProject.get(ProjectUUID) ?? []).map((element) => element.ProjectElement)), loadedAt: now() });
  }

  const isUnknown = ({ project, element }: Place): boolean => {
    const entry = projects.get(project);
    if (entry === undefined || now() - entry.loadedAt > KEPT_MS) return true;
    // That one is not there is never kept: it may have been made since.
    return element !== project && !entry.elements.has(element);
  };
  const isStranger = (email: string): boolean => now() - (people.get(email.toLowerCase())?.loadedAt ?? Number.NEGATIVE_INFINITY) > KEPT_MS;

  return {
    async preparePeople(emails, about) {
      await loadPeople(emails.filter(isStranger), about);
    },
    async prepareProjects(places, about) {
      for (const some of inGroups(distinct(places.filter(isUnknown).map((place) => place.project)), VALUES_IN_FILTER)) await loadProjects(some, about);
    },
    agreements: (email) => people.get(email.toLowerCase())?.agreements ?? [],
    elements: (project) => projects.get(project)?.elements,
    forget(email, project) {
      people.delete(email.toLowerCase());
      projects.delete(project);
    },
  };
}
