import { z } from 'zod';
import type { StatementOfWork } from '../../domain/model/statement-of-work.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { isInUse } from './classify.ts';
import { SERVICES, type About, type Sap, type Stored } from './client.ts';
import { referenceOf } from './keys.ts';
import { entityPath, jsonDate, matching } from './odata.ts';
import type { SapOptions } from './options.ts';
import { newItem, itemsOf, rejectItems, soldItems, writeItems } from './order-items.ts';
import { cut, type SapReferences } from './references.ts';

const SERVICE = SERVICES.order;
const orderRow = z.object({ SalesOrder: z.string().min(1) });
const label = (contract: StatementOfWork) => `contract ${contract.number}`;

/**
 * Statements of work are sales orders with one item for each project. The order's own reference, which no field takes as an external ID when it is made over
 * this service, is the ship-to party's customer reference: services are shipped to nobody. The client's purchase order is the customer reference.
 */
export function createContractPort(sap: Sap, references: SapReferences, options: SapOptions): RecordPort<WithReferences<StatementOfWork>> {
  const lookUp = async (document: StatementOfWork, about: About): Promise<Stored<z.infer<typeof orderRow>> | undefined> => {
    const found = await sap.list(SERVICE, 'A_SalesOrder', { filter: matching({ PurchaseOrderByShipToParty: referenceOf('K', document.id) }), select: ['SalesOrder'] }, orderRow, about);
    return found.toSorted((left, right) => left.SalesOrder.localeCompare(right.SalesOrder))[0];
  };
  /** The customer's number in sales, which is the business partner's own unless number ranges say otherwise. */
  const soldTo = async (partner: string, about: About): Promise<string> => {
    const found = await sap.read(SERVICES.partner, entityPath('A_BusinessPartner', partner), { select: ['Customer'] }, z.object({ Customer: z.string() }), about);
    return found?.Customer ?? partner;
  };
  const termsOf = (document: StatementOfWork) => {
    const terms = references.paymentTerms(document.paymentTermsDays);
    return {
      PurchaseOrderByCustomer: cut(document.purchaseOrder ?? document.number, 35),
      RequestedDeliveryDate: jsonDate(document.startDate),
      ...(terms === undefined ? {} : { CustomerPaymentTerms: terms }),
    };
  };

  const create = async (document: StatementOfWork, partner: string, about: About): Promise<string> => {
    const { salesOrganization } = references.organization(document.legalEntity, about.object);
    const { SalesOrder } = await sap.create(SERVICE, 'A_SalesOrder', {
      SalesOrderType: options.salesOrderType,
      SalesOrganization: salesOrganization,
      DistributionChannel: options.distributionChannel,
      OrganizationDivision: options.division,
      SoldToParty: await soldTo(partner, about),
      PurchaseOrderByShipToParty: referenceOf('K', document.id),
      SalesOrderDate: jsonDate(document.signedOn),
      TransactionCurrency: document.currency,
      ...termsOf(document),
      to_Text: [{ Language: options.language, LongTextID: options.orderText, LongText: textOf(document) }],
      to_Item: soldItems(document).map((item) => newItem(item, options)),
    }, orderRow, about);
    return SalesOrder;
  };

  const update = async (document: StatementOfWork, order: Stored<z.infer<typeof orderRow>>, about: About): Promise<void> => {
    const path = entityPath('A_SalesOrder', order.SalesOrder);
    await sap.update(SERVICE, path, termsOf(document), order.etag, about);
    await afterFirstWrite(async () => {
      await writeItems(sap, order.SalesOrder, document, options, about);
      const text = entityPath('A_SalesOrderText', { SalesOrder: order.SalesOrder, Language: options.language, LongTextID: options.orderText });
      const there = await sap.read(SERVICE, text, { select: ['SalesOrder'] }, orderRow, about);
      if (there === null) await sap.create(SERVICE, `${path}/to_Text`, { Language: options.language, LongTextID: options.orderText, LongText: textOf(document) }, z.object({}), about);
      else await sap.update(SERVICE, text, { LongText: textOf(document) }, there.etag, about);
    });
  };

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await lookUp(document, { object: label(document), context });
      return found === undefined ? null : references.found('order', found.SalesOrder);
    },
    async write({ document, references: known }, _existing, context) {
      const about: About = { object: label(document), context };
      const partner = references.known(known.customers, document.customerId, 'customer', about.object);
      for (const { project } of soldItems(document)) references.fitting(project, 35, 'project number', about.object);
      const before = await lookUp(document, about);
      if (before === undefined) return { ...references.found('order', await create(document, partner, about)), created: true };
      await update(document, before, about);
      return { ...references.found('order', before.SalesOrder), created: false };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      const path = entityPath('A_SalesOrder', externalId);
      const order = await sap.read(SERVICE, path, { select: ['SalesOrder'] }, orderRow, about);
      if (order === null) return { how: 'not_found', detail: `${about.object} is not in SAP` };
      try {
        await sap.remove(SERVICE, path, order.etag, about);
        return { how: 'deleted', detail: `${about.object} (sales order ${externalId}) was deleted from SAP` };
      } catch (error) {
        if (!isInUse(error)) throw error;
        await rejectItems(sap, await itemsOf(sap, externalId, about), options, about);
        return { how: 'cancelled', detail: `${about.object} (sales order ${externalId}) has documents that follow it in SAP; its items were rejected` };
      }
    },
  };
}

/** What was sold, line by line, for the people who bill it: an item holds one amount only. */
function textOf(document: StatementOfWork): string {
  return [
    `${document.type.replaceAll('_', ' ')} ${document.number}, ${document.startDate} to ${document.endDate}.`,
    ...document.lines.map((line) => `${line.projectNumber} ${line.description}: ${line.quantity} ${line.unit} at ${line.unitPrice} = ${line.amount.amount} ${line.amount.currency} (${line.billingMethod.replaceAll('_', ' ')})`),
  ].join('\n');
}
