/* eslint svelte/prefer-svelte-reactivity: off -- the maps are replaced whole ($state.raw), never changed in place */
/**
 * The open vault: what a session holds in memory and nowhere else. The vault key cannot be read out of its
 * CryptoKey; the identity seed lives in the opened identity document. Dropping the object locks the vault.
 */
import { fromB64u, type Bytes } from '../core/bytes';
import type { Stored } from '../core/document';
import { openEdits, sealEdits, standingOf, type Edit, type Edits, type Standing } from '../core/edits';
import { OpenError } from '../core/errors';
import { manifestId, newId, type DepositId, type DocumentId, type GrantId, type RightsId, type VaultId } from '../core/id';
import type { VaultKey } from '../core/keys';
import { labelOf, servedAs, type Finding, type Label } from '../core/manifest';
import type { AttachmentPlaintext, AttributePlaintext, GrantPlaintext, IdentityPlaintext, MovedPlaintext, Plaintext, PresentationPlaintext, RecordPlaintext, RightsPlaintext, SettingsPlaintext, Way } from '../core/plaintext';
import { systemRandom } from '../core/random';
import { openVault, sealBatch, type Batch, type Change, type Opened, type Past } from '../core/vault';
import * as device from './device';

/** An attribute as the pages show it, with the document it is in. */
export interface HeldAttribute extends AttributePlaintext {
  id: DocumentId;
  version: number;
}

/** An attachment, with the document that has its key and names its chunks. */
export interface HeldAttachment extends AttachmentPlaintext {
  id: DocumentId;
  version: number;
}

/** A record, with the document it is in. */
export interface HeldRecord extends RecordPlaintext {
  id: DocumentId;
  version: number;
}

/** A record as it is shown to a business, with the document it is in. */
export interface HeldPresentation extends PresentationPlaintext {
  id: DocumentId;
  version: number;
}

/**
 * The vault is not as this browser left it, so the wallet will not sign a manifest over it. The shopper settles it
 * on screen: look, then accept what is there.
 */
export class Unsettled extends Error {
  override name = 'Unsettled';
}

/** Where the wallet gets the documents from; the pages give it, for the store knows no network. */
export type ReadDocuments = () => Promise<Stored[]>;

export class OpenVault {
  #documents = $state.raw<ReadonlyMap<DocumentId, Opened>>(new Map());
  /** Everything stored, the manifest and what does not open included. */
  #stored: Stored[] = [];
  #manifestVersion = 0;
  #past: Past = { labels: new Map(), manifests: [] };
  #writing: Promise<unknown> = Promise.resolve();

  #key: VaultKey;

  /** What does not agree with the manifest; empty when all is well. */
  findings = $state.raw<readonly Finding[]>([]);
  /** Documents that do not open here. */
  unreadable = $state.raw<readonly DocumentId[]>([]);

  /** What the shopper typed and the operator does not have yet, by attribute. */
  edits = $state.raw<Edits>(new Map());
  /** Edits waited here that no longer open: the vault key was changed on another device meanwhile. */
  editsLost = $state(false);

  attributes: ReadonlyMap<string, HeldAttribute> = $derived.by(() => {
    const held = new Map<string, HeldAttribute>();
    for (const d of this.#documents.values()) {
      const p = d.plaintext;
      if (p.kind !== 'attribute') continue;
      // Two devices may have added the same attribute at once: the newer value counts.
      const other = held.get(p.name);
      if (!other || other.updated <= p.updated) held.set(p.name, { ...p, id: d.id, version: d.version });
    }
    return held;
  });

