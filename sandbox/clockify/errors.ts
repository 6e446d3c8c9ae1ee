/**
 * Refusals: `{message, code}`. 401 with code 1000 (no key) or 4003 (unknown key), 400 with code 501 for whatever is wrong with the values or not of this
 * workspace, 404 and 405 with code 3000 for routes that are not. Seen so by clients of the API (github.com/apet97/clockify-ts-sdk, spec/evidence); Clockify's
 * documentation describes no error bodies. Texts that are not named there are (unverified).
 */
export class Refusal extends Error {
  readonly status: number;
  readonly body: { readonly message: string; readonly code: number };

  constructor(status: number, message: string, code: number) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.body = { message, code };
  }
}

export const refused = (message: string): Refusal => new Refusal(400, message, 501);
export const notOfWorkspace = (kind: string): Refusal => refused(`${kind} doesn't belong to Workspace`);
export const noRoute = (url: string): Refusal => new Refusal(404, `No static resource ${url.replace(/^\/api\//, '').split('?', 1)[0] ?? ''}.`, 3000);
export const noKey = (): Refusal => new Refusal(401, 'Multiple or none auth tokens present', 1000);
export const unknownKey = (): Refusal => new Refusal(401, 'Api key does not exist', 4003);
export const accessDenied = (): Refusal => new Refusal(403, 'Access Denied', 403);
export const tooMany = (): Refusal => new Refusal(429, 'Too many requests', 429);
