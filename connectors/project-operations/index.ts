import type { ConnectorSettings } from '../connector.ts';
import { dynamicsCredentialsSchema } from '../dynamics/options.ts';
import { peopleAddress } from '../people-address.ts';
import type { ErpPort } from '../ports.ts';
import { createBillingSchedulePort } from './billing-schedule.ts';
import { createDataverseClient } from './client.ts';
import { createContractPort } from './contract.ts';
import { createCustomerPort } from './customer.ts';
import { createJournals } from './journals.ts';
import { createLaborDirectory } from './labor-directory.ts';
import { createLaborPort } from './labor.ts';
import { createNames } from './names.ts';
import { projectOperationsOptionsSchema } from './options.ts';
import { createProjectPort, createStatusSetter } from './project.ts';
import { createRateCardPort } from './rate-card.ts';

/** Dynamics 365 Project Operations as an ERP, over Dataverse's Web API. @throws ZodError for options or credentials of the wrong shape */
export function createProjectOperations(settings: ConnectorSettings): ErpPort {
  const options = projectOperationsOptionsSchema.parse(settings.options ?? {});
  const dataverse = createDataverseClient(settings, options, dynamicsCredentialsSchema.parse(settings.credentials));
  const names = createNames(dataverse, options, peopleAddress(options.environmentUrl, settings.baseUrl, () => undefined));
  return {
    kind: 'erp',
    system: settings.system,
    customer: createCustomerPort(dataverse, names),
    contract: createContractPort(dataverse, names),
    project: createProjectPort(dataverse, names),
    rateCard: createRateCardPort(dataverse, names),
    billingSchedule: createBillingSchedulePort(dataverse, names),
    labor: createLaborPort({ dataverse, names, options, directory: createLaborDirectory(dataverse), journals: createJournals(dataverse, options) }),
    expenses: {
      unsupported: 'expenses of Project Operations are entered and approved by their own people. They are kept and judged here; finance enters what is to be reimbursed or billed on the project in Project Operations',
    },
    receivables: { unsupported: 'invoices and payments are not read or written here: finance makes proforma invoices from the project contract in Project Operations and sends them from the ERP behind it' },
    setProjectStatus: createStatusSetter(dataverse),
  };
}
