import { generateKeyPairSync, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { withChecksum } from './salesforce/ids.ts';

const Text = z.string().min(1);

export const Credentials = z.object({
  salesforce: z.object({
    clientId: Text,
    username: Text,
    privateKeyPem: Text,
    publicKeyPem: Text,
    organizationId: Text,
    webhookToken: Text,
  }),
  hubspot: z.object({ accessToken: Text, clientSecret: Text, portalId: z.string().regex(/^\d+$/) }),
  netsuite: z.object({ accountId: Text, clientId: Text, certificateId: Text, privateKeyPem: Text, publicKeyPem: Text }),
  dynamics: z.object({ tenantId: Text, clientId: Text, clientSecret: Text }),
  'project-operations': z.object({ tenantId: Text, clientId: Text, clientSecret: Text }),
  harvest: z.object({ accountId: Text, accessToken: Text }),
  clockify: z.object({
    apiKey: Text,
    workspaceId: z.string().regex(/^[0-9a-f]{24}$/),
    webhookTokens: z.object({ NEW_APPROVAL_REQUEST: Text, APPROVAL_REQUEST_STATUS_UPDATED: Text }),
  }),
  canonical: z.object({ signingSecret: z.string().startsWith('whsec_') }),
  tryton: z.object({ database: Text, user: Text, password: Text }),
  snowflake: z.object({ account: Text, user: Text, privateKeyPem: Text, publicKeyPem: Text }),
  scim: z.object({ token: Text }),
  jira: z.object({ email: z.email(), apiToken: Text }),
  oracle: z.object({ username: Text, password: Text, clientId: Text, clientSecret: Text, certificateAlias: Text, privateKeyPem: Text, publicKeyPem: Text }),
  sap: z.object({ user: Text, password: Text }),
  kantata: z.object({ accessToken: Text }),
  stripe: z.object({ secretKey: z.string().startsWith('sk_test_'), webhookSecret: z.string().startsWith('whsec_') }),
  lago: z.object({ apiKey: Text, algorithm: z.literal('hmac'), hmacKey: Text }),
  gusto: z.object({ companyUuid: Text, clientId: Text, clientSecret: Text, accessToken: Text, refreshToken: Text }),
});
export type Credentials = z.infer<typeof Credentials>;

/**
 * The credentials of this installation's local systems, made at random the first time and kept in `credentials.json`
 * (readable by its owner only). Throws when the file is there but is not what it should be.
 */
export function ensureCredentials(dataDir: string): Credentials {
  const file = join(dataDir, 'credentials.json');
  const existing = readIfThere(file);
  if (existing === undefined) return writeFile(dataDir, file, generateCredentials());
  const known: unknown = JSON.parse(existing);
  const isComplete = typeof known !== 'object' || known === null || Object.keys(Credentials.shape).every((system) => Object.hasOwn(known, system));
  if (isComplete) return parseFile(file, existing);
  // Written by an earlier version: the systems that came since are added.
  return writeFile(dataDir, file, parseFile(file, JSON.stringify({ ...generateCredentials(), ...known })));
}

function writeFile(dataDir: string, file: string, credentials: Credentials): Credentials {
  mkdirSync(dataDir, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return credentials;
}

/** Fresh random credentials, for a sandbox that lives as long as one test. */
export function generateCredentials(): Credentials {
  return {
    salesforce: {
      clientId: `3MVG9${token(40)}`,
      username: 'integration@q2c.example',
      ...rsaKeyPair(),
      organizationId: withChecksum('00D5g000004C8Xb'),
      webhookToken: token(24),
    },
    hubspot: { accessToken: `pat-na1-${randomUUID()}`, clientSecret: randomUUID(), portalId: String(randomInt(10_000_000, 99_999_999)) },
    netsuite: {
      accountId: `TSTDRV${randomInt(1_000_000, 9_999_999)}`,
      clientId: randomBytes(32).toString('hex'),
      certificateId: token(32),
      ...rsaKeyPair(),
    },
    dynamics: { tenantId: randomUUID(), clientId: randomUUID(), clientSecret: token(30) },
    'project-operations': { tenantId: randomUUID(), clientId: randomUUID(), clientSecret: token(30) },
    harvest: { accountId: String(randomInt(100_000, 999_999)), accessToken: `${randomInt(100_000, 999_999)}.pt.${token(48)}` },
    clockify: { apiKey: token(36), workspaceId: randomBytes(12).toString('hex'), webhookTokens: { NEW_APPROVAL_REQUEST: token(24), APPROVAL_REQUEST_STATUS_UPDATED: token(24) } },
    canonical: { signingSecret: `whsec_${randomBytes(32).toString('base64')}` },
    tryton: { database: 'q2c', user: 'admin', password: token(18) },
    snowflake: { account: `NWORG-T${randomInt(10_000, 99_999)}`, user: 'Q2C_SERVICE', ...rsaKeyPair(2048) },
    scim: { token: token(32) },
    jira: { email: 'q2c@northwind-consulting.example', apiToken: `ATATT3x${token(48)}` },
    oracle: { username: 'q2c.integration', password: token(18), clientId: randomBytes(16).toString('hex'), clientSecret: token(30), certificateAlias: 'q2c', ...rsaKeyPair(2048) },
    sap: { user: 'Q2C_INTEGRATION', password: token(18) },
    kantata: { accessToken: randomBytes(32).toString('hex') },
    stripe: { secretKey: `sk_test_${randomBytes(24).toString('hex')}`, webhookSecret: `whsec_${randomBytes(24).toString('hex')}` },
    lago: { apiKey: randomUUID(), algorithm: 'hmac', hmacKey: token(24) },
    gusto: { companyUuid: randomUUID(), clientId: token(32), clientSecret: token(32), accessToken: token(32), refreshToken: token(32) },
  };
}

function rsaKeyPair(modulusLength = 3072): { privateKeyPem: string; publicKeyPem: string } {
  const pair = generateKeyPairSync('rsa', {
    modulusLength,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { privateKeyPem: pair.privateKey, publicKeyPem: pair.publicKey };
}

function token(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function parseFile(file: string, text: string): Credentials {
  const parsed = Credentials.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(
    `${file} does not hold the credentials of every local system:\n${z.prettifyError(parsed.error)}\nMend it, or delete it together with the sandboxes' data to have new ones made.`,
  );
}
