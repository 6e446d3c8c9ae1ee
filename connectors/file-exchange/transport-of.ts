import type { ConnectorSettings } from '../connector.ts';
import { dataDirectory } from '../secrets.ts';
import { localFolder } from './local-folder.ts';
import { placeOf, sftpCredentialsSchema } from './place.ts';
import { sftpFolder } from './sftp.ts';
import type { FileTransport } from './transport.ts';

/**
 * The folder or SFTP server a system's address names.
 * @param sessionMs the most one piece of work on a connection may take; the system's own timeout unless told
 * @throws Error for an address or credentials of the wrong shape, and for an SFTP server without a pinned host key
 */
export function transportOf(settings: ConnectorSettings, hostKey: string | undefined, sessionMs: number = settings.limits.timeoutSeconds * 1000): FileTransport {
  const place = placeOf(settings.baseUrl, dataDirectory());
  if (place.transport === 'folder') return localFolder(place.folder);
  if (hostKey === undefined) throw new Error('an SFTP server needs its host key pinned: give options.hostKey ("SHA256:…")');
  return sftpFolder({ place, credentials: sftpCredentialsSchema.parse(settings.credentials), hostKey, timeoutMs: sessionMs });
}
