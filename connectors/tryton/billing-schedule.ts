import type { BillingMethod, BillingSchedule } from '../../domain/model/billing.ts';
import type { Project } from '../../domain/model/project.ts';
import type { CallContext, RecordPort, WithReferences } from '../ports.ts';
import type { Tryton } from './client.ts';
import type { Links } from './links.ts';
import { createPartPort, type Part } from './part.ts';
import type { TrytonReferences } from './references.ts';
import { wireDecimal } from './wire.ts';
import { BILLING } from './works.ts';

type Document = { readonly project: Project; readonly schedule: BillingSchedule };

/** Tryton's invoice methods (module project_invoice): by the hours booked, or by tasks done, each at its list price. */
const INVOICE_METHOD: Readonly<Record<BillingMethod, 'timesheet' | 'effort'>> = {
  time_and_materials: 'timesheet',
  capped: 'timesheet',
  fixed_fee: 'effort',
  milestone: 'effort',
  retainer: 'effort',
};

/**
 * The project's invoice method, and below a task "Billing:" one task per instalment or milestone with its amount as list price: when finance marks it
 * done, Tryton invoices it. An amount in another currency than the company's is kept in words: Tryton would invoice it in the wrong one.
 */
export function createBillingSchedulePort(tryton: Tryton, references: TrytonReferences, links: Links): RecordPort<WithReferences<Document>> {
  const partOf = async ({ project, schedule }: Document, context: CallContext): Promise<Part> => {
    const company = await references.company(project.legalEntity.code, `billing schedule of ${project.number}`, context);
    const items = schedule.items.map((item) => {
      const words = item.amount === null ? 'by work done' : `${item.amount.amount} ${item.amount.currency}`;
      const priced = item.amount !== null && item.amount.currency === company.currency;
      return {
        key: String(item.sequence),
        values: {
          name: `${item.sequence} ${item.billOn} ${item.description}`,
          comment: item.amount === null || priced ? `Bill ${words} on ${item.billOn}.` : `Bill ${words} on ${item.billOn}. Tryton invoices projects in ${company.currency} only: invoice this by hand.`,
          product: null,
          list_price: item.amount !== null && priced ? wireDecimal(item.amount.amount) : null,
        },
      };
    });
    const cap = schedule.cap === null ? '' : ` Never more than ${schedule.cap.amount} ${schedule.cap.currency}: Tryton does not watch this cap.`;
    return { key: BILLING, name: `${BILLING} ${schedule.code}`, comment: `Payable within ${schedule.paymentTermsDays} days.${cap}`, invoiceMethod: INVOICE_METHOD[schedule.method], items };
  };
  return createPartPort({ tryton, references, links, what: 'billing schedule', projectOf: ({ project }) => project, partOf, keyOf: BILLING });
}
