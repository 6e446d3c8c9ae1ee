import assert from 'node:assert/strict';
import { dealPlanSchema } from '../../domain/model/deal-plan.ts';
import { planDeal } from '../../domain/rules/closed-won/plan.ts';
import { validateDeal } from '../../domain/rules/closed-won/validate.ts';
import { formatMistakes, loadFirmConfig } from '../../starters/config/load.ts';
import { aLine, anAccount, anOpportunity, TODAY } from '../builders/opportunity.ts';
import { copyOfConfig, type ConfigCopy } from './support.ts';

const SERVICE_LINE = `
  - code: SECURITY
    name: Cyber security
    practices: [Security]
    billingMethods: [time_and_materials, retainer]
    defaultTemplate: SECURITY
`;

const TEMPLATE = `
  - code: SECURITY
    version: 1
    name: Security engagement
    serviceLines: [SECURITY]
    billingMethods: [time_and_materials, retainer]
    wbs:
      - { code: '1', name: Assess, billable: true, shareOfHoursPercent: 40 }
      - { code: '2', name: Harden, billable: true, shareOfHoursPercent: 60 }
`;

const LEGAL_ENTITY = `
  - code: MX01
    name: Northwind Consulting México S. de R.L. de C.V.
    country: MX
    region: NA
    timeZone: America/Mexico_City
    functionalCurrency: MXN
    billingCurrencies: [MXN, USD]
    taxRegistrationNumber: NCM010203AB9
    paymentTermsDays: 30
    invoiceCutoffDay: 5
    costCenters:
      - { code: MX01-STRA, name: Strategy MX01, serviceLine: STRATEGY }
      - { code: MX01-TECH, name: Technology MX01, serviceLine: TECHNOLOGY }
      - { code: MX01-DATA, name: Data and AI MX01, serviceLine: DATA }
      - { code: MX01-CLOU, name: Cloud MX01, serviceLine: CLOUD }
      - { code: MX01-MANA, name: Managed services MX01, serviceLine: MANAGED }
      - { code: MX01-CHAN, name: Change MX01, serviceLine: CHANGE }
      - { code: MX01-SECU, name: Cyber security MX01, serviceLine: SECURITY }
`;

const RATE_CARD = `
  - code: MX01-MXN
    name: MX01 standard rates in MXN
    legalEntities: [MX01]
    serviceLines: all
    currency: MXN
    status: approved
    approvedBy: controller@northwind-consulting.example
    maxDiscountPercent: 15
    periods:
      - from: '2026-01-01'
        to: null
        lines:
          - { laborCategory: ENGINEER, unit: hour, rate: '1800.00' }
`;

const TAX_RULES = `
  - { code: MX-IVA, description: IVA at the standard rate, seller: MX01, client: MX, ratePercent: '16', reverseCharge: false, requiresTaxRegistration: true }
  - { code: MX-EXPORT, description: Export of services, seller: MX01, client: '*', ratePercent: '0', reverseCharge: false, requiresTaxRegistration: false }
`;

describe('A new legal entity and a new service line', () => {
  let copy: ConfigCopy;

  beforeEach(async () => {
    copy = await copyOfConfig();
  });

  afterEach(() => copy.remove());

  it('are a change of configuration alone: a deal of theirs is accepted and planned', async () => {
    await copy.append('service-lines.yaml', SERVICE_LINE);
    await copy.append('project-templates.yaml', TEMPLATE);
    await copy.edit('legal-entities.yaml', (text) => {
      const withCostCenter = text.replaceAll(/( +)- \{ code: (\w+)-CHAN,.*\n/g, (line, indent: string, entity: string) => `${line}${indent}- { code: ${entity}-SECU, name: Cyber security ${entity}, serviceLine: SECURITY }\n`);
      return `${withCostCenter}${LEGAL_ENTITY}`;
    });
    await copy.append('rate-cards.yaml', RATE_CARD);
    await copy.append('tax-rules.yaml', TAX_RULES);
    await copy.append('routing.yaml', '  - { legalEntity: MX01, erp: netsuite, time: harvest, resources: null, reporting: warehouse }\n');
    await copy.edit('systems.yaml', (text) => text.replace("IN01: '9'", "IN01: '9', MX01: '10'"));
    await copy.edit('firm.yaml', (text) => `${text}  MXN: '0.054'\n`);

    const loaded = await loadFirmConfig(copy.dir);
    assert.ok(loaded.ok, loaded.ok ? '' : formatMistakes(loaded.mistakes));

    const client = anAccount({ taxRegistrationNumber: 'BAN950525MD6', billingAddress: { street: 'Paseo de la Reforma 1', city: 'Ciudad de México', region: 'CDMX', postalCode: '06600', country: 'MX' } });
    const deal = anOpportunity({ legalEntity: 'MX01', serviceLine: 'SECURITY', practice: 'Security', currency: 'MXN', accounts: [client], lines: [aLine({ currency: 'MXN', unitPrice: '1800' })] });
    assert.deepEqual(validateDeal(deal, loaded.config, TODAY), []);
    const [project] = dealPlanSchema.parse(planDeal(deal, loaded.config, loaded.hash)).projects;
    assert.match(project?.number ?? '', /^MX01-SECU-/);
    assert.deepEqual(
      [project?.value, project?.tax.ratePercent, project?.costCenter, project?.rateCard.basedOn, project?.template.code, project?.targets.erp],
      [{ amount: '72000.00', currency: 'MXN' }, '16', 'MX01-SECU', 'MX01-MXN', 'SECURITY', 'netsuite'],
    );
  });

  it('are refused half done, with everything that is missing named', async () => {
    await copy.append('legal-entities.yaml', LEGAL_ENTITY);
    const loaded = await loadFirmConfig(copy.dir);
    assert.ok(!loaded.ok);
    assert.deepEqual(
      loaded.mistakes.filter((mistake) => mistake.path.startsWith('legalEntities[8]') && !mistake.expected.includes('rate card')).map((mistake) => `${mistake.path}: ${mistake.expected}`),
      [
        'legalEntities[8].code: a tax rule of MX01 for client "*"',
        'legalEntities[8].code: a line for MX01 in routing',
        'legalEntities[8].billingCurrencies[0]: a currency that thresholdRates values',
        'legalEntities[8].costCenters[6].serviceLine: a known service line (STRATEGY, TECHNOLOGY, DATA, CLOUD, MANAGED, CHANGE)',
      ],
    );
    assert.equal(loaded.mistakes.filter((mistake) => mistake.expected.startsWith('an approved rate card for MX01')).length, 6);
  });
});
