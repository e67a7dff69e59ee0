// Numbers and times as people read them. Pure: `now` is always an argument.

/** Seconds as `m:ss` or `h:mm:ss`; what is not a length is a dash. */
export function duration(seconds) {
  if (!Number.isFinite(seconds) || seconds < 0) return '–';
  const whole = Math.floor(seconds + 1e-6);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A remaining time in words, coarse on purpose: estimates that tick look more certain than they are. */
export function remaining(seconds) {
  if (!Number.isFinite(seconds) || seconds < 0) return '';
  if (seconds < 10) return 'a few seconds left';
  if (seconds < 55) return `about ${Math.ceil(seconds / 10) * 10} s left`;
  if (seconds < 3600) return `about ${Math.ceil(seconds / 60)} min left`;
  const minutes = Math.ceil(seconds / 300) * 5;
  const [h, m] = [Math.floor(minutes / 60), minutes % 60];
  return `about ${h} h${m ? ` ${m} min` : ''} left`;
}

/** Bytes in decimal units, as disks and networks are sold. */
export function bytes(count) {
  if (!Number.isFinite(count)) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [count, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Bits per second. */
export function bitrate(bps) {
  if (!Number.isFinite(bps) || bps <= 0) return '–';
  return bps >= 999_500 ? `${(bps / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bps / 1000)} kbit/s`;
}

/** How long ago an ISO time was, or its date when that is more than a week. */
export function ago(iso, now) {
  const then = Date.parse(iso);
  if (!Number.isFinite(then)) return '–';
  const seconds = Math.round((now - then) / 1000);
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 7 * 86_400) return plural(Math.round(seconds / 86_400), 'day') + ' ago';
  return new Date(then).toLocaleDateString(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
}

/** `1 file`, `2 files`. */
export function plural(count, word) {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** The picture's usual name: 1080p counts lines, whatever the width is. */
export function lines(width, height) {
  const short = Math.min(width || height, height || width);
  return short ? `${short}p` : 'audio';
}
