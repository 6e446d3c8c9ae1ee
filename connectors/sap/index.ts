import type { ConnectorSettings } from '../connector.ts';
import { peopleAddress } from '../people-address.ts';
import type { ErpPort } from '../ports.ts';
import { createBillingSchedulePort } from './billing-schedule.ts';
import { createSapClient } from './client.ts';
import { createContractPort } from './contract.ts';
import { createCustomerPort } from './customer.ts';
import { createLaborDirectory } from './labor-directory.ts';
import { createLaborPort } from './labor.ts';
import { sapCredentialsSchema, sapOptionsSchema } from './options.ts';
import { createProjectPort, createStatusSetter } from './project.ts';
import { createReferences, peopleAddressOf } from './references.ts';

/** SAP S/4HANA Cloud, public edition, as an ERP, over its OData version 2 services. @throws ZodError for options or credentials of the wrong shape */
export function createSap(settings: ConnectorSettings): ErpPort {
  const options = sapOptionsSchema.parse(settings.options ?? {});
  const sap = createSapClient(settings, sapCredentialsSchema.parse(settings.credentials));
  const references = createReferences(settings.system, options, peopleAddress(options.uiUrl, settings.baseUrl, peopleAddressOf));
  return {
    kind: 'erp',
    system: settings.system,
    customer: createCustomerPort(sap, references, options),
    contract: createContractPort(sap, references, options),
    project: createProjectPort(sap, references, options),
    rateCard: {
      unsupported: 'SAP prices hours by condition records whose tables (activity type, customer, sales order, employee …) each company sets up for itself, so there is no record that every SAP would take. The agreed rates stand in the sales order\'s text; finance maintains the condition records (Set Price - Sales) before the first billing',
    },
    billingSchedule: createBillingSchedulePort(sap, references, options),
    labor: createLaborPort({ sap, references, options, directory: createLaborDirectory(sap, options) }),
    expenses: {
      unsupported: 'SAP S/4HANA Cloud takes expense reports from SAP Concur or as journal entries, not over an API that approves them. They are kept and judged here; finance enters what is to be reimbursed as a supplier invoice of the employee, with the project\'s WBS element for what is to be billed',
    },
    receivables: {
      unsupported: 'SAP makes billing documents itself, from billing due lists and project billing requests: its API reads them, but creates none. Finance bills in SAP from the sales order\'s billing plan and the hours posted here',
    },
    setProjectStatus: createStatusSetter(sap, options),
  };
}
