import { z } from 'zod';

/** One thing a rule found wrong: which rule, where in the deal, what it is, and how to mend it. */
export const findingSchema = z.object({
  code: z.string(),
  /** configuration: the firm's own mapping is missing; business_rule: the deal itself must change or be allowed. */
  kind: z.enum(['business_rule', 'configuration']),
  /** Path in the canonical document: "lines[2].legalEntity". */
  path: z.string(),
  message: z.string(),
  mend: z.string(),
  /** A person with the role the policy names may let it pass. */
  overridable: z.boolean(),
});
export type Finding = z.infer<typeof findingSchema>;
