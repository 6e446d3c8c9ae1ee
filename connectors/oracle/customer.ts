import { z } from 'zod';
import { maySet, type Customer, type CustomerAttribute } from '../../domain/model/customer.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, RecordPort, WithReferences } from '../ports.ts';
import { isRefused } from './classify.ts';
import { CRM, FSCM, type About, type Oracle, type Stored } from './client.ts';
import type { CustomerAccounts } from './customer-account.ts';
import type { OracleOptions } from './options.ts';
import { equalId } from './query.ts';
import { cut, partyNumberOf, type OracleReferences } from './references.ts';
import { idValue } from './rows.ts';

const ORGANIZATIONS = `${CRM}/hubOrganizations`;
const partyRow = z.object({ PartyNumber: z.string(), PartyId: idValue });
const addressRow = z.object({ AddressId: idValue, AddressNumber: z.string(), LocationId: idValue.nullish(), EndDateActive: z.string().nullish() });
const PARTY_FIELDS = ['PartyNumber', 'PartyId'];
const ADDRESS_FIELDS = ['AddressId', 'AddressNumber', 'LocationId', 'EndDateActive'];
const NAME_LENGTH = 360;
const TAX_NUMBER_LENGTH = 20;
const label = (customer: Customer) => `customer ${customer.name}`;

type Party = Stored<z.infer<typeof partyRow>>;
type Address = Stored<z.infer<typeof addressRow>>;

/**
 * Customers are organizations (parties) under a number made of their canonical ID, with one address of ours under the same number; where the options
 * say so, also a customer account with a bill-to site for each legal entity. Customer accounts have no REST resource (README.md).
 */
export function createCustomerPort(oracle: Oracle, references: OracleReferences, options: OracleOptions, accounts: CustomerAccounts | null): RecordPort<WithReferences<Customer>> {
  const read = (number: string, about: About) => oracle.read(`${ORGANIZATIONS}/${encodeURIComponent(number)}`, PARTY_FIELDS, partyRow, about);

  async function addressOf(party: Party, about: About): Promise<Address | null> {
    const addresses = await oracle.list(`${party.self}/child/Address`, { fields: ADDRESS_FIELDS }, addressRow, about);
    return addresses.find((address) => address.AddressNumber === party.PartyNumber) ?? null;
  }

  /** An address whose end was set is how an undo leaves a customer it could not delete: a new deal takes it into use again. */
  async function writeAddress(document: Customer, party: Party, about: About): Promise<{ address: Address | null; reopened: boolean }> {
    const body = addressBody(document);
    const before = await addressOf(party, about);
    if (before === null) return { address: body === null ? null : await oracle.create(`${party.self}/child/Address`, { AddressNumber: party.PartyNumber, ...body }, addressRow, about), reopened: false };
    const reopened = before.EndDateActive != null;
    const change = { ...(body !== null && maySet(document, 'billingAddress', true) ? body : {}), ...(reopened ? { EndDateActive: null } : {}) };
    if (Object.keys(change).length > 0) await oracle.update(before.self, change, before.etag, about);
    return { address: before, reopened };
  }

  async function writeParty(document: Customer, about: About): Promise<{ party: Party; created: boolean }> {
    const number = partyNumberOf(document.id);
    const before = await read(number, about);
    const body = partyBody(document, before !== null);
    if (before === null) {
      const source = { SourceSystem: options.sourceName, SourceSystemReferenceValue: number };
      return { party: await oracle.create(ORGANIZATIONS, { PartyNumber: number, ...source, ...body }, partyRow, about, 'upsert'), created: true };
    }
    if (Object.keys(body).length > 0) await oracle.update(before.self, body, before.etag, about);
    return { party: before, created: false };
  }

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await read(partyNumberOf(document.id), { object: label(document), context });
      return found === null ? null : references.found(found.PartyNumber);
    },
    async write({ document }, _existing, context) {
      const about: About = { object: label(document), context };
      if (accounts !== null) for (const entity of document.legalEntities) accounts.setOf(entity, about.object);
      const { party, created } = await writeParty(document, about);
      await afterFirstWrite(async () => {
        const { address, reopened } = await writeAddress(document, party, about);
        if (accounts === null) return;
        if (address === null) throw withoutAddress(oracle.system, about.object);
        await accounts.write({ number: party.PartyNumber, partyId: party.PartyId, addressId: address.AddressId, customer: document, open: created || reopened }, about);
      });
      return { ...references.found(party.PartyNumber), created };
    },
    async undo({ document: { document }, externalId, created }, context: CallContext) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      const party = await read(externalId, about);
      if (party === null) return { how: 'not_found', detail: `${about.object} is not in Oracle` };
      if (await oracle.any(`${FSCM}/contracts`, equalId('PrimaryPartyId', party.PartyId), 'ContractNumber', about)) return { how: 'kept', detail: `${about.object} has contracts in Oracle and stays` };
      try {
        await oracle.remove(party.self, about);
        return { how: 'deleted', detail: `${about.object} was deleted from Oracle` };
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
      const address = await addressOf(party, about);
      if (address !== null && address.EndDateActive == null) await oracle.update(address.self, { EndDateActive: new Date().toISOString().slice(0, 10) }, address.etag, about);
      await accounts?.close({ number: party.PartyNumber, partyId: party.PartyId, customer: document }, about);
      return { how: 'deactivated', detail: `${about.object} is used in Oracle and cannot be deleted; its address was ended${accounts === null ? '' : ' and its customer account made inactive'}` };
    },
  };
}

function partyBody(document: Customer, exists: boolean): object {
  const may = (attribute: CustomerAttribute) => maySet(document, attribute, exists);
  const { taxRegistrationNumber: tax } = document;
  return {
    ...(may('name') ? { OrganizationName: cut(document.name, NAME_LENGTH) } : {}),
    ...(tax === null || tax.length > TAX_NUMBER_LENGTH || !may('taxRegistrationNumber') ? {} : { TaxpayerIdentificationNumber: tax }),
  };
}

/** Null where there is none: Oracle needs a country. A street's lines are Oracle's address lines. */
function addressBody({ billingAddress: { street, city, region, postalCode, country }, name }: Customer): object | null {
  if (country === null) return null;
  const lines = (street ?? '').split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '');
  const [first = city ?? name, second, third, ...rest] = lines;
  return {
    Address1: cut(first, 240), Address2: second === undefined ? null : cut(second, 240), Address3: third === undefined ? null : cut(third, 240), Address4: rest.length === 0 ? null : cut(rest.join(', '), 240),
    City: city === null ? null : cut(city, 60), State: region === null ? null : cut(region, 60), PostalCode: postalCode === null ? null : cut(postalCode, 60), Country: country,
  };
}

function withoutAddress(system: string, object: string): SystemFailure {
  return new SystemFailure({ kind: 'business_rule', code: 'ORACLE_ADDRESS_MISSING', system, object, written: 'no', message: `Oracle makes a customer account only at an address, and ${object} has none with a country.`, mend: 'Enter the billing address of the account in the CRM, then retry.' });
}
