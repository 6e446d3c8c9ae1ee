import type { StatementOfWork } from '../../domain/model/statement-of-work.ts';
import { sumMoney } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import type { OracleOptions } from './options.ts';
import type { Part } from './parts.ts';
import { cut } from './references.ts';

type Line = StatementOfWork['lines'][number];

/** `start` holds what cannot be changed once the contract is made. */
export function contractBody(document: StatementOfWork, options: OracleOptions): { readonly start: object; readonly change: object } {
  const legalEntity = options.legalEntities[document.legalEntity];
  return {
    start: {
      ContractTypeName: options.contractTypes[document.type] ?? options.contractType,
      ...(legalEntity === undefined ? {} : { LegalEntityName: legalEntity }),
      ExternalSource: options.sourceName,
      ExternalKey: document.id,
    },
    change: {
      Cognomen: cut(document.number, 300),
      Description: cut(descriptionOf(document), 1995),
      StartDate: document.startDate,
      EndDate: document.endDate,
      EstimatedAmount: exactNumber(document.total.amount),
    },
  };
}

/**
 * One line for each project, named after it: by that name the project and its billing events find their line.
 * @param existing - numbers of the lines that the contract has, by project: new ones come after them
 */
export function lineParts(document: StatementOfWork, options: OracleOptions, existing: ReadonlyMap<string, string> = new Map()): Part[] {
  const byProject = Map.groupBy(document.lines, (line) => line.projectNumber);
  const added = [...byProject.keys()].filter((projectNumber) => !existing.has(projectNumber));
  const highest = Math.max(0, ...[...existing.values()].map(Number).filter(Number.isSafeInteger));
  return [...byProject].map(([projectNumber, lines]) => ({
    key: projectNumber,
    start: { LineNumber: String(highest + added.indexOf(projectNumber) + 1), LineTypeName: options.contractLineType, ItemNameTxt: projectNumber },
    body: {
      ItemDescription: cut(lines.map(describe).join('; '), 1000),
      StartDate: document.startDate,
      EndDate: document.endDate,
      LineValueAmount: exactNumber(sumMoney(lines.map((line) => line.amount), document.currency).amount),
    },
  }));
}

function describe(line: Line): string {
  return `${line.description} (${line.quantity} ${line.unit} at ${line.unitPrice})`;
}

function descriptionOf(document: StatementOfWork): string {
  return [
    `${document.type.replaceAll('_', ' ')} ${document.number}, signed on ${document.signedOn}.`,
    ...(document.purchaseOrder === null ? [] : [`Purchase order ${document.purchaseOrder}.`]),
    `Payment within ${document.paymentTermsDays} days.`,
    ...document.lines.map((line) => `${line.projectNumber}: ${describe(line)} = ${line.amount.amount} ${line.amount.currency}.`),
  ].join('\n');
}
