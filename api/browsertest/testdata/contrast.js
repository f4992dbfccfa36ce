// Measures the contrast of what the page shows as WCAG 2.2 counts it, and returns what has
// too little: text under 4.5 to 1 (large text 3 to 1), marks of drawings and edges of fields
// under 3 to 1 (1.4.3, 1.4.11). What is only a ground or a rule, and says nothing by itself,
// is passed over.
(() => {
  const grounds = '.sector, .stripe, .axis line, .due rect:first-child, .cursor';
  const shapes = 'path, circle, rect, line, polygon';

  const parse = (text) => {
    const [r, g, b, a = 1] = (/^rgba?\(([^)]*)\)$/.exec(text)?.[1] ?? '0 0 0 0').split(/[\s,/]+/).map(Number);
    return [r, g, b, a];
  };
  const over = (top, ground) => top.slice(0, 3).map((v, i) => v * top[3] + ground[i] * (1 - top[3])).concat(1);
  const luminance = (c) => c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const opacity = (e) => (e ? Number(getComputedStyle(e).opacity) * opacity(e.parentElement) : 1);
  /** The colour behind an HTML element's content. */
  const ground = (e) => {
    if (!e) return [255, 255, 255, 1];
    const own = parse(getComputedStyle(e).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(e.parentElement));
  };
  const paint = (e, property) => {
    const style = getComputedStyle(e);
    if (style[property] === 'none' || (property === 'stroke' && !(parseFloat(style.strokeWidth) > 0))) return null;
    const c = parse(style[property]);
    c[3] *= opacity(e) * Number(style[`${property}Opacity`]);
    return c[3] > 0 ? c : null;
  };
  /** The colour behind a point of a drawing: what was painted there before e. */
  const behind = (e, x, y) => {
    const svg = e.ownerSVGElement;
    let c = ground(svg);
    for (const shape of svg.querySelectorAll(shapes)) {
      if (!(shape.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING) || shape.contains(e) || (e.parentElement === shape.parentElement && e.parentElement.matches('.contact'))) continue;
      const fill = paint(shape, 'fill');
      if (fill && shape.isPointInFill(new DOMPoint(x, y).matrixTransform(shape.getScreenCTM().inverse()))) c = over(fill, c);
    }
    return c;
  };
  const middle = (e) => {
    const box = e.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const seen = (e) => {
    const box = e.getBoundingClientRect();
    const skipped = e.closest('.hidden:not(:focus-within), .skip:not(:focus), .idle, noscript');
    return !skipped && e.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && (e.matches('rect') ? box.width > 0 && box.height > 0 : box.width > 0 || box.height > 0);
  };
  const name = (e) => `${e.tagName.toLowerCase()}${e.id ? `#${e.id}` : ''}${[...e.classList].map((c) => `.${c}`).join('')} in ${e.closest('[id]')?.id ?? 'the page'}`;

  const found = new Map();
  let measured = 0;
  const check = (e, what, colour, on, least) => {
    measured++;
    const r = ratio(over(colour, on), on);
    const key = `${what} of ${name(e)}`;
    if (r < least && !(found.get(key)?.r <= r)) found.set(key, { r, text: `${key}: ${r.toFixed(2)} to 1 and not ${least}, rgb(${colour.map((v) => Math.round(v * 100) / 100)}) on rgb(${on.slice(0, 3).map(Math.round)})` });
  };

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || e.matches('title, option, script') || !seen(e)) continue;
    const style = getComputedStyle(e);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (e instanceof SVGElement) check(e, 'text', paint(e, 'fill') ?? [0, 0, 0, 0], behind(e, ...middle(e)), least);
    else {
      const c = parse(style.color);
      c[3] *= opacity(e);
      check(e, 'text', c, ground(e), least);
    }
  }
  for (const e of document.querySelectorAll('input, select, button, .button, .drop')) {
    if (!seen(e)) continue;
    const style = getComputedStyle(e);
    const around = ground(e.parentElement);
    if (e.placeholder && !e.value) check(e, 'placeholder', parse(getComputedStyle(e, '::placeholder').color), ground(e), 4.5);
    if (e.matches('input, select')) check(e, 'typed text', parse(style.color), ground(e), 4.5);
    if (parseFloat(style.borderTopWidth) > 0 && !e.disabled) {
      const edge = over(parse(style.borderTopColor), around);
      check(e, 'edge', ratio(edge, around) > ratio(ground(e), around) ? edge : ground(e), around, 3);
    }
  }
  for (const e of document.querySelectorAll('svg :is(path, circle, rect, line)')) {
    if (e.matches(grounds) || e.closest(grounds) || !seen(e)) continue;
    const on = behind(e, ...middle(e));
    const paints = ['fill', 'stroke'].map((property) => paint(e, property)).filter(Boolean);
    if (!paints.length) continue;
    const best = paints.reduce((a, b) => (ratio(over(a, on), on) >= ratio(over(b, on), on) ? a : b));
    check(e, 'mark', best, on, 3);
  }
  return { measured, found: [...found.values()].map((f) => f.text).sort() };
})()
