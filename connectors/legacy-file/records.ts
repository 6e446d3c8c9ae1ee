import type { BillingSchedule } from '../../domain/model/billing.ts';
import type { Customer, CustomerAttribute } from '../../domain/model/customer.ts';
import type { Project } from '../../domain/model/project.ts';
import type { ProjectRateCard } from '../../domain/model/rate-card.ts';
import type { StatementOfWork } from '../../domain/model/statement-of-work.ts';
import type { ExpensePosting } from '../../domain/model/time/expense-posting.ts';
import type { WithReferences } from '../ports.ts';
import { keyOf } from './keys.ts';
import { numberOf, upper, type Codes } from './mapping.ts';
import type { RecordKind } from './record-port.ts';

/** The columns of `customers` that carry an attribute, for the ERP to keep where the customer stands already and another system owns it. */
const COLUMNS: Readonly<Record<CustomerAttribute, readonly string[]>> = {
  name: ['name'],
  parentId: ['parent_key'],
  billingAddress: ['street', 'city', 'region', 'postal_code', 'country'],
  taxRegistrationNumber: ['tax_number'],
  currencies: ['currencies'],
  legalEntities: ['companies'],
};
const CONTRACT_TYPES = { master_services_agreement: 'MSA', statement_of_work: 'SOW', order_form: 'ORD' } as const;

export function customerKind(codes: Codes): RecordKind<WithReferences<Customer>> {
  return {
    record: 'CUSTOMER',
    key: ({ document }) => keyOf(document.id),
    label: ({ document }) => `customer ${document.name}`,
    parts: ({ document: { name, parentId, billingAddress: address, taxRegistrationNumber, currencies, legalEntities, ownedElsewhere } }, external_key) => [
      {
        table: 'customers',
        rows: [
          {
            external_key,
            name,
            parent_key: parentId === null ? null : keyOf(parentId),
            street: address.street,
            city: address.city,
            region: address.region,
            postal_code: address.postalCode,
            country: address.country,
            tax_number: taxRegistrationNumber,
            currencies: currencies.join(' '),
            companies: legalEntities.map((entity) => codes.company(entity)).join(' '),
            keep: ownedElsewhere.flatMap((attribute) => COLUMNS[attribute]).join(' '),
          },
        ],
      },
    ],
  };
}

export function contractKind(codes: Codes): RecordKind<WithReferences<StatementOfWork>> {
  return {
    record: 'CONTRACT',
    key: ({ document }) => keyOf(document.id),
    label: ({ document }) => `contract ${document.number}`,
    parts: ({ document, references }, external_key, about) => [
      {
        table: 'contracts',
        rows: [
          {
            external_key,
            contract_number: document.number,
            contract_type: CONTRACT_TYPES[document.type],
            company: codes.company(document.legalEntity),
            customer_number: numberOf(references.customers, document.customerId, 'customer', about),
            currency: document.currency,
            signed_on: document.signedOn,
            start_date: document.startDate,
            end_date: document.endDate,
            purchase_order: document.purchaseOrder,
            payment_days: String(document.paymentTermsDays),
            total: document.total.amount,
          },
        ],
      },
      {
        table: 'contract_lines',
        rows: document.lines.map((line, index) => ({
          external_key,
          line: String(index + 1),
          project_number: line.projectNumber,
          service_line: line.serviceLine,
          billing_method: upper(line.billingMethod),
          description: line.description,
          quantity: line.quantity,
          unit: upper(line.unit),
          unit_price: line.unitPrice,
          amount: line.amount.amount,
        })),
      },
    ],
  };
}

export const projectKey = (project: Project): string => keyOf(project.id);
export const projectLabel = (project: Project): string => `project ${project.number}`;

