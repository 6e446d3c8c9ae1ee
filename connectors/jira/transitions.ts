import { z } from 'zod';
import { isDone, type About, type Issue, type Jira } from './client.ts';
import type { JiraOptions } from './options.ts';

const transitionSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  isAvailable: z.boolean().default(true),
  to: z.looseObject({ statusCategory: z.looseObject({ key: z.string() }) }),
  fields: z.record(z.string(), z.looseObject({ required: z.boolean().default(false), allowedValues: z.array(z.looseObject({ name: z.string().optional() })).optional() })).default({}),
});
const transitionsAnswer = z.looseObject({ transitions: z.array(transitionSchema) });

/** Leads a ticket to a status that is done, by the transition of the wanted name or any that ends there. Nothing to do where it is done. */
export function createTransitions(jira: Jira, options: JiraOptions) {
  return async (issue: Issue, how: 'resolve' | 'cancel', about: About): Promise<void> => {
    if (isDone(issue)) return;
    const { transitions } = await jira.get(`/issue/${issue.id}/transitions?expand=transitions.fields`, transitionsAnswer, about);
    const ending = transitions.filter(({ to, isAvailable }) => isAvailable && to.statusCategory.key === 'done');
    const named = options.transitions[how].flatMap((name) => ending.filter((each) => each.name.toLowerCase() === name.toLowerCase()));
    const chosen = named[0] ?? ending[0];
    if (chosen === undefined) {
      throw jira.failure(about, { kind: 'configuration', code: 'JIRA_NO_TRANSITION', message: `In Jira, no transition leads ${about.object} from "${issue.fields.status.name}" to a status that is done.`, mend: 'Add one from every status to the project\'s workflow (Project settings > Workflows), or let the integration user use it; then retry.' });
    }
    const resolution = chosen.fields['resolution'] === undefined ? {} : { fields: { resolution: { name: options.resolutions[how] } } };
    await jira.change('POST', `/issue/${issue.id}/transitions`, { transition: { id: chosen.id }, ...resolution }, about);
  };
}
