/** Saving attributes: sealed one by one, with what follows from them, and shared again with who may have them. */
import { isProblem, Unreachable } from '../../api/http';
import { readGrants, type GrantRecord } from '../../api/grant';
import { derive, sameValue, type AttributeValue } from '../../core/attributes';
import { withEdit, type Edit, type Edits } from '../../core/edits';
import { epochAt } from '../../core/epoch';
import type { AttributePlaintext } from '../../core/plaintext';
import type { Share } from '../../core/share';
import type { Batch, Change } from '../../core/vault';
import type { OpenVault } from '../../store/vault.svelte';
import { nowSeconds, today } from '../../components/dates';
import { sendBatch } from '../documents';

/** New values by attribute name; null removes. */
export type Values = Readonly<Record<string, AttributeValue | null>>;

/** What must change in the vault for these values, derived attributes included. */
export function changesFor(vault: Pick<OpenVault, 'attributes' | 'newDocument'>, values: Values, now: number, date: string): Change[] {
  const after: Record<string, AttributeValue | undefined> = {};
  for (const [name, held] of vault.attributes) if (held.derived_from === undefined) after[name] = held.value;
  for (const [name, value] of Object.entries(values)) after[name] = value ?? undefined;
  const derived = derive(after, date);

  const wanted: Record<string, AttributeValue | null> = { ...values };
  for (const held of vault.attributes.values()) if (held.derived_from !== undefined) wanted[held.name] = derived[held.name] ?? null;
  Object.assign(wanted, derived);

  const changes: Change[] = [];
  for (const [name, value] of Object.entries(wanted)) {
    const held = vault.attributes.get(name);
    if (value === null) {
      if (held) changes.push({ kind: 'delete', id: held.id, version: held.version });
      continue;
    }
    const from = name in derived ? { derived_from: 'birth-date' } : {};
    // Saving an equal value by hand is a new version; what only follows is left alone when it stays the same.
    if (held && !(name in values) && JSON.stringify(held.value) === JSON.stringify(value)) continue;
    const plaintext: AttributePlaintext = { v: 1, kind: 'attribute', name, value, updated: now, ...from };
    changes.push({ kind: 'put', id: held?.id ?? vault.newDocument(), version: (held?.version ?? 0) + 1, plaintext });
  }
  return changes;
}

/** Grants that may still collect, now or as soon as they are anchored. */
export const standing = (grants: readonly GrantRecord[], now: number): GrantRecord[] =>
  grants.filter((g) => (g.state === 'live' || g.state === 'anchoring') && g.end > epochAt(now));

/** A share of each changed attribute for each grant that covers it. */
async function sharesFor(vault: OpenVault, grants: readonly GrantRecord[], changes: readonly Change[], batch: Batch): Promise<Share[]> {
  if (grants.length === 0) return [];
  const { renewShare } = await import('../../core/grant');
  const shares: Share[] = [];
  for (const change of changes) {
    if (change.kind !== 'put' || change.plaintext.kind !== 'attribute') continue;
    const put = batch.puts.find((p) => p.id === change.id);
    for (const record of grants) {
      const grant = vault.grants.get(record.grant);
      const share = grant && put && (await renewShare(grant, change.plaintext.name, vault.key, put));
      if (share) shares.push(share);
    }
  }
  return shares;
}

async function saveOnce(vault: OpenVault, values: Values): Promise<void> {
  const now = nowSeconds();
  const grants = vault.grants.size > 0 ? standing(await readGrants(), now) : [];
  let changes: Change[] = [];
  await vault.write(
    () => (changes = changesFor(vault, values, now, today())),
    async (batch) => sendBatch(batch, await sharesFor(vault, grants, changes, batch)),
  );
}

/** Another device changed the same attributes meanwhile: the shopper says what counts. */
export class Clash extends Error {
  override name = 'Clash';
  constructor(readonly edits: readonly Edit[]) {
    super('changed on two devices');
  }
}

/** What the shopper saw of each attribute before the change; what is not named may be anything. */
export type Bases = Readonly<Record<string, AttributeValue | null>>;

function unclashed(vault: OpenVault, values: Values, bases: Bases): void {
  const edits = Object.entries(bases).map(([name, base]): Edit => ({ name, base, value: values[name] ?? null, at: nowSeconds() }));
  const clashes = edits.filter((e) => vault.standingOf(e) === 'clash');
  if (clashes.length > 0) throw new Clash(clashes);
}

/**
 * Saves or removes attributes in one batch. When another device was first, its state is read and the change made on
 * top of it; where it changed the same attribute as seen in `bases`, nothing is written: Clash.
 */
export async function saveAttributes(vault: OpenVault, values: Values, bases: Bases = {}): Promise<void> {
  for (let tries = 1; ; tries++) {
    unclashed(vault, values, bases);
    try {
      return await saveOnce(vault, values);
    } catch (error) {
      if (!isProblem(error, 'conflict') || tries === 4) throw error;
      await vault.reload();
    }
  }
}

/** What became of an edit: stored, or kept here until the operator answers, or until the shopper decides. */
export type Saved = 'saved' | 'waits' | 'clash';

/** Saves one attribute; what cannot be stored now is kept sealed in this browser, and lost by no lock or reload. */
export async function saveEdit(vault: OpenVault, name: string, value: AttributeValue | null, base: AttributeValue | null): Promise<Saved> {
  try {
    const before = vault.edits.get(name);
    await saveAttributes(vault, { [name]: value }, { [name]: before ? before.base : base });
    if (before) await vault.keepEdits(without(vault.edits, [name]));
    return 'saved';
  } catch (error) {
    if (!(error instanceof Unreachable) && !(error instanceof Clash)) throw error;
    await vault.keepEdits(withEdit(vault.edits, { name, base, value, at: nowSeconds() }));
    return error instanceof Clash ? 'clash' : 'waits';
  }
}

/** Sends what waits, as far as nobody changed it elsewhere. Throws Unreachable while the operator does not answer. */
export async function sendEdits(vault: OpenVault): Promise<number> {
  if (vault.edits.size === 0) return 0;
  await vault.reload();
  const ready = [...vault.edits.values()].filter((e) => vault.standingOf(e) === 'ready');
  if (ready.length > 0) {
    const by = (of: (e: Edit) => AttributeValue | null) => Object.fromEntries(ready.map((e) => [e.name, of(e)]));
    try {
      await saveAttributes(vault, by((e) => e.value), by((e) => e.base));
    } catch (error) {
      if (!(error instanceof Clash)) throw error;
      return sendEdits(vault); // another device was first just now; the others go on
    }
  }
  const done = [...vault.edits.values()].filter((e) => vault.standingOf(e) === 'done').map((e) => e.name);
  if (done.length > 0) await vault.keepEdits(without(vault.edits, done));
  return done.length;
}

/** Settles a clash: `value` becomes what both devices have. `theirs` is what the shopper saw of the other one. */
export async function settle(vault: OpenVault, name: string, value: AttributeValue | null, theirs: AttributeValue | null): Promise<void> {
  if (!sameValue(value, theirs)) await saveAttributes(vault, { [name]: value }, { [name]: theirs });
  await vault.keepEdits(without(vault.edits, [name]));
}

const without = (edits: Edits, names: readonly string[]): Edits => new Map([...edits].filter(([name]) => !names.includes(name)));

/** Brings what follows from a birth date up to this day: a birthday changes it without anyone typing. */
export async function refreshDerived(vault: OpenVault): Promise<void> {
  if (changesFor(vault, {}, nowSeconds(), today()).length > 0) await saveAttributes(vault, {});
}
