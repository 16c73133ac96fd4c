/**
 * One way to ask the operator, and the three ways in which that can end badly: no answer, a refusal with its
 * reason, an answer that is not understood (Unparsed).
 */
import type { Bytes } from '../core/bytes';
import { int, text, type Shape } from '../core/shape';
import type { Agrees, Body, Code } from './agree';
import { answer, opaque, optional, parseAnswer, Unparsed } from './answer';

export { Unparsed };

/** The operator did not answer. Nothing is known about what it did. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

/** The operator's refusal (RFC 9457); `code` is the last part of its type. */
export class Problem extends Error {
  override name = 'Problem';
  constructor(
    readonly code: Code | 'unexpected',
    readonly status: number,
    readonly detail: string,
    /** All members, also those beyond the standard ones: the document of a conflict, say. */
    readonly members: Record<string, unknown> = {},
  ) {
    super(detail || code);
  }
}

/** Whether an error is the operator's refusal, with one of these codes if any are named. */
export function isProblem(error: unknown, ...codes: Code[]): error is Problem {
  return error instanceof Problem && (codes.length === 0 || codes.some((code) => code === error.code));
}

const problem = answer({
  type: optional(text(200, 0), ''),
  title: optional(text(1000, 0), ''),
  status: optional(int(), 0),
  detail: optional(text(4000, 0), ''),
});
const TYPE = /^urn:coffer:problem:([a-z-]+)$/;

async function refusal(response: Response): Promise<Problem> {
  try {
    const body: unknown = await response.json();
    const p = parseAnswer(body, problem);
    // A code that this page does not know is compared with those it knows, and is none of them.
    const code = (TYPE.exec(p.type)?.[1] ?? 'unexpected') as Code | 'unexpected';
    return new Problem(code, response.status, p.detail || p.title, parseAnswer(body, opaque));
  } catch {
    return new Problem('unexpected', response.status, '');
  }
}

/** How long the wallet waits for an answer, in ms. Giving alone waits up to 3 s for the ledger. */
const PATIENCE = 20_000;

async function send(method: string, path: string, body?: unknown, octets?: Bytes): Promise<Response> {
  const kind = octets ? 'application/octet-stream' : body === undefined ? '' : 'application/json';
  const init: RequestInit = {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE),
    headers: { accept: 'application/json', ...(kind && { 'content-type': kind }) },
    ...(kind && { body: octets ?? JSON.stringify(body) }),
  };
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    throw new Unreachable('the operator does not answer', { cause });
  }
  if (response.ok) return response;
  // A gateway in front of a stopped operator is no operator either.
  if (response.status === 502 || response.status === 504) throw new Unreachable('the operator does not answer');
  throw await refusal(response);
}

async function body(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw new Unparsed('want JSON');
  }
}

/** Reads. */
export async function get<P extends string, T>(path: P, shape: Shape<T> & Agrees<T, 'get', P>): Promise<T> {
  return parseAnswer(await body(await send('GET', path)), shape as Shape<T>);
}

/** Sends and reads the answer. */
export async function post<P extends string, T>(path: P, content: Body<'post', P>, shape: Shape<T> & Agrees<T, 'post', P>): Promise<T> {
  return parseAnswer(await body(await send('POST', path, content)), shape as Shape<T>);
}

/** Sends where there is nothing to read back. */
export async function tell<M extends 'POST' | 'PUT' | 'DELETE', P extends string>(
  method: M,
  path: P,
  ...content: Body<Lowercase<M>, P> extends never ? [] : [Body<Lowercase<M>, P>]
): Promise<void> {
  await send(method, path, content[0]);
}

/** Sends bytes as they are. */
export async function putOctets(path: string, octets: Bytes): Promise<void> {
  await send('PUT', path, undefined, octets);
}

/** Reads bytes as they are. */
export async function getOctets(path: string): Promise<Bytes> {
  const response = await send('GET', path);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new Unreachable('the operator does not answer', { cause });
  }
}
