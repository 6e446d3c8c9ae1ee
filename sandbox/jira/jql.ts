/** JQL as far as integrations use it: clauses joined by AND, and an order. https://support.atlassian.com/jira-service-management-cloud/docs/jql-fields/ */
import { jql as refuse } from './errors.ts';
import type { Issue } from './issues.ts';
import { PROJECT, STATUSES } from './reference-data.ts';

export interface Query {
  readonly matches: (issue: Issue) => boolean;
  readonly compare: (left: Issue, right: Issue) => number;
}

const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(!=|=|,|\(|\))|([^\s=!,()"']+))/y;
const VALUES: Readonly<Record<string, (issue: Issue) => readonly string[]>> = {
  project: ({ key }) => [key.split('-')[0] ?? ''],
  labels: ({ fields }) => fields.labels,
  key: ({ key }) => [key],
  id: ({ id }) => [id],
  status: ({ status }) => [STATUSES[status].name],
  statuscategory: ({ status }) => [{ new: 'To Do', indeterminate: 'In Progress', done: 'Done' }[STATUSES[status].category]],
};
const ORDERS: Readonly<Record<string, (left: Issue, right: Issue) => number>> = {
  created: (left, right) => Date.parse(left.created) - Date.parse(right.created) || Number(left.id) - Number(right.id),
  key: (left, right) => numberOf(left) - numberOf(right),
};

/** @throws Refusal for what Jira would not take, such as a query without any restriction */
export function parseJql(text: string): Query {
  const tokens = tokensOf(text);
  const orderAt = tokens.findIndex(({ word }, index) => word === 'order' && tokens[index + 1]?.word === 'by');
  const clauses = orderAt < 0 ? tokens : tokens.slice(0, orderAt);
  const order = orderAt < 0 ? [] : tokens.slice(orderAt + 2);
  if (clauses.length === 0) throw refuse('Unbounded JQL queries are not allowed here. Please add a search restriction to your query.');
  const tests: ((issue: Issue) => boolean)[] = [];
  let at = 0;
  for (; at < clauses.length; at += 4) {
    const [field, operator, value, and] = clauses.slice(at, at + 4);
    const values = VALUES[field?.word ?? ''];
    if (field === undefined || values === undefined) throw refuse(`Field '${field?.text ?? ''}' does not exist or you do not have permission to view it.`);
    if ((operator?.text !== '=' && operator?.text !== '!=') || value === undefined) throw refuse(`Error in the JQL Query: Expecting operator before the end of the query.`);
    if (field.word === 'project' && value.text.toUpperCase() !== PROJECT.key) throw refuse(`The value '${value.text}' does not exist for the field 'project'.`);
    if (and !== undefined && and.word !== 'and') throw refuse(`Error in the JQL Query: Expecting either 'OR' or 'AND' but got '${and.text}'.`);
    const isEqual = operator.text === '=';
    tests.push((issue) => values(issue).some((each) => each.toLowerCase() === value.text.toLowerCase()) === isEqual);
  }
  if (clauses.length % 4 === 0) throw refuse('Error in the JQL Query: Expecting a clause after AND.');
  const [by, direction] = order;
  const compare = by === undefined ? ORDERS['key'] : ORDERS[by.word];
  if (compare === undefined || (direction !== undefined && direction.word !== 'asc' && direction.word !== 'desc') || order.length > 2) throw refuse(`Not able to sort using field '${by?.text ?? ''}'.`);
  const sign = direction?.word === 'desc' ? -1 : 1;
  return { matches: (issue) => tests.every((test) => test(issue)), compare: (left, right) => sign * compare(left, right) };
}

interface Token {
  readonly text: string;
  /** In lower case; empty for a text in quotes, which is never a word of the language. */
  readonly word: string;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (found === null) throw refuse(`Error in the JQL Query: The character at position ${at} is not expected.`);
    const quoted = found[1] ?? found[2];
    const bare = found[3] ?? found[4] ?? '';
    tokens.push(quoted === undefined ? { text: bare, word: bare.toLowerCase() } : { text: quoted.replace(/\\(.)/g, '$1'), word: '' });
  }
  return tokens;
}

function numberOf({ key }: Issue): number {
  return Number(key.split('-')[1]);
}
