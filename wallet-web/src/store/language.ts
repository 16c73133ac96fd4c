/** The language that was chosen in this browser. It is no secret, and is wanted before any vault is open. */
const KEY = 'language';

/** '' while nothing was chosen, or where the browser keeps nothing. */
export function chosenLanguage(): string {
  try {
    return localStorage.getItem(KEY) ?? '';
  } catch {
    return '';
  }
}

export function chooseLanguage(language: string): void {
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // Then it is chosen again next time.
  }
}
