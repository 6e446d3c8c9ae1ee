import { z } from 'zod';

const ref = { id: z.string(), version: z.number().int().positive() };
const words = z.object({ code: z.string(), message: z.string(), mend: z.string() });

/** What the store keeps of an answer, as the time system's connector takes it. */
export const answerSchemas = {
  reject: z
    .object({ timesheetId: z.string(), version: z.number().int().positive(), person: z.string(), entries: z.array(z.object({ ...ref, findings: z.array(words) })) })
    .transform((answer) => ({ ...answer, reason: reasonOf(answer.entries) })),
  lock: z
    .object({ timesheetId: z.string(), version: z.number().int().positive(), entries: z.array(z.object(ref)), postedIn: z.string().default('the ERP') }),
};

/** In words for the consultant: each thing that is wrong, once, with how to mend it. */
function reasonOf(entries: readonly { readonly findings: readonly z.infer<typeof words>[] }[]): string {
  const said = new Set(entries.flatMap(({ findings }) => findings.map(({ message, mend }) => `${message} ${mend}`)));
  return [...said].slice(0, 10).join('\n');
}
