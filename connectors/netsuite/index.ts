import type { ConnectorSettings } from '../connector.ts';
import { peopleAddress } from '../people-address.ts';
import type { ErpPort } from '../ports.ts';
import { createBillingSchedulePort } from './billing-schedule.ts';
import { createNetSuiteClient } from './client.ts';
import { createContractPort } from './contract.ts';
import { createCharges } from './charges.ts';
import { createCustomerPort } from './customer.ts';
import { createExpensePort } from './expense-report.ts';
import { createLaborDirectory } from './labor-directory.ts';
import { createLaborPort } from './labor.ts';
import { netSuiteCredentialsSchema, netSuiteOptionsSchema } from './options.ts';
import { createProjectPort, createStatusSetter } from './project.ts';
import { createRateCardPort } from './rate-card.ts';
import { createReceivables } from './receivables.ts';
import { createReferences } from './references.ts';

/** NetSuite as an ERP, over SuiteTalk REST web services. @param now another clock, for tests @throws ZodError for options or credentials of the wrong shape */
export function createNetSuite(settings: ConnectorSettings, now: () => number = Date.now): ErpPort {
  const options = netSuiteOptionsSchema.parse(settings.options ?? {});
  const netSuite = createNetSuiteClient(settings, netSuiteCredentialsSchema.parse(settings.credentials), now);
  const references = createReferences(settings.system, options, peopleAddress(options.accountUrl, settings.baseUrl, appHost));
  const directory = createLaborDirectory(netSuite, { billingTypes: options.billableLines === 'charges' });
  const charges = options.billableLines === 'charges' ? createCharges(netSuite) : null;
  return {
    kind: 'erp',
    system: settings.system,
    customer: createCustomerPort(netSuite, references),
    contract: createContractPort(netSuite, references),
    project: createProjectPort(netSuite, references, options),
    rateCard: createRateCardPort(netSuite, references),
    billingSchedule: createBillingSchedulePort(netSuite, references, options),
    labor: createLaborPort(netSuite, references, options, directory, charges),
    expenses: createExpensePort(netSuite, references, options, directory, charges),
    receivables: createReceivables(netSuite, references, options, charges, now),
    setProjectStatus: createStatusSetter(netSuite, references),
  };
}

/** The API of account 1234567 is at 1234567.suitetalk.api.netsuite.com, its pages at 1234567.app.netsuite.com. */
function appHost(apiHost: string): string | undefined {
  const account = /^([^.]+)\.suitetalk\.api\.netsuite\.com$/.exec(apiHost)?.[1];
  return account === undefined ? undefined : `https://${account}.app.netsuite.com`;
}
