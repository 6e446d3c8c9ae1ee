import { defineSearchAttributeKey, type SearchAttributePair } from '@temporalio/common';
import { dealKey, type DealReference } from '../../domain/process/deal-process.ts';

/** Codes and IDs only: search attributes stay readable when payloads are encrypted. The list stands in temporal-dev.yaml too. */
export const SearchAttribute = {
  process: defineSearchAttributeKey('Process', 'KEYWORD'),
  stage: defineSearchAttributeKey('Stage', 'KEYWORD'),
  deal: defineSearchAttributeKey('Deal', 'KEYWORD'),
  customer: defineSearchAttributeKey('Customer', 'KEYWORD'),
  region: defineSearchAttributeKey('Region', 'KEYWORD'),
  legalEntity: defineSearchAttributeKey('LegalEntity', 'KEYWORD'),
  system: defineSearchAttributeKey('System', 'KEYWORD'),
  exceptionCode: defineSearchAttributeKey('ExceptionCode', 'KEYWORD'),
  exceptionOwner: defineSearchAttributeKey('ExceptionOwner', 'KEYWORD'),
  legalEntities: defineSearchAttributeKey('LegalEntities', 'KEYWORD_LIST'),
  projects: defineSearchAttributeKey('Projects', 'KEYWORD_LIST'),
  dueAt: defineSearchAttributeKey('DueAt', 'DATETIME'),
  systems: defineSearchAttributeKey('Systems', 'KEYWORD_LIST'),
  openCases: defineSearchAttributeKey('OpenCases', 'INT'),
} as const;

/** What every process of a deal is found by from its start. */
export function dealSearchAttributes(process: 'closedWon' | 'changeOrder', deal: DealReference): SearchAttributePair[] {
  return [
    { key: SearchAttribute.process, value: process },
    { key: SearchAttribute.deal, value: dealKey(deal) },
    { key: SearchAttribute.system, value: deal.crm },
    { key: SearchAttribute.stage, value: 'loading' },
  ];
}
