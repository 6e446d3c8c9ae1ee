import { FileTooLarge } from './transport.ts';

/** All of a stream, which may have more than its file was said to have. @throws FileTooLarge as soon as it does, without having kept more */
export async function bounded(path: string, stream: AsyncIterable<unknown>, mostBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream) {
    if (!Buffer.isBuffer(part)) throw new TypeError(`${path} did not come as bytes`);
    bytes += part.length;
    if (bytes > mostBytes) throw new FileTooLarge(`${path} has more than ${mostBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts, bytes);
}
