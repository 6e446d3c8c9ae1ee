import { Decimal } from 'decimal.js';
import type { Project } from '../../domain/model/project.ts';
import { datedRates, type DatedRate, type ProjectRateCard, type RateLine } from '../../domain/model/rate-card.ts';
import { exactNumber } from '../exact-number.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import type { Dynamics } from './client.ts';
import { dateTime, noon } from './odata.ts';
import type { DynamicsOptions } from './options.ts';
import { partsOf, removeParts, writeParts, type Part, type PartSet } from './parts.ts';
import type { DynamicsReferences } from './references.ts';

type Document = { readonly project: Project; readonly rateCard: ProjectRateCard };

/** The key fields of ProjHourSalesPricesV2 by which our prices differ; those that would narrow them further are empty, which tells them from people's own. */
const KEY = ['ResourceCategoryId', 'TransDate', 'CurrencyId'] as const;
const ANY = { PriceGroup: '', CustomerAccount: '', ProjectContractId: '', ResourceId: '', ResourceCompanyId: '', CategoryId: '' };
const label = ({ project }: Document) => `rate card of ${project.number}`;

/**
 * Rates are hour sales prices of the project by role. Dynamics prices hours only: a rate by day is divided by `hoursPerDay`, a rate by month has
 * no price and stands in the project's notes.
 */
export function createRateCardPort(dynamics: Dynamics, references: DynamicsReferences, options: DynamicsOptions): RecordPort<WithReferences<Document>> {
  const companyOf = (document: Document) => references.company(document.project.legalEntity.code, label(document));
  const pricesOf = (company: string, number: string): PartSet => ({ set: 'ProjHourSalesPricesV2', of: { dataAreaId: company, ProjectId: number, ...ANY }, by: KEY });
  const partOf = (line: DatedRate): Part | null => {
    const price = hourly(line, options.hoursPerDay);
    if (price === null) return null;
    return {
      key: { ResourceCategoryId: options.roles[line.laborCategory] ?? line.laborCategory, TransDate: dateTime(line.from), CurrencyId: line.currency },
      body: { SalesPricing: exactNumber(price), ...(line.to === null ? {} : { EndDate: noon(line.to) }) },
    };
  };

  return {
    lookUp: 'key',
    async find({ document, references: known }, context) {
      const object = label(document);
      const company = companyOf(document);
      const number = references.known(known.projects, document.project.id, 'project', object);
      const prices = await partsOf(dynamics, pricesOf(company, number), { object, context });
      return prices.length === 0 ? null : references.found('ProjHourSalesPrice', company, number);
    },
    async write({ document, references: known }, existing, context) {
      const object = label(document);
      const company = companyOf(document);
      const number = references.known(known.projects, document.project.id, 'project', object);
      const wanted = datedRates(document.rateCard).map(partOf).filter((part) => part !== null);
      await writeParts(dynamics, pricesOf(company, number), wanted, { object, context });
      return { ...references.found('ProjHourSalesPrice', company, number), created: existing === null };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const object = label(document);
      if (!created) return { how: 'kept', detail: `the ${object} stood before this deal` };
      const removed = await removeParts(dynamics, pricesOf(companyOf(document), externalId), { object, context });
      return removed === 0 ? { how: 'not_found', detail: `the ${object} is not in Dynamics 365` } : { how: 'deleted', detail: `the ${removed} prices of the ${object} were deleted from Dynamics 365` };
    },
  };
}

/** To six decimals, as Dynamics keeps prices. */
function hourly(line: RateLine, hoursPerDay: number): string | null {
  if (line.unit === 'hour') return line.rate;
  return line.unit === 'day' ? new Decimal(line.rate).dividedBy(hoursPerDay).toDecimalPlaces(6).toFixed() : null;
}
