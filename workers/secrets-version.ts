import type { Secrets } from '../connectors/secrets.ts';
import { canonicalJson, sha256 } from '../store/json.ts';

/** Changes with the credentials and tells none of them. */
export function secretsVersion(secrets: Secrets): string {
  return sha256(canonicalJson(secrets));
}
