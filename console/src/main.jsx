// Starts the console: where the account is, who is signed in, then the application.

import { render } from 'preact';
import { whereabouts } from './api.js';
import { App } from './app.jsx';
import { applyTheme } from './theme.js';

applyTheme();
const root = document.getElementById('app');

async function begin() {
  try {
    const place = await whereabouts();
    render(<App place={place} />, root);
  } catch (error) {
    render(
      <main class="alone">
        <h1>Millrace</h1>
        <p role="alert">{error.message}</p>
        <button class="button" onClick={begin}>Try again</button>
      </main>,
      root,
    );
  }
}

begin();
