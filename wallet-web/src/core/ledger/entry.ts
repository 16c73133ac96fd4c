/**
 * Ledger entries (formats.md § 4): fixed sizes, big-endian, random keys and coarse hours. Twin of Go's
 * anchor/entry.go. Carries the curves: import it lazily.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { concat, sha256, uint32, utf8, type Bytes } from '../bytes';
import type { Epoch } from '../epoch';
import { ParseError } from '../errors';
import type { SigningKey } from '../identity';

/** Pedersen on ristretto255 (1) or HMAC-SHA-256 (2). */
export type Scheme = 1 | 2;

export const GRANT_SIZE = 171;
export const WITHDRAW_SIZE = 102;
export const PERMIT_SIZE = 135;
const SIGNATURE = 64;
const VERSION = 1;

/** Puts a grant on the ledger, from `start` (inclusive) until `end` (exclusive). */
export interface GrantEntry {
  kind: 'grant';
  scheme: Scheme;
  start: Epoch;
  end: Epoch;
  /** Ed25519 public key; names the grant on the ledger. */
  handle: Bytes;
  /** Ed25519 public key that signs this entry and the withdrawal. */
  walletKey: Bytes;
  commitment: Bytes;
  /** By the wallet key. */
  signature: Bytes;
}

/** Ends a grant; may be signed ahead with the grant's start as its epoch. */
export interface WithdrawEntry {
  kind: 'withdraw';
  epoch: Epoch;
  handle: Bytes;
  /** By the grant's wallet key. */
  signature: Bytes;
}

/** One message sent, or one hour of collecting; the two look the same. */
export interface PermitEntry {
  kind: 'permit';
  scheme: Scheme;
  epoch: Epoch;
  handle: Bytes;
  commitment: Bytes;
  /** By the handle key. */
  signature: Bytes;
}

export type Entry = GrantEntry | WithdrawEntry | PermitEntry;

/** The bytes as stored, sent and hashed. */
export function encodeEntry(e: Entry): Bytes {
  return concat(body(e), e.signature);
}

/** A signed grant entry. */
export function signGrant(chain: string, fields: Omit<GrantEntry, 'kind' | 'walletKey' | 'signature'>, wallet: SigningKey): GrantEntry {
  const unsigned = { kind: 'grant' as const, ...fields, walletKey: wallet.publicKey };
  return { ...unsigned, signature: sign(chain, unsigned, wallet) };
}

/** A signed withdrawal; `wallet` is the key that signed the grant. */
export function signWithdraw(chain: string, fields: Omit<WithdrawEntry, 'kind' | 'signature'>, wallet: SigningKey): WithdrawEntry {
  const unsigned = { kind: 'withdraw' as const, ...fields };
  return { ...unsigned, signature: sign(chain, unsigned, wallet) };
}

/** A signed permit: what a business does; here for tests and vectors. */
export function signPermit(chain: string, fields: Omit<PermitEntry, 'kind' | 'handle' | 'signature'>, handle: SigningKey): PermitEntry {
  const unsigned = { kind: 'permit' as const, ...fields, handle: handle.publicKey };
  return { ...unsigned, signature: sign(chain, unsigned, handle) };
}

/**
 * Whether the entry's key signed it for this ledger. A withdrawal does not name its key: pass the grant's wallet
 * key, which the other kinds ignore. Says nothing about the rule.
 */
export function isSigned(chain: string, e: Entry, walletKey?: Uint8Array): boolean {
  const key = e.kind === 'grant' ? e.walletKey : e.kind === 'permit' ? e.handle : walletKey;
  if (!key) return false;
  try {
    return ed25519.verify(e.signature, signedBytes(chain, e), key, { zip215: false });
  } catch {
    return false;
  }
}

/** What a signature covers: "coffer/v1 ", the chain id, and the entry without its signature. */
export function signedBytes(chain: string, e: Entry | Unsigned): Bytes {
  return concat(utf8('coffer/v1 '), utf8(chain), body(e));
}

/** The RFC 6962 leaf hash, SHA-256(0x00 ‖ entry): names the entry on the ledger. */
export function leafOf(entry: Uint8Array): Bytes {
  return sha256(Uint8Array.of(0), entry);
}

/** Reads one entry; its encodeEntry is the input. Throws ParseError with the code size, version, kind or scheme. */
export function parseEntry(bytes: Uint8Array): Entry {
  const no = (code: string, want: string): never => {
    throw new ParseError(code, 'entry', code, want);
  };
  if (bytes.length < 2) no('size', 'want at least 2 bytes');
  if (bytes[0] !== VERSION) no('version', `want ${VERSION}`);
  const kind = kinds[bytes[1] ?? 0] ?? no('kind', 'want 1 (grant), 2 (withdraw) or 3 (permit)');
  if (bytes.length < sizes[kind]) no('size', `want ${sizes[kind]} bytes`);
  const scheme = bytes[2];
  if (kind !== 'withdraw' && scheme !== 1 && scheme !== 2) no('scheme', 'want 1 or 2');
  if (bytes.length !== sizes[kind]) no('size', `want ${sizes[kind]} bytes`);
  let at = kind === 'withdraw' ? 2 : 3;
  const take = (n: number): Bytes => bytes.slice(at, (at += n)) as Bytes;
  const epoch = (): Epoch => {
    const b = take(4);
    return new DataView(b.buffer).getUint32(0) as Epoch;
  };
  switch (kind) {
    case 'grant':
      return {
        kind,
        scheme: scheme as Scheme,
        start: epoch(),
        end: epoch(),
        handle: take(32),
        walletKey: take(32),
        commitment: take(32),
        signature: take(SIGNATURE),
      };
    case 'withdraw':
      return { kind, epoch: epoch(), handle: take(32), signature: take(SIGNATURE) };
    case 'permit':
      return { kind, scheme: scheme as Scheme, epoch: epoch(), handle: take(32), commitment: take(32), signature: take(SIGNATURE) };
  }
}

const kinds: Record<number, Entry['kind']> = { 1: 'grant', 2: 'withdraw', 3: 'permit' };
const sizes: Record<Entry['kind'], number> = { grant: GRANT_SIZE, withdraw: WITHDRAW_SIZE, permit: PERMIT_SIZE };

type Unsigned = Omit<GrantEntry, 'signature'> | Omit<WithdrawEntry, 'signature'> | Omit<PermitEntry, 'signature'>;

function sign(chain: string, e: Unsigned, key: SigningKey): Bytes {
  return ed25519.sign(signedBytes(chain, e), key.seed) as Bytes;
}

function body(e: Entry | Unsigned): Bytes {
  switch (e.kind) {
    case 'grant':
      return concat(Uint8Array.of(VERSION, 1, e.scheme), uint32(e.start), uint32(e.end), e.handle, e.walletKey, e.commitment);
    case 'withdraw':
      return concat(Uint8Array.of(VERSION, 2), uint32(e.epoch), e.handle);
    case 'permit':
      return concat(Uint8Array.of(VERSION, 3, e.scheme), uint32(e.epoch), e.handle, e.commitment);
  }
}
