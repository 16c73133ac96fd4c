/**
 * The errors of core carry codes and no texts for people: the views say in the shopper's language what a code
 * means. A parse error explains everything but the value itself; an open error explains nothing.
 */

/** Base of every error that core throws on purpose. */
export class CoreError extends Error {
  override readonly name: string = 'CoreError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Something that was read is not what it should be. `code` is from a closed set per format, `path` says where
 * (`purposes[0].days`), the message says what was wanted. It never holds the value that was found.
 */
export class ParseError extends CoreError {
  override readonly name = 'ParseError';
  constructor(
    code: string,
    readonly what: string,
    readonly path: string,
    readonly want: string,
  ) {
    super(code, `parsing ${what}: ${path === '' ? '' : `${path}: `}${want}`);
  }
}

/** A sealed thing does not open: wrong key, tampered, swapped or of another version. It does not say which. */
export class OpenError extends CoreError {
  override readonly name = 'OpenError';
  constructor() {
    super('cannot-open', 'it does not open');
  }
}
