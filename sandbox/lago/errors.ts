/** Refusals as Lago's API answers them: `{status, error, code, error_details}`. https://getlago.com/docs/api-reference/intro */
export class Refusal extends Error {
  readonly status: number;
  readonly body: { readonly status: number; readonly error: string; readonly code?: string; readonly error_details?: object };

  constructor(status: number, error: string, code?: string, details?: object) {
    super(code ?? error);
    this.name = 'Refusal';
    this.status = status;
    this.body = { status, error, ...(code === undefined ? {} : { code }), ...(details === undefined ? {} : { error_details: details }) };
  }
}

export const badRequest = (what: string): Refusal => new Refusal(400, `BadRequest: ${what}`);
export const unauthorized = (): Refusal => new Refusal(401, 'Unauthorized');
export const forbidden = (code = 'feature_unavailable'): Refusal => new Refusal(403, 'Forbidden', code);
export const notFound = (kind: string): Refusal => new Refusal(404, 'Not Found', `${kind}_not_found`);
export const notAllowed = (code: string): Refusal => new Refusal(405, 'Method Not Allowed', code);
export const invalid = (details: Readonly<Record<string, readonly string[] | object>>): Refusal => new Refusal(422, 'Unprocessable Entity', 'validation_errors', details);
export const tooMany = (): Refusal => new Refusal(429, 'Too Many Requests', 'too_many_requests');
export const serverError = (message = 'Internal Server Error'): Refusal => new Refusal(500, message);
