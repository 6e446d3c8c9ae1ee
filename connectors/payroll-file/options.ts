import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const folder = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]*(\/[A-Za-z0-9][A-Za-z0-9 ._-]*)*$/, 'a relative folder such as "to-bureau"');

/** The `options` of a payroll bureau in config/systems.yaml. */
export const payrollFileOptionsSchema = z.strictObject({
  /** Of the bureau's SFTP server, as `ssh-keygen -lf` prints it: "SHA256:…". A server with another key is not spoken to. */
  hostKey: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'a fingerprint such as "SHA256:" and 43 characters').optional(),
  folders: z
    .strictObject({
      /** Where exports are written for the bureau. */
      outgoing: folder.default('outgoing'),
      /** Where the bureau may put exports that it has taken; it never deletes them. */
      processed: folder.default('processed'),
      /** Where the bureau writes its acknowledgements. */
      incoming: folder.default('incoming'),
      /** Where we keep a copy of acknowledgements that are not understood. */
      quarantine: folder.default('quarantine'),
    })
    .prefault({}),
  /** An acknowledgement that cannot be read is still being written when it was changed within so many seconds. */
  settleSeconds: z.number().min(0).max(3600).default(30),
});
export type PayrollFileOptions = z.infer<typeof payrollFileOptionsSchema>;

export const sftpCredentialsSchema = z.union([
  z.object({ username: z.string().min(1), privateKey: z.string().min(1), passphrase: z.string().exactOptional() }),
  z.object({ username: z.string().min(1), password: z.string().min(1) }),
]);
export type SftpCredentials = z.infer<typeof sftpCredentialsSchema>;

export type Place =
  | { readonly transport: 'folder'; readonly folder: string }
  | { readonly transport: 'sftp'; readonly host: string; readonly port: number; readonly folder: string };

/**
 * Where the files go: "folder:payroll" (in the data folder), "file:///srv/payroll", or "sftp://payroll.example:22/upload" (the path counts from
 * the login's own folder; two slashes for an absolute one). @throws Error for anything else
 */
export function placeOf(address: string, dataDir: string): Place {
  const relative = /^folder:(.+)$/.exec(address)?.[1];
  if (relative !== undefined) {
    if (isAbsolute(relative) || relative.split(/[\\/]/).includes('..')) throw new Error(`"${address}" is not a folder inside the data folder: write file:///… for one elsewhere`);
    return { transport: 'folder', folder: resolve(dataDir, relative) };
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'file:') return { transport: 'folder', folder: fileURLToPath(url) };
  if (url?.protocol !== 'sftp:' || url.hostname === '') throw new Error(`"${address}" is no place for payroll files: write "folder:payroll", "file:///srv/payroll" or "sftp://host:22/folder"`);
  if (url.username !== '' || url.password !== '') throw new Error('an SFTP address holds no login: give it to the secrets provider');
  const path = decodeURIComponent(url.pathname).replace(/^\//, '').replace(/\/$/, '');
  return { transport: 'sftp', host: url.hostname, port: url.port === '' ? 22 : Number(url.port), folder: path === '' ? '.' : path };
}
