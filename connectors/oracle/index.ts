import type { ConnectorSettings } from '../connector.ts';
import type { ErpPort } from '../ports.ts';
import { createBillingSchedulePort } from './billing-schedule.ts';
import { createOracleClient } from './client.ts';
import { createContractPort } from './contract.ts';
import { createCustomerAccounts } from './customer-account.ts';
import { createCustomerPort } from './customer.ts';
import { createLaborDirectory } from './labor-directory.ts';
import { createLaborPort } from './labor.ts';
import { createLineWriter } from './labor-writer.ts';
import { oracleCredentialsSchema, oracleOptionsSchema } from './options.ts';
import { createProjectPort, createStatusSetter } from './project.ts';
import { createRateCardPort } from './rate-card.ts';
import { createReferences } from './references.ts';

/** Oracle Fusion Cloud ERP and Project Management as an ERP. @throws ZodError for options or credentials of the wrong shape */
export function createOracle(settings: ConnectorSettings): ErpPort {
  const options = oracleOptionsSchema.parse(settings.options ?? {});
  const oracle = createOracleClient(settings, options, oracleCredentialsSchema.parse(settings.credentials));
  const references = createReferences(settings.system, options);
  const accounts = options.customerAccounts === undefined ? null : createCustomerAccounts(oracle, options, options.customerAccounts.sets);
  return {
    kind: 'erp',
    system: settings.system,
    customer: createCustomerPort(oracle, references, options, accounts),
    contract: createContractPort(oracle, references, options),
    project: createProjectPort(oracle, references, options),
    rateCard: createRateCardPort(oracle, references, options),
    billingSchedule: createBillingSchedulePort(oracle, references, options),
    labor: createLaborPort({ oracle, references, options, directory: createLaborDirectory(oracle), writer: createLineWriter(oracle, options.linesPerRequest) }),
    expenses: {
      unsupported: 'expense reports of Oracle are approved in its own workflow, which its REST resources do not pass by. They are kept and judged here; finance enters what is to be reimbursed in Oracle Expenses, and what is to be billed as a cost on the project',
    },
    receivables: {
      unsupported: 'Oracle invoices projects itself, from the contract\'s bill plan, the hours and the billing events posted here; an invoice written beside them would bill the same work twice. Finance generates and approves project invoices in Oracle and receives payments there',
    },
    setProjectStatus: createStatusSetter(oracle, options),
  };
}
