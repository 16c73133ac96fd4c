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

/** The texts of one place on the screen, in the language that is spoken. */
export const said = <T extends object>(name: string, english: T): T =>
  new Proxy({} as T, { get: (_, key) => Reflect.get(speech.of(name) ?? english, key) as unknown });

/** The first of the shopper's languages that the wallet speaks. */
export const preferred = (wanted: readonly string[]): Language =>
  wanted.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag): tag is Language => (LANGUAGES as readonly string[]).includes(tag)) ?? 'en';

/** One of two forms, by the language's own rule for numbers. */
export const plural = (language: Language, n: number, one: string, other: string): string => (new Intl.PluralRules(language).select(n) === 'one' ? one : other);

/** Words joined as the language joins them. */
export const joined = (language: Language, names: readonly string[]): string => new Intl.ListFormat(language, { type: 'conjunction' }).format(names);
