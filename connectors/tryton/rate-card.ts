import type { Project } from '../../domain/model/project.ts';
import type { ProjectRateCard } from '../../domain/model/rate-card.ts';
import type { CallContext, RecordPort, WithReferences } from '../ports.ts';
import type { Tryton } from './client.ts';
import { createPartPort, type Part } from './part.ts';
import type { Links } from './links.ts';
import type { TrytonReferences } from './references.ts';
import { wireDecimal } from './wire.ts';
import { RATES } from './works.ts';

type Document = { readonly project: Project; readonly rateCard: ProjectRateCard };

/**
 * Tryton has no rate card by role. What it has: time booked on a task whose product is measured in hours is invoiced at the task's list price
 * (module project_invoice). So the rates are one task per labor category below a task "Rates:". Tryton prices tasks in the company's
 * currency and per hour only: rates in another currency or unit are kept in words, with no price that could be invoiced by mistake.
 */
export function createRateCardPort(tryton: Tryton, references: TrytonReferences, links: Links): RecordPort<WithReferences<Document>> {
  const partOf = async ({ project, rateCard }: Document, context: CallContext): Promise<Part> => {
    const object = `rate card of ${project.number}`;
    const company = await references.company(project.legalEntity.code, object, context);
    const period = `from ${rateCard.effectiveFrom}${rateCard.effectiveTo === null ? '' : ` to ${rateCard.effectiveTo}`}`;
    const items = await Promise.all(rateCard.lines.map(async (line) => {
      const words = `${line.rate} ${rateCard.currency} per ${line.unit}`;
      const priced = line.unit === 'hour' && rateCard.currency === company.currency;
      return {
        key: line.laborCategory,
        values: {
          name: `${line.laborCategory} ${words}`,
          comment: priced ? `Agreed ${words}, ${period}.` : `Agreed ${words}, ${period}. Tryton prices tasks per hour in ${company.currency} only: invoice this rate by hand.`,
          product: priced ? await references.hourProduct(line.laborCategory, object, context) : null,
          list_price: priced ? wireDecimal(line.rate) : null,
        },
      };
    }));
    return { key: RATES, name: `${RATES} ${rateCard.code}`, comment: `Rates taken from ${rateCard.basedOn}, ${period}.`, invoiceMethod: null, items };
  };
  return createPartPort({ tryton, references, links, what: 'rate card', projectOf: ({ project }) => project, partOf, keyOf: RATES });
}
