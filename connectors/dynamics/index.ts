import type { ConnectorSettings } from '../connector.ts';
import { peopleAddress } from '../people-address.ts';
import type { ErpPort } from '../ports.ts';
import { createDynamicsClient } from './client.ts';
import { createContractPort } from './contract.ts';
import { createCustomerPort } from './customer.ts';
import { projectEntities } from './entities.ts';
import { createJournals } from './journals.ts';
import { createLaborDirectory } from './labor-directory.ts';
import { createLaborPort } from './labor.ts';
import { createLineWriter } from './labor-writer.ts';
import { dynamicsCredentialsSchema, dynamicsOptionsSchema } from './options.ts';
import { createProjectPort, createStatusSetter } from './project.ts';
import { createRateCardPort } from './rate-card.ts';
import { createReferences } from './references.ts';

/** Dynamics 365 Finance (finance and operations apps) as an ERP, over its data entities. @throws ZodError for options or credentials of the wrong shape */
export function createDynamics(settings: ConnectorSettings): ErpPort {
  const options = dynamicsOptionsSchema.parse(settings.options ?? {});
  const dynamics = createDynamicsClient(settings, options, dynamicsCredentialsSchema.parse(settings.credentials));
  const references = createReferences(settings.system, options, peopleAddress(options.environmentUrl, settings.baseUrl, () => undefined));
  const entities = projectEntities(options, references);
  return {
    kind: 'erp',
    system: settings.system,
    customer: createCustomerPort(dynamics, references, options),
    contract: createContractPort(dynamics, references, entities),
    project: createProjectPort(dynamics, references, entities, options),
    rateCard: createRateCardPort(dynamics, references, options),
    billingSchedule: {
      unsupported: 'Dynamics 365 has no data entity in which the invoices of a project can be planned: on-account transactions are entered in the project contract. The dates and amounts stand in the project\'s notes for finance to enter; hours are invoiced as they are posted',
    },
    labor: createLaborPort({ dynamics, references, options, directory: createLaborDirectory(dynamics, entities, options), journals: createJournals(dynamics, options), writer: createLineWriter(dynamics, options.linesPerRequest) }),
    expenses: {
      unsupported: 'expense reports of Dynamics 365 are approved in its own workflow, which has no data entity to approve by. They are kept and judged here; finance enters what is to be reimbursed as an expense report or vendor invoice of the worker, and what is to be billed on the project',
    },
    receivables: { unsupported: 'invoices and payments are not read or written here yet: finance bills in the ERP itself' },
    setProjectStatus: createStatusSetter(dynamics, references, entities, options),
  };
}
