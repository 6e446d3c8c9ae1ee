import { code, field, OWN, text, type EntityType } from './field-specs.ts';

/** API_ENTERPRISE_PROJECT_SRV, version 0002. */
export const PROJECT_TYPES: readonly EntityType[] = [
  {
    set: 'A_EnterpriseProject', name: 'A_EnterpriseProjectType', keys: ['ProjectUUID'], ifMatch: 'any', indexed: ['Project'],
    fields: {
      ProjectUUID: field('guid', OWN), ProjectInternalID: code(8, OWN), Project: code(24), ProjectDescription: text(60), EnterpriseProjectType: code(2), PriorityCode: code(3), ProjectStartDate: field('date'), ProjectEndDate: field('date'), CustomerUUID: field('guid'),
      EntProjectIsConfidential: field('boolean'), RestrictedTimePosting: code(1), ProcessingStatus: code(2, OWN), ResponsibleCostCenter: code(10), ProfitCenter: code(10), ProjectProfileCode: code(7), FunctionalArea: code(16), CompanyCode: code(4, OWN), ControllingArea: code(4),
      ProjectCurrency: code(5), IsBillingRelevant: field('boolean'), LastChangeDateTime: field('instant', OWN), LastChangedByUser: code(12, OWN),
    },
    navigations: { to_EnterpriseProjectElement: { to: 'A_EnterpriseProjectElement', many: true, by: { ProjectUUID: 'ProjectUUID' } } },
  },
  {
    set: 'A_EnterpriseProjectElement', name: 'A_EnterpriseProjectElementType', keys: ['ProjectElementUUID'], ifMatch: 'any', indexed: ['ProjectUUID', 'ProjectElement', 'ParentObjectUUID'],
    fields: {
      ProjectElementUUID: field('guid', OWN), ProjectElement: code(24), WBSElementInternalID: code(8), ProjectUUID: field('guid', { update: false }), ProjectElementDescription: text(60), ParentObjectUUID: field('guid'), ProjectElementOrdinalNumber: field('int', OWN),
      ProcessingStatus: code(2, OWN), PlannedStartDate: field('date'), PlannedEndDate: field('date'), ResponsibleCostCenter: code(10), CompanyCode: code(4, OWN), ProfitCenter: code(10), ControllingArea: code(4), CostCenter: code(10), WBSElementIsBillingElement: field('boolean'),
      WBSIsStatisticalWBSElement: field('boolean'), CreatedByUser: code(12, OWN), CreationDateTime: field('instant', OWN), LastChangeDateTime: field('instant', OWN), LastChangedByUser: code(12, OWN),
    },
    navigations: { to_SubProjElement: { to: 'A_EnterpriseProjectElement', many: true, by: { ProjectElementUUID: 'ParentObjectUUID' } } },
  },
];
