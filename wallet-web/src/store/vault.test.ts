import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Stored } from '../core/document';
import { manifestId, newId, type VaultId } from '../core/id';
import { newVaultKey, vaultKeyFrom, type VaultKey } from '../core/keys';
import type { SealedEdits } from '../core/edits';
import type { Seen } from '../core/manifest';
import type { AttributePlaintext } from '../core/plaintext';
import { systemRandom } from '../core/random';
import type { Batch, Change } from '../core/vault';
import type { OpenVault as Vault } from './vault.svelte';

// The browser's memory, without a browser.
const memory = new Map<string, Seen>();
let kept: SealedEdits | null = null;
vi.mock('./device', () => ({
  lastSeen: async (vault: string) => memory.get(vault) ?? { version: 0, hash: '' },
  remember: async (vault: string, now: Seen) => {
    if ((memory.get(vault)?.version ?? 0) < now.version) memory.set(vault, now);
  },
  forget: async (vault: string) => void memory.delete(vault),
  keptEdits: async () => kept,
  keepEdits: async (_vault: string, edits: SealedEdits | null) => void (kept = edits),
}));
const { OpenVault, Unsettled } = await import('./vault.svelte');

/** An operator that stores batches as the real one does: compare-and-set, all or nothing. */
class Operator {
  documents = new Map<string, Stored>();
  read = async () => [...this.documents.values()];
  write = async (batch: Batch) => {
    for (const p of batch.puts) if ((this.documents.get(p.id)?.version ?? 0) !== p.version - 1) throw new Error('conflict');
    for (const p of batch.puts) this.documents.set(p.id, p);
    for (const d of batch.deletes) this.documents.delete(d.id);
  };
}

let id: VaultId;
let key: VaultKey;
let operator: Operator;
const email = (value: string): AttributePlaintext => ({ v: 1, kind: 'attribute', name: 'email', value, updated: 1 });

beforeEach(async () => {
  memory.clear();
  kept = null;
  id = newId<VaultId>(systemRandom);
  key = await vaultKeyFrom(newVaultKey(systemRandom));
  operator = new Operator();
});

async function withEmail() {
  const vault = await OpenVault.open(id, key, operator.read);
  await vault.write((): Change[] => [{ kind: 'put', id: vault.newDocument(), version: 1, plaintext: email('a@b.example') }], operator.write);
  return vault;
}
const change = (vault: Vault, value: string) => {
  const held = vault.attributes.get('email')!;
  return vault.write((): Change[] => [{ kind: 'put', id: held.id, version: held.version + 1, plaintext: email(value) }], operator.write);
};

