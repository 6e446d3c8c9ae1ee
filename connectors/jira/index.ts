import { z } from 'zod';
import { localDateOf } from '../../domain/rules/timesheet/hours.ts';
import type { ConnectorSettings } from '../connector.ts';
import type { CallContext, RecordPort } from '../ports.ts';
import type { CaseTicket, ServiceDeskPort } from '../service-desk-port.ts';
import { CASE_PROPERTY, createJiraClient, isDone, type About, type Issue } from './client.ts';
import { createComments } from './comments.ts';
import { documentOf, summaryOf } from './document.ts';
import { createTickets, labelOf } from './find-ticket.ts';
import { jiraOptionsSchema } from './options.ts';
import { createStanding } from './standing.ts';
import { createTransitions } from './transitions.ts';

const createdAnswer = z.looseObject({ id: z.string().regex(/^\d+$/), key: z.string() });
const OWNER = 'q2c-owner-';

/** Jira Service Management Cloud as the service desk. @throws ZodError for options or credentials of the wrong shape */
export function createJira(settings: ConnectorSettings): ServiceDeskPort {
  const options = jiraOptionsSchema.parse(settings.options ?? {});
  const jira = createJiraClient(settings, options);
  const tickets = createTickets(jira, options);
  const comments = createComments(jira, options);
  const end = createTransitions(jira, options);

  const aboutCase = ({ caseId }: CaseTicket, context: CallContext): About => ({ object: `the ticket of case ${caseId}`, context });

  const fieldsOf = (ticket: CaseTicket) => {
    const component = options.components[ticket.owner];
    return {
      summary: summaryOf(ticket.summary),
      description: documentOf(ticket.description, ticket.link),
      priority: { name: options.priorities[ticket.severity] },
      duedate: ticket.dueAt === null ? null : localDateOf(ticket.dueAt, options.timeZone),
      ...(component === undefined ? {} : { components: [{ name: component }] }),
    };
  };
  const labelsOf = ({ caseId, code, owner }: CaseTicket) => [labelOf(caseId), `${OWNER}${word(owner)}`, `q2c-${word(code)}`];

  const existing = async (externalId: string, context: CallContext): Promise<{ readonly issue: Issue; readonly about: About }> => {
    const about = { object: `ticket ${externalId}`, context };
    const issue = await jira.issue(externalId, about);
    if (issue !== null) return { issue, about };
    throw jira.failure(about, { kind: 'business_rule', code: 'JIRA_NOT_FOUND', message: `Jira has no ticket ${externalId} that the integration user may see.`, mend: 'Find out who deleted the ticket or moved it; the exception case itself goes on without it.' });
  };

  const ticket: RecordPort<CaseTicket> = {
    lookUp: 'key',

    async find(document, context) {
      const issue = await tickets.find(document.caseId, aboutCase(document, context));
      return issue === null ? null : jira.found(issue);
    },

    async write(document, found, context) {
      const about = aboutCase(document, context);
      const fields = fieldsOf(document);
      const labels = labelsOf(document);
      if (found === null) {
        const { duedate, ...more } = fields;
        const made = await jira.create('/issue', {
          fields: {
            project: { key: options.project },
            issuetype: { name: options.issueType },
            ...more,
            ...(duedate === null ? {} : { duedate }),
            labels,
            ...(options.requestType === null ? {} : { [options.requestType.field]: options.requestType.id }),
          },
          properties: [{ key: CASE_PROPERTY, value: { caseId: document.caseId } }],
        }, createdAnswer, about);
        tickets.saw(made.key);
        return { ...jira.found(made), created: true };
      }
      const { issue } = await existing(found.externalId, context);
      // Labels that people gave stay; the owner may have changed.
      const former = issue.fields.labels.filter((label) => label.startsWith(OWNER) && !labels.includes(label));
      await jira.change('PUT', `/issue/${issue.id}`, { fields, update: { labels: [...former.map((label) => ({ remove: label })), ...labels.map((label) => ({ add: label }))] } }, about);
      return { ...jira.found(issue), created: false };
    },

    async undo({ document, externalId, created }, context) {
      const about = aboutCase(document, context);
      if (!created) return { how: 'kept', detail: `${about.object} stood before` };
      const issue = await jira.issue(externalId, about);
      if (issue === null) return { how: 'not_found', detail: `${about.object} is not in Jira` };
      if (isDone(issue)) return { how: 'cancelled', detail: `${issue.key} was closed before (${issue.fields.status.name})` };
      await comments.once(issue.id, { key: 'undone', text: 'This ticket is not needed: the process it was made for did not need it after all.' }, about);
      await end(issue, 'cancel', about);
      return { how: 'cancelled', detail: `${issue.key} was closed in Jira as not needed` };
    },
  };

  return {
    kind: 'service_desk',
    system: settings.system,
    ticket,

    async comment({ externalId, key, text }, context) {
      const { issue, about } = await existing(externalId, context);
      await comments.once(issue.id, { key: `comment ${key}`, text }, about);
    },

    standing: createStanding(jira),

    async close({ externalId, resolution }, context) {
      const { issue, about } = await existing(externalId, context);
      await comments.once(issue.id, { key: 'closed', text: resolution }, about);
      await end(issue, 'resolve', about);
    },
  };
}

/** A label's characters. */
function word(text: string): string {
  return text.trim().toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '-').slice(0, 200);
}
