import { z } from 'zod';
import { firmConfigSchema } from '../../domain/config/schema.ts';
import { dealPlanSchema } from '../../domain/model/deal-plan.ts';
import { parseOpportunity } from '../../domain/model/opportunity.ts';
import { decideDeal, RULES_VERSION } from '../../domain/rules/closed-won/decide.ts';
import { configByHash } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { decisionsSince } from '../../store/decisions.ts';
import { documentRef, getDocument } from '../../store/documents.ts';

const outcomeSchema = z.object({
  planRef: z.string().nullable(),
  /** The plan that was at work, of a deal that was amended. */
  inForceRef: z.string().nullable().default(null),
  findings: z.array(z.looseObject({ code: z.string(), path: z.string() })),
  overrides: z.object({ findings: z.array(z.looseObject({ code: z.string(), path: z.string() })), reroutes: z.array(z.object({ from: z.string(), to: z.string() }).loose()) }),
});

export interface Reevaluation {
  readonly decided: number;
  readonly same: number;
  /** Made by other rules than this build's: told apart, since they may rightly differ. */
  readonly otherRules: number;
  readonly different: readonly { readonly process: string; readonly step: string; readonly was: string; readonly is: string }[];
}

/** Makes every archived decision again from its archived inputs and the configuration of its time: proves that the money is the same. */
export async function reevaluateDecisions(store: Store): Promise<Reevaluation> {
  let decided = 0;
  let same = 0;
  let otherRules = 0;
  const different: Reevaluation['different'][number][] = [];
  for await (const decision of decisionsSince(store.db)) {
    decided += 1;
    if (decision.rule_version !== RULES_VERSION) {
      otherRules += 1;
      continue;
    }
    const was = outcomeSchema.parse(decision.outcome);
    const config = await configByHash(store.db, decision.config_hash);
    const opportunity = parseOpportunity((await getDocument(store.db, decision.inputs_ref)).body);
    const is = decideDeal(opportunity, firmConfigSchema.parse(config?.document), decision.config_hash, was.overrides, was.inForceRef === null ? null : dealPlanSchema.parse((await getDocument(store.db, was.inForceRef)).body));
    const planRef = is.plan === null ? null : documentRef(is.plan);
    const names = (findings: readonly { readonly code: string; readonly path: string }[]) => findings.map(({ code, path }) => `${code} ${path}`).join(', ');
    if (planRef === was.planRef && names(is.findings) === names(was.findings)) same += 1;
    else different.push({ process: decision.process, step: decision.step, was: was.planRef ?? names(was.findings), is: planRef ?? names(is.findings) });
  }
  return { decided, same, otherRules, different };
}
