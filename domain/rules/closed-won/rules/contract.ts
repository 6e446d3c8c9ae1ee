import { listed, mayPass, mustChange, type DealRule } from '../rule.ts';

/** The work stands on a signed contract of the right type that covers the whole project. */
export const contractRule: DealRule = ({ deal, config, groups }) => {
  const { contract } = deal;
  if (contract === null) {
    return [mustChange('CONTRACT_MISSING', 'contract', { message: 'The deal has no contract.', mend: 'Attach the signed contract to the opportunity in the CRM.' })];
  }
  const findings = [];
  const { acceptedStatuses } = config.contractPolicy;
  if (contract.status === null || !acceptedStatuses.includes(contract.status)) {
    findings.push(
      mayPass('CONTRACT_NOT_SIGNED', 'contract.status', {
        message: `Contract ${contract.number} is ${contract.status === null ? 'without a status' : contract.status.replace('_', ' ')}; work may begin when it is ${listed(acceptedStatuses)}.`,
        mend: 'Have the contract signed and activated in the CRM.',
      }),
    );
  }
  if (contract.type === null) {
    findings.push(mustChange('CONTRACT_TYPE_MISSING', 'contract.type', { message: `Contract ${contract.number} has no type.`, mend: 'Pick the contract type in the CRM.' }));
  } else {
    const { type } = contract;
    for (const method of new Set(groups.map((group) => group.billingMethod))) {
      if (method.requiresContract.includes(type)) continue;
      findings.push(
        mayPass('CONTRACT_TYPE_NOT_ACCEPTED', 'contract.type', {
          message: `A ${type.replaceAll('_', ' ')} is not enough for ${method.name.toLowerCase()}; it takes ${listed(method.requiresContract.map((accepted) => accepted.replaceAll('_', ' ')))}.`,
          mend: 'Attach a contract of such a type, or change the billing method.',
        }),
      );
    }
  }
  const startsBefore = deal.startDate !== null && contract.startDate !== null && deal.startDate < contract.startDate;
  const endsAfter = deal.endDate !== null && contract.endDate !== null && deal.endDate > contract.endDate;
  if (startsBefore || endsAfter) {
    findings.push(
      mayPass('CONTRACT_PERIOD_TOO_SHORT', startsBefore ? 'contract.startDate' : 'contract.endDate', {
        message: `The project runs from ${deal.startDate} to ${deal.endDate}, contract ${contract.number} only from ${contract.startDate ?? 'its signature'} to ${contract.endDate ?? 'its termination'}.`,
        mend: "Move the project's dates into the contract's period, or have the contract extended.",
      }),
    );
  }
  return findings;
};
