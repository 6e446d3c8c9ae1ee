import assert from 'node:assert/strict';
import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { formatMistakes, loadFirmConfig } from '../../starters/config/load.ts';
import { CONFIG_DIR } from '../builders/firm.ts';
import { copyOfConfig, type ConfigCopy } from './support.ts';

async function mistakesOf(dir: string, settings: Parameters<typeof loadFirmConfig>[1] = {}): Promise<string[]> {
  const loaded = await loadFirmConfig(dir, settings);
  return loaded.ok ? [] : formatMistakes(loaded.mistakes).split('\n');
}

describe("The firm's configuration", () => {
  let copy: ConfigCopy;

  beforeEach(async () => {
    copy = await copyOfConfig();
  });

  afterEach(() => copy.remove());

  it('covers eight legal entities on three continents, six service lines and five billing methods', async () => {
    const loaded = await loadFirmConfig(CONFIG_DIR);
    assert.ok(loaded.ok, loaded.ok ? '' : formatMistakes(loaded.mistakes));
    const { legalEntities, serviceLines, billingMethods } = loaded.config;
    assert.deepEqual([legalEntities.length, new Set(legalEntities.map((entity) => entity.region)).size, new Set(legalEntities.map((entity) => entity.functionalCurrency)).size], [8, 3, 8]);
    assert.deepEqual([serviceLines.length, billingMethods.length], [6, 5]);
  });

  it('has one hash for the same content, however it is written down, and another for any change', async () => {
    const hash = async () => {
      const loaded = await loadFirmConfig(copy.dir);
      assert.ok(loaded.ok, loaded.ok ? '' : formatMistakes(loaded.mistakes));
      return loaded.hash;
    };
    const before = await hash();
    await copy.append('people.yaml', '# a comment\n');
    assert.equal(await hash(), before);
    await copy.edit('legal-entities.yaml', (text) => text.replace('paymentTermsDays: 30', 'paymentTermsDays: 45'));
    assert.notEqual(await hash(), before);
  });

  it('can be overlaid: with the Tryton overlay every entity books in Tryton, and nothing else changes', async () => {
    const [base, overlaid] = await Promise.all([loadFirmConfig(CONFIG_DIR), loadFirmConfig(CONFIG_DIR, { overlays: ['tryton'] })]);
    assert.ok(base.ok && overlaid.ok);
    assert.deepEqual(overlaid.config, { ...base.config, routing: base.config.routing.map((route) => ({ ...route, erp: 'tryton' })) });
    assert.notEqual(overlaid.hash, base.hash);
    assert.ok(overlaid.files.includes('config/overlays/tryton/routing.yaml'));
  });

  describe('when it has mistakes', () => {
    it('has all of them named at once, over all files, each with file, line, column and path', async () => {
      await copy.edit('legal-entities.yaml', (text) => text.replace('billingCurrencies: [USD, CAD]', 'billingCurrencies: usd'));
      await copy.edit('service-lines.yaml', (text) => text.replace('defaultTemplate: RUN', 'defaultTemplate: WALK'));
      await copy.edit('routing.yaml', (text) => text.replace('legalEntity: IN01, erp: netsuite', 'legalEntity: IN01, erp: sap'));
      await copy.append('contract-policy.yaml', '  grace: 3\n');
      assert.deepEqual(await mistakesOf(copy.dir), [
        'config/contract-policy.yaml:4:3 contractPolicy.grace: expected no such key (see docs/configuration.md), found the unknown key "grace"',
        'config/legal-entities.yaml:13:24 legalEntities[0].billingCurrencies: expected a list, found "usd"',
        'config/routing.yaml:10:31 routing[7].erp: expected a known system (salesforce, hubspot, canonical, netsuite, tryton, harvest, harvest-assignments, clockify, warehouse, payroll), found "sap"',
        'config/service-lines.yaml:31:22 serviceLines[4].defaultTemplate: expected a known project template (ADVISORY, DELIVERY, DATA-DELIVERY, MIGRATION, RUN), found "WALK"',
      ]);
    });

    const spoiled: readonly (readonly [statement: string, file: string, from: string, to: string, expected: RegExp])[] = [
      ['YAML that cannot be read', 'people.yaml', 'people:', 'people: [', /^config\/people\.yaml:\d+:\d+ expected well-formed YAML, found /],
      ['a key given twice', 'firm.yaml', '  reportingCurrency: USD', '  reportingCurrency: USD\n  reportingCurrency: EUR', /^config\/firm\.yaml:7:3 expected well-formed YAML, found Map keys must be unique/],
      ['a section in two files', 'people.yaml', 'people:', 'contractPolicy: { acceptedStatuses: [draft] }\npeople:', /people\.yaml:2:1 contractPolicy: expected each section in one file only, found "contractPolicy" again, after config\/contract-policy\.yaml:2/],
      ['a legal entity given twice', 'legal-entities.yaml', 'code: CA01\n', 'code: US01\n', /legalEntities\[1\]\.code: expected each code once, found "US01" again, after legalEntities\[0\]/],
      ['a time zone that does not exist', 'legal-entities.yaml', 'Europe/Berlin', 'Europe/Bärlin', /legalEntities\[3\]\.timeZone: expected an IANA time zone/],
      ['a cost center for an unknown service line', 'legal-entities.yaml', 'name: Data and AI US01, serviceLine: DATA', 'name: Data and AI US01, serviceLine: DADA', /legalEntities\[0\]\.costCenters\[2\]\.serviceLine: expected a known service line .*, found "DADA"/],
      ['a legal entity without a cost center for a service line', 'legal-entities.yaml', '      - { code: US01-CHAN, name: Change and people US01, serviceLine: CHANGE }\n', '', /legalEntities\[0\]\.costCenters: expected a cost center for the service line CHANGE, found none/],
      ['a legal entity without routing', 'routing.yaml', '  - { legalEntity: JP01, erp: netsuite, time: harvest, resources: harvest-assignments, reporting: warehouse }\n', '', /legalEntities\[6\]\.code: expected a line for JP01 in routing, found none/],
      ['routing to a system of the wrong kind', 'routing.yaml', 'US01, erp: netsuite, time: harvest,', 'US01, erp: harvest, time: harvest,', /routing\[0\]\.erp: expected a system of kind erp, found "harvest", which is of kind time/],
      ['an ERP that does not know the entity', 'systems.yaml', "IN01: '9'", "IN02: '9'", /routing\[7\]\.erp: expected a system whose options name the subsidiary of IN01/],
      ['instalments that do not add up', 'billing-methods.yaml', 'percent: 40', 'percent: 50', /billingMethods\[1\]\.instalments: expected instalments that add up to 100 percent, found 110 percent/],
      ['a template that does not fit the line it is the default of', 'service-lines.yaml', 'defaultTemplate: MIGRATION', 'defaultTemplate: DELIVERY', /serviceLines\[3\]\.defaultTemplate: expected a template that fits all of the line's billing methods, found "DELIVERY", which does not fit retainer/],
      ['a template for an unknown service line', 'project-templates.yaml', 'serviceLines: [MANAGED]', 'serviceLines: [MANAGED, SPACE]', /projectTemplates\[4\]\.serviceLines\[1\]: expected a known service line/],
      ['work breakdown shares that do not add up', 'project-templates.yaml', 'name: Run, billable: true, shareOfHoursPercent: 75', 'name: Run, billable: true, shareOfHoursPercent: 70', /projectTemplates\[4\]\.wbs: expected shares of hours that add up to 100 percent, found 95 percent/],
      ['a rate for an unknown labor category', 'rate-cards.yaml', 'laborCategory: ANALYST', 'laborCategory: ORACLE', /rateCards\[0\]\.periods\[0\]\.lines\[6\]\.laborCategory: expected a known labor category/],
      ['rate periods that overlap', 'rate-cards.yaml', "- from: '2026-01-01'", "- from: '2025-12-01'", /rateCards\[0\]\.periods\[1\]\.from: expected 2026-01-01, .*found 2025-12-01: the periods overlap/],
      ['rate periods with a gap', 'rate-cards.yaml', "- from: '2026-01-01'", "- from: '2026-02-01'", /rateCards\[0\]\.periods\[1\]\.from: expected 2026-01-01, .*found 2026-02-01: days between have no rates/],
      ['approved rates that nobody approved', 'rate-cards.yaml', 'approvedBy: controller@northwind-consulting.example', 'approvedBy: null', /rateCards\[0\]\.approvedBy: expected who approved the card, found nobody/],
      ['rates in a currency the entity does not bill in', 'rate-cards.yaml', 'currency: JPY', 'currency: EUR', /rateCards\[\d+\]\.currency: expected a currency that JP01 bills in \(JPY, USD\), found EUR/],
      ['a seller without a tax rule for everybody else', 'tax-rules.yaml', "seller: SG01, client: '*'", 'seller: SG01, client: MY', /legalEntities\[5\]\.code: expected a tax rule of SG01 for client "\*", found none in taxRules/],
      ['a tax rule for an unknown group of countries', 'tax-rules.yaml', 'seller: DE01, client: EU-OTHER', 'seller: DE01, client: EUROPE', /taxRules\[\d+\]\.client: expected a country code, "\*" or a group of countryGroups \(EU-OTHER\), found "EUROPE"/],
      ['no policy for all other codes', 'exception-policies.yaml', "code: '*'", 'code: OTHER', /exceptionPolicies: expected a policy with the code "\*"/],
      ['a policy that permits an override to nobody', 'exception-policies.yaml', '    override: { roles: [project_management_office, controller], secondPersonAbove: null }\n', '', /exceptionPolicies\[\d+\]\.override: expected who may override, as the actions permit it, found nothing/],
      ['a person with an unknown role', 'people.yaml', 'roles: [tax]', 'roles: [taxes]', /people\[6\].roles\[0\]: expected one of finance_operations, .*, found "taxes"/],
      ['a second person that does not exist', 'people.yaml', '  - { id: tomas, name: Tomas Vega, roles: [tax] }\n', '', /exceptionPolicies\[\d+\]\.override\.roles: expected roles that at least 2 people have, found 1 in people/],
      ['a currency without a threshold rate', 'firm.yaml', "  CHF: '1.22'\n", '', /legalEntities\[3\]\.billingCurrencies\[1\]: expected a currency that thresholdRates values, found CHF/],
      ['a number where text is expected', 'tax-rules.yaml', "ratePercent: '19'", 'ratePercent: 19', /taxRules\[\d+\]\.ratePercent: expected a string, found 19/],
    ];
    for (const [statement, file, from, to, expected] of spoiled) {
      it(`says where: ${statement}`, async () => {
        await copy.edit(file, (text) => text.replace(from, to));
        const mistakes = await mistakesOf(copy.dir);
        assert.ok(mistakes.some((line) => expected.test(line)), mistakes.join('\n'));
      });
    }

    it('says where: two approved cards for the same work', async () => {
      await copy.edit('rate-cards.yaml', (text) => text.replace('serviceLines: [STRATEGY]\n    currency: EUR', 'serviceLines: all\n    currency: EUR'));
      const [line, ...others] = await mistakesOf(copy.dir);
      assert.match(line ?? '', /rateCards\[\d+\]\.code: expected one approved card for DE01 in EUR on any day, found "DE01-EUR-DAILY" beside "DE01-EUR"/);
      assert.deepEqual(others, []);
    });

    it('does not follow one mistake with others that it causes', async () => {
      await copy.edit('service-lines.yaml', (text) => text.replace('practices: [Data, Technology]', 'practices: Data'));
      assert.deepEqual(await mistakesOf(copy.dir), ['config/service-lines.yaml:19:16 serviceLines[2].practices: expected a list, found "Data"']);
    });

    it('does not follow a file that cannot be read with mistakes about what stands in it', async () => {
      await copy.edit('service-lines.yaml', (text) => text.replace('serviceLines:', 'serviceLines: ['));
      await copy.edit('firm.yaml', (text) => text.replace('reportingCurrency: USD', 'reportingCurrency: dollars'));
      const files = (await mistakesOf(copy.dir)).map((line) => line.slice(0, line.indexOf(':')));
      assert.deepEqual([...new Set(files)], ['config/firm.yaml', 'config/service-lines.yaml']);
    });

    it('names an overlay that does not exist', async () => {
      assert.deepEqual(await mistakesOf(copy.dir, { overlays: ['atlantis'] }), ['config/overlays/atlantis:1:1 expected a folder with the overlay that was named, found none']);
    });

    it('names a section that is missing', async () => {
      await unlink(join(copy.dir, 'people.yaml'));
      const mistakes = await mistakesOf(copy.dir);
      assert.deepEqual(mistakes, ['config:1:1 people: expected a list, found nothing']);
    });

    it('points into the overlay where the mistake is in the overlay', async () => {
      await writeFile(join(copy.dir, 'overlays', 'tryton', 'routing.yaml'), 'routing:\n  - { legalEntity: US01, erp: harvest }\n');
      assert.deepEqual(await mistakesOf(copy.dir, { overlays: ['tryton'] }), ['config/overlays/tryton/routing.yaml:2:31 routing[0].erp: expected a system of kind erp, found "harvest", which is of kind time']);
    });

    it("includes what a connector finds wrong with its system's options", async () => {
      const mistakes = await mistakesOf(copy.dir, { optionSchemas: { netsuite: z.looseObject({ subsidiaries: z.record(z.string(), z.number()) }) } });
      assert.equal(mistakes.length, 8);
      assert.match(mistakes[0] ?? '', /^config\/systems\.yaml:\d+:\d+ systems\[3\]\.options\.subsidiaries\.US01: expected a number, found "2"$/);
    });
  });
});
