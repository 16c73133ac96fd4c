/** What this page is made of, compared with what the build published. */
import { sha256 } from '../core/bytes';
import { Unreachable } from './http';

export interface Digest {
  /** Hex SHA-256 of the list of files: what the operator publishes. */
  digest: string;
  /** Files whose bytes are not the ones in the list. */
  differing: string[];
  files: number;
}

const hex = (bytes: Uint8Array): string => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');

async function bytesOf(path: string): Promise<Uint8Array | null> {
  try {
    const response = await fetch(path, { cache: 'no-store' });
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
  } catch (cause) {
    throw new Unreachable('the operator does not answer', { cause });
  }
}

/**
 * Hashes every file that the wallet loads and compares it with digests.txt (the format of sha256sum). Returns null
 * where there is no list (a development server). A server that lies to this browser can lie here too: what helps
 * is comparing the digest with the one published elsewhere.
 */
export async function readDigest(): Promise<Digest | null> {
  const list = await bytesOf('/digests.txt');
  if (!list) return null;
  const lines = new TextDecoder().decode(list).split('\n').filter(Boolean);
  const differing: string[] = [];
  for (const line of lines) {
    const parts = /^([0-9a-f]{64}) {2}([A-Za-z0-9._/-]+)$/.exec(line);
    if (!parts) return null; // the page itself, answered by a server without the list
    const [, sum, name] = parts;
    const file = await bytesOf(`/${name}`);
    if (!file || hex(sha256(file)) !== sum) differing.push(name!);
  }
  return { digest: hex(sha256(list)), differing, files: lines.length };
}
