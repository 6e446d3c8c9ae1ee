/** https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/ (ErrorCollection). Texts are Jira's as users report them; those marked so are (unverified). */
export class Refusal extends Error {
  readonly status: number;
  readonly body: { readonly errorMessages: readonly string[]; readonly errors: Readonly<Record<string, string>> };
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, errorMessages: readonly string[], errors: Readonly<Record<string, string>> = {}, headers: Readonly<Record<string, string>> = {}) {
    super([...errorMessages, ...Object.values(errors)].join(' '));
    this.name = 'Refusal';
    this.status = status;
    this.body = { errorMessages, errors };
    this.headers = headers;
  }
}

export const notSeen = () => new Refusal(404, ['Issue does not exist or you do not have permission to see it.']);
export const invalidBody = (text = 'Invalid request payload. Refer to the REST API documentation and try again.') => new Refusal(400, [text]);
export const fields = (errors: Readonly<Record<string, string>>) => new Refusal(400, [], errors);
export const jql = (text: string) => new Refusal(400, [text]);
export const unauthorized = () => new Refusal(401, ['Client must be authenticated to access this resource.'], {}, { 'www-authenticate': 'Basic realm="Jira"' });
/** https://developer.atlassian.com/changelog/#CHANGE-2046 */
export const removed = () => new Refusal(410, ['The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046']);
export const tooMany = (reason: string, seconds: number, now: Date) =>
  new Refusal(429, ['Rate limit exceeded.'], {}, { 'retry-after': String(seconds), 'ratelimit-reason': reason, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': new Date(now.getTime() + seconds * 1000).toISOString() });
