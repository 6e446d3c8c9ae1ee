import type { Project } from '../../domain/model/project.ts';
import type { OracleOptions } from './options.ts';
import { cut } from './references.ts';

const NAME_LENGTH = 240;
const DESCRIPTION_LENGTH = 2000;

/** What can change over a project's life. Names are unique in Oracle: the number stands before. */
export function projectBody(document: Project): object {
  return {
    ProjectName: cut(`${document.number} ${document.name}`, NAME_LENGTH),
    ProjectDescription: cut(descriptionOf(document), DESCRIPTION_LENGTH),
    ProjectStartDate: document.startDate,
    ProjectEndDate: document.endDate,
  };
}

/** What is given once, when the project is made from its template. */
export function projectStart(document: Project, terms: { readonly businessUnit: string; readonly organization: string }, options: OracleOptions): object {
  const template = options.projectTemplates[document.template.code] ?? options.projectTemplates[document.billingMethod];
  const legalEntity = options.legalEntities[document.legalEntity.code];
  return {
    ProjectNumber: document.number,
    ...(template === undefined ? {} : { SourceTemplateNumber: template }),
    BusinessUnitName: terms.businessUnit,
    OwningOrganizationName: terms.organization,
    ...(legalEntity === undefined ? {} : { LegalEntityName: legalEntity }),
    ProjectCurrencyCode: document.value.currency,
    ProjectStatusCode: options.projectStatuses.pending,
    SourceApplicationCode: options.sourceName,
    SourceProjectReference: document.id,
  };
}

/** What Oracle has no field for, for the people who run and bill it. */
function descriptionOf(project: Project): string {
  const { billingSchedule, rateCard } = project;
  return [
    `Contract ${project.contractId}. Service line ${project.serviceLine}, cost center ${project.costCenter}. Billing: ${project.billingMethod.replaceAll('_', ' ')}.`,
    `Value ${project.value.amount} ${project.value.currency}.${project.cap === null ? '' : ` Never more than ${project.cap.amount} ${project.cap.currency}.`}`,
    `Tax ${project.tax.code}: ${project.tax.ratePercent} %${project.tax.reverseCharge ? ', reverse charge' : ''}.`,
    ...(project.purchaseOrder === null ? [] : [`Purchase order ${project.purchaseOrder}.`]),
    ...rateCard.lines.filter((line) => line.unit !== 'hour').map((line) => `${line.laborCategory}: ${line.rate} ${rateCard.currency} per ${line.unit}.`),
    ...billingSchedule.items.filter((item) => item.amount !== null).map((item) => `Bill on ${item.billOn}: ${item.amount?.amount ?? ''} ${item.amount?.currency ?? ''}, ${item.description}.`),
  ].join('\n');
}
