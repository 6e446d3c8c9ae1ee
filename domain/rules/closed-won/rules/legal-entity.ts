import { listed, mustChange, notConfigured, type DealRule } from '../rule.ts';

/** Every line is sold by one of our legal entities, which has a cost center for the service line and systems to work in. */
export const legalEntityRule: DealRule = ({ lines, config }) =>
  lines.flatMap(({ picked, legalEntity, serviceLine }) => {
    const { value, path } = picked.legalEntity;
    if (value === null) {
      return [
        mustChange('LEGAL_ENTITY_MISSING', path, {
          message: 'A line names no legal entity, and neither does the deal.',
          mend: 'Pick the legal entity that delivers and bills the line, at the line or at the deal.',
        }),
      ];
    }
    if (legalEntity === undefined) {
      return [
        notConfigured('LEGAL_ENTITY_UNKNOWN', path, {
          message: `The legal entity "${value}" is not one of ours (${listed(config.legalEntities.map(({ code }) => code))}).`,
          mend: `Pick one of ours in the CRM, or add ${value} to config/legal-entities.yaml with its routing, rate card and tax rules.`,
        }),
      ];
    }
    const findings = [];
    if (!config.routing.some((route) => route.legalEntity === legalEntity.code)) {
      findings.push(
        notConfigured('ROUTING_MISSING', path, {
          message: `It is not configured which ERP and time system carry the projects of ${legalEntity.code}.`,
          mend: `Add a line for ${legalEntity.code} to config/routing.yaml.`,
        }),
      );
    }
    if (serviceLine !== undefined && !legalEntity.costCenters.some((center) => center.serviceLine === serviceLine.code)) {
      findings.push(
        notConfigured('COST_CENTER_MISSING', path, {
          message: `${legalEntity.code} has no cost center for ${serviceLine.name}.`,
          mend: `Add a cost center for ${serviceLine.code} to ${legalEntity.code} in config/legal-entities.yaml, or sell the line through another legal entity.`,
        }),
      );
    }
    return findings;
  });
