/**
 * What two requests say differently, and whether that needs the shopper's consent anew. Twin of Go's
 * consent/difference.go: the same differences, in the same order.
 */
import { conditionText, isLooser, type Condition } from './condition';
import type { Asked, Partner, Request } from './request';
import { linesOf } from './wanted';

const materialKinds = [
  'controller-changed',
  'jurisdiction-added',
  'purpose-added',
  'purpose-changed',
  'basis-changed',
  'attribute-added',
  'attribute-required',
  'days-longer',
  'retention-longer',
  'recipient-added',
  'country-added',
  'channel-added',
  'weekly-cap-raised',
  'partner-added',
  'partner-changed',
  'partner-attribute-added',
  'condition-dropped',
  'condition-looser',
] as const;
type MaterialKind = (typeof materialKinds)[number];

/** Everything that can differ. The first ones are material. */
export type DifferenceKind =
  | MaterialKind
  | 'contact-changed'
  | 'language-changed'
  | 'notice-version-changed'
  | 'jurisdiction-removed'
  | 'purpose-removed'
  | 'text-added'
  | 'text-removed'
  | 'text-changed'
  | 'attribute-optional'
  | 'attribute-removed'
  | 'days-shorter'
  | 'retention-shorter'
  | 'retention-respelt'
  | 'recipient-removed'
  | 'country-removed'
  | 'channel-removed'
  | 'weekly-cap-lowered'
  | 'partner-removed'
  | 'partner-attribute-removed'
  | 'condition-added'
  | 'condition-stricter';

/** One difference. `at` is `controller.name` or `purposes.<id>.<key>`; `before` is '' for what was added, `after` for what was removed. */
export interface Difference {
  kind: DifferenceKind;
  at: string;
  before: string;
  after: string;
  /** The business may do more, or for longer, or somebody else may. */
  material: boolean;
}

/** What is compared: what a request and a template say alike. */
export type Terms = Pick<Request, 'iss' | 'controller' | 'jurisdictions' | 'language' | 'notice_version' | 'purposes'>;

/** The terms with that one purpose: what a grant of it stands under. */
export function only(terms: Terms, purposeId: string): Terms {
  return { ...terms, purposes: terms.purposes.filter((p) => p.id === purposeId) };
}

/** All that `next` says differently from `old`. Order within lists is no difference. */
export function differences(old: Terms, next: Terms): Difference[] {
  const d = new Found();
  d.word('iss', 'controller-changed', old.iss, next.iss);
  d.word('controller.name', 'controller-changed', old.controller.name, next.controller.name);
  for (const key of ['address', 'contact', 'dpo', 'authority', 'privacy_notice', 'url'] as const) {
    d.word(`controller.${key}`, 'contact-changed', old.controller[key], next.controller[key]);
  }
  d.set('jurisdictions', 'jurisdiction-added', 'jurisdiction-removed', old.jurisdictions, next.jurisdictions);
  d.word('language', 'language-changed', old.language, next.language);
  d.word('notice_version', 'notice-version-changed', old.notice_version, next.notice_version);
  const named = (terms: Terms, id: string) => terms.purposes.find((p) => p.id === id);
  for (const asked of next.purposes) {
    const before = named(old, asked.id);
    if (before) d.purpose(`purposes.${asked.id}`, before, asked);
    else d.add(`purposes.${asked.id}`, 'purpose-added', '', asked.purpose);
  }
  for (const asked of old.purposes) if (!named(next, asked.id)) d.add(`purposes.${asked.id}`, 'purpose-removed', asked.purpose, '');
  return d.all;
}

class Found {
  readonly all: Difference[] = [];

  add(at: string, kind: DifferenceKind, before: string, after: string): void {
    this.all.push({ kind, at, before, after, material: (materialKinds as readonly string[]).includes(kind) });
  }

  word(at: string, kind: DifferenceKind, before: string, after: string): void {
    if (before !== after) this.add(at, kind, before, after);
  }

  set(at: string, added: DifferenceKind, removed: DifferenceKind, before: readonly string[], after: readonly string[]): void {
    for (const s of new Set(after)) if (!before.includes(s)) this.add(at, added, '', s);
    for (const s of new Set(before)) if (!after.includes(s)) this.add(at, removed, s, '');
  }

  number(at: string, more: DifferenceKind, fewer: DifferenceKind, before: number, after: number): void {
    if (before !== after) this.add(at, after > before ? more : fewer, String(before), String(after));
  }

