// Every language says everything, and no view says anything by itself.
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'svelte/compiler';
import { describe, expect, it } from 'vitest';

const root = new URL('../', import.meta.url);
const files = (readdirSync(root, { recursive: true }) as string[]).filter((f) => !f.includes('node_modules'));
const english = files.filter((f) => /(^|\/)\w*[tT]exts\.en\.ts$/.test(f));
const views = files.filter((f) => f.endsWith('.svelte'));

/** The paths of all texts, each with what kind of thing stands there: functions are compared by how much they are told. */
function paths(value: unknown, at = ''): string[] {
  if (typeof value === 'function') return [`${at}(${value.length})`];
  if (Array.isArray(value)) return value.flatMap((v, i) => paths(v, `${at}[${i}]`));
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([k, v]) => paths(v, `${at}.${k}`));
  return [`${at} ${typeof value}`];
}

describe('texts', () => {
  it('are found at all', () => {
    expect(english.length).toBeGreaterThan(15);
    expect(views.length).toBeGreaterThan(40);
  });

  it.each(['de', 'fr'])('are all there in %s', async (language) => {
    const spoken = ((await import(`../languages/${language}.ts`)) as { texts: Record<string, object> }).texts;
    const doors = english.map((f) => ({ door: /said\('(\w+)'/.exec(readFileSync(new URL(f.replace('.en.ts', '.ts'), root), 'utf8'))?.[1] ?? f, file: f }));
    expect(Object.keys(spoken).sort()).toEqual(doors.map((d) => d.door).sort());
    for (const { door, file } of doors) {
      const want = { ...((await import(/* @vite-ignore */ new URL(file, root).pathname)) as object) };
      expect(paths({ ...spoken[door] }).sort(), `${door} in ${language}`).toEqual(paths(want).sort());
    }
  });
});

interface Node {
  type: string;
  data?: string;
  name?: string;
  value?: unknown;
  [key: string]: unknown;
}

/** What a template says literally: text between tags, and attributes that are spoken. */
function literals(file: string): string[] {
  const found: string[] = [];
  const say = (text: string) => /\p{L}{2}/u.test(text) && !/^(Coffer|urn:|· Coffer)/.test(text.trim()) && found.push(text.trim());
  const walk = (node: unknown) => {
    if (Array.isArray(node)) return node.forEach(walk);
    if (typeof node !== 'object' || node === null) return;
    const n = node as Node;
    if (n.type === 'Text') say(n.data ?? '');
    if (n.type === 'Attribute') {
      if (/^(aria-label|title|placeholder|alt|label|text|lead|what)$/.test(n.name ?? '')) walk(n.value);
      return;
    }
    // Words in an expression of a template: {ok ? 'Yes' : 'No'}.
    if (n.type === 'ExpressionTag') return words(n['expression']);
    for (const [key, value] of Object.entries(n)) if (key !== 'expression' && key !== 'metadata') walk(value);
  };
  const words = (node: unknown) => {
    if (Array.isArray(node)) return node.forEach(words);
    if (typeof node !== 'object' || node === null) return;
    const n = node as Node;
    if (n.type === 'Literal' && typeof n.value === 'string' && /^\p{Lu}|\s/u.test(n.value)) say(n.value);
    for (const [key, value] of Object.entries(n)) if (!['property', 'metadata', 'test', 'typeAnnotation'].includes(key)) words(value);
  };
  walk(parse(readFileSync(new URL(file, root), 'utf8'), { modern: true }).fragment);
  return found;
}

describe('views', () => {
  it.each(views)('%s holds no literal text', (file) => expect(literals(file)).toEqual([]));
});
