import type { ConnectorSettings } from '../connector.ts';
import type { ErpPort } from '../ports.ts';
import { createBillingSchedulePort } from './billing-schedule.ts';
import { createTrytonClient } from './client.ts';
import { createContractPort } from './contract.ts';
import { createCustomerPort } from './customer.ts';
import { createLaborPort } from './labor.ts';
import { createLinks } from './links.ts';
import { trytonCredentialsSchema, trytonOptionsSchema } from './options.ts';
import { createProjectPort } from './project.ts';
import { createRateCardPort } from './rate-card.ts';
import { createReferences } from './references.ts';
import { createStatusSetter } from './status.ts';

/** Tryton 8.2 as an ERP, over JSON-RPC. @throws ZodError for options or credentials of the wrong shape */
export function createTryton(settings: ConnectorSettings): ErpPort {
  const options = trytonOptionsSchema.parse(settings.options ?? {});
  const { database } = trytonCredentialsSchema.parse(settings.credentials);
  const tryton = createTrytonClient(settings);
  const references = createReferences(tryton, options);
  const links = createLinks(database, options.webClient);
  return {
    kind: 'erp',
    system: settings.system,
    customer: createCustomerPort(tryton, references, options, links),
    contract: createContractPort(tryton, references, links),
    project: createProjectPort(tryton, references, links),
    rateCard: createRateCardPort(tryton, references, links),
    billingSchedule: createBillingSchedulePort(tryton, references, links),
    labor: createLaborPort(tryton, references, links),
    expenses: { unsupported: "Tryton 8.2 as installed here has no expense reports. They are kept and judged here; finance enters what is to be reimbursed as a supplier invoice of the employee's party, and what is to be billed on the project's next invoice" },
    receivables: { unsupported: 'invoices and payments are not read or written here yet: finance bills in the ERP itself' },
    setProjectStatus: createStatusSetter(tryton, references),
  };
}
