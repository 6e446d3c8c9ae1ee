import type { CaseAction, ExceptionPolicy, OwnerRole } from '../config/schema.ts';
import type { Instant } from '../dates.ts';
import type { FailureKind } from '../failure.ts';
import type { Finding } from '../findings.ts';
import type { Money } from '../money.ts';
import type { Resolution } from './resolution.ts';

// Workflows import this file: it stays free of the schema library (read-resolution.ts says why).

export type { Resolution } from './resolution.ts';

export interface CaseInput {
  /** The workflow that waits for the answer. */
  readonly process: string;
  readonly code: string;
  readonly kind: FailureKind;
  readonly subject: string;
  /** One sentence: what happened, to which business object. */
  readonly message: string;
  readonly mend: string;
  readonly findings: readonly Finding[];
  readonly system: string | null;
  readonly legalEntity: string | null;
  readonly deal: string;
  /** What is at stake, for the second-person rule. */
  readonly amount: Money | null;
  readonly evidence: string | null;
  /** The key in the posting ledger, where a person has to say whether a write took effect. */
  readonly postingKey: string | null;
  /** The configuration that the process last decided by; null where it has not decided yet. */
  readonly configHash: string | null;
  /** Actions that make no sense for this case, whatever its policy permits. */
  readonly without: readonly CaseAction[];
  /** It is registered within its first workflow task; cases that were opened before there was this have an activity for it in their history. */
  readonly registersItself?: true;
}

/** What the case works by, resolved from the policy in force when it was opened. */
export interface CaseTerms {
  readonly policy: ExceptionPolicy;
  readonly actions: readonly CaseAction[];
  readonly openedAt: Instant;
  readonly remindAt: Instant | null;
  readonly dueAt: Instant;
  /** Whether an override needs a second person, by the amount at stake. */
  readonly secondPerson: boolean;
  /** The configuration in force once the case was registered: whoever activates a later one finds the case. */
  readonly configHash: string | null;
  /** Systems that can take over from the failing one. */
  readonly rerouteTo: readonly string[];
  /** Roles by person, of everybody who may resolve cases. */
  readonly people: Readonly<Record<string, readonly OwnerRole[]>>;
}

export type ResolutionAnswer =
  | { readonly accepted: true; readonly message: string }
  | { readonly accepted: false; readonly message: string };

/** Told to the process that waits. */
export interface CaseAnswer {
  readonly caseId: string;
  readonly action: CaseAction;
  readonly by: string;
  readonly reason: string;
  readonly externalId: string | null;
  readonly system: string | null;
}

export interface CaseView {
  readonly caseId: string;
  readonly state: 'opening' | 'open' | 'second_person' | 'resolved' | 'closed';
  readonly input: CaseInput;
  readonly terms: CaseTerms | null;
  readonly owner: OwnerRole | null;
  readonly reminders: number;
  readonly escalations: number;
  readonly refused: readonly string[];
  readonly resolution: Resolution | null;
}

/** @param run of the process: a change order runs again under the same ID, and its cases are others */
export function exceptionCaseId(process: string, run: string, number: number): string {
  return `exception/${process}/${run.slice(0, 8)}/${number}`;
}
