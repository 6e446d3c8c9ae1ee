import { Refusal } from '../kit/refusal.ts';

export { Refusal };

/** `{errors: [{error_key, category, message, metadata?}]}`: https://docs.gusto.com/embedded-payroll/docs/error-categories. Texts are (unverified). */
export interface GustoError {
  readonly error_key: string;
  readonly category: string;
  readonly message: string;
  readonly metadata?: object;
}

export function refused(status: number, category: string, message: string, key = 'base', metadata?: object): Refusal {
  const error: GustoError = { error_key: key, category, message, ...(metadata === undefined ? {} : { metadata }) };
  return new Refusal(status, { errors: [error] });
}

export const invalidToken = (): Refusal => refused(401, 'invalid_token', 'The token is invalid, expired, or has not been included in the request.', 'request');
export const notFound = (): Refusal => refused(404, 'not_found', 'The requested resource was not found.', 'request');
export const invalidValue = (key: string, message: string): Refusal => refused(422, 'invalid_attribute_value', message, key);
export const invalidOperation = (message: string): Refusal => refused(422, 'invalid_operation', message);
/** 422 before the version 2026-02-01: https://docs.gusto.com/app-integrations/changelog/v2026-02-01 */
export const versionConflict = (apiVersion: string, entity: string): Refusal => refused(apiVersion >= '2026-02-01' ? 409 : 422, 'invalid_resource_version', 'The version provided does not match the current version of the resource.', 'version', { entity_uuid: entity, entity_type: 'PayrollItem' });
export const tooMany = (retryAfterSeconds: number): Refusal => new Refusal(429, { errors: [{ error_key: 'request', category: 'rate_limit_exceeded', message: 'Too many requests.' }] }, { 'Retry-After': String(retryAfterSeconds) });
