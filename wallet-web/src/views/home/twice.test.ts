import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem, Unreachable } from '../../api/http';
import type { Stored } from '../../core/document';
import type { SealedEdits } from '../../core/edits';
import { newId, type VaultId } from '../../core/id';
import { newVaultKey, vaultKeyFrom } from '../../core/keys';
import { systemRandom } from '../../core/random';
import type { Batch } from '../../core/vault';
import type { OpenVault as Vault } from '../../store/vault.svelte';

let kept: SealedEdits | null = null;
vi.mock('../../store/device', () => ({
  lastSeen: async () => ({ version: 0, hash: '' }),
  remember: async () => undefined,
  forget: async () => undefined,
  keptEdits: async () => kept,
  keepEdits: async (_: string, edits: SealedEdits | null) => void (kept = edits),
}));

/** The operator of both devices: compare-and-set, and away at times. */
const documents = new Map<string, Stored>();
let away = false;
let batches = 0;
const read = async () => {
  if (away) throw new Unreachable();
  return [...documents.values()];
};
vi.mock('../documents', () => ({
  sendBatch: async (batch: Batch) => {
    if (away) throw new Unreachable();
    const have = (id: string) => documents.get(id)?.version ?? 0;
    if (batch.puts.some((p) => have(p.id) !== p.version - 1) || batch.deletes.some((d) => have(d.id) !== d.version)) throw new Problem('conflict', 409, '');
    for (const p of batch.puts) documents.set(p.id, p);
    for (const d of batch.deletes) documents.delete(d.id);
    batches++;
  },
}));
const { OpenVault } = await import('../../store/vault.svelte');
const { Clash, saveAttributes, saveEdit, sendEdits, settle } = await import('./save');

let mine: Vault;
let theirs: Vault;
const value = (vault: Vault, name: string) => vault.attributes.get(name)?.value;

beforeEach(async () => {
  documents.clear();
  kept = null;
  away = false;
  const id = newId<VaultId>(systemRandom);
  const key = await vaultKeyFrom(newVaultKey(systemRandom));
  mine = await OpenVault.open(id, key, read);
  await saveAttributes(mine, { name: 'Ada', email: 'a@x.example' });
  theirs = await OpenVault.open(id, key, read);
  batches = 0;
});

describe('two devices', () => {
  it('change different attributes, and keep both without asking', async () => {
    expect(await saveEdit(mine, 'name', 'Ada L.', 'Ada')).toBe('saved');
    expect(await saveEdit(theirs, 'email', 'b@x.example', 'a@x.example')).toBe('saved');
    await mine.reload();
    expect([value(mine, 'name'), value(mine, 'email'), mine.findings]).toEqual(['Ada L.', 'b@x.example', []]);
  });

  it('change the same one: neither value is lost, and what the shopper settles counts', async () => {
    await saveEdit(mine, 'name', 'Mine', 'Ada');
    expect(await saveEdit(theirs, 'name', 'Theirs', 'Ada')).toBe('clash');
    expect([value(theirs, 'name'), theirs.edits.get('name')?.value]).toEqual(['Mine', 'Theirs']);
    // A third change in between is asked about again.
    await saveAttributes(mine, { name: 'Mine again' });
    await expect(settle(theirs, 'name', 'Theirs', 'Mine')).rejects.toThrow(Clash);
    await settle(theirs, 'name', 'Theirs', 'Mine again');
    expect([value(theirs, 'name'), theirs.edits.size, kept]).toEqual(['Theirs', 0, null]);
  });

  it('one removes what the other changed: asked, too', async () => {
    await saveEdit(mine, 'name', 'Mine', 'Ada');
    expect(await saveEdit(theirs, 'name', null, 'Ada')).toBe('clash');
    await settle(theirs, 'name', null, 'Mine');
    await mine.reload();
    expect(value(mine, 'name')).toBeUndefined();
  });

  it('settled for the other one, nothing is written', async () => {
    await saveEdit(mine, 'name', 'Mine', 'Ada');
    await saveEdit(theirs, 'name', 'Theirs', 'Ada');
    const before = batches;
    await settle(theirs, 'name', 'Mine', 'Mine');
    expect([batches, theirs.edits.size]).toEqual([before, 0]);
  });
});

describe('without a connection', () => {
  it('edits wait, and go as one batch when the operator is back', async () => {
    away = true;
    expect(await saveEdit(mine, 'name', 'Offline', 'Ada')).toBe('waits');
    expect(await saveEdit(mine, 'phone', '+49 1', null)).toBe('waits');
    expect(await saveEdit(mine, 'name', 'Offline twice', 'Ada')).toBe('waits');
    await expect(sendEdits(mine)).rejects.toThrow(Unreachable);
    expect(mine.edits.size).toBe(2);
    away = false;
    expect(await sendEdits(mine)).toBe(2);
    expect([batches, value(mine, 'name'), value(mine, 'phone'), kept]).toEqual([1, 'Offline twice', '+49 1', null]);
  });

  it('what was stored after all, though no answer came, is not sent twice', async () => {
    await saveAttributes(theirs, { name: 'Stored' });
    await mine.keepEdits(new Map([['name', { name: 'name', base: 'Ada', value: 'Stored', at: 1 }]]));
    const before = batches;
    expect(await sendEdits(mine)).toBe(1);
    expect([batches, mine.edits.size]).toEqual([before, 0]);
  });

  it('what another device changed meanwhile stays to be settled, and holds nothing else up', async () => {
    away = true;
    await saveEdit(mine, 'name', 'Offline', 'Ada');
    await saveEdit(mine, 'email', 'off@x.example', 'a@x.example');
    away = false;
    await saveAttributes(theirs, { name: 'Theirs' });
    expect(await sendEdits(mine)).toBe(1);
    expect([value(mine, 'name'), value(mine, 'email'), [...mine.edits.keys()]]).toEqual(['Theirs', 'off@x.example', ['name']]);
    expect(mine.standingOf(mine.edits.get('name')!)).toBe('clash');
  });

  it('undoing what waits leaves nothing to send', async () => {
    away = true;
    await saveEdit(mine, 'name', null, 'Ada');
    await saveEdit(mine, 'name', 'Ada', 'Ada');
    expect([mine.edits.size, kept]).toEqual([0, null]);
  });
});
