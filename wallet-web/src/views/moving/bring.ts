/** Bringing an export to this vault: opened here, sealed anew for this operator. */
import { CHUNK, MAX_ATTACHMENT } from '../../core/attachment';
import { b64u, fromB64u, newSha256, utf8, type Bytes } from '../../core/bytes';
import { CoreError } from '../../core/errors';
import { Export, LISTS, type Contents, type Damage, type ReadAt } from '../../core/export';
import type { GrantId } from '../../core/id';
import { parseStrict } from '../../core/json';
import { firstOf, historyId, identityIn, lacking, lackingFiles, parseDocumentLine, type Exported, type GrantLine, type Listed } from '../../core/move';
import type { OpenVault } from '../../store/vault.svelte';
import { isProblem } from '../../api/http';
import { sendBatch } from '../documents';
import { Upload, type Source } from '../home/attach';
import { refreshDerived } from '../home/save';

/** An export as it was opened. */
export interface Opened extends Exported {
  file: Export;
  contents: Contents;
  damage: Damage[];
  /** Documents that this wallet does not understand. */
  strange: number;
}

/** Opens a file with the words that were shown with it, and reads all of it once. */
export async function openFile(file: Blob, typed: string, progress: (share: number) => void): Promise<Opened> {
  const { entropyOf } = await import('../../core/words');
  const entropy = entropyOf(typed);
  const read: ReadAt = async (from, to) => new Uint8Array(await file.slice(from, to).arrayBuffer());
  const opened = await Export.open(read, file.size, entropy);
  entropy.fill(0);
  const damage = await opened.damage((done, of) => progress(done / of));
  const documents = new Map<string, Listed>();
  let strange = 0;
  for (const line of await linesOf(opened, 'documents')) {
    try {
      const listed = parseDocumentLine(line);
      documents.set(listed.id, listed);
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      strange++;
    }
  }
  const grants = new Map<GrantId, GrantLine>();
  for (const line of await linesOf(opened, 'grants')) {
    const g = looseObject(line);
    const receipts = [g['receipt'], ...(Array.isArray(g['receipts']) ? (g['receipts'] as unknown[]) : []), g['withdrawal_receipt']];
    const texts = [...new Set(receipts.filter((r): r is string => typeof r === 'string' && r !== ''))];
    if (typeof g['grant'] === 'string' && typeof g['state'] === 'string') grants.set(g['grant'] as GrantId, { grant: g['grant'] as GrantId, state: g['state'], receipts: texts });
  }
  const bundles = new Map<string, string>();
  for (const line of await linesOf(opened, 'receipts')) {
    const { receipt } = looseObject(line);
    if (typeof receipt === 'string') bundles.set(receipt, line);
  }
  return { file: opened, contents: opened.contents, damage, strange, documents: [...documents.values()], grants, bundles };
}

/** A line of what an operator said: only some of it is read, and a newer one may say more. */
function looseObject(line: string): Record<string, unknown> {
  const value = parseStrict('export', line, true);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

async function linesOf(file: Export, name: (typeof LISTS)[number]): Promise<string[]> {
  const lines: string[] = [];
  for (const [i, section] of file.contents.sections.entries()) if (section.name === name) lines.push(...(await file.lines(i)).lines);
  return lines;
}

/** What became of it. */
export interface Brought {
  documents: number;
  files: number;
  /** Names of files that the export holds only in part. */
  lost: string[];
}

/**
 * Writes what this vault lacks. Each batch and each file is stored when it is done: after a failure, or a second time,
 * only what is missing is written. `brought` counts on, also over failures. Throws CoreError `in-use`, `no-identity`.
 */
export async function bring(vault: OpenVault, exported: Opened, brought: Brought, progress: (share: number) => void): Promise<void> {
  brought.lost = [];
  await vault.reload();
  const total = lacking(targetOf(vault), exported).length;
  const files = lackingFiles(targetOf(vault), exported);
  const steps = total + files.reduce((n, f) => n + 1 + Math.ceil(f.plaintext.size / CHUNK), 0) + 1;
  let left = total;
  for (let conflicts = 0; left > 0; ) {
    try {
      let written = 0;
      await vault.write(
        () => {
          const changes = firstOf(lacking(targetOf(vault), exported));
          written = changes.length;
          return changes;
        },
        (batch) => sendBatch(batch),
      );
      brought.documents += written;
      left = lacking(targetOf(vault), exported).length;
      progress((total - left) / steps);
    } catch (error) {
      if (!isProblem(error, 'conflict') || ++conflicts === 4) throw error;
      await vault.reload();
    }
  }
  let at = total;
  for (const { was, id, plaintext } of files) {
    const content = await contentOf(exported.file, (s) => s.document === was, plaintext.hash);
    if (content) {
      const file: Source = { name: plaintext.name, type: plaintext.type, size: content.size, slice: content.slice.bind(content) };
      await new Upload(vault, file, plaintext.attribute ?? '', { document: id, added: plaintext.added }).run((chunk) => progress((at + chunk) / steps));
      brought.files++;
    } else brought.lost.push(plaintext.name);
    at += 1 + Math.ceil(plaintext.size / CHUNK);
  }
  if (vault.id !== exported.contents.vault) await bringHistory(vault, exported);
  await refreshDerived(vault);
  progress(1);
}

const targetOf = (vault: OpenVault) => ({ id: vault.id, identity: vault.identity, documents: vault.documents });

/** A file of an export; null if a part of it is damaged, or it is not what was attached. */
async function contentOf(file: Export, is: (s: Contents['sections'][number]) => boolean, want: string): Promise<Blob | null> {
  const section = file.contents.sections.findIndex(is);
  if (section < 0) return null;
  const hash = newSha256();
  const parts: Blob[] = [];
  for await (const part of file.parts(section)) {
    if (!part) return null;
    hash.update(part);
    parts.push(new Blob([part]));
  }
  return b64u(hash.digest() as Bytes) === want ? new Blob(parts) : null;
}

/** Attaches what the operator before said, line by line: nothing of the export is left behind. */
async function bringHistory(vault: OpenVault, exported: Opened): Promise<void> {
  const seed = fromB64u(identityIn(exported).seed, 32);
  const names = LISTS.filter((name) => name !== 'documents');
  const host = new URL(exported.contents.operator).host;
  let [lines, size, n]: [string[], number, number] = [[], 0, 0];
  const attach = async () => {
    const document = historyId(seed, vault.id, exported.contents, n++);
    const content = new Blob(lines);
    [lines, size] = [[], 0];
    if (vault.plaintext(document)) return;
    const name = `${host.replace(/[^a-z0-9.-]/gi, '-')}${n > 1 ? `-${n}` : ''}.ndjson`;
    await new Upload(vault, { name, type: 'application/x-ndjson', size: content.size, slice: content.slice.bind(content) }, '', { document, added: exported.contents.made }).run(() => undefined);
  };
  for (const section of names) {
    for (const line of await linesOf(exported.file, section)) {
      const text = `{"section":"${section}","line":${line}}\n`;
      const length = utf8(text).length;
      if (size + length > MAX_ATTACHMENT) await attach();
      lines.push(text);
      size += length;
    }
  }
  if (size > 0) await attach();
}
