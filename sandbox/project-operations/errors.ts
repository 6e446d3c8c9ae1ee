/**
 * Errors of the Web API: {"error":{"code","message"}}. Codes: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/reference/web-service-error-codes;
 * service protection: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/api-limits. What a plug-in of Project Operations refuses comes as 0x80040265.
 */
import { Refusal } from '../kit/refusal.ts';

export { Refusal };

export function errorBody(code: string, message: string): object {
  return { error: { code, message } };
}
const refusal = (status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}): Refusal => new Refusal(status, errorBody(code, message), headers);

export const badRequest = (message: string): Refusal => refusal(400, '0x80060888', message);
export const noSuchSet = (segment: string): Refusal => refusal(404, '0x80060888', `Resource not found for the segment '${segment}'.`);
export const badPayload = (message: string): Refusal => refusal(400, '0x80048d19', `Error identified in Payload provided by the user for Entity :'', For more information on this error please follow this help link. InnerException : Microsoft.OData.ODataException: ${message}`);
export const noSuchRow = (name: string, id: string): Refusal => refusal(404, '0x80040217', `Entity '${name}' With Id = ${id} Does Not Exist`);
export const invalidValue = (message: string): Refusal => refusal(400, '0x80044331', `A validation error occurred. ${message}`);
export const duplicate = (): Refusal => refusal(412, '0x80040237', 'A record with matching key values already exists.');
export const versionDiffers = (): Refusal => refusal(412, '0x80060882', "The version of the existing record doesn't match the RowVersion property provided.");
/** A plug-in says no. */
export const pluginRefuses = (message: string): Refusal => refusal(400, '0x80040265', message);
export const unauthorized = (): Refusal => new Refusal(401, {}, { 'WWW-Authenticate': 'Bearer' });

export const LIMITS = {
  count: ['0x80072322', 'Number of requests exceeded the limit of 6000 over time window of 300 seconds.'],
  time: ['0x80072321', 'Combined execution time of incoming requests exceeded limit of 1,200,000 milliseconds over time window of 300 seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.'],
  concurrency: ['0x80072326', 'Number of concurrent requests exceeded the limit of 52.'],
} as const;
export function overLimit(limit: keyof typeof LIMITS, retryAfterSeconds: number): Refusal {
  const [code, message] = LIMITS[limit];
  return refusal(429, code, message, { 'Retry-After': String(retryAfterSeconds) });
}
