import { createHash } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, lstatSync, mkdirSync, openSync, readSync, renameSync, unlinkSync, writeSync, type Stats } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import ssh2, { type Connection, type SFTPWrapper } from 'ssh2';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

export interface SftpServer {
  readonly port: number;
  /** Fingerprint of the host key: "SHA256:…". */
  readonly hostKey: string;
  readonly credentials: { readonly username: string; readonly password: string };
  readonly connections: () => number;
  /** Cuts the connection at the next request of this kind; after it was carried out, where told so. */
  cut(request: 'WRITE' | 'RENAME', options?: { readonly after: boolean; readonly of?: RegExp }): void;
  /** Refuses the next request of this kind with the SFTP protocol's "permission denied". */
  refuse(request: 'OPEN'): void;
  /** Lets the next request of this kind wait for good. */
  hang(request: 'STAT'): void;
  close(): Promise<void>;
}

/** A real SSH server with an SFTP subsystem over one folder, in this process, with a host key of its own. */
export async function startSftpServer(folder: string, { hostKeyPem }: { readonly hostKeyPem?: string } = {}): Promise<SftpServer> {
  // Of the ed25519 keys that ssh2 makes it cannot read one in two hundred itself.
  const pair = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const pem = hostKeyPem ?? pair.private;
  const parsed = ssh2.utils.parseKey(pem);
  if (parsed instanceof Error) throw parsed;
  const credentials = { username: 'q2c', password: createHash('sha256').update(pem).digest('hex').slice(0, 24) };
  const open = new Set<Connection>();
  const orders: { request: string; what: 'cut-before' | 'cut-after' | 'refuse' | 'hang'; of: RegExp }[] = [];
  let connections = 0;

  function ordered(request: string, path: string): (typeof orders)[number] | undefined {
    const index = orders.findIndex((order) => order.request === request && order.of.test(path));
    return index < 0 ? undefined : orders.splice(index, 1)[0];
  }

  const server = new ssh2.Server({ hostKeys: [pem] }, (client) => {
    open.add(client);
    connections += 1;
    client.on('error', () => undefined);
    client.on('close', () => open.delete(client));
    client.on('authentication', (context) => {
      if (context.method === 'password' && context.username === credentials.username && context.password === credentials.password) context.accept();
      else context.reject(['password']);
    });
    client.on('ready', () => {
      client.on('session', (accept) => {
        accept().on('sftp', (acceptSftp) => {
          serve(acceptSftp(), client);
        });
      });
    });
  });

  function serve(sftp: SFTPWrapper, client: Connection): void {
    let silent = false;
    const handles = new Map<number, { readonly file: number; readonly path: string }>();
    const local = (path: string) => join(folder, normalize(`/${path}`));
    const handleOf = (handle: Buffer) => {
      const known = handles.get(handle.readUInt32BE(0));
      if (known === undefined) throw Object.assign(new Error('no such handle'), { code: 'EBADF' });
      return known;
    };

    /** Runs a request; what it throws becomes the protocol's status. */
    function request(name: string, id: number, path: string, work: () => void): void {
      const order = ordered(name, path);
      if (order?.what === 'hang') return;
      if (order?.what === 'cut-before') {
        client.end();
        return;
      }
      if (order?.what === 'refuse') {
        sftp.status(id, STATUS_CODE.PERMISSION_DENIED, 'Permission denied');
        return;
      }
      try {
        if (order?.what === 'cut-after') {
          silent = true;
          work();
          client.end();
          return;
        }
        work();
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        sftp.status(id, code === 'ENOENT' ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE, String(code));
      }
    }
    const done = (id: number) => {
      if (!silent) sftp.status(id, STATUS_CODE.OK);
    };

    sftp.on('OPEN', (id, path, flags) => request('OPEN', id, path, () => {
      const file = openSync(local(path), (flags & OPEN_MODE.WRITE) === 0 ? 'r' : 'a+');
      if ((flags & OPEN_MODE.TRUNC) !== 0) ftruncateSync(file);
      handles.set(file, { file, path });
      const handle = Buffer.alloc(4);
      handle.writeUInt32BE(file);
      sftp.handle(id, handle);
    }));
    sftp.on('WRITE', (id, handle, offset, data) => request('WRITE', id, handleOf(handle).path, () => {
      writeSync(handleOf(handle).file, data, 0, data.length, offset);
      done(id);
    }));
    sftp.on('READ', (id, handle, offset, length) => request('READ', id, handleOf(handle).path, () => {
      const data = Buffer.alloc(length);
      const got = readSync(handleOf(handle).file, data, 0, length, offset);
      if (got === 0) sftp.status(id, STATUS_CODE.EOF);
      else sftp.data(id, data.subarray(0, got));
    }));
    sftp.on('CLOSE', (id, handle) => request('CLOSE', id, '', () => {
      closeSync(handleOf(handle).file);
      handles.delete(handle.readUInt32BE(0));
      done(id);
    }));
    sftp.on('FSTAT', (id, handle) => request('STAT', id, handleOf(handle).path, () => sftp.attrs(id, attributes(fstatSync(handleOf(handle).file)))));
    for (const stat of ['STAT', 'LSTAT'] as const) sftp.on(stat as 'STAT', (id, path) => request('STAT', id, path, () => sftp.attrs(id, attributes(lstatSync(local(path))))));
    sftp.on('MKDIR', (id, path) => request('MKDIR', id, path, () => {
      mkdirSync(local(path));
      done(id);
    }));
    sftp.on('REMOVE', (id, path) => request('REMOVE', id, path, () => {
      unlinkSync(local(path));
      done(id);
    }));
    // As version 3 of the protocol has it: never over a file that is there.
    sftp.on('RENAME', (id, from, to) => request('RENAME', id, to, () => {
      if (exists(local(to))) throw Object.assign(new Error('exists'), { code: 'EEXIST' });
      renameSync(local(from), local(to));
      done(id);
    }));
    sftp.on('REALPATH', (id, path) => request('REALPATH', id, path, () => {
      const filename = normalize(`/${path}`);
      sftp.name(id, [{ filename, longname: filename, attrs: attributes(lstatSync(folder)) }]);
    }));
  }

  const listener = createServer({ noDelay: true }, (socket) => server.injectSocket(socket));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: portOf(listener.address()),
    hostKey: `SHA256:${createHash('sha256').update(parsed.getPublicSSH()).digest('base64').replace(/=+$/, '')}`,
    credentials,
    connections: () => connections,
    cut: (name, { after, of = /./ } = { after: false }) => void orders.push({ request: name, what: after ? 'cut-after' : 'cut-before', of }),
    refuse: (name) => void orders.push({ request: name, what: 'refuse', of: /./ }),
    hang: (name) => void orders.push({ request: name, what: 'hang', of: /./ }),
    async close() {
      for (const client of open) client.end();
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

function attributes({ mode, uid, gid, size, atimeMs, mtimeMs }: Stats) {
  return { mode, uid, gid, size, atime: Math.floor(atimeMs / 1000), mtime: Math.floor(mtimeMs / 1000) };
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
