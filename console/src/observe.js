// State that views follow.

import { useEffect, useState } from 'preact/hooks';

/** Something that changes and says so. */
export class Observable {
  #watchers = new Set();

  /** Tells the watchers, once per frame however often it is called: progress comes faster than screens do. */
  changed() {
    if (this.pending) return;
    this.pending = true;
    const tell = () => {
      this.pending = false;
      for (const watcher of this.#watchers) watcher();
    };
    // Hidden tabs get no frames, and an upload goes on in them.
    if (document.hidden) setTimeout(tell, 250);
    else requestAnimationFrame(tell);
  }

  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

/** Draws the component again whenever `observable` changes. */
export function useObservable(observable) {
  const [, draw] = useState(0);
  useEffect(() => observable.watch(() => draw((n) => n + 1)), [observable]);
  return observable;
}
