import { z } from 'zod';
import type { StatementOfWork } from '../../domain/model/statement-of-work.ts';
import { exactNumber } from '../exact-number.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { isRefused } from './classify.ts';
import { CRM, FSCM, type About, type Oracle, type Stored } from './client.ts';
import { contractBody, lineParts } from './contract-body.ts';
import { plansOf, writePlans } from './contract-plans.ts';
import type { OracleOptions } from './options.ts';
import { writeParts, type PartSet } from './parts.ts';
import { equal } from './query.ts';
import type { OracleReferences } from './references.ts';
import { idValue } from './rows.ts';

const CONTRACTS = `${FSCM}/contracts`;
const contractRow = z.object({ ContractNumber: z.string(), ContractTypeName: z.string().nullish(), StsCode: z.string().nullish() });
const lineRow = z.object({ LineId: idValue, LineNumber: z.union([z.string(), z.number()]).transform(String), ItemNameTxt: z.string().nullish() });
const partyRow = z.object({ PartyId: idValue });
const CONTRACT_NUMBER_LENGTH = 120;
const label = (contract: StatementOfWork) => `contract ${contract.number}`;

export type Contract = Stored<z.infer<typeof contractRow>>;
export type ContractLine = Stored<z.infer<typeof lineRow>>;

/** The contract under this number; null where there is none. */
export function findContract(oracle: Oracle, number: string, about: About): Promise<Contract | null> {
  return oracle.find(CONTRACTS, { where: equal('ContractNumber', number), fields: ['ContractNumber', 'ContractTypeName', 'StsCode'] }, contractRow, about);
}

/** Lines of a contract: ours are named after their project. */
export function linesOf(contract: Contract): PartSet<z.infer<typeof lineRow>> {
  return { path: `${contract.self}/child/ContractLine`, row: lineRow, fields: ['LineId', 'LineNumber', 'ItemNameTxt'], keyOf: (row) => row.ItemNameTxt ?? undefined };
}

/** Statements of work are sell contracts under their canonical ID, with one line for each project. They stay drafts: people submit, approve and activate them. */
export function createContractPort(oracle: Oracle, references: OracleReferences, options: OracleOptions): RecordPort<WithReferences<StatementOfWork>> {
  const numberOf = (document: StatementOfWork) => references.fitting(document.id, CONTRACT_NUMBER_LENGTH, 'contract', label(document));

  async function partyIdOf(partyNumber: string, about: About): Promise<string> {
    const party = await oracle.read(`${CRM}/hubOrganizations/${encodeURIComponent(partyNumber)}`, ['PartyId'], partyRow, about);
    return references.known(party === null ? {} : { [partyNumber]: party.PartyId }, partyNumber, 'organization', about.object);
  }

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await findContract(oracle, numberOf(document), { object: label(document), context });
      return found === null ? null : references.found(found.ContractNumber);
    },
    async write({ document, references: known }, existing, context) {
      const about: About = { object: label(document), context };
      const number = existing?.externalId ?? numberOf(document);
      const partyNumber = references.known(known.customers, document.customerId, 'customer', about.object);
      const businessUnit = references.businessUnit(document.legalEntity, about.object);
      const plans = plansOf(document, partyNumber, options);
      const before = await findContract(oracle, number, about);
      if (before === null) {
        const partyId = await partyIdOf(partyNumber, about);
        const body = contractBody(document, options);
        const start = { ContractNumber: number, BuyOrSell: 'S', OrgName: businessUnit, PrimaryPartyId: exactNumber(partyId), CurrencyCode: document.currency, ...(plans.BillPlan.length === 0 ? {} : plans) };
        const lines = lineParts(document, options);
        const { self } = await oracle.create(CONTRACTS, { ...start, ...body.start, ...body.change, ContractLine: lines.map((line) => ({ ...line.start, ...line.body })) }, contractRow, about);
        await afterFirstWrite(() => writePlans(oracle, self, document, plans, about));
      } else {
        const { path, fields, row } = linesOf(before);
        const existing = await oracle.list(path, { fields }, row, about);
        const lines = lineParts(document, options, new Map(existing.map((line) => [line.ItemNameTxt ?? `line ${line.LineNumber}`, line.LineNumber])));
        await oracle.update(before.self, contractBody(document, options).change, before.etag, about);
        await afterFirstWrite(async () => {
          await writeParts(oracle, linesOf(before), lines, about);
          await writePlans(oracle, before.self, document, plans, about);
        });
      }
      return { ...references.found(number), created: before === null };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `${about.object} stood before this deal` };
      const contract = await findContract(oracle, externalId, about);
      if (contract === null) return { how: 'not_found', detail: `${about.object} is not in Oracle` };
      try {
        await oracle.remove(contract.self, about);
        return { how: 'deleted', detail: `${about.object} was deleted from Oracle` };
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
      if (contract.StsCode === 'CANCELED') return { how: 'cancelled', detail: `${about.object} is used in Oracle, where it is canceled` };
      try {
        await oracle.update(contract.self, { StsCode: 'CANCELED' }, contract.etag, about);
        return { how: 'cancelled', detail: `${about.object} is used by other records in Oracle; it was canceled` };
      } catch (error) {
        if (!isRefused(error)) throw error;
        return { how: 'kept', detail: `${about.object} is in the status ${contract.StsCode ?? 'unknown'} in Oracle and stays until people close it` };
      }
    },
  };
}
