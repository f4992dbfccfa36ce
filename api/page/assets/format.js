// Numbers with units, times and short names.

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A whole number with separators. */
export const count = (n) => grouped.format(n);

/** "1 peer", "3 peers". */
export const counted = (n, noun) => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;

/** A number with about three digits. */
export function brief(v) {
  if (v === 0) return '0';
  const a = Math.abs(v);
  if (a >= 100) return count(v);
  return String(Number(v.toFixed(a >= 10 ? 1 : a >= 1 ? 2 : a >= 0.1 ? 3 : 4)));
}

/** Bytes in units of a thousand. */
export function bytes(n) {
  let unit = 0;
  while (n >= 1000 && unit < 4) [n, unit] = [n / 1000, unit + 1];
  return `${unit === 0 ? count(n) : brief(n)} ${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`;
}

/** Milliseconds as a duration of a lookup or a round trip. */
export function took(ms) {
  if (ms <= 0) return '0 ms';
  if (ms < 1) return `${count(ms * 1000)} µs`;
  if (ms < 1000) return `${brief(ms)} ms`;
  return span(ms / 1000);
}

/** Seconds in their two largest units. */
export function span(seconds) {
  const s = Math.max(0, seconds);
  if (s < 10 && s % 1 !== 0) return `${brief(s)} s`;
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return two(s, 60, 'min', 1, 's');
  if (s < 86400) return two(s, 3600, 'h', 60, 'min');
  return two(s, 86400, 'd', 3600, 'h');
}

function two(s, large, name, small, smaller) {
  const whole = Math.floor(s / large);
  const rest = Math.floor((s - whole * large) / small);
  return rest ? `${whole} ${name} ${rest} ${smaller}` : `${whole} ${name}`;
}

/** How long ago, in whole seconds. */
export function ago(ms, now = Date.now()) {
  const s = (now - ms) / 1000;
  return s < 1 ? 'now' : `${span(Math.floor(s))} ago`;
}

/** How long until, in whole seconds. */
export function until(ms, now = Date.now()) {
  const s = (ms - now) / 1000;
  return s <= 0 ? 'now' : `in ${span(Math.ceil(s))}`;
}

/** A time of RFC 3339 in milliseconds since 1970, with fractions of them; NaN if it is none. */
export function time(text) {
  if (typeof text !== 'string') return NaN;
  const [, whole, fraction = '', zone] = /^([^.Z+]+T[\d:]+)(\.\d+)?(.*)$/.exec(text) ?? [];
  return Date.parse(whole + (zone || 'Z')) + Number(`0${fraction}`) * 1000;
}

/** The time of day. */
export function clock(ms) {
  const d = new Date(ms);
  return [d.getHours(), d.getMinutes(), d.getSeconds()].map((v) => String(v).padStart(2, '0')).join(':');
}

/** A peer ID's last eight characters, as kad shows it. */
export const shortID = (id) => (id ? id.slice(-8) : '');

/** Host and port of a multiaddr, which is shown whole if it is not one of UDP. */
export function endpoint(address) {
  const [, version, host, port] = /^\/ip([46])\/([^/]+)\/udp\/(\d+)/.exec(address ?? '') ?? [];
  if (!host) return address ?? '';
  return version === '6' ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A key of a result: its text, or its bytes in hex. */
export function keyOf(item) {
  if (typeof item.key === 'string') return visible(item.key);
  return item.key_base64 ? `hex ${hex(item.key_base64)}` : '';
}

/**
 * A text of which nothing is invisible or turns the order of the rest: control and format
 * characters, those of Unicode's bidirectional algorithm among them, are escaped.
 */
export function visible(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (c) => {
    const code = c.codePointAt(0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}

function hex(base64) {
  return [...atob(base64)].map((c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

/** A text of at most so many characters. */
export const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** What of a result is suspect, in the words of the command line; null if nothing is. */
export function suspicion(suspect) {
  if (!suspect) return null;
  const words = ['sparse', 'subnet', 'stale'].filter((word) => suspect[word]);
  if (suspect.crowded) words.unshift(`crowded [${suspect.crowded.join(' ')}]`);
  return words.join(', ');
}
