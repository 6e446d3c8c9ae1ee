import { createHash } from 'node:crypto';
import { closeSync, fstatSync, lstatSync, mkdirSync, openSync, readdirSync, readSync, renameSync, statSync, unlinkSync, writeSync, type Stats } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import ssh2, { type Connection, type SFTPWrapper } from 'ssh2';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

export interface SftpFolder {
  readonly port: number;
  readonly hostKey: string;
  readonly credentials: { readonly username: string; readonly password: string };
  close(): Promise<void>;
}

/** A real SSH server with an SFTP subsystem over one folder, which can be listed, in this process. */
export async function startSftpFolder(folder: string): Promise<SftpFolder> {
  // Of the ed25519 keys that ssh2 makes it cannot read one in two hundred itself.
  const { private: pem } = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const key = ssh2.utils.parseKey(pem);
  if (key instanceof Error) throw key;
  const credentials = { username: 'q2c', password: createHash('sha256').update(pem).digest('hex').slice(0, 24) };
  const open = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [pem] }, (client) => {
    open.add(client);
    client.on('error', () => undefined);
    client.on('close', () => open.delete(client));
    client.on('authentication', (context) => {
      if (context.method === 'password' && context.username === credentials.username && context.password === credentials.password) context.accept();
      else context.reject(['password']);
    });
    client.on('ready', () => {
      client.on('session', (accept) => {
        accept().on('sftp', (acceptSftp) => serve(acceptSftp(), (path) => join(folder, normalize(`/${path}`))));
      });
    });
  });
  // As sshd does: without delay an answer does not wait for more to send.
  const listener = createServer({ noDelay: true }, (socket) => server.injectSocket(socket));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: portOf(listener.address()),
    hostKey: `SHA256:${createHash('sha256').update(key.getPublicSSH()).digest('base64').replace(/=+$/, '')}`,
    credentials,
    async close() {
      for (const client of open) client.end();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}

function serve(sftp: SFTPWrapper, local: (path: string) => string): void {
  const listings = new Map<number, string[]>();
  let folders = 1_000_000;
  const handleOf = (number: number): Buffer => {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(number);
    return handle;
  };
  const numberOf = (handle: Buffer) => handle.readUInt32BE(0);
  /** What a request throws becomes the protocol's status. */
  const request = (id: number, work: () => void): void => {
    try {
      work();
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      sftp.status(id, code === 'ENOENT' ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE, String(code));
    }
  };
  const done = (id: number) => sftp.status(id, STATUS_CODE.OK);

  sftp.on('OPEN', (id, path, flags) => request(id, () => sftp.handle(id, handleOf(openSync(local(path), (flags & OPEN_MODE.WRITE) === 0 ? 'r' : 'w')))));
  sftp.on('WRITE', (id, handle, offset, data) => request(id, () => {
    writeSync(numberOf(handle), data, 0, data.length, offset);
    done(id);
  }));
  sftp.on('READ', (id, handle, offset, length) => request(id, () => {
    const data = Buffer.alloc(length);
    const got = readSync(numberOf(handle), data, 0, length, offset);
    if (got === 0) sftp.status(id, STATUS_CODE.EOF);
    else sftp.data(id, data.subarray(0, got));
  }));
  sftp.on('OPENDIR', (id, path) => request(id, () => {
    folders += 1;
    const folder = local(path);
    listings.set(folders, readdirSync(folder).map((name) => join(folder, name)));
    sftp.handle(id, handleOf(folders));
  }));
  sftp.on('READDIR', (id, handle) => request(id, () => {
    const left = listings.get(numberOf(handle)) ?? [];
    const some = left.splice(0, 20).flatMap((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      const filename = path.slice(path.lastIndexOf('/') + 1);
      return stats === undefined ? [] : [{ filename, longname: `${stats.isDirectory() ? 'd' : '-'}rw-r--r-- 1 q2c q2c ${stats.size} Nov 21 12:00 ${filename}`, attrs: attributes(stats) }];
    });
    if (some.length === 0) sftp.status(id, STATUS_CODE.EOF);
    else sftp.name(id, some);
  }));
  sftp.on('CLOSE', (id, handle) => request(id, () => {
    if (!listings.delete(numberOf(handle))) closeSync(numberOf(handle));
    done(id);
  }));
  sftp.on('FSTAT', (id, handle) => request(id, () => sftp.attrs(id, attributes(fstatSync(numberOf(handle))))));
  for (const stat of ['STAT', 'LSTAT'] as const) sftp.on(stat as 'STAT', (id, path) => request(id, () => sftp.attrs(id, attributes(lstatSync(local(path))))));
  sftp.on('MKDIR', (id, path) => request(id, () => {
    mkdirSync(local(path));
    done(id);
  }));
  sftp.on('REMOVE', (id, path) => request(id, () => {
    unlinkSync(local(path));
    done(id);
  }));
  sftp.on('RENAME', (id, from, to) => request(id, () => {
    if (statSync(local(to), { throwIfNoEntry: false }) !== undefined) throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    renameSync(local(from), local(to));
    done(id);
  }));
  sftp.on('REALPATH', (id, path) => request(id, () => {
    const filename = normalize(`/${path}`);
    sftp.name(id, [{ filename, longname: filename, attrs: attributes(lstatSync(local('/'))) }]);
  }));
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

function attributes({ mode, uid, gid, size, atimeMs, mtimeMs }: Stats) {
  return { mode, uid, gid, size, atime: Math.floor(atimeMs / 1000), mtime: Math.floor(mtimeMs / 1000) };
}
