import { z } from 'zod';
import type { StatementOfWork } from '../../domain/model/statement-of-work.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { isInUse } from './classify.ts';
import type { Dynamics } from './client.ts';
import type { ProjectEntities, Terms } from './entities.ts';
import { accountOf } from './keys.ts';
import { matching, type EntityKey } from './odata.ts';
import { removeParts, writeParts } from './parts.ts';
import type { DynamicsReferences } from './references.ts';

const companyRow = z.object({ dataAreaId: z.string() });
const label = (contract: StatementOfWork) => `contract ${contract.number}`;

/** The ID of a contract in Dynamics, by its canonical ID. */
export const contractIdOf = (canonicalId: string): string => accountOf('K', canonicalId);

/** Statements of work are project contracts, in the company of their legal entity. */
export function createContractPort(dynamics: Dynamics, references: DynamicsReferences, entities: ProjectEntities): RecordPort<WithReferences<StatementOfWork>> {
  const companyOf = (document: StatementOfWork) => references.company(document.legalEntity, label(document));
  const keyOf = (company: string, id: string): EntityKey => ({ dataAreaId: company, [entities.contractKey]: id });
  const read = (company: string, id: string, object: string, context: Parameters<RecordPort<unknown>['find']>[1]) => dynamics.read(entities.contracts, keyOf(company, id), companyRow, ['dataAreaId'], { object, context });

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const company = companyOf(document);
      const id = contractIdOf(document.id);
      return (await read(company, id, label(document), context)) === null ? null : references.found('ProjInvoiceListPage', company, id);
    },
    async write({ document, references: known }, existing, context) {
      const object = label(document);
      const about = { object, context };
      const company = companyOf(document);
      const contractId = existing?.externalId ?? contractIdOf(document.id);
      const terms: Terms = { company, contractId, customerAccount: references.known(known.customers, document.customerId, 'customer', object) };
      const before = await read(company, contractId, object, context);
      const body = entities.contractBody(document, terms);
      if (before === null) await dynamics.create(entities.contracts, { ...keyOf(company, contractId), ...body }, about);
      else await dynamics.update(entities.contracts, keyOf(company, contractId), body, before.etag, about);
      const { parts, wanted } = entities.contractParts(document, terms);
      await afterFirstWrite(() => writeParts(dynamics, parts, wanted, about));
      return { ...references.found('ProjInvoiceListPage', company, contractId), created: before === null };
    },
    async undo({ document: { document, references: known }, externalId, created }, context) {
      const object = label(document);
      const about = { object, context };
      const company = companyOf(document);
      if (!created) return { how: 'kept', detail: `${object} stood before this deal` };
      if ((await read(company, externalId, object, context)) === null) return { how: 'not_found', detail: `${object} is not in Dynamics 365` };
      const { parts } = entities.contractParts(document, { company, contractId: externalId, customerAccount: known.customers[document.customerId] ?? '' });
      const kept = { how: 'kept' as const, detail: `${object} is used by other records in Dynamics 365, where a project contract has no status: it stays until people close its projects` };
      // Asked first, so that a contract that stays keeps its funding source or lines.
      if (await dynamics.any(entities.projects, matching({ dataAreaId: company, [entities.contractKey]: externalId }), entities.projectKey, about)) return kept;
      try {
        await removeParts(dynamics, parts, about);
        await dynamics.remove(entities.contracts, keyOf(company, externalId), about);
        return { how: 'deleted', detail: `${object} was deleted from Dynamics 365` };
      } catch (error) {
        if (!isInUse(error)) throw error;
        return kept;
      }
    },
  };
}
