import type { Project } from '../../domain/model/project.ts';
import type { StatementOfWork } from '../../domain/model/statement-of-work.ts';
import { exactNumber } from '../exact-number.ts';
import { noon, number } from './odata.ts';
import type { DynamicsOptions } from './options.ts';
import type { Part, PartSet } from './parts.ts';
import { cut, type DynamicsReferences } from './references.ts';

/** What a contract and a project refer to, as Dynamics names it. */
export interface Terms {
  readonly company: string;
  readonly customerAccount: string;
  readonly contractId: string;
}

/** The two families of entities that F&O has for the same tables, with their names for the same fields. */
export interface ProjectEntities {
  readonly contracts: string;
  readonly contractKey: string;
  contractBody(document: StatementOfWork, terms: Terms): object;
  /** Whom it is billed to (project accounting), or what was sold (Project Operations). */
  contractParts(document: StatementOfWork, terms: Terms): { readonly parts: PartSet; readonly wanted: readonly Part[] };
  readonly projects: string;
  readonly projectKey: string;
  projectBody(document: Project, terms: Terms): object;
  /** Fields that are set once, when the project is made. */
  projectStart(document: Project): object;
}

const NAME_LENGTH = 60;
const FUNDING_SOURCE = 'CUSTOMER';

export function projectEntities(options: DynamicsOptions, references: DynamicsReferences): ProjectEntities {
  return options.projectEntities === 'project_accounting' ? projectAccounting(options, references) : projectOperations(options, references);
}

/** Project management and accounting: ProjectContracts, ProjectFundingSources, Projects. */
function projectAccounting(options: DynamicsOptions, references: DynamicsReferences): ProjectEntities {
  return {
    contracts: 'ProjectContracts',
    contractKey: 'ProjectContractID',
    contractBody: (document) => ({ Name: nameOf(document), SalesCurrency: document.currency, ContractDate: noon(document.signedOn) }),
    contractParts: (document, { company, customerAccount, contractId }) => {
      const terms = references.paymentTerms(document.paymentTermsDays);
      return {
        parts: { set: 'ProjectFundingSources', of: { dataAreaId: company, ProjectContractID: contractId }, by: ['FundingSourceId'], ours: (row) => row['FundingSourceId'] === FUNDING_SOURCE },
        wanted: [{
          key: { FundingSourceId: FUNDING_SOURCE },
          body: {
            FundingType: 'Customer',
            CustomerOrOrganization: customerAccount,
            CustomerReference: cut(document.number, 60),
            ...(document.purchaseOrder === null ? {} : { CustomerRequisition: cut(document.purchaseOrder, 20) }),
            ...(terms === undefined ? {} : { TermsOfPayment: terms }),
          },
        }],
      };
    },
    projects: 'Projects',
    projectKey: 'ProjectID',
    projectBody: (document, { customerAccount, contractId }) => ({
      ProjectName: cut(document.name, NAME_LENGTH),
      ProjectContractID: contractId,
      CustomerAccount: customerAccount,
      ProjectedStartDate: noon(document.startDate),
      ProjectedEndDate: noon(document.endDate),
      Notes: notesOf(document),
    }),
    projectStart: (document) => ({ ProjectGroup: groupOf(document, options), ProjectType: isTimeAndMaterial(document) ? 'TimeMaterial' : 'FixedPrice', ProjectStage: options.projectStages.pending }),
  };
}

/** Project Operations integrated with the ERP: ProjectContractHeaders, ProjectContractLines, ProjectsV2. */
function projectOperations(options: DynamicsOptions, references: DynamicsReferences): ProjectEntities {
  return {
    contracts: 'ProjectContractHeaders',
    contractKey: 'ProjectContractId',
    contractBody: (document, { customerAccount }) => {
      const terms = references.paymentTerms(document.paymentTermsDays);
      return {
        Name: nameOf(document),
        CustomerAccountNumber: customerAccount,
        SalesCurrencyCode: document.currency,
        CustomersOrderReference: cut(document.number, 60),
        ...(document.purchaseOrder === null ? {} : { CustomerRequisitionNumber: cut(document.purchaseOrder, 20) }),
        ...(terms === undefined ? {} : { TermsOfPayment: terms }),
      };
    },
    contractParts: (document, { company, contractId }) => ({
      parts: { set: 'ProjectContractLines', of: { dataAreaId: company, ProjectContractId: contractId }, by: ['LineSequenceNumber'] },
      wanted: document.lines.map((line, index) => ({
        key: { LineSequenceNumber: number(String(index + 1)) },
        body: {
          Description: cut(`${line.projectNumber}: ${line.description} (${line.quantity} ${line.unit})`, NAME_LENGTH),
          BillingMethod: line.billingMethod === 'time_and_materials' || line.billingMethod === 'capped' ? 'TimeMaterial' : 'FixedPrice',
          Quantity: exactNumber(line.quantity),
          UnitPrice: exactNumber(line.unitPrice),
          LineAmount: exactNumber(line.amount.amount),
          StartDate: noon(document.startDate),
          EndDate: noon(document.endDate),
        },
      })),
    }),
    projects: 'ProjectsV2',
    projectKey: 'ProjectId',
    projectBody: (document, { customerAccount, contractId }) => ({
      ProjectName: cut(document.name, NAME_LENGTH),
      ProjectContractId: contractId,
      CustomerAccountNumber: customerAccount,
      ProjectedStartDate: noon(document.startDate),
      ProjectedEndDate: noon(document.endDate),
      Description: notesOf(document),
    }),
    projectStart: (document) => ({ ProjectGroupId: groupOf(document, options), ProjectStage: options.projectStages.pending }),
  };
}

function nameOf(document: StatementOfWork): string {
  return cut(`${document.number} (${document.type.replaceAll('_', ' ')})`, NAME_LENGTH);
}

function groupOf(document: Project, options: DynamicsOptions): string {
  return options.projectGroups[document.billingMethod] ?? (isTimeAndMaterial(document) ? 'TM' : 'FP');
}

function isTimeAndMaterial(document: Project): boolean {
  return document.billingMethod === 'time_and_materials' || document.billingMethod === 'capped';
}

/** All that F&O has no field for, for the people who bill it. */
function notesOf(project: Project): string {
  const { billingSchedule, rateCard } = project;
  return [
    ...(project.name.length > NAME_LENGTH ? [project.name] : []),
    `Contract ${project.contractId}. Service line ${project.serviceLine}, cost center ${project.costCenter}.`,
    `Value ${project.value.amount} ${project.value.currency}.${project.cap === null ? '' : ` Never more than ${project.cap.amount} ${project.cap.currency}.`}`,
    `Tax ${project.tax.code}: ${project.tax.ratePercent} %${project.tax.reverseCharge ? ', reverse charge' : ''}.`,
    ...(project.purchaseOrder === null ? [] : [`Purchase order ${project.purchaseOrder}.`]),
    ...rateCard.lines.filter((line) => line.unit !== 'hour').map((line) => `${line.laborCategory}: ${line.rate} ${rateCard.currency} per ${line.unit}.`),
    ...project.wbs.map((element) => `WBS ${element.code} ${element.name}${element.billable ? '' : ', not billable'}${element.plannedHours === null ? '' : `, ${element.plannedHours} hours planned`}.`),
    ...billingSchedule.items.filter((item) => item.amount !== null).map((item) => `Bill on ${item.billOn}: ${item.amount?.amount ?? ''} ${item.amount?.currency ?? ''}, ${item.description}.`),
  ].join('\n');
}
