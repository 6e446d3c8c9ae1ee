import type { Approval } from '../../../domain/model/time/approval.ts';
import type { DirtKind } from './dirt.ts';
import { spoilAll, type Outcome } from './draft.ts';
import { CATEGORY_WITHOUT_COST } from './people.ts';
import type { Plant } from './plant-entry.ts';
import { secondEmail } from './second-self.ts';

function approval(parts: Partial<Approval>, outcome: Outcome = 'rejected'): Plant {
  return (draft) => {
    draft.approval = { ...draft.approval, ...parts };
    spoilAll(draft, () => ({}), outcome);
  };
}

const asSecondSelf: Plant = (draft) => {
  draft.person = secondEmail(draft.author);
  spoilAll(draft, () => ({ person: draft.person }));
};

const withoutCost: Plant = (draft) => {
  asSecondSelf(draft);
  spoilAll(draft, () => ({ laborCategory: CATEGORY_WITHOUT_COST, role: null }));
};

const asItIs = (outcome: Outcome): Plant => (draft) => spoilAll(draft, () => ({}), outcome);

/** Kinds that spoil a timesheet as a whole. */
export const SHEET_PLANTS: Partial<Record<DirtKind, Plant>> = {
  approval_pending: (draft) => approval({ status: draft.author.index % 2 === 0 ? 'draft' : 'submitted', approver: null, decidedAt: null }, 'held')(draft),
  approval_rejected: approval({ status: 'rejected', reason: 'Friday was a day off — please correct' }),
  approval_withdrawn: approval({ status: 'withdrawn', reason: 'Approved by mistake' }),
  approver_missing: approval({ approver: null, decidedAt: null }),
  approver_is_self: (draft) => approval({ approver: draft.author.email })(draft),
  approver_not_entitled: approval({ approver: 'somebody.else@northwind-consulting.example' }),
  approval_of_other_version: (draft) => approval({ of: { id: draft.sheetId, version: 2 } })(draft),
  notes_unreadable: (draft) => spoilAll(draft, ({ notes }) => ({ notes: `${notes.slice(0, 40)} \ud83d` })),
  person_unknown: asSecondSelf,
  person_not_employed: asSecondSelf,
  employer_unknown: asSecondSelf,
  subcontract_missing: asSecondSelf,
  regional_rules_missing: asSecondSelf,
  cost_rate_missing: withoutCost,
  cost_currency_differs: withoutCost,
  period_closed: asItIs('rejected'),
  period_unknown: asItIs('rejected'),
  public_holidays_unknown: asItIs('rejected'),
  period_not_yet_open: asItIs('held'),
};
