import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { posix } from 'node:path';
import SftpClient from 'ssh2-sftp-client';
import { bounded } from './bounded.ts';
import type { Place, SftpCredentials } from './place.ts';
import { FileTooLarge, OtherHostKey, temporaryName, type FileSession, type FileTransport } from './transport.ts';

type Wrapper = Awaited<ReturnType<SftpClient['connect']>>;

/** Writes are cut to what every SFTP server takes. */
const CHUNK_BYTES = 32 * 1024;

export interface SftpSettings {
  readonly place: Extract<Place, { transport: 'sftp' }>;
  readonly credentials: SftpCredentials;
  readonly hostKey: string;
  readonly timeoutMs: number;
}

/** Files on an SFTP server: one connection for each piece of work, to the server whose host key is pinned and no other. */
export function sftpFolder({ place, credentials, hostKey, timeoutMs }: SftpSettings): FileTransport {
  return {
    async use(signal, work) {
      signal.throwIfAborted();
      // Left to itself the library writes to the console when a connection ends; each call reports its own failure.
      const client = new SftpClient('q2c files', { error: () => undefined, end: () => undefined, close: () => undefined });
      // SFTP asks and waits: without delay an answer does not wait for more to send.
      const sock = connect({ host: place.host, port: place.port, noDelay: true, keepAlive: true });
      const cut = cutter(sock, signal, timeoutMs);
      let presented: string | undefined;
      const connected = async (): Promise<Wrapper> => {
        await once(sock, 'connect');
        return await client.connect({
          sock,
          ...credentials,
          readyTimeout: timeoutMs,
          hostVerifier: (key: Buffer) => {
            presented = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
            return presented === hostKey;
          },
        });
      };
      try {
        return await Promise.race([connected().then((wrapper) => work(sessionOf(client, wrapper, place.folder))), cut.early]);
      } catch (error) {
        if (presented !== undefined && presented !== hostKey) throw new OtherHostKey(`${place.host} has the host key ${presented}, not ${hostKey}`, { cause: error });
        throw error;
      } finally {
        cut.release();
        await client.end().catch(() => undefined);
        sock.destroy();
      }
    },
  };
}

/** Ends a connection that is lost, takes too long, or is no longer wanted: what waits for it fails at once. */
function cutter(sock: Socket, signal: AbortSignal, timeoutMs: number): { readonly early: Promise<never>; release(): void } {
  const { promise: early, reject } = Promise.withResolvers<never>();
  early.catch(() => undefined);
  const end = (code: string, message: string) => {
    reject(Object.assign(new Error(message), { code }));
    sock.destroy();
  };
  const timer = setTimeout(() => end('ETIMEDOUT', `the server did not come to an end within ${timeoutMs} ms`), timeoutMs);
  const cancelled = () => end('ECANCELED', 'the step was cancelled');
  const lost = () => end('ECONNRESET', 'the connection was lost');
  signal.addEventListener('abort', cancelled, { once: true });
  sock.on('error', reject);
  sock.once('close', lost);
  return {
    early,
    release() {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancelled);
      sock.off('close', lost);
    },
  };
}

function sessionOf(client: SftpClient, wrapper: Wrapper, folder: string): FileSession {
  return {
    async read(path, mostBytes) {
      const target = posix.join(folder, path);
      if ((await client.exists(target)) !== '-') return null;
      try {
        const { size, modifyTime } = await client.stat(target);
        if (size > mostBytes) throw new FileTooLarge(`${path} has ${size} bytes`);
        if (size === 0) return { content: Buffer.alloc(0), modifiedAt: modifyTime };
        return { content: await bounded(path, wrapper.createReadStream(target), mostBytes), modifiedAt: modifyTime };
      } catch (error) {
        // Put away by the other side since it was asked for.
        if (isMissing(error)) return null;
        throw error;
      }
    },

    async list(name) {
      const target = posix.join(folder, name);
      if ((await client.exists(target)) !== 'd') return null;
      return (await client.list(target)).filter((entry) => entry.type === '-').map((entry) => entry.name);
    },

    async publish(path, content) {
      const target = posix.join(folder, path);
      const parent = posix.dirname(target);
      if ((await client.exists(parent)) === false) await client.mkdir(parent, true);
      await writeFlushed(wrapper, temporaryName(target), content);
      const { size } = await client.stat(temporaryName(target));
      if (size !== content.length) throw new Error(`${path} has ${size} of ${content.length} bytes after it was written`);
      await rename(client, temporaryName(target), target);
    },
  };
}

/** SSH_FX_NO_SUCH_FILE, as the library tells of it: by the protocol's number, or by a name of its own. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 2 || error.code === 'ENOENT');
}

async function writeFlushed(wrapper: Wrapper, path: string, content: Buffer): Promise<void> {
  const handle = await call<Buffer>((done) => wrapper.open(path, 'w', done));
  try {
    for (let at = 0; at < content.length; at += CHUNK_BYTES) {
      await call<unknown>((done) => wrapper.write(handle, content, at, Math.min(CHUNK_BYTES, content.length - at), at, (error) => done(error ?? undefined, undefined)));
    }
    await flush(wrapper, handle);
  } finally {
    await call<unknown>((done) => wrapper.close(handle, (error) => done(error ?? undefined, undefined)));
  }
}

/** Flushing is an extension of OpenSSH's: a server without it decides for itself when its files are on disk. */
async function flush(wrapper: Wrapper, handle: Buffer): Promise<void> {
  try {
    await call<unknown>((done) => wrapper.ext_openssh_fsync(handle, (error) => done(error, undefined)));
  } catch (error) {
    if (!(error instanceof Error && /not support|unsupported/i.test(error.message))) throw error;
  }
}

/** Over a file of that name where the server can; elsewhere that file goes first. */
async function rename(client: SftpClient, from: string, to: string): Promise<void> {
  try {
    await client.posixRename(from, to);
  } catch (error) {
    if (!(error instanceof Error && /not support|unsupported/i.test(error.message))) throw error;
    await client.delete(to, true);
    await client.rename(from, to);
  }
}

function call<Result>(start: (done: (error: Error | undefined, result: Result) => void) => void): Promise<Result> {
  return new Promise((resolve, reject) => {
    start((error, result) => (error === undefined ? resolve(result) : reject(error)));
  });
}
