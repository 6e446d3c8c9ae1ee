import { Refusal } from '../kit/refusal.ts';

/**
 * Error bodies of data entities: `{"error":{"code":"","message":"An error has occurred.","innererror":{…}}}`, where only the innermost message says
 * what is wrong. Bodies of real environments: https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/odata and reports
 * of integrators (connectors/dynamics/README.md); texts marked so are (unverified).
 */
export { Refusal };

const WRITE_EXCEPTION = 'Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException';

export function outer(message: string): object {
  return { error: { code: '', message } };
}

function withInner(message: string, type: string): object {
  return { error: { code: '', message: 'An error has occurred.', innererror: { message, type, stacktrace: '   at Microsoft.Dynamics.Platform.Integration.Services.OData.Update.UpdateManager.SaveChanges()' } } };
}

/** The Infolog of a write that the table's rules refuse. */
export function writeRefused(dataEntity: string, infolog: readonly string[]): Refusal {
  return new Refusal(400, withInner(`Write failed for table row of type '${dataEntity}'. Infolog: ${infolog.join('; ')}.`, WRITE_EXCEPTION));
}

/** (unverified) */
export function deleteRefused(dataEntity: string, table: string): Refusal {
  return new Refusal(400, withInner(`Delete failed for table row of type '${dataEntity}'. Infolog: Error: Cannot delete a record in ${table}. Transactions exist.`, WRITE_EXCEPTION));
}

/** (unverified) */
export function badRequest(message: string): Refusal {
  return new Refusal(400, withInner(message, 'Microsoft.OData.ODataException'));
}

export function noSuchSet(segment: string): Refusal {
  return new Refusal(404, withInner(`Resource not found for the segment '${segment}'.`, ''));
}

/** (unverified) */
export function noSuchRecord(): Refusal {
  return new Refusal(404, outer('No resources were found when selecting for update.'));
}

/** (unverified) */
export function versionDiffers(): Refusal {
  return new Refusal(412, outer('The etag of the record differs from the one in the request: it was changed by another process.'));
}

/** https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/service-protection-api-limits */
export function throttled(message: string, retryAfterSeconds: number): Refusal {
  return new Refusal(429, outer(message), { 'Retry-After': String(retryAfterSeconds) });
}

/** The token is missing, has expired, or its app is no user here: an empty body. */
export function unauthorized(): Refusal {
  return new Refusal(401, {}, { 'WWW-Authenticate': 'Bearer' });
}