export function projectKind(codes: Codes): RecordKind<WithReferences<Project>> {
  return {
    record: 'PROJECT',
    key: ({ document }) => projectKey(document),
    label: ({ document }) => projectLabel(document),
    parts: ({ document, references }, external_key, about) => [
      {
        table: 'projects',
        rows: [
          {
            external_key,
            project_number: document.number,
            name: document.name,
            company: codes.company(document.legalEntity.code),
            customer_number: numberOf(references.customers, document.customerId, 'customer', about),
            contract_number: numberOf(references.contracts, document.contractId, 'contract', about),
            cost_center: document.costCenter,
            service_line: document.serviceLine,
            practice: document.practice,
            billing_method: upper(document.billingMethod),
            start_date: document.startDate,
            end_date: document.endDate,
            currency: document.value.currency,
            value: document.value.amount,
            cap: document.cap?.amount ?? null,
            purchase_order: document.purchaseOrder,
            tax_code: document.tax.code,
          },
        ],
      },
      {
        table: 'wbs',
        rows: document.wbs.map((element) => ({ external_key, code: element.code, parent_code: element.parentCode, name: element.name, billable: element.billable ? 'Y' : 'N', planned_hours: element.plannedHours })),
      },
    ],
  };
}

export function rateCardKind(codes: Codes): RecordKind<WithReferences<{ readonly project: Project; readonly rateCard: ProjectRateCard }>> {
  return {
    record: 'RATE_CARD',
    key: ({ document }) => keyOf(document.rateCard.code),
    label: ({ document }) => `rate card ${document.rateCard.code}`,
    parts: ({ document: { project, rateCard }, references }, external_key, about) => [
      {
        table: 'rate_cards',
        rows: [{ external_key, project: numberOf(references.projects, project.id, 'project', about), based_on: rateCard.basedOn, currency: rateCard.currency, from_date: rateCard.effectiveFrom, to_date: rateCard.effectiveTo }],
      },
      { table: 'rates', rows: rateCard.lines.map((line) => ({ external_key, labor_category: codes.laborCategory(line.laborCategory), unit: upper(line.unit), rate: line.rate })) },
    ],
  };
}

export function billingScheduleKind(): RecordKind<WithReferences<{ readonly project: Project; readonly schedule: BillingSchedule }>> {
  return {
    record: 'BILLING_SCHEDULE',
    key: ({ document }) => keyOf(document.schedule.code),
    label: ({ document }) => `billing schedule ${document.schedule.code}`,
    parts: ({ document: { project, schedule }, references }, external_key, about) => [
      {
        table: 'billing_schedules',
        rows: [{ external_key, project: numberOf(references.projects, project.id, 'project', about), billing_method: upper(schedule.method), currency: schedule.currency, payment_days: String(schedule.paymentTermsDays), cap: schedule.cap?.amount ?? null }],
      },
      { table: 'billing_items', rows: schedule.items.map((item) => ({ external_key, sequence: String(item.sequence), kind: upper(item.kind), description: item.description, bill_on: item.billOn, amount: item.amount?.amount ?? null })) },
    ],
  };
}

export function expenseKind(codes: Codes): RecordKind<ExpensePosting> {
  return {
    record: 'EXPENSE',
    key: ({ key }) => key,
    label: ({ report, person, kind }) => `${kind === 'reversal' ? 'the reversal of ' : ''}expense report ${report.id} of ${person}`,
    parts: (document, external_key) => [
      {
        table: 'expenses',
        rows: [
          {
            external_key,
            kind: document.kind === 'reversal' ? 'R' : 'O',
            reverses: document.reverses,
            employer: codes.company(document.employer),
            person: document.person,
            submitted_on: document.submittedOn,
            period: document.accountingPeriod,
            currency: document.currency,
            total: document.total.amount,
            source: `${document.report.system}/${document.report.id}/${document.report.version}`,
          },
        ],
      },
      {
        table: 'expense_lines',
        rows: document.lines.map((line, index) => ({
          external_key,
          line: String(index + 1),
          kind: upper(line.kind),
          category: line.category,
          incurred_on: line.incurredOn,
          project_number: line.projectNumber,
          company: codes.company(line.legalEntity),
          cost_center: line.costCenter,
          country: line.country,
          amount: line.amount.amount,
          recoverable_tax: line.recoverableTax.amount,
          bill_amount: line.billed?.amount ?? null,
          bill_currency: line.billed?.currency ?? null,
          receipt: line.receipt,
          description: line.description,
        })),
      },
    ],
  };
}
