/**
 * The language of the screen: English is built in, the others come when somebody wants them. A text is looked up when
 * it is shown, so that a switch needs no reload, which would lock the vault.
 */
export const LANGUAGES = ['en', 'de', 'fr'] as const;
export type Language = (typeof LANGUAGES)[number];

type Texts = Record<string, object>;
/** Where the texts of the other languages come from; the pages give it. */
export type Sources = Record<Exclude<Language, 'en'>, () => Promise<{ texts: Texts }>>;

class Speech {
  now = $state<Language>('en');
  #texts = $state.raw<Texts>({});
  #sources: Sources | null = null;

  /** Speaks a language from when its texts are here; if they do not come, the one that is spoken stays. */
  async speak(language: Language, sources: Sources | null = this.#sources): Promise<void> {
    this.#sources = sources;
    this.#texts = language === 'en' ? {} : ((await sources?.[language]())?.texts ?? {});
    this.now = language;
    if (typeof document !== 'undefined') document.documentElement.lang = language;
  }

  of(name: string): object | undefined {
    return this.#texts[name];
  }
}

export const speech = new Speech();

/** The shape of a translation: the same keys, other words. */
export type Worded<T> = T extends string
  ? string
  : T extends (...args: infer A) => infer R
    ? (...args: A) => Worded<R>
    : T extends readonly (infer I)[]
      ? readonly Worded<I>[]
      : T extends object
        ? { readonly [K in keyof T]: Worded<T[K]> }
        : T;

/** The texts of one place on the screen, in the language that is spoken. */
export const said = <T extends object>(name: string, english: T): T =>
  new Proxy({} as T, {
    get(_, key) {
      const spoken = speech.of(name);
      return Reflect.get(spoken && key in spoken ? spoken : english, key) as unknown;
    },
  });

/** The first of the shopper's languages that the wallet speaks. */
export const preferred = (wanted: readonly string[]): Language =>
  wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag): tag is Language => (LANGUAGES as readonly string[]).includes(tag)) ?? 'en';

/** The tag to format with: the shopper's own country where the browser says one for the language that is spoken. */
export function spoken(): string {
  const tags = typeof navigator === 'undefined' ? [] : (navigator.languages ?? []);
  return tags.find((tag) => tag.slice(0, 2).toLowerCase() === speech.now) ?? speech.now;
}
