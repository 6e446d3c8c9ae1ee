import { defineSearchAttributeKey } from '@temporalio/common';

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
  openCases: defineSearchAttributeKey('OpenCases', 'INT'),
} as const;
