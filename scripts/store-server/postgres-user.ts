import { accessSync, chownSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { spawnSync } from 'node:child_process';
import { findOnPath } from '../commands.ts';

/** How PostgreSQL's programs are run: it refuses to run as root, so root runs them as the system user `postgres`. */
export interface PostgresUser {
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
  /** The command and arguments that run `program` as that user. */
  command(program: string, args: readonly string[]): { readonly command: string; readonly args: string[]; readonly uid?: number; readonly gid?: number };
  /** Makes a folder that this user owns. */
  makeFolder(path: string): void;
}

/**
 * The user for PostgreSQL's programs, who must be able to reach all of `paths`.
 * @throws Error when the process is root and there is no way to run them as another user.
 */
export function postgresUser(paths: readonly string[]): PostgresUser {
  if (process.getuid?.() !== 0) {
    return {
      ids: undefined,
      command: (command, args) => ({ command, args: [...args] }),
      makeFolder: (path) => mkdirSync(path, { recursive: true, mode: 0o700 }),
    };
  }
  const ids = systemUser() ?? createSystemUser();
  const makeFolder = (path: string) => {
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chownSync(path, ids.uid, ids.gid);
  };
  const closed = paths.flatMap((path) => closedFolder(path) ?? [])[0];
  if (closed === undefined) return { ids, command: (command, args) => ({ command, args: [...args], ...ids }), makeFolder };

  const setpriv = findOnPath('setpriv');
  if (setpriv === undefined) {
    throw new Error(
      `The embedded PostgreSQL cannot run as root, and the user postgres cannot enter ${closed}. ` +
        'Run as an ordinary user, move the checkout (for example to /srv), or set DATABASE_URL to a PostgreSQL of your own.',
    );
  }
  const prefix = [`--reuid=${ids.uid}`, `--regid=${ids.gid}`, '--clear-groups', '--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  return { ids, command: (program, args) => ({ command: setpriv, args: [...prefix, program, ...args] }), makeFolder };
}

function systemUser(): { uid: number; gid: number } | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' })).map((result) => (result.status === 0 ? Number(result.stdout) : undefined));
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

function createSystemUser(): { uid: number; gid: number } {
  spawnSync('groupadd', ['--system', 'postgres']);
  const made = spawnSync('useradd', ['--system', '--gid', 'postgres', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'], { encoding: 'utf8' });
  const ids = systemUser();
  if (ids === undefined) {
    throw new Error(`The embedded PostgreSQL cannot run as root, and the system user "postgres" could not be made (${(made.stderr ?? '').trim()}). Run as an ordinary user or set DATABASE_URL.`);
  }
  return ids;
}

/** The first folder above a path that other users cannot enter. */
function closedFolder(path: string): string | undefined {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      accessSync(folder, constants.F_OK);
    } catch {
      continue;
    }
    if ((statSync(folder).mode & 0o001) === 0) return folder;
  }
  return undefined;
}