  grants: ReadonlyMap<GrantId, GrantPlaintext> = $derived.by(() => {
    const held = new Map<GrantId, GrantPlaintext>();
    for (const d of this.#documents.values()) if (d.plaintext.kind === 'grant') held.set(d.plaintext.grant, d.plaintext);
    return held;
  });

  rights: ReadonlyMap<RightsId, RightsPlaintext> = $derived.by(() => {
    const held = new Map<RightsId, RightsPlaintext>();
    for (const d of this.#documents.values()) if (d.plaintext.kind === 'rights') held.set(d.plaintext.rights, d.plaintext);
    return held;
  });

  attachments: readonly HeldAttachment[] = $derived.by(() =>
    [...this.#documents.values()].flatMap(({ id, version, plaintext }) => (plaintext.kind === 'attachment' ? [{ ...plaintext, id, version }] : [])),
  );

  /** Records that were accepted, the newest first; one that was accepted twice stands once. */
  records: readonly HeldRecord[] = $derived.by(() => {
    const held = new Map<DepositId, HeldRecord>();
    for (const d of this.#documents.values()) if (d.plaintext.kind === 'record') held.set(d.plaintext.deposit, { ...d.plaintext, id: d.id, version: d.version });
    return [...held.values()].sort((a, b) => b.received - a.received);
  });

  /** Grants of other operators, by document, that an export brought here. */
  moved: ReadonlyMap<DocumentId, MovedPlaintext> = $derived.by(
    () => new Map([...this.#documents.values()].flatMap(({ id, plaintext }) => (plaintext.kind === 'moved' ? [[id, plaintext]] : []))),
  );

  presentations: readonly HeldPresentation[] = $derived.by(() =>
    [...this.#documents.values()].flatMap(({ id, version, plaintext }) => (plaintext.kind === 'presentation' ? [{ ...plaintext, id, version }] : [])),
  );

  /** As set, or as they are while nothing was set: then there is no document yet. */
  settings: Omit<SettingsPlaintext, 'v' | 'kind'> & { id: DocumentId | null; version: number } = $derived.by(() => {
    // Two devices may have made one each at once: an opt-out on either counts.
    const set = [...this.#documents.values()].flatMap((d) => (d.plaintext.kind === 'settings' ? [{ gpc: d.plaintext.gpc, let_end: d.plaintext.let_end ?? [], id: d.id, version: d.version }] : []));
    return set.find((s) => s.gpc) ?? set[0] ?? { gpc: false, let_end: [], id: null, version: 0 };
  });

  /** The ways in as this vault knows them; no document yet while none was written down. */
  ways: { ways: readonly Way[]; id: DocumentId | null; version: number } = $derived.by(() => {
    for (const d of this.#documents.values()) if (d.plaintext.kind === 'ways') return { ways: d.plaintext.ways, id: d.id, version: d.version };
    return { ways: [], id: null, version: 0 };
  });

  private constructor(
    readonly id: VaultId,
    key: VaultKey,
    private readonly read: ReadDocuments,
  ) {
    this.#key = key;
  }

  /** What opens and seals. A rotation puts another one in its place. */
  get key(): VaultKey {
    return this.#key;
  }

  /** Goes on with another key, when a rotation is over or as far as it came. */
  async rekey(key: VaultKey): Promise<void> {
    await this.#next(async () => {
      this.#key = key;
      await this.reload();
    });
  }

  /** Opens what the operator has and holds it to the manifest. */
  static async open(id: VaultId, key: VaultKey, read: ReadDocuments): Promise<OpenVault> {
    const vault = new OpenVault(id, key, read);
    await vault.reload();
    await vault.#readEdits();
    return vault;
  }

  async #readEdits(): Promise<void> {
    const kept = await device.keptEdits(this.id);
    if (!kept) return;
    try {
      this.edits = await openEdits(this.key, kept);
    } catch (error) {
      if (!(error instanceof OpenError)) throw error;
      this.editsLost = true;
      await device.keepEdits(this.id, null);
    }
  }

  /** Keeps edits until the operator has them; sealed, and durable in this browser when it resolves. */
  async keepEdits(edits: Edits): Promise<void> {
    await device.keepEdits(this.id, edits.size === 0 ? null : await sealEdits(this.key, edits, systemRandom));
    this.edits = edits;
  }

  /** How one of them stands to what the vault holds. */
  standingOf(edit: Edit): Standing {
    return standingOf(edit, this.attributes.get(edit.name)?.value ?? null);
  }

  /** Reads everything again: after a conflict, or to see what another device wrote. */
  async reload(): Promise<void> {
    const stored = await this.read();
    const seen = await device.lastSeen(this.id);
    const opened = await openVault(this.key, this.id, stored, seen);
    this.#stored = stored;
    this.#manifestVersion = opened.manifestVersion;
    this.#past = opened.past;
    this.#documents = new Map(opened.documents.map((d) => [d.id, d]));
    this.findings = opened.findings;
    this.unreadable = opened.unreadable;
    // It opened under the vault key, so the wallet wrote it, whatever else was found; an older one changes nothing. Of
    // two that do not follow on each other the first stays the one to hold the operator to.
    if (!opened.findings.some((f) => f.kind === 'forked')) await this.#remember();
  }

  async #remember(): Promise<void> {
    await device.remember(this.id, { version: this.#manifestVersion, hash: this.#past.manifests[0] ?? '' });
  }

  /** Nothing is stored and nothing ever was, as far as this browser knows. */
  get fresh(): boolean {
    return this.#stored.length === 0 && this.findings.length === 0;
  }

  get identity(): (IdentityPlaintext & { id: DocumentId; version: number }) | null {
    for (const d of this.#documents.values()) if (d.plaintext.kind === 'identity') return { ...d.plaintext, id: d.id, version: d.version };
    return null;
  }

  /** The identity seed (32 bytes); every pairwise key derives from it. */
  get seed(): Bytes {
    const identity = this.identity;
    if (!identity) throw new Unsettled('the vault has no identity document');
    return fromB64u(identity.seed, 32);
  }

  /** The sealed document behind an attribute, to share it. */
  stored(id: DocumentId): Stored | undefined {
    return this.#documents.get(id)?.stored;
  }

  /** All documents as they are open here, the manifest left out. */
  get documents(): readonly Opened[] {
    return [...this.#documents.values()];
  }

  /** What a finding is about, as far as its document opens. */
  plaintext(id: DocumentId): Plaintext | undefined {
    return this.#documents.get(id)?.plaintext;
  }

  /** What the manifest says a document is; undefined if it says nothing. */
  label(id: DocumentId): Label | undefined {
    return this.#past.labels.get(id);
  }

  /** When the newest of the listed documents was written, in unix seconds; 0 if the list does not say. */
  get newest(): number {
    return Math.max(0, ...[...this.#past.labels.values()].map((l) => l.at ?? 0));
  }

  /** Whether another document was served in the place of this one. */
  swapped(id: DocumentId): boolean {
    const other = servedAs(this.#stored.find((s) => s.id === id)?.sealed);
    return other !== null && other !== id && this.#past.labels.has(other);
  }

  newDocument(): DocumentId {
    return newId<DocumentId>(systemRandom);
  }

  /**
   * Changes the vault, one change at a time. `changes` is asked when its turn comes, so that versions are right;
   * `send` must resolve only when the operator has stored the batch, and then the wallet remembers it.
   */
  async write<T>(changes: () => readonly Change[], send: (batch: Batch) => Promise<T>): Promise<T> {
    if (this.findings.length > 0) throw new Unsettled('the vault is not as this browser left it');
    return this.#next(() => this.#write(changes(), send, this.#stored, this.#manifestVersion));
  }

  /**
   * After the shopper looked: a manifest over what is there now becomes the one to hold the operator to. The memory
   * of a newer manifest goes with it, or a settled roll-back would be found again for ever. What was exchanged and does
   * not open is deleted: it never will.
   */
  async accept(send: (batch: Batch) => Promise<void>): Promise<void> {
    await this.#next(async () => {
      const bad = new Set(this.findings.map((f) => f.document));
      const lost = this.#stored.filter((s) => bad.has(s.id) && this.unreadable.includes(s.id) && s.id !== manifestId(this.id));
      this.#past = { labels: new Map([...this.#documents.values()].map((d) => [d.id, labelOf(d.plaintext)])), manifests: this.#past.manifests };
      await this.#write(
        lost.map((s) => ({ kind: 'delete', id: s.id, version: s.version })),
        send,
        this.#stored,
        this.#manifestVersion,
      );
      await device.forget(this.id);
      await this.#remember();
      this.findings = [];
      this.unreadable = this.unreadable.filter((id) => !lost.some((s) => s.id === id));
    });
  }

  #next<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#writing.then(run, run);
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  async #write<T>(changes: readonly Change[], send: (batch: Batch) => Promise<T>, stored: Stored[], manifest: number): Promise<T> {
    const { past, ...batch } = await sealBatch(this.key, this.id, stored, manifest, changes, systemRandom, this.#past);
    const result = await send(batch);
    const gone = new Set([...batch.deletes, ...batch.puts].map((d) => d.id));
    const documents = new Map(this.#documents);
    for (const d of batch.deletes) documents.delete(d.id);
    for (const change of changes) {
      const put = batch.puts.find((p) => p.id === change.id);
      if (change.kind === 'put' && put) documents.set(put.id, { id: put.id, version: put.version, plaintext: change.plaintext, stored: put });
    }
    this.#stored = [...stored.filter((s) => !gone.has(s.id)), ...batch.puts];
    this.#documents = documents;
    this.#manifestVersion = manifest + 1;
    this.#past = past;
    await this.#remember();
    return result;
  }
}
