// What every view may use: {api, place, uploads, activity, say, ask, signOut}.

import { createContext } from 'preact';
import { useContext, useEffect, useRef, useState } from 'preact/hooks';

export const Context = createContext(null);
export const useApp = () => useContext(Context);

/**
 * The result of an asynchronous `load(signal)`, again whenever `keys` change: {value, error, again}. A value stays on the screen
 * while it is loaded anew, so nothing jumps.
 */
export function useLoad(load, keys) {
  const [state, setState] = useState({ value: undefined, error: undefined });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    load(stop.signal).then(
      (value) => !stop.signal.aborted && setState({ value, error: undefined }),
      (error) => !stop.signal.aborted && setState((before) => ({ value: before.value, error })),
    );
    return () => stop.abort();
  }, [...keys, round]);
  return { ...state, again: () => setRound((n) => n + 1) };
}

/** Calls `act` every `ms` while the page can be seen and `ms` is not null. */
export function useEvery(ms, act) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (ms === null) return undefined;
    const timer = setInterval(() => document.hidden || latest.current(), ms);
    return () => clearInterval(timer);
  }, [ms]);
}

/** The window's title names the view; the heading gets the focus, so a screen reader says where one is. */
export function useTitle(title, move = true) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = title ? `${title} · Millrace` : 'Millrace';
  }, [title]);
  useEffect(() => {
    if (move) heading.current?.focus({ preventScroll: true });
  }, []);
  return heading;
}
