import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** Folders below the exchange's own, as options name them. */
export const folderSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]*(\/[A-Za-z0-9][A-Za-z0-9 ._-]*)*$/, 'a relative folder such as "to-bureau"');

/** Of an SFTP server, as `ssh-keygen -lf` prints it: "SHA256:…". A server with another key is not spoken to. */
export const hostKeySchema = z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'a fingerprint such as "SHA256:" and 43 characters');

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
  if (url?.protocol !== 'sftp:' || url.hostname === '') throw new Error(`"${address}" is no place for files: write "folder:name", "file:///srv/name" or "sftp://host:22/folder"`);
  if (url.username !== '' || url.password !== '') throw new Error('an SFTP address holds no login: give it to the secrets provider');
  const path = decodeURIComponent(url.pathname).replace(/^\//, '').replace(/\/$/, '');
  return { transport: 'sftp', host: url.hostname, port: url.port === '' ? 22 : Number(url.port), folder: path === '' ? '.' : path };
}
