/**
 * Edits that wait: what the shopper typed while the operator did not answer, or while another device was first. Each
 * knows what stood there before, so that nothing of either is lost. They are kept sealed like a document, in this
 * browser only.
 */
import { sameValue, type AttributeValue, type PostalAddress } from './attributes';
import { openDocument, sealDocument, type Sealed } from './document';
import { newId, type DocumentId } from './id';
import type { VaultKey } from './keys';
import { valueShape } from './plaintext';
import type { Random } from './random';
import { int, list, nullable, object, oneOf, parseJson, text, version, type Of } from './shape';

const editShape = object({ name: text(64), base: nullable(valueShape), value: nullable(valueShape), at: int() });
const editsShape = object({ v: version, kind: oneOf('edits'), edits: list(editShape, 1000) });

/**
 * One attribute's edit: `base` is what it was when the shopper began, `value` what was typed, null for none (added, or
 * removed); `at` in unix seconds.
 */
export type Edit = Of<typeof editShape>;
export type Edits = ReadonlyMap<string, Edit>;

/** How an edit stands to what the vault holds now. */
export type Standing =
  /** Nobody changed it meanwhile. */
  | 'ready'
  /** The vault has this value already: it was sent after all, or typed twice. */
  | 'done'
  /** Another device changed the same attribute: the shopper says which counts. */
  | 'clash';

export function standingOf(edit: Edit, now: AttributeValue | null): Standing {
  if (sameValue(edit.value, now)) return 'done';
  return sameValue(edit.base, now) ? 'ready' : 'clash';
}

/** The edits with one more: of the same attribute the first base and the last value count; back to the base is none. */
export function withEdit(edits: Edits, edit: Edit): Edits {
  const next = new Map(edits);
  const had = edits.get(edit.name);
  const one = { ...edit, base: had ? had.base : edit.base };
  if (sameValue(one.base, one.value)) next.delete(edit.name);
  else next.set(edit.name, one);
  return next;
}

/** Edits as a browser keeps them. */
export interface SealedEdits {
  id: DocumentId;
  sealed: Sealed;
}

export async function sealEdits(key: VaultKey, edits: Edits, random: Random): Promise<SealedEdits> {
  const id = newId<DocumentId>(random);
  const plaintext = JSON.stringify({ v: 1, kind: 'edits', edits: [...edits.values()] });
  return { id, sealed: await sealDocument(key, { id, version: 1 }, plaintext, random) };
}

/** OpenError if another vault key sealed them; ParseError if a newer wallet wrote them. */
export async function openEdits(key: VaultKey, kept: SealedEdits): Promise<Edits> {
  const { edits } = parseJson('edits', await openDocument(key, { id: kept.id, version: 1 }, kept.sealed), editsShape);
  return new Map(edits.map((e) => [e.name, e]));
}

/** Attributes whose values are lists in words: of two of them both can be kept. */
const LISTS = new Set(['product-preference', 'food-intolerance']);

/**
 * A value that keeps what both devices changed, or null where that makes no sense: lists are joined, and of an address
 * each part counts that only one side changed.
 */
export function bothOf(edit: Edit, theirs: AttributeValue | null): AttributeValue | null {
  const { name, base, value: mine } = edit;
  if (typeof mine === 'string' && typeof theirs === 'string' && LISTS.has(name)) {
    const parts = (value: string) => value.split(',').map((p) => p.trim()).filter((p) => p !== '');
    const joined = [...parts(theirs), ...parts(mine).filter((m) => !parts(theirs).some((t) => t.toLowerCase() === m.toLowerCase()))].join(', ');
    return sameValue(joined, theirs) || sameValue(joined, mine) || joined.length > 200 ? null : joined;
  }
  if (isAddress(mine) && isAddress(theirs) && isAddress(base)) {
    const out = { ...theirs };
    for (const part of Object.keys(out) as (keyof typeof out)[]) {
      if (mine[part] === base[part]) continue;
      if (theirs[part] !== base[part] && theirs[part] !== mine[part]) return null;
      out[part] = mine[part];
    }
    return sameValue(out, theirs) || sameValue(out, mine) ? null : out;
  }
  return null;
}

const isAddress = (v: AttributeValue | null): v is PostalAddress => typeof v === 'object' && v !== null;