  purpose(at: string, a: Asked, b: Asked): void {
    this.word(`${at}.purpose`, 'purpose-changed', a.purpose, b.purpose);
    this.word(`${at}.lawful_basis`, 'basis-changed', a.lawful_basis, b.lawful_basis);
    this.texts(`${at}.text`, a.text, b.text);
    this.attributes(at, a, b);
    this.number(`${at}.days`, 'days-longer', 'days-shorter', a.days, b.days);
    this.retention(`${at}.retention`, a.retention, b.retention);
    const line = (asked: Asked) => asked.recipients.map((r) => `${r.name} (${r.country})`);
    const country = (asked: Asked) => asked.recipients.map((r) => r.country);
    this.set(`${at}.recipients`, 'recipient-added', 'recipient-removed', line(a), line(b));
    this.set(`${at}.recipients`, 'country-added', 'country-removed', country(a), country(b));
    this.set(`${at}.channels`, 'channel-added', 'channel-removed', a.channels, b.channels);
    this.number(`${at}.weekly_cap`, 'weekly-cap-raised', 'weekly-cap-lowered', a.weekly_cap, b.weekly_cap);
    this.partners(`${at}.partners`, a.partners ?? [], b.partners ?? []);
    this.condition(`${at}.condition`, a.condition, b.condition);
  }

  condition(at: string, a: Condition | undefined, b: Condition | undefined): void {
    const [before, after] = [conditionText(a), conditionText(b)];
    if (before === after) return;
    if (!a) this.add(at, 'condition-added', before, after);
    else if (!b) this.add(at, 'condition-dropped', before, after);
    else this.add(at, isLooser(b, a) ? 'condition-looser' : 'condition-stricter', before, after);
  }

  /** Partners are told apart by their keys. */
  partners(at: string, before: readonly Partner[], after: readonly Partner[]): void {
    const line = (p: Partner) => `${p.name} (${p.country})`;
    for (const p of after) {
      const was = before.find((q) => q.did === p.did);
      if (!was) {
        this.add(at, 'partner-added', '', line(p));
        continue;
      }
      for (const key of ['name', 'country', 'role'] as const) this.word(at, 'partner-changed', was[key], p[key]);
      for (const key of ['address', 'contact'] as const) this.word(at, 'contact-changed', was[key], p[key]);
      this.set(at, 'partner-attribute-added', 'partner-attribute-removed', was.attributes, p.attributes);
    }
    for (const p of before) if (!after.some((q) => q.did === p.did)) this.add(at, 'partner-removed', line(p), '');
  }

  texts(at: string, before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): void {
    for (const l of Object.keys(after).sort()) {
      const was = before[l];
      if (was === undefined) this.add(`${at}.${l}`, 'text-added', '', after[l] ?? '');
      else this.word(`${at}.${l}`, 'text-changed', was, after[l] ?? '');
    }
    for (const l of Object.keys(before).sort()) if (after[l] === undefined) this.add(`${at}.${l}`, 'text-removed', before[l] ?? '', '');
  }

  attributes(at: string, a: Asked, b: Asked): void {
    const [was, is] = [linesOf(a), linesOf(b)];
    for (const name of is.required) {
      if (was.required.includes(name)) continue;
      if (was.optional.includes(name)) this.add(`${at}.required`, 'attribute-required', name, name);
      else this.add(`${at}.required`, 'attribute-added', '', name);
    }
    for (const name of is.optional) {
      if (was.optional.includes(name)) continue;
      if (was.required.includes(name)) this.add(`${at}.optional`, 'attribute-optional', name, name);
      else this.add(`${at}.optional`, 'attribute-added', '', name);
    }
    const asks = [...is.required, ...is.optional];
    for (const name of [...was.required, ...was.optional]) if (!asks.includes(name)) this.add(at, 'attribute-removed', name, '');
  }

  retention(at: string, before: string, after: string): void {
    if (before === after) return;
    const [was, is] = [spanOf(before), spanOf(after)];
    if (was.months === is.months && was.days === is.days) this.add(at, 'retention-respelt', before, after);
    else this.add(at, isWithin(is, was) ? 'retention-shorter' : 'retention-longer', before, after);
  }
}

interface Span {
  months: number;
  days: number;
}
function spanOf(duration: string): Span {
  const [, years = 0, months = 0, weeks = 0, days = 0] = (/^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?$/.exec(duration) ?? []).map((n) => Number(n ?? 0));
  return { months: 12 * years + months, days: 7 * weeks + days };
}

/** Certainly no longer, whenever both begin: a month is 28 to 31 days. */
function isWithin(a: Span, b: Span): boolean {
  const months = a.months - b.months;
  return months > 0 ? a.days + 31 * months <= b.days : a.days <= b.days - 28 * months;
}
