import { z } from 'zod';
import type { StatementOfWork } from '../../domain/model/statement-of-work.ts';
import { exactNumber } from '../exact-number.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { hasDependents } from './classify.ts';
import type { NetSuite } from './client.ts';
import { externalIdOf } from './external-id.ts';
import { cut, type NetSuiteReferences } from './references.ts';

const idRow = z.object({ id: z.string() });
const orderRow = z.object({ id: z.string(), item: z.object({ items: z.array(z.object({ line: z.union([z.number(), z.string()]) })).default([]) }).default({ items: [] }) });
const PO_LENGTH = 45;

/** Statements of work are sales orders, made pending approval; found by external ID. */
export function createContractPort(netSuite: NetSuite, references: NetSuiteReferences): RecordPort<WithReferences<StatementOfWork>> {
  const label = (contract: StatementOfWork) => `contract ${contract.number}`;
  const eid = (contract: StatementOfWork) => externalIdOf(contract.id);

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await netSuite.read('salesOrder', `eid:${eid(document)}`, idRow, { object: label(document), context }, { fields: 'id' });
      return found === null ? null : references.found('salesOrder', found.id);
    },
    async write({ document, references: known }, existing, context) {
      const object = label(document);
      const term = references.term(document.paymentTermsDays);
      const { purchaseOrder } = document;
      const body = {
        entity: references.known(known.customers, document.customerId, 'customer', object),
        subsidiary: references.subsidiary(document.legalEntity, object),
        currency: references.currency(document.currency, object),
        tranDate: document.signedOn,
        startDate: document.startDate,
        endDate: document.endDate,
        ...(purchaseOrder === null || purchaseOrder.length > PO_LENGTH ? {} : { otherRefNum: purchaseOrder }),
        memo: cut(`${document.number} (${document.type.replaceAll('_', ' ')}), ${document.startDate} to ${document.endDate}, payable within ${document.paymentTermsDays} days${purchaseOrder === null ? '' : `, purchase order ${purchaseOrder}`}`, 999),
        ...(term === undefined ? {} : { terms: term }),
        item: {
          items: document.lines.map((line) => ({
            item: references.item(line.serviceLine, object),
            description: cut(`${line.projectNumber}: ${line.description} (${line.quantity} ${line.unit})`, 999),
            quantity: exactNumber(line.quantity),
            rate: exactNumber(line.unitPrice),
            amount: references.amount(line.amount, object),
          })),
        },
      };
      const about = { object, context };
      if (existing !== null) {
        await netSuite.update('salesOrder', existing.externalId, { ...body, externalId: eid(document) }, about, ['item']);
        return { ...existing, created: false };
      }
      const id = await netSuite.upsert('salesOrder', eid(document), body, about, ['item']);
      return { ...references.found('salesOrder', id), created: true };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      try {
        const was = await netSuite.remove('salesOrder', externalId, about);
        return was ? { how: 'deleted', detail: `${about.object} was deleted from NetSuite` } : { how: 'not_found', detail: `${about.object} is not in NetSuite` };
      } catch (error) {
        if (!hasDependents(error)) throw error;
        const order = await netSuite.read('salesOrder', externalId, orderRow, about, { expandSubResources: 'true' });
        await netSuite.update('salesOrder', externalId, { item: { items: (order?.item.items ?? []).map(({ line }) => ({ line: Number(line), isClosed: true })) } }, about);
        return { how: 'cancelled', detail: `${about.object} is used by other records in NetSuite; the sales order's lines were closed` };
      }
    },
  };
}
