import type { FirmConfig, LegalEntity } from '../../config/schema.ts';
import type { Customer } from '../../model/customer.ts';
import type { DealPlan } from '../../model/deal-plan.ts';
import type { Opportunity } from '../../model/opportunity.ts';
import type { Project } from '../../model/project.ts';
import type { StatementOfWork } from '../../model/statement-of-work.ts';
import { decimalText, sumMoney } from '../../money.ts';
import { accountChain } from './accounts.ts';
import { withAmendedRates } from './amended-rates.ts';
import { contractKey, customerKey } from './identity.ts';
import { projectGroups, soldLines, trimmed, type ProjectGroup } from './lines.ts';
import { ownedElsewhere } from './ownership.ts';
import { expected, notReady, planProject, type ReadyDeal } from './plan-project.ts';

interface PlannedProject {
  readonly group: ProjectGroup;
  readonly project: Project;
}

/**
 * Decides everything a deal shall become: customers, statements of work, projects. The same deal and configuration always give the same plan,
 * in any order of its lines; IDs and numbers stay the same over the versions of a deal.
 * @param inForce the plan that the deal, which was amended, is at work by: the rates agreed then hold until the amendment does
 * For a deal whose remaining findings are all allowed to pass. @throws RangeError for any other.
 */
export function planDeal(opportunity: Opportunity, config: FirmConfig, configHash: string, inForce: DealPlan | null = null): DealPlan {
  const subject = `The deal ${opportunity.id}`;
  const ready: ReadyDeal = {
    deal: opportunity,
    config,
    currency: expected(opportunity.currency, subject, 'a currency'),
    startDate: expected(opportunity.startDate, subject, 'a start date'),
    endDate: expected(opportunity.endDate, subject, 'an end date'),
  };
  const lines = soldLines(opportunity, config);
  const groups = projectGroups(lines);
  if (groups.length === 0 || groups.reduce((count, group) => count + group.lines.length, 0) !== lines.length) {
    throw notReady(subject, 'a known legal entity, service line, billing method and template on every line');
  }
  const planned = groups.map((group) => ({ group, project: inForce === null ? planProject(group, ready) : withAmendedRates(planProject(group, ready), opportunity, inForce) })).toSorted((left, right) => (left.project.number < right.project.number ? -1 : 1));
  const { crm, id, version, name, url } = opportunity;
  return {
    schema: 'deal-plan',
    schemaVersion: 1,
    deal: { crm, id, version, name, url, amount: expected(opportunity.amount, subject, 'an amount') },
    configHash,
    customers: planCustomers(planned, ready),
    contracts: planContracts(planned, ready),
    projects: planned.map(({ project }) => project),
  };
}

/** The client and its parents in each ERP that books a part of the deal, parents first. */
function planCustomers(planned: readonly PlannedProject[], { deal, currency, config }: ReadyDeal): Customer[] {
  const { accounts, end } = accountChain(deal);
  if (end.kind !== 'top') throw notReady(`The deal ${deal.id}`, 'an account hierarchy that has a top');
  const parentsFirst = accounts.toReversed();
  return [...Map.groupBy(planned, ({ project }) => project.targets.erp)]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([erp, projects]) =>
      parentsFirst.map((account): Customer => ({
        schema: 'customer',
        schemaVersion: 1,
        id: customerKey(deal.crm, account.id),
        name: account.name,
        parentId: account.parentId === null ? null : customerKey(deal.crm, account.parentId),
        billingAddress: account.billingAddress,
        taxRegistrationNumber: trimmed(account.taxRegistrationNumber),
        currencies: [currency],
        legalEntities: [...new Set(projects.map(({ project }) => project.legalEntity.code))].toSorted(),
        erp,
        ownedElsewhere: ownedElsewhere(config),
      })),
    );
}

/** What each legal entity sold, as one statement of work. */
function planContracts(planned: readonly PlannedProject[], ready: ReadyDeal): StatementOfWork[] {
  const byEntity = Map.groupBy(planned, ({ project }) => project.legalEntity.code);
  return [...byEntity].toSorted(([left], [right]) => (left < right ? -1 : 1)).flatMap(([, [first, ...others]]) => (first === undefined ? [] : [planContract(first.group.legalEntity, [first, ...others], first.project, ready)]));
}

function planContract(legalEntity: LegalEntity, planned: readonly PlannedProject[], { customerId, targets }: Project, { deal, currency, startDate, endDate }: ReadyDeal): StatementOfWork {
  const contract = expected(deal.contract, `The deal ${deal.id}`, 'a contract');
  return {
    schema: 'statement-of-work',
    schemaVersion: 1,
    id: contractKey(deal, legalEntity.code),
    number: contract.number,
    type: expected(contract.type, `Contract ${contract.number}`, 'a type'),
    customerId,
    legalEntity: legalEntity.code,
    erp: targets.erp,
    currency,
    signedOn: contract.startDate ?? deal.closeDate ?? startDate,
    startDate,
    endDate,
    purchaseOrder: trimmed(deal.purchaseOrder),
    paymentTermsDays: legalEntity.paymentTermsDays,
    total: sumMoney(planned.map(({ project }) => project.value), currency),
    lines: planned.flatMap(({ group, project }) =>
      group.lines
        .map(({ line }) => line)
        .toSorted((left, right) => (left.id < right.id ? -1 : 1))
        .map((line) => ({
          projectNumber: project.number,
          serviceLine: project.serviceLine,
          billingMethod: project.billingMethod,
          description: trimmed(line.description) ?? group.serviceLine.name,
          quantity: decimalText(line.quantity),
          unit: line.unit,
          unitPrice: decimalText(line.unitPrice),
          amount: sumMoney([line.amount], currency),
        })),
    ),
  };
}
