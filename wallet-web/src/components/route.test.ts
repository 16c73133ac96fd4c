import { describe, expect, it } from 'vitest';
import { routeOf } from './route.svelte';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA';

describe('routeOf', () => {
  it.each([
    ['/', { at: 'home' }],
    ['/grants', { at: 'grants' }],
    ['/grants/', { at: 'grants' }],
    [`/grants/${ID}`, { at: 'grant', id: ID }],
    [`/r/${ID}`, { at: 'request', id: ID }],
    ['/inbox', { at: 'inbox' }],
    ['/activity', { at: 'activity' }],
    ['/settings', { at: 'settings' }],
    ['/export', { at: 'export' }],
    ['/bring', { at: 'bring' }],
  ])('knows %s', (path, route) => {
    expect(routeOf(path)).toEqual(route);
  });

  it.each(['/r', '/r/short', `/r/${ID.slice(1)}B`, `/grants/${ID}/more`, '/elsewhere', '/settings/x', `/inbox/${ID}`])('does not know %s', (path) => {
    expect(routeOf(path)).toEqual({ at: 'unknown' });
  });
});
