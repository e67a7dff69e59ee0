// Smooth Streaming by dash.js. The extension registers itself on a global object, where the player looks for it.

import 'dashjs/mss';

export { start } from './dash.js';
