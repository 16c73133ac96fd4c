import { afterEach, describe, expect, it, vi } from 'vitest';
import { int } from '../core/shape';
import { answer, encoded } from './answer';
import { get, isProblem, post, Problem, tell, Unparsed, Unreachable } from './http';

const shape = answer({ size: int() });
const answers = (body: BodyInit | null, init: ResponseInit = {}) => vi.stubGlobal('fetch', vi.fn(async () => new Response(body, init)));
const refusal = (code: string, status: number, more: object = {}) =>
  answers(JSON.stringify({ type: `urn:coffer:problem:${code}`, title: 'No', status, ...more }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });
const failure = async (run: () => Promise<unknown>): Promise<unknown> => {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
};

afterEach(() => vi.unstubAllGlobals());

describe('asking the operator', () => {
  it('sends JSON to this origin alone, and parses what comes back', async () => {
    answers('{"challenge":"AA"}');
    expect(await post('/wallet/v1/recovery/start', { locator: 'AQ' }, answer({ challenge: encoded }))).toEqual({ challenge: 'AA' });
    const [path, init] = vi.mocked(fetch).mock.calls[0]!;
    expect(path).toBe('/wallet/v1/recovery/start');
    expect(init).toMatchObject({ method: 'POST', credentials: 'same-origin', redirect: 'error', body: '{"locator":"AQ"}' });
  });

  it('reads nothing where there is nothing to read', async () => {
    answers(null, { status: 204 });
    await expect(tell('POST', '/wallet/v1/session/end', {})).resolves.toBeUndefined();
  });

  it('tells no answer from a refusal from an answer it does not understand', async () => {
    vi.stubGlobal('fetch', vi.fn(async () => Promise.reject(new TypeError('Failed to fetch'))));
    expect(await failure(() => get('/ledger/v1/head', shape))).toBeInstanceOf(Unreachable);
    answers('bad gateway', { status: 502 });
    expect(await failure(() => get('/ledger/v1/head', shape))).toBeInstanceOf(Unreachable);
    answers('<!doctype html>');
    expect(await failure(() => get('/ledger/v1/head', shape))).toBeInstanceOf(Unparsed);
    answers('{"size":"7"}');
    expect(await failure(() => get('/ledger/v1/head', shape))).toBeInstanceOf(Unparsed);
    refusal('conflict', 409, { document: 'AAAAAAAAAAAAAAAAAAAAAA', have: 3 });
    const error = await failure(() => get('/ledger/v1/head', shape));
    expect(isProblem(error, 'conflict')).toBe(true);
    expect((error as Problem).members).toMatchObject({ document: 'AAAAAAAAAAAAAAAAAAAAAA', have: 3 });
  });

  it('makes something of a refusal that is no problem document', async () => {
    answers('Internal Server Error', { status: 500 });
    expect(await failure(() => get('/ledger/v1/head', shape))).toMatchObject({ code: 'unexpected', status: 500 });
    refusal('<b>html</b>', 400);
    expect(await failure(() => get('/ledger/v1/head', shape))).toMatchObject({ code: 'unexpected', status: 400 });
  });
});
