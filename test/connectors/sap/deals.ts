import type { ErpPort, References } from '../../../connectors/ports.ts';
import { callContext, dealOf, uniqueTag, type Deal, type DealTerms } from '../conformance/documents.ts';
import { NONE, offered } from './environment.ts';

/** Deals of which SAP has some of the records already. */
export function dealsIn(erp: () => ErpPort) {
  async function withCustomer(terms: DealTerms = {}): Promise<{ deal: Deal; references: References }> {
    const deal = dealOf(uniqueTag(), terms);
    const { externalId } = await erp().customer.write({ document: deal.customer, references: NONE }, null, callContext());
    return { deal, references: { ...NONE, customers: { [deal.customer.id]: externalId } } };
  }
  async function withContract(terms: DealTerms = {}): Promise<{ deal: Deal; references: References; order: string }> {
    const { deal, references } = await withCustomer(terms);
    const { externalId } = await offered(erp().contract).write({ document: deal.contract, references }, null, callContext());
    return { deal, references: { ...references, contracts: { [deal.contract.id]: externalId } }, order: externalId };
  }
  async function withProject(terms: DealTerms = {}): Promise<{ deal: Deal; references: References; order: string; projectId: string }> {
    const { deal, references, order } = await withContract(terms);
    const { externalId } = await erp().project.write({ document: deal.project, references }, null, callContext());
    return { deal, references: { ...references, projects: { [deal.project.id]: externalId } }, order, projectId: externalId };
  }
  return { withCustomer, withContract, withProject };
}
