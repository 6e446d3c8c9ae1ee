import { determineTax } from '../tax-treatment.ts';
import { trimmed } from '../lines.ts';
import { mayPass, mustChange, notConfigured, type DealRule } from '../rule.ts';

/** For each legal entity that sells, the tax treatment follows from the client's address and, where it must, its tax registration. */
export const taxRule: DealRule = ({ deal, lines, config }) => {
  const client = deal.accounts[0];
  const sellers = new Set(lines.map((sold) => sold.legalEntity).filter((entity) => entity !== undefined));
  return [...sellers].flatMap((seller) => {
    const decision = determineTax(seller.code, client?.billingAddress, config);
    switch (decision.outcome) {
      case 'country_missing':
        return [
          mustChange('CLIENT_COUNTRY_MISSING', 'accounts[0].billingAddress.country', {
            message: `${client?.name ?? 'The client'} has no country in its billing address, so the tax cannot be determined.`,
            mend: 'Complete the billing address of the account in the CRM.',
          }),
        ];
      case 'region_unknown':
        return [
          mustChange('CLIENT_REGION_MISSING', 'accounts[0].billingAddress.region', {
            message: `The tax of ${seller.code} depends on the client's state or province, and "${client?.billingAddress.region ?? ''}" is none it knows.`,
            mend: `Complete the billing address of ${client?.name ?? 'the account'} in the CRM (${decision.regions.join(', ')}).`,
          }),
        ];
      case 'no_rule':
        return [
          notConfigured('TAX_TREATMENT_UNKNOWN', 'accounts[0].billingAddress.country', {
            message: `There is no tax rule for ${seller.code} selling to ${client?.billingAddress.country ?? 'this client'}.`,
            mend: 'Add the rule to config/tax-rules.yaml.',
          }),
        ];
      case 'determined':
        if (!decision.rule.requiresTaxRegistration || trimmed(client?.taxRegistrationNumber ?? null) !== null) return [];
        return [
          mayPass('TAX_REGISTRATION_MISSING', 'accounts[0].taxRegistrationNumber', {
            message: `"${decision.rule.description}" (${decision.rule.code}) needs the client's tax registration number, and ${client?.name ?? 'the client'} has none.`,
            mend: "Enter the client's VAT or GST number at the account in the CRM.",
          }),
        ];
    }
  });
};