describe('an open vault', () => {
  it('writes, remembers the manifest it wrote, and opens again as it was', async () => {
    const vault = await withEmail();
    expect(vault.attributes.get('email')?.value).toBe('a@b.example');
    expect(memory.get(id)?.version).toBe(1);
    const again = await OpenVault.open(id, key, operator.read);
    expect(again.findings).toEqual([]);
    expect(again.attributes.get('email')).toMatchObject({ value: 'a@b.example', version: 1 });
  });

  it('is fresh only while nothing was ever stored', async () => {
    const vault = await OpenVault.open(id, key, operator.read);
    expect(vault.fresh).toBe(true);
    memory.set(id, { version: 3, hash: '' }); // this browser has seen a manifest, so an empty vault is no fresh one
    const emptied = await OpenVault.open(id, key, operator.read);
    expect(emptied.fresh).toBe(false);
    expect(emptied.findings).toEqual([{ kind: 'rolled-back', document: manifestId(id) }]);
  });

  it('keeps what it had when the operator refuses a change', async () => {
    const vault = await withEmail();
    const held = vault.attributes.get('email')!;
    await expect(
      vault.write((): Change[] => [{ kind: 'put', id: held.id, version: 2, plaintext: email('x@y.example') }], async () => Promise.reject(new Error('refused'))),
    ).rejects.toThrow('refused');
    expect(vault.attributes.get('email')?.value).toBe('a@b.example');
    await change(vault, 'c@d.example'); // and the next change is made on top of what is stored
    expect(vault.attributes.get('email')).toMatchObject({ value: 'c@d.example', version: 2 });
  });

  it('makes changes one after the other', async () => {
    const vault = await withEmail();
    const put = (value: string) =>
      vault.write((): Change[] => {
        const held = vault.attributes.get('email')!;
        return [{ kind: 'put', id: held.id, version: held.version + 1, plaintext: email(value) }];
      }, operator.write);
    await Promise.all([put('1@x.example'), put('2@x.example'), put('3@x.example')]);
    expect(vault.attributes.get('email')).toMatchObject({ value: '3@x.example', version: 4 });
  });

  it('names a document that was rolled back, and builds nothing on it until the shopper accepts', async () => {
    const vault = await withEmail();
    const old = new Map(operator.documents);
    await change(vault, 'c@d.example');
    const attribute = vault.attributes.get('email')!;
    operator.documents.set(attribute.id, old.get(attribute.id)!);

    const cheated = await OpenVault.open(id, key, operator.read);
    expect(cheated.findings).toEqual([{ kind: 'older', document: attribute.id }]);
    await expect(cheated.write(() => [], operator.write)).rejects.toThrow(Unsettled);

    await cheated.accept(operator.write);
    expect(cheated.findings).toEqual([]);
    expect((await OpenVault.open(id, key, operator.read)).findings).toEqual([]);
  });

  it('names a whole vault that was rolled back, and goes on from it when the shopper accepts', async () => {
    const vault = await withEmail();
    const old = new Map(operator.documents);
    await change(vault, 'c@d.example');
    await change(vault, 'e@f.example');
    operator.documents = old;

    const cheated = await OpenVault.open(id, key, operator.read);
    expect(cheated.findings).toEqual([{ kind: 'rolled-back', document: manifestId(id) }]);
    expect(memory.get(id)?.version).toBe(3); // what was seen is not forgotten by looking
    await cheated.accept(operator.write);
    expect((await OpenVault.open(id, key, operator.read)).findings).toEqual([]);
  });

  it('notices that the operator shows two browsers two vaults, and keeps to the one it saw', async () => {
    await withEmail();
    const before = new Map(operator.documents);
    const mine = await OpenVault.open(id, key, operator.read);
    await change(mine, 'mine@x.example');
    const other = new Operator();
    other.documents = before;
    const saw = memory.get(id)!;
    memory.clear(); // the other browser
    const theirs = await OpenVault.open(id, key, other.read);
    const held = theirs.attributes.get('email')!;
    for (const version of [2, 3]) {
      await theirs.write((): Change[] => [{ kind: 'put', id: held.id, version, plaintext: email('theirs@x.example') }], other.write);
    }

    memory.set(id, saw);
    const shown = await OpenVault.open(id, key, other.read);
    expect(shown.findings.map((f) => f.kind)).toEqual(['forked']);
    expect(memory.get(id)).toEqual(saw);
    expect((await OpenVault.open(id, key, operator.read)).findings).toEqual([]);
  });

  it('names what is hidden and what was exchanged, and drops what can never open', async () => {
    const vault = await withEmail();
    const phone = vault.newDocument();
    await vault.write((): Change[] => [{ kind: 'put', id: phone, version: 1, plaintext: { ...email('+49 1'), name: 'phone' } }], operator.write);
    const [a, b] = [vault.attributes.get('email')!.id, phone];
    const honest = new Map(operator.documents);

    operator.documents.delete(a);
    const hidden = await OpenVault.open(id, key, operator.read);
    expect(hidden.findings).toEqual([{ kind: 'missing', document: a }]);
    expect(hidden.label(a)).toEqual({ kind: 'attribute', name: 'email', at: 1 });

    operator.documents = new Map(honest);
    operator.documents.set(a, { ...honest.get(a)!, sealed: honest.get(b)!.sealed });
    operator.documents.set(b, { ...honest.get(b)!, sealed: honest.get(a)!.sealed });
    const swapped = await OpenVault.open(id, key, operator.read);
    expect(swapped.findings.map((f) => f.kind)).toEqual(['different', 'different']);
    expect([swapped.swapped(a), swapped.swapped(b), swapped.label(b)?.name]).toEqual([true, true, 'phone']);
    await swapped.accept(operator.write);
    const after = await OpenVault.open(id, key, operator.read);
    expect([after.findings, after.unreadable, after.attributes.size]).toEqual([[], [], 0]);
  });

  it('keeps edits sealed over a lock, and says when they no longer open', async () => {
    const vault = await withEmail();
    await vault.keepEdits(new Map([['email', { name: 'email', base: 'a@b.example', value: 'typed@offline.example', at: 2 }]]));
    expect(JSON.stringify(kept)).not.toContain('offline');
    const again = await OpenVault.open(id, key, operator.read);
    expect(again.standingOf(again.edits.get('email')!)).toBe('ready');
    await change(again, 'other@device.example');
    expect(again.standingOf(again.edits.get('email')!)).toBe('clash');
    await again.keepEdits(new Map());
    expect(kept).toBeNull();

    await vault.keepEdits(new Map([['email', { name: 'email', base: null, value: 'x@y.example', at: 2 }]]));
    const other = await OpenVault.open(id, await vaultKeyFrom(newVaultKey(systemRandom)), async () => []).catch((e: unknown) => e);
    expect(other).toMatchObject({ editsLost: true });
    expect(kept).toBeNull();
  });

  it('opens what is whole when one document is bent', async () => {
    const vault = await withEmail();
    const bent = vault.attributes.get('email')!.id;
    await vault.write((): Change[] => [{ kind: 'put', id: vault.newDocument(), version: 1, plaintext: { ...email('+49 1'), name: 'phone' } }], operator.write);
    operator.documents.set(bent, { ...operator.documents.get(bent)!, sealed: {} as never });
    const opened = await OpenVault.open(id, key, operator.read);
    expect(opened.attributes.has('phone')).toBe(true);
    expect(opened.findings).toEqual([{ kind: 'different', document: bent }]);
    expect(opened.unreadable).toEqual([bent]);
  });
});
