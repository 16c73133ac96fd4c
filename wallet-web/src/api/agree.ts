/**
 * The operator's contract at compile time: which answer belongs to a path, what may be sent to it, and whether a
 * reader (answer.ts) reads what the contract says. A contract that changes under a reader breaks the build.
 */
import type { components, paths } from './contract';

type Method = 'get' | 'post' | 'put' | 'delete';

// A path of the contract and one that is asked are compared part by part, so that `/grants/{id}` does not take
// `/grants/{id}/proof`.
type Parts<P extends string> = P extends `${infer Head}/${infer Rest}` ? [Head, ...Parts<Rest>] : P extends `${infer Path}?${string}` ? [Path] : [P];
type Fits<Asked extends string[], Known extends string[]> = Asked extends [infer A extends string, ...infer As extends string[]]
  ? Known extends [infer K extends string, ...infer Ks extends string[]]
    ? (K extends `{${string}}` ? true : A extends K ? true : false) extends true
      ? Fits<As, Ks>
      : false
    : false
  : Known extends []
    ? true
    : false;

type Has<M extends Method> = { [K in keyof paths]: paths[K] extends Record<M, object> ? K : never }[keyof paths];
type Found<M extends Method, P extends string> = P extends Has<M> ? P : { [K in Has<M>]: Fits<Parts<P>, Parts<K>> extends true ? K : never }[Has<M>];
type Operation<M extends Method, P extends string> = Found<M, P> extends infer K extends keyof paths ? paths[K][M & keyof paths[K]] : never;

type Content<R> = R extends { content: { 'application/json': infer A } } ? A : never;

/** What a route answers with. */
export type Answer<M extends Method, P extends string> =
  Operation<M, P> extends { responses: infer R } ? Content<R[keyof R]> : never;

/** What a route takes; never if it takes nothing, or is no route. */
export type Body<M extends Method, P extends string> =
  Operation<M, P> extends { requestBody: { content: { 'application/json': infer B } } } ? Sent<B> : never;

// A list may be one that nobody may change. What is sealed or signed by others is made by core and by the browser,
// and passes through unread.
type Sent<B> = B extends components['schemas']['Sealed']
  ? unknown
  : B extends readonly (infer I)[]
    ? readonly Sent<I>[]
    : B extends object
      ? string extends keyof B ? unknown : { [K in keyof B]: Sent<B[K]> }
      : B;

/** `true` if a reader of T understands all that a contract with A may answer, else where it does not. */
export type Reads<T, A> = [A] extends [never] ? 'the contract has no such answer' : One<NonNullable<T>, NonNullable<A>>;

type One<T, A> = unknown extends T
  ? true
  : string extends keyof T
    ? true // an object handed on unread, to code with a parser of its own
    : [A] extends [readonly (infer I)[]]
      ? [T] extends [readonly (infer J)[]] ? Reads<J, I> : 'is a list'
      : [A] extends [object]
        ? [T] extends [object] ? Keys<T, A> : 'is an object'
        : Wider<A> extends true
          ? [T] extends [A] ? true : 'is of another kind'
          : [A] extends [T]
            ? Wider<T> extends true ? true : [T] extends [A] ? true : { neverComes: Exclude<T, A> }
            : { unread: Exclude<A, T> };

// Whether a type is text, a number or a boolean, and not one of a few values.
type Wider<A> = string extends A ? true : number extends A ? true : boolean extends A ? true : false;

type Wrong<T, A> = { [K in keyof T & string]: K extends keyof A ? (Reads<T[K], A[K]> extends true ? never : { [at in K]: Reads<T[K], A[K]> }) : { [at in K]: 'is not in the contract' } }[keyof T & string];
type Keys<T, A> = [Wrong<T, A>] extends [never] ? true : Wrong<T, A>;

/** Nothing if a reader of T may read the route's answers; else a demand that no reader meets, which says why. */
export type Agrees<T, M extends Method, P extends string> = Reads<T, Answer<M, P>> extends true ? unknown : { contract: Reads<T, Answer<M, P>> };

/** The codes that a problem's type may end with. */
export type Code = components['schemas']['ProblemType'] extends `urn:coffer:problem:${infer C}` ? C : never;
