/** Which page is shown: real paths and the browser's own history. */
import { isId, type GrantId, type RequestId, type RightsId } from '../core/id';

export type Route =
  | { at: 'home' }
  | { at: 'request'; id: RequestId }
  | { at: 'grants' }
  | { at: 'grant'; id: GrantId }
  | { at: 'inbox' }
  | { at: 'records' }
  | { at: 'activity' }
  | { at: 'settings' }
  | { at: 'pair' }
  | { at: 'export' }
  | { at: 'bring' }
  | { at: 'rights' }
  | { at: 'rightsOf'; id: GrantId }
  | { at: 'case'; id: RightsId }
  | { at: 'unknown' };

export function routeOf(path: string): Route {
  const [first = '', second, ...more] = path.replace(/^\/+|\/+$/g, '').split('/');
  if (first === 'grants' && isId(second) && more.length === 1 && more[0] === 'rights') return { at: 'rightsOf', id: second as GrantId };
  if (more.length > 0) return { at: 'unknown' };
  if (second !== undefined) {
    if (first === 'r' && isId(second)) return { at: 'request', id: second as RequestId };
    if (first === 'rights' && isId(second)) return { at: 'case', id: second as RightsId };
    if (first === 'grants' && isId(second)) return { at: 'grant', id: second as GrantId };
    return { at: 'unknown' };
  }
  switch (first) {
    case '':
      return { at: 'home' };
    case 'grants':
    case 'inbox':
    case 'records':
    case 'activity':
    case 'settings':
    case 'pair':
    case 'export':
    case 'bring':
    case 'rights':
      return { at: first };
    default:
      return { at: 'unknown' };
  }
}

class Router {
  path = $state(typeof location === 'undefined' ? '/' : location.pathname);
  route: Route = $derived(routeOf(this.path));

  go(path: string): void {
    if (path !== location.pathname) history.pushState(null, '', path);
    this.path = path;
  }

  /** Follows the browser's back and forward, and clicks on links within the wallet. */
  listen(): () => void {
    const pop = () => (this.path = location.pathname);
    const click = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null;
      if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      if (link.target || link.hasAttribute('download') || link.origin !== location.origin || link.hash) return;
      event.preventDefault();
      this.go(link.pathname);
    };
    addEventListener('popstate', pop);
    document.addEventListener('click', click);
    return () => {
      removeEventListener('popstate', pop);
      document.removeEventListener('click', click);
    };
  }
}

export const router = new Router();
