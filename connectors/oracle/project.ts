import { z } from 'zod';
import type { Project, ProjectStatus } from '../../domain/model/project.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { compareDecimal } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, RecordPort, WithReferences } from '../ports.ts';
import { FSCM, type About, type Oracle, type Stored } from './client.ts';
import { findContract, linesOf, type Contract, type ContractLine } from './contract.ts';
import type { OracleOptions } from './options.ts';
import { partsOf, removeUnlessUsed } from './parts.ts';
import { projectBody, projectStart } from './project-body.ts';
import { equal } from './query.ts';
import type { OracleReferences } from './references.ts';
import { idValue, numberValue } from './rows.ts';
import { writeTasks } from './tasks.ts';

const PROJECTS = `${FSCM}/projects`;
const projectRow = z.object({ ProjectId: idValue, ProjectNumber: z.string(), ProjectStatusCode: z.string().nullish() });
const linkRow = z.object({ ProjectId: idValue, FundingAmount: numberValue.nullish() });
const NUMBER_LENGTH = 25;

export const projectLabel = (project: Project) => `project ${project.number}`;
export type ProjectRecord = Stored<z.infer<typeof projectRow>>;

export function findProject(oracle: Oracle, number: string, about: About): Promise<ProjectRecord | null> {
  return oracle.find(PROJECTS, { where: equal('ProjectNumber', number), fields: ['ProjectId', 'ProjectNumber', 'ProjectStatusCode'] }, projectRow, about);
}

/**
 * The contract's line that bills the project.
 * @throws SystemFailure where the contract or the line is not in Oracle
 */
export async function billingLineOf(oracle: Oracle, contractNumber: string, project: Project, about: About): Promise<{ contract: Contract; line: ContractLine }> {
  const contract = await findContract(oracle, contractNumber, about);
  const line = contract === null ? undefined : (await partsOf(oracle, linesOf(contract), about)).get(project.number);
  if (contract !== null && line !== undefined) return { contract, line };
  throw new SystemFailure({ kind: 'business_rule', code: 'ORACLE_CONTRACT_LINE_MISSING', system: oracle.system, object: about.object, written: 'no', message: `Contract ${contractNumber} in Oracle has no line named ${project.number}, which ${about.object} is billed by.`, mend: `Add the line, or name it ${project.number} again in Oracle, then retry.` });
}

/** Projects under their own number, with a task for each WBS element, associated with the line of their contract. Oracle deletes no projects: an undo sets their status. */
export function createProjectPort(oracle: Oracle, references: OracleReferences, options: OracleOptions): RecordPort<WithReferences<Project>> {
  const { cancelled, pending } = options.projectStatuses;

  /** Links the contract's line with the project, once, and funds it with the project's value. */
  async function associate(document: Project, projectId: string, contractNumber: string, about: About): Promise<void> {
    const { line } = await billingLineOf(oracle, contractNumber, document, about);
    const path = `${line.self}/child/AssociatedProject`;
    const { amount } = document.value;
    const link = (await oracle.list(path, { fields: ['ProjectId', 'FundingAmount'] }, linkRow, about)).find((each) => each.ProjectId === projectId);
    if (link === undefined) await oracle.create(path, { ProjectId: exactNumber(projectId), FundingAmount: exactNumber(amount), ActiveFlag: true }, linkRow, about);
    else if (link.FundingAmount == null || compareDecimal(link.FundingAmount, amount) !== 0) await oracle.update(link.self, { FundingAmount: exactNumber(amount) }, link.etag, about);
  }

  async function dissociate(document: Project, projectId: string, contractNumber: string | undefined, about: About): Promise<void> {
    const contract = contractNumber === undefined ? null : await findContract(oracle, contractNumber, about);
    const line = contract === null ? undefined : (await partsOf(oracle, linesOf(contract), about)).get(document.number);
    if (line === undefined) return;
    const links = await oracle.list(`${line.self}/child/AssociatedProject`, { fields: ['ProjectId'] }, linkRow, about);
    for (const link of links) if (link.ProjectId === projectId) await removeUnlessUsed(oracle, link.self, about);
  }

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await findProject(oracle, document.number, { object: projectLabel(document), context });
      return found === null ? null : references.found(found.ProjectNumber);
    },
    async write({ document, references: known }, _existing, context) {
      const about: About = { object: projectLabel(document), context };
      const number = references.fitting(document.number, NUMBER_LENGTH, 'project number', about.object);
      const contractNumber = references.known(known.contracts, document.contractId, 'contract', about.object);
      const terms = { businessUnit: references.businessUnit(document.legalEntity.code, about.object), organization: references.organization(document.costCenter, document.legalEntity.code, about.object) };
      const before = await findProject(oracle, number, about);
      const body = projectBody(document);
      if (before !== null) await oracle.update(before.self, { ...body, ...(before.ProjectStatusCode === cancelled ? { ProjectStatusCode: pending } : {}) }, before.etag, about);
      const project = before ?? (await oracle.create(PROJECTS, { ...projectStart(document, terms, options), ...body }, projectRow, about));
      await afterFirstWrite(async () => {
        await writeTasks(oracle, project.self, document, about);
        await associate(document, project.ProjectId, contractNumber, about);
      });
      return { ...references.found(number), created: before === null };
    },
    async undo({ document: { document, references: known }, externalId, created }, context) {
      const about: About = { object: projectLabel(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      const project = await findProject(oracle, externalId, about);
      if (project === null) return { how: 'not_found', detail: `${about.object} is not in Oracle` };
      await dissociate(document, project.ProjectId, known.contracts[document.contractId], about);
      if (project.ProjectStatusCode !== cancelled) await oracle.update(project.self, { ProjectStatusCode: cancelled }, undefined, about);
      return { how: 'cancelled', detail: `Oracle deletes no projects: ${about.object} was set to the status ${cancelled}, in which it takes no costs` };
    },
  };
}

/** Sets a project's status; which statuses take costs is set up in Oracle (Manage Project Statuses > status controls). */
export function createStatusSetter(oracle: Oracle, options: OracleOptions) {
  return async ({ document, externalId }: { readonly document: Project; readonly externalId: string }, status: ProjectStatus, context: CallContext): Promise<ProjectStatus> => {
    const about: About = { object: projectLabel(document), context };
    const project = await findProject(oracle, externalId, about);
    if (project === null) throw new SystemFailure({ kind: 'business_rule', code: 'ORACLE_NOT_FOUND', system: oracle.system, object: about.object, written: 'no', message: `Oracle has no ${about.object}.`, mend: 'Find out who changed its number in Oracle; abort the deal, or retry to make it again.' });
    const code = options.projectStatuses[status];
    if (project.ProjectStatusCode !== code) await oracle.update(project.self, { ProjectStatusCode: code }, undefined, about);
    return status;
  };
}
