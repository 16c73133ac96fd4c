import { mount } from 'svelte';
import App from './App.svelte';
import './components/base.css';
import { preferred, speech } from './components/language.svelte';
import { chosenLanguage } from './store/language';

const sources = { de: () => import('./languages/de'), fr: () => import('./languages/fr') };
// Whole words rather than a screen that changes its language while somebody reads; without them, English.
void speech
  .speak(preferred([chosenLanguage(), ...navigator.languages]), sources)
  .catch(() => undefined)
  .then(() => mount(App, { target: document.getElementById('app')! }));
