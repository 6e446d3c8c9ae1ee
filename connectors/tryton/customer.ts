import { z } from 'zod';
import { maySet, type Customer } from '../../domain/model/customer.ts';
import type { CallContext, Found, RecordPort, Undone, WithReferences } from '../ports.ts';
import { searchRead, type Tryton } from './client.ts';
import { isGone } from './failures.ts';
import type { Links } from './links.ts';
import type { TrytonOptions } from './options.ts';
import type { TrytonReferences } from './references.ts';

const partyRow = z.object({ id: z.number().int(), active: z.union([z.boolean(), z.literal([0, 1])]).transform(Boolean), addresses: z.array(z.number().int()), identifiers: z.array(z.number().int()) });
const childRow = z.object({ id: z.number().int(), active: z.unknown() });
const identifierRow = z.object({ id: z.number().int(), type: z.string().nullable(), code: z.string() });
/** Shown on the address and how it is found again: people may add others, which stay theirs. */
const BILLING = 'Billing';

/**
 * Customers are parties. The canonical ID is the party's `code`, which Tryton keeps unique, so a lost answer is looked up by it.
 * Tryton has no parent of a party: the hierarchy stays in the CRM.
 */
export function createCustomerPort(tryton: Tryton, references: TrytonReferences, options: TrytonOptions, links: Links): RecordPort<WithReferences<Customer>> {
  const label = (customer: Customer) => `customer ${customer.name}`;
  const read = async (customer: Customer, domain: readonly unknown[], context: CallContext) => {
    const rows = await searchRead(tryton, { model: 'party.party', domain: [...domain, ['active', 'in', [true, false]]], fields: ['active', 'addresses', 'identifiers'], row: partyRow, object: label(customer), context, limit: 1 });
    return rows[0] ?? null;
  };
  const found = (id: number): Found => ({ externalId: String(id), url: links.to('party.party', id) });

  const addressValues = async (customer: Customer, context: CallContext) => {
    const { street, city, region, postalCode, country } = customer.billingAddress;
    const object = label(customer);
    const countryId = country === null ? null : await references.country(country, object, context);
    const subdivision = country === null || region === null ? null : await references.subdivision(country, region, object, context);
    const cityText = [city, subdivision === null ? region : null].filter((part) => part !== null && part !== '').join(', ');
    return { attn: BILLING, street_unstructured: street, city: cityText === '' ? null : cityText, postal_code: postalCode, country: countryId, subdivision };
  };
  const identifierValues = (customer: Customer) => ({
    code: customer.taxRegistrationNumber,
    type: options.taxIdentifierTypes[customer.billingAddress.country ?? ''] ?? null,
  });

  const addressCommands = async (customer: Customer, party: z.infer<typeof partyRow>, object: string, context: CallContext) => {
    const [ours] = await searchRead(tryton, { model: 'party.address', domain: [['party', '=', party.id], ['attn', '=', BILLING]], fields: ['active'], row: childRow, object, context, limit: 1 });
    const address = await addressValues(customer, context);
    return [ours === undefined ? ['create', [address]] : ['write', [ours.id], address]];
  };
  const identifierCommands = async (customer: Customer, party: z.infer<typeof partyRow>, object: string, context: CallContext) => {
    const identifiers = await searchRead(tryton, { model: 'party.identifier', domain: [['party', '=', party.id]], fields: ['type', 'code'], row: identifierRow, object, context });
    const tax = identifierValues(customer);
    const ours = identifiers.find((identifier) => identifier.type === tax.type);
    if (tax.code === null || ours?.code === tax.code) return [];
    return [ours === undefined ? ['create', [tax]] : ['write', [ours.id], tax]];
  };

  /** The address and tax number, where they are ours, created or rewritten in the same transaction as the party. */
  const ownedParts = async (customer: Customer, party: z.infer<typeof partyRow>, context: CallContext) => {
    const object = label(customer);
    const addresses = maySet(customer, 'billingAddress', true) ? await addressCommands(customer, party, object, context) : [];
    const identifiers = maySet(customer, 'taxRegistrationNumber', true) ? await identifierCommands(customer, party, object, context) : [];
    return { ...(addresses.length === 0 ? {} : { addresses }), ...(identifiers.length === 0 ? {} : { identifiers }) };
  };

  const deactivate = async (id: number, object: string, context: CallContext): Promise<Undone> => {
    await tryton.call({ method: 'party.party.write', args: [[id], { active: false }], result: z.null(), object, writes: true, context });
    return { how: 'deactivated', detail: `${object} is used by other records in Tryton and was deactivated` };
  };

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const party = await read(document, [['code', '=', document.id]], context);
      return party === null ? null : found(party.id);
    },
    async write({ document }, existing, context) {
      const object = label(document);
      const domain = existing === null ? ['code', '=', document.id] : ['id', '=', Number(existing.externalId)];
      const party = await read(document, [domain], context);
      if (party === null) {
        const tax = identifierValues(document);
        const values = { name: document.name, code: document.id, addresses: [['create', [await addressValues(document, context)]]], ...(tax.code === null ? {} : { identifiers: [['create', [tax]]] }) };
        const [id] = await tryton.call({ method: 'party.party.create', args: [[values]], result: z.tuple([z.number().int()]), object, writes: true, context });
        return { ...found(id), created: true };
      }
      const values = { ...(maySet(document, 'name', true) ? { name: document.name } : {}), active: true, ...(await ownedParts(document, party, context)) };
      await tryton.call({ method: 'party.party.write', args: [[party.id], values], result: z.null(), object, writes: true, context });
      return { ...found(party.id), created: false };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const object = label(document);
      if (!created) return { how: 'kept', detail: `${object} stood before this deal` };
      const id = Number(externalId);
      if ((await read(document, [['id', '=', id]], context)) === null) return { how: 'not_found', detail: `${object} is not in Tryton` };
      try {
        // Deleting a party would only empty the field in projects that name it, so they are asked for here.
        const projects = await searchRead(tryton, { model: 'project.work', domain: [['party', '=', id]], fields: ['id'], row: childRow.pick({ id: true }), object, context, limit: 1 });
        if (projects.length > 0) return await deactivate(id, object, context);
        await tryton.call({ method: 'party.party.delete', args: [[id]], result: z.null(), object, writes: true, context });
        return { how: 'deleted', detail: `${object} was deleted from Tryton` };
      } catch (error) {
        if (isGone(error)) return { how: 'not_found', detail: `${object} is not in Tryton` };
        if (!links.isInUse(error)) throw error;
      }
      return await deactivate(id, object, context);
    },
  };
}
